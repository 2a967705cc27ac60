"""A check is made by the office, the discipline body or the organisation department; its unit reads the conclusion."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "leading_group": reads(Every()),
        "case_supervision": writes(Every()),
        "organisation_department": writes(Every()),
        "inspected_unit": reads(ByAudience("own once concluded")),
    },
    audience=Audience("array[case when {0}.concluded_on is not null then {0}.unit_id end]"),
)
