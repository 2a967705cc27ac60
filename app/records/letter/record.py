"""The declaration of a letter."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import IN_FULL, Check, LedgerHabits, Numbering, RecordType
from app.records.letter.access import ACCESS
from app.records.letter.fields import FIELDS, OF_CLUES


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A step of the ladder of clues names its clue, and no other letter does; nor does one go to a kin of its clue.

    Whoever does not read the clue in full sends no letter about it: from a refusal it could tell of whom the unit is
    kin.
    """
    clue, of_clues = bool(new.get("clue_id") or new.get("clue_number")), new["kind"] in OF_CLUES
    opinion = bool(new.get("opinion_id") or new.get("opinion_number"))
    if old and (old["kind"] in OF_CLUES) is not of_clues:  # its earlier versions are read by whom it was for
        context.reject("kind", "letter_of_rectification" if of_clues else "letter_of_clues")
    elif clue is not of_clues:
        context.reject("clue_number", "letter_of_clues" if of_clues else "letter_of_rectification")
    elif clue and opinion:
        context.reject("opinion_number", "letter_of_clues")
    elif clue and not context.referenced("clue", IN_FULL):
        context.refuse("clue_not_available")
    elif clue and {*(context.referenced("clue", "about") or ())} & {
        *(context.referenced("addressee_unit", "kin_ids") or ())
    }:
        context.reject("addressee_unit_number", "receiver_is_kin")


RECORD = RecordType(
    name="letter",
    path="letters",
    label="函",
    tag="04 整改与回头看",
    help="一件催办整改或者线索办理的函；同一事由的每一步只发一次。",
    fields=FIELDS,
    lifecycle=resting("active", "已发出"),
    access=ACCESS,
    numbering=Numbering("Q", assigned=True),
    ledger=LedgerHabits(sheets=("函件", "函", "督办函"), number=("函件编号",)),
    check=check,
    check_reads=frozenset({"kind", "clue_id", "clue_number", "opinion_id", "opinion_number", "addressee_unit_id"}),
    unique={"natural_key": ("round_id", "addressee_unit_id", "kind", "opinion_id", "clue_id", "matter")},
    examples={
        "提示函": {
            "round_number": "431382-2017-01",
            "kind": "reminder",
            "addressee_unit_number": "431382-U045",
            "issued_on": "2017-07-28",
            "document_number": "示巡办函〔2017〕2号",
            "opinion_number": "431382-2017-01-R-0001",
            "text": "意见将于8月8日到期，请抓紧落实。",
        }
    },
)
