"""The declaration of a talk or an admonition."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.admonishment.access import ACCESS
from app.records.admonishment.fields import FIELDS
from app.records.common import SUBJECT_AGREES, check_subject, in_order, read_subject, subject_column

SUBJECT = subject_column("约谈对象", "被约谈对象", "对象", "姓名或单位", "诫勉对象", "姓名")


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """What is asked for in a talk is not due before it."""
    check_subject(context, new)
    in_order(context, new, "held_on", "due_on")


RECORD = RecordType(
    name="admonishment",
    path="admonishments",
    label="约谈、诫勉",
    tag="06 立案问责",
    help="对一人或一个组织的一次约谈、谈话提醒、批评教育、责令检查或诫勉；集体约谈一个单位一条。",
    fields=FIELDS,
    lifecycle=resting("held", "已约谈"),
    access=ACCESS,
    numbering=Numbering("Y"),
    ledger=LedgerHabits(
        sheets=("约谈", "约谈诫勉", "诫勉"),
        number=("约谈编号", "诫勉编号"),
        extra=(SUBJECT,),
        read_row=read_subject,
        agrees=SUBJECT_AGREES,
        yielding=("处理类型", "组织措施"),
    ),
    check=check,
    check_reads=frozenset({"subject_kind", "person_id", "unit_id", "held_on", "due_on"}),
    examples={
        "集体约谈": {
            "round_number": "431382-2017-01",
            "kind": "collective_talk",
            "subject_kind": "unit",
            "unit_number": "431382-U059",
            "held_on": "2017-06-22",
            "authority_unit_number": "431382-U001",
            "content": "脱贫攻坚主体责任落实不力",
            "requirements": "限期整改并书面报告",
            "due_on": "2017-07-22",
        },
        "谈话提醒": {
            "round_number": "431382-2017-01",
            "kind": "reminder_talk",
            "subject_kind": "person",
            "person_number": "431382-P038",
            "held_on": "2017-06-23",
            "authority_unit_number": "431382-U001",
            "content": "入户走访不深入",
        },
    },
)
