"""A finding is fed back, rectified and struck off; a look-back can open it again (domain.md 4.2)."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import REASON, Lifecycle, Transition
from app.records.common import day_on

ALL_OPINIONS_DONE = """(select bool_and(o.state in ('completed', 'closed_off')) from rectification_opinion o
    where o.jurisdiction = t.jurisdiction and o.finding_id = t.id and o.state <> 'voided')"""


def state_on_import(row: Mapping[str, Any]) -> str:
    """Contract section 3: fed back if the ledger gives the day."""
    return "fed_back" if row.get("fed_back_on") else "registered"


LIFECYCLE = Lifecycle(
    {
        "registered": "已登记",
        "fed_back": "已反馈",
        "rectifying": "整改中",
        "rectified": "整改完成",
        "closed_off": "已销号",
    },
    (
        Transition(
            "feed_back",
            "反馈",
            ("registered",),
            "fed_back",
            body=(day_on("反馈日期", "2017-06-09"),),
            sets={"on": "fed_back_on"},
            help="向被巡察单位领导班子反馈（巡视工作条例第二十六条）。",
        ),
        Transition("begin_rectification", "开始整改", ("fed_back",), "rectifying", internal=True),
        Transition(
            "finish_rectification",
            "整改完成",
            ("fed_back", "rectifying"),
            "rectified",
            only_if=ALL_OPINIONS_DONE,
            internal=True,
            help="全部整改意见已完成。",
        ),
        Transition("resume_rectification", "退回整改", ("rectified", "closed_off"), "rectifying", internal=True),
        Transition(
            "close_off",
            "销号",
            ("rectified",),
            "closed_off",
            body=(day_on("销号日期", "2017-08-06"),),
            help="办结一件、销号一件；由巡察办核查后销号，被巡察单位不得自行销号。",
        ),
        Transition(
            "reopen",
            "重新整改",
            ("rectified", "closed_off"),
            "rectifying",
            body=(REASON,),
            help="整改不实或回头看发现反弹。",
        ),
    ),
    state_on_import=state_on_import,
)
