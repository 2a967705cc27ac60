"""The declaration of a matter to be put right at once."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import in_order
from app.records.immediate_rectification.access import ACCESS
from app.records.immediate_rectification.fields import FIELDS
from app.records.immediate_rectification.lifecycle import LIFECYCLE
from app.records.immediate_rectification.obligations import OBLIGATIONS


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A matter is not settled before anybody was told of it."""
    in_order(context, new, "notified_on", "resolved_on")


RECORD = RecordType(
    name="immediate_rectification",
    path="immediate-rectifications",
    label="立行立改",
    tag="04 整改与回头看",
    help="巡察期间通知有关单位立即解决的一个事项。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("L"),
    ledger=LedgerHabits(sheets=("立行立改", "边巡边改"), number=("事项编号", "立行立改编号")),
    check=check,
    check_reads=frozenset({"notified_on", "resolved_on"}),
    obligations=OBLIGATIONS,
    examples={
        "利息补贴": {
            "round_number": "431382-2017-01",
            "team_number": "431382-2017-01-Z-001",
            "lead_unit_number": "431382-U062",
            "cooperating_unit_numbers": ["431382-U010", "431382-U045"],
            "matter": "贫困户小额信贷贴息未按季度到账",
            "amount_fen": 5_000_000,
            "notified_on": "2017-05-08",
        }
    },
)
