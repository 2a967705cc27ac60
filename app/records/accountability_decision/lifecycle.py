"""A decision is announced to those it holds to account (domain.md 4.6)."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import Lifecycle, Transition
from app.records.common import day_on


def state_on_import(row: Mapping[str, Any]) -> str:
    """Announced if the ledger gives the day."""
    return "announced" if row.get("announced_on") else "decided"


LIFECYCLE = Lifecycle(
    {"decided": "已决定", "announced": "已宣布"},
    (
        Transition(
            "announce",
            "宣布",
            ("decided",),
            "announced",
            body=(day_on("宣布日期", "2017-08-05"),),
            sets={"on": "announced_on"},
            help="向所涉单位和个人宣布（问责条例2016年第九条）；此后所涉单位方可看到。",
        ),
    ),
    state_on_import=state_on_import,
)
