"""The declaration of a consultation."""

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import LedgerHabits, Numbering, RecordType
from app.records.consultation.access import ACCESS
from app.records.consultation.fields import FIELDS

RECORD = RecordType(
    name="consultation",
    path="consultations",
    label="组办会商",
    tag="03 发现与反馈",
    help="巡察组与巡察办的一次会商。",
    fields=FIELDS,
    lifecycle=resting("held", "已会商"),
    access=ACCESS,
    numbering=Numbering("M"),
    ledger=LedgerHabits(sheets=("组办会商", "会商"), number=("会商编号",)),
    examples={
        "组办会商": {
            "round_number": "431382-2017-01",
            "held_on": "2017-06-08",
            "participants": ["第一巡察组", "巡察办"],
            "topic": "整改意见会商",
            "conclusion": "同意",
        }
    },
)
