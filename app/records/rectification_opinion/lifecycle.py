"""An opinion is accepted with a person, a day and measures; completed and closed off are two states (domain.md 4.3)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.kernel.declare.lifecycle import REASON, Among, Effect, Lifecycle, Transition
from app.records.common import day_on
from app.records.promised import PROMISED
from app.records.rectification_opinion.fields import RESULT

IN_PROGRESS = {"progress": "'in_progress'"}
FINISH = (Effect("finding", "finish_rectification"),)
RESUME = (Effect("finding", "resume_rectification", lasting=True),)
BEGIN = Effect("finding", "begin_rectification")
OPEN, OVER = Among("state", ("issued", "in_progress")), Among("state", ("completed", "closed_off"))
# Of an opinion that is given to another finding: the finding that it leaves, and the one that it comes to.
MOVED = (
    Effect("finding", "finish_rectification", leaving=True),
    replace(BEGIN, when=Among("state", ("in_progress",))),
    Effect("finding", "resume_rectification", when=OPEN, lasting=True),
    Effect("finding", "finish_rectification", when=OVER),
)


def state_on_import(row: Mapping[str, Any]) -> str:
    """Contract section 3: the furthest state for which the ledger gives a reason."""
    if row.get("is_closed_off"):
        return "closed_off"
    if row.get("progress") == "completed" or row.get("completed_on"):
        return "completed"
    return "in_progress" if all(row.get(f.name) for f in PROMISED) else "issued"


LIFECYCLE = Lifecycle(
    {"issued": "已下达", "in_progress": "整改中", "completed": "已完成", "closed_off": "已销号"},
    (
        Transition(
            "accept",
            "认领",
            ("issued",),
            "in_progress",
            body=tuple(replace(given, required=True) for given in PROMISED),
            derives=IN_PROGRESS,
            effects=(BEGIN, *RESUME),  # an import may have entered it under a finding that was rectified
            help="整改单位明确责任人、完成时限和整改措施，缺一不可（巡视工作条例第二十七条）。",
        ),
        Transition(
            "complete",
            "完成",
            ("in_progress",),
            "completed",
            body=(day_on("完成日期", "2017-07-19"), replace(RESULT, required=True)),
            sets={"on": "completed_on"},
            derives={"progress": "'completed'"},
            effects=FINISH,
            help="整改单位报告完成；尚未销号。",
        ),
        Transition(
            "send_back",
            "退回",
            ("completed",),
            "in_progress",
            body=(REASON,),
            clears=("completed_on", "result"),
            derives=IN_PROGRESS,
            effects=RESUME,
            help="核查发现整改不实或不到位，退回继续整改。",
        ),
        Transition(
            "close_off",
            "销号",
            ("completed",),
            "closed_off",
            body=(day_on("销号日期", "2017-08-06"),),
            sets={"on": "closed_off_on"},
            help="完成一条、销号一条；由巡察办核查后销号，整改单位不得自行销号。",
        ),
        Transition(
            "reopen",
            "重新整改",
            ("closed_off",),
            "in_progress",
            body=(REASON,),
            clears=("completed_on", "result", "closed_off_on"),
            derives=IN_PROGRESS,
            effects=RESUME,
            help="销号后发现整改不实或问题反弹。",
        ),
    ),
    state_on_import=state_on_import,
    effects_on_create=RESUME,  # what was rectified is not, with one more to carry out
    effects_on_void=FINISH,  # it may have been the last that was not done
    effects_on_change=MOVED,
)
