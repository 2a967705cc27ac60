"""The declaration of a transfer."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.kernel.declare.record_type import IN_FULL, Check, LedgerHabits, Numbering, RecordType
from app.records.clue_transfer.access import ACCESS
from app.records.clue_transfer.fields import FIELDS
from app.records.clue_transfer.lifecycle import LIFECYCLE
from app.records.clue_transfer.obligations import OBLIGATIONS
from app.records.common import given_otherwise

HANDED_OVER = (("to_unit_id", "to_unit_number"), ("clue_ids", "clue_numbers"))

SAID_BY_NO_SLIP = {"clue_numbers": ("clue_ids", "clue_numbers"), "note": ("note",), "result": ("result",)}


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A transfer carries clues that are free, to a unit that may have them; once sent, it names no others.

    It lists its clues, or is a slip: so many sealed letters for the upper level, without a name or a text. Whether a
    clue is free is decided first, so that from a clue that is not, no unit can be asked about.
    """
    _lists_or_slip(context, new)
    if old and old["state"] != "draft":
        if any(given_otherwise(old, new, *columns) for columns in HANDED_OVER):
            context.refuse("transfer_is_sent")
    elif not context.imported and context.referenced("to_unit", "state") == "merged":
        successor = context.referenced("to_unit", "merged_into_number")
        context.reject("to_unit_number", "reference_retired", label="接收单位", successor=successor)
    elif not all(_is_free(context.imported, clue, new.get("to_unit_id")) for clue in _clues(context)):
        context.refuse("clue_not_available")
    elif not _may_receive(context):
        if all(context.referenced("clue", IN_FULL)):
            context.reject("to_unit_number", "receiver_is_kin")
        else:
            context.refuse("clue_not_available")


def _clues(context: Check) -> Iterable[tuple[bool, bool, str, str | None]]:
    columns = (IN_FULL, "imported", "state", "holder_unit_id")
    return zip(*(context.referenced("clue", column) or () for column in columns), strict=True)


def _is_free(in_ledger: bool, clue: tuple[bool, bool, str, str | None], receiver: str | None) -> bool:
    """Whether a clue may be transferred: registered, held by no one else, and read in full by the caller.

    Who imports an old ledger reads no clue, and brings those that a ledger has brought. Such a ledger names the holder
    of a clue beside the transfer that made it so, and clues that were finished before they came here.
    """
    in_full, of_ledger, state, holder = clue
    if not in_ledger:
        return in_full and state == "registered"
    if not (in_full or of_ledger):
        return False
    if holder is None:
        return state == "registered" or of_ledger
    return holder == receiver and state in ("registered", "concluded", "closed_off")


def _may_receive(context: Check) -> bool:
    """A clue is never handed to a kin of those it is about (domain.md 3.9)."""
    about = {unit for units in context.referenced("clue", "about") or () for unit in units or ()}
    return not about & {*(context.referenced("to_unit", "kin_ids") or ())}


def _lists_or_slip(context: Check, new: Mapping[str, Any]) -> None:
    slip = new.get("sealed_count") is not None
    if not slip and not new.get("clue_ids") and not new.get("clue_numbers"):
        context.reject("clue_numbers", "required", label="线索编号")
    if slip and new.get("route") != "upper_level":
        context.reject("sealed_count", "slip_for_upper_level_only")
    for member, columns in SAID_BY_NO_SLIP.items():
        if slip and any(new.get(c) for c in columns):
            context.reject(member, "slip_says_no_more")


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
    obligations=OBLIGATIONS,
    examples={
        "移交纪检机关": {
            "round_number": "431382-2017-01",
            "document_number": "示移〔2017〕9号",
            "route": "discipline",
            "from_unit_number": "431382-U003",
            "to_unit_number": "431382-U001",
            "clue_numbers": ["431382-2017-01-C-0031"],
        }
    },
)
