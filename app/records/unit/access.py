"""Every role reads the register of units; the inspection office keeps it."""

from app.kernel.declare.access import Access, Hidden, reads, writes

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": reads(),
        "leading_group": reads(),
        "case_supervision": reads(),
        "handling_department": reads(),
        "organisation_department": reads(),
        "inspected_unit": reads(),
    },
    partner=reads(hides=Hidden(members=frozenset({"principal_name"}))),
)
