"""Every role reads the register of units; the inspection office keeps it."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.visibility import Every

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": reads(Every()),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "handling_department": reads(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": reads(Every()),
    },
    partner=reads(Every(), hides=Hidden(members=frozenset({"principal_name"}))),
)
