"""A feedback session is its unit's, and that of the team that inspects the unit."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every
from app.records.common import OF_OWN_TARGETS

NAMES = Hidden(members=frozenset({"receipt_name", "absentees"}))

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OF_OWN_TARGETS),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "inspected_unit": reads(ByAudience()),
    },
    audience=Audience("array[{0}.unit_id]"),
    partner=reads(ByAudience(), hides=NAMES),
)
