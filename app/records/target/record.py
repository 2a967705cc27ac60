"""The declaration of a target."""

from app.kernel.declare.record_type import LedgerHabits, Numbering, RecordType
from app.records.target.access import ACCESS
from app.records.target.fields import FIELDS
from app.records.target.lifecycle import LIFECYCLE

RECORD = RecordType(
    name="target",
    path="targets",
    label="巡察对象",
    tag="03 发现与反馈",
    help="一轮巡察的一个被巡察单位。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("D"),
    ledger=LedgerHabits(sheets=("巡察对象", "被巡察单位"), number=("对象编号", "巡察对象编号"), key=("round", "unit")),
    unique={"natural_key": ("round_id", "unit_id")},
    examples={
        "巡察对象": {
            "round_number": "431382-2017-01",
            "team_number": "431382-2017-01-Z-001",
            "unit_number": "431382-U002",
            "is_unannounced": True,
        }
    },
)
