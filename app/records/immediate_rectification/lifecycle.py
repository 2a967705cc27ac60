"""The units concerned are told at once, and report when the matter is settled."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.kernel.declare.lifecycle import Lifecycle, Transition
from app.records.common import day_on
from app.records.immediate_rectification.fields import RESULT


def state_on_import(row: Mapping[str, Any]) -> str:
    """Contract section 3: resolved if the ledger gives the day."""
    return "resolved" if row.get("resolved_on") else "notified"


LIFECYCLE = Lifecycle(
    {"notified": "已通知", "resolved": "已办结"},
    (
        Transition(
            "resolve",
            "办结",
            ("notified",),
            "resolved",
            body=(day_on("办结日期", "2017-05-12"), replace(RESULT, required=True)),
            sets={"on": "resolved_on"},
            help="由牵头单位或配合单位报告办结，结果写入巡察报告。",
        ),
    ),
    state_on_import=state_on_import,
)
