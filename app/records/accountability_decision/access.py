"""A decision is case supervision's, or of the department that made it; its unit reads it once it is announced."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Condition, Every

BY_IT = Condition("{0}.authority_unit_id = any ({scope_ids})", "of its own authority")

ACCESS = Access(
    {
        "inspection_office": reads(Every()),
        "leading_group": reads(Every()),
        "case_supervision": writes(Every()),
        "organisation_department": writes(Every(), writes_if=BY_IT),
        "inspected_unit": reads(ByAudience("own once announced")),
    },
    audience=Audience("case when {0}.announced_on is not null then array[{0}.unit_id, {0}.person_unit_id] end"),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"person"}))),
)
