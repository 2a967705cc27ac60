"""The declaration of a finding."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import in_order
from app.records.finding.access import ACCESS
from app.records.finding.fields import FIELDS
from app.records.finding.lifecycle import LIFECYCLE


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A problem is not fed back before it was found."""
    in_order(context, new, "found_on", "fed_back_on")


RECORD = RecordType(
    name="finding",
    path="findings",
    label="发现问题",
    tag="03 发现与反馈",
    help="巡察发现的问题，一个问题一条。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("F", 4),
    ledger=LedgerHabits(
        sheets=("问题台账", "发现问题", "问题清单", "巡察发现问题"), number=("问题编号", "发现问题编号")
    ),
    check=check,
    check_reads=frozenset({"found_on", "fed_back_on"}),
    examples={
        "发现问题": {
            "round_number": "431382-2017-01",
            "team_number": "431382-2017-01-Z-001",
            "unit_number": "431382-U045",
            "category_number": "431382-2017-01-G-006",
            "title": "责任书签订流于形式",
            "description": "抽查发现，责任书签订流于形式，涉及27户。",
            "basis": "《实施方案》第三条",
            "households_affected": {"value": 27, "qualifier": "exact"},
            "found_on": "2017-05-14",
        }
    },
)
