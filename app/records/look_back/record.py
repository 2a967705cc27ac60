"""The declaration of a look-back."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import SUBJECT_AGREES, check_subject, read_subject, subject_column
from app.records.look_back.access import ACCESS
from app.records.look_back.fields import FIELDS
from app.records.look_back.lifecycle import LIFECYCLE

SUBJECT = subject_column("对象", "检查对象", "回头看对象", "姓名或单位")


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """Units are looked back on, and cadres (domain.md 1.6)."""
    check_subject(context, new)


RECORD = RecordType(
    name="look_back",
    path="look-backs",
    label="回头看",
    tag="04 整改与回头看",
    help="对已巡察的一个单位或一名干部的一次突击检查。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("H"),
    ledger=LedgerHabits(
        sheets=("回头看", "回头看检查"),
        number=("编号", "回头看编号"),
        extra=(SUBJECT,),
        read_row=read_subject,
        agrees=SUBJECT_AGREES,
    ),
    check=check,
    check_reads=frozenset({"subject_kind", "person_id", "unit_id"}),
    examples={
        "检查单位": {
            "round_number": "431382-2017-01",
            "team_number": "431382-2017-01-Z-001",
            "subject_kind": "unit",
            "unit_number": "431382-U054",
            "checked_on": "2017-09-12",
            "is_unannounced": True,
        },
        "检查干部": {
            "round_number": "431382-2017-01",
            "subject_kind": "person",
            "person_number": "431382-P032",
            "checked_on": "2017-09-13",
            "finding_number": "431382-2017-01-F-0001",
            "conclusion": "rectified",
        },
    },
)
