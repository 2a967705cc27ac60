"""A transfer is sent, signed for, and answered within three months; or it comes back (domain.md 4.5)."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.fields import Reference, Text
from app.kernel.declare.lifecycle import REASON, Among, Effect, Lifecycle, Transition
from app.records.common import day_on


def state_on_import(row: Mapping[str, Any]) -> str:
    """Contract section 3: by the last date present."""
    if row.get("fed_back_on"):
        return "result_fed_back"
    if row.get("received_on"):
        return "received"
    return "sent" if row.get("sent_on") else "draft"


IS_SENT = Among("state", ("sent", "received", "result_fed_back"))  # it has left its sender
HAND_OVER = {"holder_unit_id": "to_unit_id", "holder_unit_number": "to_unit_number"}

LIFECYCLE = Lifecycle(
    {"draft": "拟稿", "sent": "已移交", "received": "已签收", "result_fed_back": "已反馈结果", "returned": "已退回"},
    (
        Transition(
            "send",
            "移交",
            ("draft",),
            "sent",
            body=(day_on("移交日期", "2017-06-11"),),
            sets={"on": "sent_on"},
            effects=(Effect("clue", "transfer", values=HAND_OVER, otherwise="clue_not_available"),),
            help="经派出党组织决定分类处置后移交（巡视工作条例第二十八条）。",
        ),
        Transition(
            "receive",
            "签收",
            ("sent",),
            "received",
            body=(
                day_on("签收日期", "2017-06-12"),
                Text("received_by", "签收人", required=True, secret=True, of_person=True, longest=50, sample="经办01"),
            ),
            sets={"on": "received_on"},
            help="经手必签（监督执纪工作规则第二十三条）。",
        ),
        Transition(
            "give_back",
            "退回",
            ("sent", "received"),
            "returned",
            body=(
                REASON,
                Reference(
                    "clue", "退回的线索", "只退回部分线索时填写；其余线索仍由接收单位办理。", to="clues", many=True
                ),
            ),
            partial="clue",
            effects=(Effect("clue", "come_back", values={"given_back_by": "to_unit_id"}),),
            help="不属管辖、内容不清或重复的，写明理由退回。",
        ),
        Transition(
            "feed_back",
            "反馈结果",
            ("received",),
            "result_fed_back",
            body=(
                day_on("反馈日期", "2017-07-29"),
                Text("result", "反馈结果", required=True, longest=2000, sample="已办结4件，其余正在核实。"),
            ),
            sets={"on": "fed_back_on"},
            help="接收后三个月内反馈办理情况（巡视工作条例第二十九条）。",
        ),
    ),
    state_on_import=state_on_import,
    effects_on_create=(
        Effect("clue", "be_held", when=IS_SENT, values=HAND_OVER, in_import=True),
        Effect("clue", "transfer", when=IS_SENT, values=HAND_OVER, otherwise="clue_not_available", in_import=True),
    ),
)
