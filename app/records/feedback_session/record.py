"""The declaration of a feedback session."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.fields import Text
from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import in_order
from app.records.feedback_session.access import ACCESS
from app.records.feedback_session.fields import FIELDS

ABSENCE = Text("absence", "缺席说明", headings=("缺席", "缺席原因", "缺席情况说明", "未到原因"))


def read_row(row: dict[str, Any]) -> None:
    """A ledger says in one cell why somebody was away, seldom who."""
    if row.get("absence") and not row.get("absentees"):
        row["absentees"] = [{"name": None, "post": None, "reason": row["absence"]}]


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """Nobody is present who does not belong there, and the form is not signed for before it is handed over."""
    expected, present = new.get("members_expected"), new.get("members_present")
    if expected is not None and present is not None and present > expected:
        context.field_error("members_present", "more_present_than_expected", expected=expected)
    in_order(context, new, "held_on", "receipt_on")


RECORD = RecordType(
    name="feedback_session",
    path="feedback-sessions",
    label="集中反馈",
    tag="03 发现与反馈",
    help="向一个被巡察单位领导班子反馈一次；编号即问题反馈表编号。",
    fields=FIELDS,
    lifecycle=resting("active", "在册"),
    access=ACCESS,
    numbering=Numbering("B"),
    ledger=LedgerHabits(
        sheets=("反馈情况", "集中反馈"),
        number=("反馈表编号", "反馈编号"),
        extra=(ABSENCE,),
        read_row=read_row,
        key=("round", "unit", "held_on"),
    ),
    check=check,
    check_reads=frozenset({"held_on", "receipt_on", "members_expected", "members_present"}),
    unique={"natural_key": ("round_id", "unit_id", "held_on")},
    examples={
        "面对面集中反馈": {
            "round_number": "431382-2017-01",
            "unit_number": "431382-U045",
            "held_on": "2017-06-16",
            "method": "face_to_face",
            "members_expected": 9,
            "members_present": 8,
            "absentees": [{"name": "班子成员05", "post": "副主任", "reason": "因公出差"}],
            "receipt_name": "签收人102",
            "receipt_on": "2017-06-16",
        }
    },
)
