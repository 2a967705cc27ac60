"""Talks and admonishments are case supervision's; the unit that was talked to reads its own."""

from app.kernel.declare.access import OWN, Access, Hidden, reads, writes

ACCESS = Access(
    {
        "inspection_office": reads(),
        "leading_group": reads(),
        "case_supervision": writes(),
        "organisation_department": reads(),
        "inspected_unit": reads(OWN),
    },
    audience="array[{0}.unit_id]",
    partner=reads(OWN, hides=Hidden(members=frozenset({"person"}))),
)
