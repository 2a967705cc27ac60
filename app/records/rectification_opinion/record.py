"""The declaration of an opinion."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import IS_CLOSED_OFF, closed_off_otherwise, in_order
from app.records.promised import PROMISED
from app.records.rectification_opinion.access import ACCESS
from app.records.rectification_opinion.fields import FIELDS
from app.records.rectification_opinion.lifecycle import LIFECYCLE
from app.records.rectification_opinion.obligations import OBLIGATIONS


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """An opinion is closed off after it is done, and what was promised on acceptance is not taken back."""
    in_order(context, new, "completed_on", "closed_off_on")
    if old is not None and new.get("progress") not in {None, "not_started"}:
        for f in PROMISED:
            if old.get(f.name) and not new.get(f.name):
                context.field_error(f.name, "required", label=f.label)


def contradicts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a ledger says of one opinion in several columns: how far it is, whether done, whether closed off."""
    if row.get("progress") not in (None, "completed"):
        if row.get("is_closed_off"):
            yield "progress", "is_closed_off"
        if row.get("completed_on"):
            yield "progress", "completed_on"
    yield from closed_off_otherwise(row)


RECORD = RecordType(
    name="rectification_opinion",
    path="rectification-opinions",
    label="整改意见",
    tag="04 整改与回头看",
    help="对一个问题提出的一条整改意见，由一个单位落实。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("R", 4),
    ledger=LedgerHabits(
        sheets=("整改意见台账", "整改意见", "整改台账"),
        number=("意见编号", "整改意见编号"),
        extra=(IS_CLOSED_OFF,),
        yielding=("责任领导", "牵头单位", "单位", "被巡察单位"),
        contradicts=contradicts,
        not_before={"completed_on": ("finding", "found_on"), "closed_off_on": ("finding", "found_on")},
    ),
    check=check,
    check_reads=frozenset({*(f.name for f in PROMISED), "progress", "completed_on", "closed_off_on"}),
    obligations=OBLIGATIONS,
    examples={
        "下达意见": {
            "round_number": "431382-2017-01",
            "finding_number": "431382-2017-01-F-0001",
            "unit_number": "431382-U008",
            "kind": "specific",
            "text": "应立即核实有关情况，重新签订责任书。",
        },
        "举一反三": {
            "round_number": "431382-2017-01",
            "finding_number": "431382-2017-01-F-0001",
            "unit_number": "431382-U046",
            "cooperating_unit_numbers": ["431382-U008", "431382-U010"],
            "kind": "generalised_check",
            "text": "应对照自查责任书签订情况，限期报告。",
            "due_on": "2017-08-08",
        },
    },
)
