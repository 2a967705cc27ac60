"""The declaration of a file that belongs to a record."""

from app.kernel.declare.record_type import LedgerHabits, Numbering, RecordType
from app.records.attachment.access import ACCESS
from app.records.attachment.fields import FIELDS
from app.records.attachment.lifecycle import LIFECYCLE

RECORD = RecordType(
    name="attachment",
    path="attachments",
    label="佐证材料",
    tag="07 佐证材料",
    help="一条记录的一份佐证材料。先登记，再把内容上传到 /v1/attachments/{key}/content。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("I", within="record", assigned=True),
    ledger=LedgerHabits(sheets=("佐证材料",), number=("材料编号",)),
    from_ledgers=False,
    examples={
        "问题的佐证材料": {
            "record_type": "findings",
            "record_number": "431382-2017-01-F-0001",
            "file_name": "责任书签订情况.pdf",
        }
    },
)
