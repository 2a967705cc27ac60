"""Talks and admonishments are case supervision's; the unit that was talked to reads its own."""

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
    audience=Audience("array[{0}.unit_id]"),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"person"}))),
)
