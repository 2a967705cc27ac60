"""The declaration of a category."""

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import LedgerHabits, LedgerName, Numbering, RecordType
from app.records.finding_category.access import ACCESS
from app.records.finding_category.fields import FIELDS

RECORD = RecordType(
    name="finding_category",
    path="finding-categories",
    label="问题类别",
    tag="02 轮次与组织",
    help="一轮巡察的重点类别或反馈类别，按轮次自定。",
    fields=FIELDS,
    lifecycle=resting("active", "在册"),
    access=ACCESS,
    numbering=Numbering("G"),
    ledger=LedgerHabits(sheets=("问题类别", "类别"), number=("记录编号",), key=("round", "phase", "code")),
    # Findings are filed under the categories of the feedback; those of the focus only say where to look.
    ledger_name=LedgerName(columns=("name", "code"), within=("round",), only={"phase": "feedback"}),
    unique={"natural_key": ("round_id", "phase", "code")},
    examples={
        "反馈类别": {
            "round_number": "431382-2017-01",
            "phase": "feedback",
            "code": "G",
            "name": "作风建设不扎实",
        }
    },
)
