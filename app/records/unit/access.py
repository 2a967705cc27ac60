"""Every role reads the register of units; the inspection office keeps it, and the leading group confirms merges."""

from app.kernel.declare.access import Access, Hidden, Right, reads
from app.kernel.declare.visibility import Every

KEEPS = frozenset({"rename", "merge", "propose_merge", "unmerge"})

ACCESS = Access(
    {
        "inspection_office": Right(Every(), creates=True, changes=True, acts=KEEPS),
        "inspection_team": reads(Every()),
        "leading_group": Right(Every(), acts=frozenset({"confirm_merge", "decline_merge"})),
        "case_supervision": reads(Every()),
        "handling_department": reads(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": reads(Every()),
    },
    partner=reads(Every(), hides=Hidden(members=frozenset({"principal_name"}))),
)
