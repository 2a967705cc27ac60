"""Talks and admonishments are case supervision's, or of who holds them; the unit that was talked to reads its own."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Condition, Every

# The office is bound to no unit: it holds what an inspection office (巡察机构) of the division holds.
BY_THE_OFFICE = Condition(
    """exists (select from unit u where u.jurisdiction = {0}.jurisdiction and u.id = {0}.authority_unit_id
    and u.kind = 'inspection_office')""",
    "of talks it holds",
)
BY_IT = Condition("{0}.authority_unit_id = any ({scope_ids})", "of talks it holds")

ACCESS = Access(
    {
        "inspection_office": writes(Every(), writes_if=BY_THE_OFFICE),
        "leading_group": reads(Every()),
        "case_supervision": writes(Every()),
        "organisation_department": writes(Every(), writes_if=BY_IT),
        "inspected_unit": reads(ByAudience("own once held")),
    },
    audience=Audience("array[{0}.unit_id]"),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"person"}))),
)
