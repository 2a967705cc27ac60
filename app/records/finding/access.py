"""A finding is the team's until it is fed back. From then on its unit and those who supervise rectification see it."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import Every, EverySince, OwnTeam, OwnUnit

ONCE_FED_BACK = EverySince("fed_back_on", "once fed back")
OWN_ONCE_FED_BACK = OwnUnit("fed_back_on", "own once fed back")

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OwnTeam(), while_in=("registered",)),
        "leading_group": reads(Every()),
        "case_supervision": reads(ONCE_FED_BACK),
        "organisation_department": reads(ONCE_FED_BACK),
        "inspected_unit": reads(OWN_ONCE_FED_BACK),
    },
    audience=Audience("array[{0}.team_id, case when {0}.fed_back_on is not null then {0}.unit_id end]"),
    partner=reads(OWN_ONCE_FED_BACK),
)
