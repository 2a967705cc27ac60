"""The declaration of a check of rectification."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import in_order
from app.records.rectification_supervision.access import ACCESS
from app.records.rectification_supervision.fields import FIELDS
from app.records.rectification_supervision.lifecycle import LIFECYCLE


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A check is not concluded before it is made."""
    in_order(context, new, "checked_on", "concluded_on")


RECORD = RecordType(
    name="rectification_supervision",
    path="rectification-supervisions",
    label="整改督查",
    tag="04 整改与回头看",
    help="对一个单位整改情况的一次督查，可以抽查若干条意见。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("X"),
    ledger=LedgerHabits(sheets=("整改督查", "督查"), number=("督查编号",)),
    check=check,
    check_reads=frozenset({"checked_on", "concluded_on"}),
    examples={
        "抽查意见": {
            "round_number": "431382-2017-01",
            "unit_number": "431382-U045",
            "checked_on": "2017-07-25",
            "opinion_numbers": ["431382-2017-01-R-0001"],
            "conclusion": "抽查1条意见，已按期整改。",
        }
    },
)
