"""The declaration of a rectification report."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.promised import PROMISED
from app.records.rectification_report.access import ACCESS
from app.records.rectification_report.fields import FIELDS, REMARKS_GIVEN
from app.records.rectification_report.lifecycle import LIFECYCLE


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """Each item of what is submitted names who, by when and how; a body that sends it back says why, by opinion."""
    if new.get("submitted_on"):
        for i, item in enumerate(new.get("items") or ()):
            for f in PROMISED:
                if not item.get(f.name):
                    context.field_error(f"items/{i}/{f.name}", "required", label=f.label)
    returned, given = "verdict" in context.given and new["verdict"] == "return", "remarks" in context.given
    if returned and not (given and new["remarks"]):
        context.field_error("remarks", "required", label=REMARKS_GIVEN.label)


RECORD = RecordType(
    name="rectification_report",
    path="rectification-reports",
    label="整改报告",
    tag="04 整改与回头看",
    help="被巡察单位报送的整改方案、整改进展、整改报告或主要负责人组织落实情况，逐条意见报告。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("W", assigned=True),
    ledger=LedgerHabits(sheets=("整改报告", "整改方案"), number=("报告编号", "整改报告编号")),
    check=check,
    check_reads=frozenset({"items", "submitted_on", "verdict", "remarks"}),
    examples={
        "整改方案": {
            "round_number": "431382-2017-01",
            "unit_number": "431382-U008",
            "kind": "plan",
            "items": [
                {
                    "opinion_number": "431382-2017-01-R-0001",
                    "responsible_person": "责任人甲01",
                    "responsible_post": "局长",
                    "due_on": "2017-08-08",
                    "measures": ["补齐档案资料并组织复核"],
                }
            ],
        }
    },
)
