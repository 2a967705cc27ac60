"""A decision is case supervision's; its unit reads it once it is announced."""

from app.kernel.declare.access import Access, Audience, Hidden, reads, writes
from app.kernel.declare.visibility import ByAudience, Every

ACCESS = Access(
    {
        "inspection_office": reads(Every()),
        "leading_group": reads(Every()),
        "case_supervision": writes(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": reads(ByAudience()),
    },
    audience=Audience("case when {0}.announced_on is not null then array[{0}.unit_id, {0}.person_unit_id] end"),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"person"}))),
)
