"""The declaration of an assessment."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.rectification_assessment.access import ACCESS
from app.records.rectification_assessment.fields import FIELDS


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """No indicator is given more than it counts, and none twice."""
    names = set()
    for i, indicator in enumerate(new.get("indicators") or ()):
        if indicator["score"] > indicator["of"]:
            context.field_error(f"indicators/{i}/score", "out_of_range", least=0, most=indicator["of"])
        if indicator["name"] in names:
            context.field_error(f"indicators/{i}/name", "listed_twice", label="评估指标")
        names.add(indicator["name"])


RECORD = RecordType(
    name="rectification_assessment",
    path="rectification-assessments",
    label="整改评估",
    tag="04 整改与回头看",
    help="对一个单位整改情况的一次评估；等次低的建议回头看。",
    fields=FIELDS,
    lifecycle=resting("active", "有效"),
    access=ACCESS,
    numbering=Numbering("E"),
    ledger=LedgerHabits(sheets=("整改评估", "评估"), number=("评估编号",)),
    check=check,
    check_reads=frozenset({"indicators"}),
    constraints={"grade_unknown": ("", "grade"), "indicator_unknown": ("", "indicators")},
    examples={
        "逐项评分": {
            "round_number": "431382-2017-01",
            "unit_number": "431382-U045",
            "assessed_on": "2017-10-12",
            "indicators": [{"name": "组织领导", "score": 18, "of": 20}, {"name": "整改成效", "score": 70, "of": 80}],
            "grade": "好",
            "basis": "整改报告、现场核查、群众测评",
        }
    },
)
