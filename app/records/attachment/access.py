"""A file is there for whoever reads its record in full, and is added by whoever writes that record.

The database asks the record itself, at every read and write: what a merger, a move, or a changed role does to the
record, it does to the file with the same statement.
"""

from app.kernel.declare.access import Access, Right, reads
from app.kernel.declare.visibility import Condition, Custom, OldVersions
from app.kernel.sql.record_rights import ACT, CHANGE, READ, allows

AS_ITS_RECORD = Custom(Condition(allows(READ), "as its record"), old_versions=OldVersions.EVERY)
ITS_OWN = Condition(
    f"({allows(CHANGE)} or {{0}}.created_by = (caller_context() ->> 'sub') and {allows(ACT)})",
    "of those it writes",
)


ADDS = Right(AS_ITS_RECORD, creates=True, changes=True, acts=frozenset({"store"}), writes_if=ITS_OWN)

ACCESS = Access(
    {
        "inspection_office": ADDS,
        "inspection_team": ADDS,
        "leading_group": reads(AS_ITS_RECORD),
        "case_supervision": ADDS,
        "handling_department": ADDS,
        "organisation_department": ADDS,
        "inspected_unit": ADDS,
    },
    logged=True,
)
