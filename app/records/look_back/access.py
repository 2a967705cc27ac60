"""A look-back comes unannounced: its unit reads it once its conclusion is written."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every, OwnTeam

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OwnTeam()),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "inspected_unit": reads(ByAudience("own once concluded")),
    },
    audience=Audience("array[{0}.team_id, case when {0}.conclusion is not null then {0}.unit_id end]"),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"person"}))),
)
