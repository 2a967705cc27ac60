"""The declaration of a round."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.fields import Text
from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import in_order
from app.records.round.access import ACCESS
from app.records.round.fields import FIELDS


def round_number(jurisdiction: str, values: Mapping[str, Any]) -> str:
    """431382-2017-01: the code, the year, the round of the year."""
    return f"{jurisdiction}-{values['year']}-{values['sequence']:02}"


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A round does not end before it starts."""
    in_order(context, new, "starts_on", "ends_on")


# Tells an import which jurisdiction the round belongs to; the record keeps it as `jurisdiction`.
DIVISION_CODE = Text("division_code", "行政区划代码", headings=("区划代码", "行政区划"))

RECORD = RecordType(
    name="round",
    path="rounds",
    label="巡察轮次",
    tag="02 轮次与组织",
    help="一轮巡察：年度、轮次、类型、主题和起止日期。",
    fields=FIELDS,
    lifecycle=resting("active", "在册"),
    access=ACCESS,
    numbering=Numbering(formula=round_number),
    ledger=LedgerHabits(
        sheets=("巡察轮次", "轮次"), number=("轮次编号",), extra=(DIVISION_CODE,), span=("starts_on", "ends_on")
    ),
    check=check,
    check_reads=frozenset({"starts_on", "ends_on"}),
    examples={
        "专项巡察": {
            "year": 2031,
            "sequence": 1,
            "kind": "special",
            "theme": "示例主题",
            "plan_document": "示发〔2031〕7号",
            "starts_on": "2031-04-10",
            "ends_on": "2031-06-24",
        }
    },
)
