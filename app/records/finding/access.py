"""A finding is the team's until it is fed back; from then on its unit sees it, too."""

from app.kernel.declare.access import Access, Audience, reads, writes
from app.kernel.declare.visibility import Every, OwnTeam, OwnUnit

ONCE_FED_BACK = OwnUnit(since="fed_back_on")

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OwnTeam(), while_in=("registered",)),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": reads(ONCE_FED_BACK),
    },
    audience=Audience("array[{0}.team_id, case when {0}.fed_back_on is not null then {0}.unit_id end]"),
    partner=reads(ONCE_FED_BACK),
)
