"""The declaration of a team."""

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import LedgerHabits, LedgerName, Numbering, RecordType
from app.records.team.access import ACCESS
from app.records.team.fields import FIELDS

RECORD = RecordType(
    name="team",
    path="teams",
    label="巡察组",
    tag="02 轮次与组织",
    help="一轮巡察中的一个巡察组。",
    fields=FIELDS,
    lifecycle=resting("active", "在册"),
    access=ACCESS,
    numbering=Numbering("Z"),
    ledger=LedgerHabits(sheets=("巡察组", "巡察组分组"), number=("巡察组编号", "组别编号"), key=("round", "name")),
    ledger_name=LedgerName(columns=("name",), within=("round",)),
    unique={"natural_key": ("round_id", "name")},
    examples={
        "巡察组": {
            "round_number": "431382-2017-01",
            "name": "第四巡察组",
            "head_name": "组长丁04",
            "head_post": "市纪委副书记",
        }
    },
)
