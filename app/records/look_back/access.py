"""A look-back is written when it is concluded, and is then its unit's to read."""

from app.kernel.declare.access import Access, Audience, Hidden, reads, writes
from app.kernel.declare.visibility import ByAudience, Every, OwnTeam

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OwnTeam()),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": reads(ByAudience()),
    },
    audience=Audience("array[{0}.team_id, {0}.unit_id]"),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"person"}))),
)
