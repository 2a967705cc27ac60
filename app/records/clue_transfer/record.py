"""The declaration of a transfer."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.clue_transfer.access import ACCESS
from app.records.clue_transfer.fields import FIELDS
from app.records.clue_transfer.lifecycle import LIFECYCLE

SAID_BY_NO_SLIP = {"clue_numbers": ("clue_ids", "clue_numbers"), "note": ("note",), "result": ("result",)}


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A clue is never handed to a kin of those it is about (domain.md 3.9).

    A transfer lists its clues, or is a slip: so many sealed letters for the upper level, without a name or a text.
    """
    slip = new.get("sealed_count") is not None
    if not slip and not new.get("clue_ids") and not new.get("clue_numbers"):
        context.field_error("clue_numbers", "required", in_old_ledgers=True, label="线索编号")
    if slip and new.get("route") != "upper_level":
        context.field_error("sealed_count", "slip_for_upper_level_only", in_old_ledgers=True)
    for member, columns in SAID_BY_NO_SLIP.items():
        if slip and any(new.get(c) for c in columns):
            context.field_error(member, "slip_says_no_more", in_old_ledgers=True)
    about = {unit for units in context.referenced("clue", "about") or () for unit in units or ()}
    if about & {*(context.referenced("to_unit", "kin_ids") or ())}:
        context.field_error("to_unit_number", "receiver_is_kin", in_old_ledgers=True)


RECORD = RecordType(
    name="clue_transfer",
    path="clue-transfers",
    label="线索移交",
    tag="05 线索与移交",
    help="一份移交文书，移交一件或多件问题线索。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("T", assigned=True),
    ledger=LedgerHabits(sheets=("线索移交", "移交台账"), number=("移交编号",)),
    check=check,
    check_reads=frozenset({"to_unit_id", "clue_ids", "sent_on", "sealed_count", "route", "note", "result"}),
    examples={
        "移交纪检机关": {
            "round_number": "431382-2017-01",
            "document_number": "示移〔2017〕9号",
            "route": "discipline",
            "from_unit_number": "431382-U003",
            "to_unit_number": "431382-U001",
            "clue_numbers": ["431382-2017-01-C-0001"],
        }
    },
)
