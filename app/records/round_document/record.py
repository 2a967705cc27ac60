"""The declaration of a document of the round."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.common import given_otherwise, in_order
from app.records.round_document.access import ACCESS
from app.records.round_document.fields import FIELDS, HANDED_OVER
from app.records.round_document.lifecycle import LIFECYCLE

FROZEN = tuple((*f.columns, *f.columns)[:2] for f in FIELDS if f.writable)


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """What is issued stays as it was handed over. What is handed over names its unit, and is written before."""
    if old and old["state"] == "issued" and any(given_otherwise(old, new, *c) for c in FROZEN):
        context.refuse("document_is_issued")
    in_order(context, new, "issued_on", "released_on")
    if new.get("released_on") and new["kind"] in HANDED_OVER and not (new.get("unit_id") or new.get("unit_number")):
        context.field_error("unit_number", "required", label="所涉单位")


RECORD = RecordType(
    name="round_document",
    path="round-documents",
    label="巡察文书",
    tag="03 发现与反馈",
    help="一轮巡察的一件文书：报告、专题会意见、反馈意见、授权、回避申报或建议书。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("O"),
    ledger=LedgerHabits(sheets=("巡察文书", "文书"), number=("文书编号",)),
    check=check,
    check_reads=frozenset({"released_on", *(c for columns in FROZEN for c in columns)}),
    examples={
        "反馈意见": {
            "round_number": "431382-2017-01",
            "unit_number": "431382-U045",
            "kind": "feedback_opinion",
            "title": "关于巡察示例镇的反馈意见",
            "document_number": "示巡〔2017〕3号",
            "issued_on": "2017-06-15",
            "text": "发现责任书签订流于形式，应立即整改。",
        },
        "专题会意见": {
            "round_number": "431382-2017-01",
            "kind": "decision",
            "title": "书记专题会听取第一轮巡察情况汇报的意见",
            "issued_on": "2017-06-10",
        },
    },
)
