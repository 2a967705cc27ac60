"""An assessment is the office's; the unit reads its own, and its team follows it."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every
from app.records.common import OF_OWN_TARGETS

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": reads(OF_OWN_TARGETS),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": reads(ByAudience()),
    },
    audience=Audience("array[{0}.unit_id]"),
)
