"""The declaration of an accountability decision."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.accountability_decision.access import ACCESS
from app.records.accountability_decision.fields import FIELDS
from app.records.accountability_decision.lifecycle import LIFECYCLE
from app.records.accountability_decision.obligations import OBLIGATIONS
from app.records.common import SUBJECT_AGREES, check_subject, read_subject, subject_column

SUBJECT = subject_column("姓名或单位", "姓名/单位", "问责对象", "被问责对象", "对象", "姓名")
MODES = {
    "person": ("bulletin", "admonition", "organisational_adjustment", "discipline_sanction"),
    "unit": ("unit_review", "unit_bulletin", "unit_reorganisation"),
}
BULLETIN = {"person": "bulletin", "unit": "unit_bulletin"}


def read_row(row: dict[str, Any]) -> None:
    """A ledger writes 通报 for persons and units alike; the subject says which it is."""
    read_subject(row)
    if row.get("mode") in BULLETIN.values():
        row["mode"] = BULLETIN.get(row.get("subject_kind", ""), row["mode"])


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """Persons and organisations are held to account in different ways (domain.md 3.6 and 4.6)."""
    check_subject(context, new)
    allowed = MODES[new["subject_kind"]]
    if new["mode"] not in allowed:
        context.field_error("mode", "mode_not_for_subject", allowed=allowed)


RECORD = RecordType(
    name="accountability_decision",
    path="accountability-decisions",
    label="问责",
    tag="06 立案问责",
    help="对一人或一个组织作出的一项问责决定。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("A"),
    ledger=LedgerHabits(
        sheets=("问责处理", "问责"),
        number=("问责编号", "问责决定编号"),
        extra=(SUBJECT,),
        read_row=read_row,
        agrees=SUBJECT_AGREES,
    ),
    inherits={"round": "finding"},
    check=check,
    check_reads=frozenset({"subject_kind", "person_id", "unit_id", "mode"}),
    obligations=OBLIGATIONS,
    examples={
        "个人诫勉": {
            "round_number": "431382-2017-01",
            "subject_kind": "person",
            "person_number": "431382-P036",
            "mode": "admonition",
            "responsibility": "main_leadership",
            "authority_unit_number": "431382-U001",
            "decided_on": "2017-08-02",
            "document_number": "示责〔2017〕30号",
            "form": 1,
            "conduct": ["slow"],
            "finding_number": "431382-2017-01-F-0030",
        },
        "组织通报": {
            "round_number": "431382-2017-01",
            "subject_kind": "unit",
            "unit_number": "431382-U061",
            "mode": "unit_bulletin",
            "responsibility": "overall_leadership",
            "authority_unit_number": "431382-U001",
            "decided_on": "2017-08-03",
            "document_number": "示责〔2017〕31号",
            "finding_number": "431382-2017-01-F-0030",
        },
    },
)
