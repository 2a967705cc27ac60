"""The declaration of a member of a team."""

from typing import Any

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import LedgerHabits, Numbering, RecordType
from app.records.common import ROUND
from app.records.team_member.access import ACCESS
from app.records.team_member.fields import FIELDS


def read_row(row: dict[str, Any]) -> None:
    """抽调单位 is kept as written, and points to the unit of that name if the register has it ('?': if any)."""
    if not row.get("seconded_from_unit") and row.get("seconded_from_name"):
        row["seconded_from_unit?"] = row["seconded_from_name"]


RECORD = RecordType(
    name="team_member",
    path="team-members",
    label="巡察组成员",
    tag="02 轮次与组织",
    help="抽调到巡察组的一名工作人员。",
    fields=FIELDS,
    lifecycle=resting("active", "在册"),
    access=ACCESS,
    numbering=Numbering("S", via="team"),
    ledger=LedgerHabits(
        sheets=("巡察组成员", "抽调人员", "成员"),
        number=("成员编号",),
        # No field of a member, but a team is named within its round.
        extra=(ROUND,),
        read_row=read_row,
        key=("team", "name", "seconded_from_name"),
    ),
    unique={"natural_key": ("team_id", "name", "seconded_from_name")},
    examples={
        "组员": {
            "team_number": "431382-2017-01-Z-001",
            "name": "组员甲48",
            "seconded_from_name": "市纪律检查委员会",
            "seconded_from_unit_number": "431382-U001",
            "duty": "组员",
        },
        "名录外单位": {
            "team_number": "431382-2017-01-Z-002",
            "name": "组员乙49",
            "seconded_from_name": "示例市审计局",
            "duty": "联络员",
        },
    },
)
