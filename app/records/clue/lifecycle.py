"""A clue is transferred, handled, concluded, closed off: 办结 and 销号 are two states (domain.md 4.4)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.kernel.declare.fields import Reference, Text
from app.kernel.declare.lifecycle import REASON, Lifecycle, Transition
from app.records.clue.fields import CHOSEN_HANDLING, HANDLING_UNIT, RESULT
from app.records.common import day_on


def state_on_import(row: Mapping[str, Any]) -> str:
    """Contract section 3. A clue becomes `transferred` by the import of the transfer that names it."""
    if row.get("is_closed_off"):
        return "closed_off"
    return "concluded" if row.get("concluded_on") else "registered"


# A clue is handed over by no one but its holder; a clue without one is nobody's yet.
HELD_BY_NO_OTHER = "coalesce(t.holder_unit_id::text, s.values ->> 'holder_unit_id') = s.values ->> 'holder_unit_id'"
HOLDER, HANDLER = ("holder_unit_id", "holder_unit_number"), ("handling_unit_id", "handling_unit_number")
BY_TRANSFER = (
    Transition(
        "be_held",
        "登记承办",
        ("transferred", "handling", "concluded", "closed_off"),
        None,
        only_if="t.holder_unit_id is null",
        internal=True,
        help="旧台账中已办结的线索，由移交文书得知承接单位。",
    ),
    Transition(
        "transfer",
        "移交",
        ("registered",),
        "transferred",
        only_if=HELD_BY_NO_OTHER,
        internal=True,
        help="由移交文书移交。",
    ),
    Transition(
        "come_back",
        "退回",
        ("transferred", "handling"),
        "registered",
        # Whom a former holder has chosen to handle it would read it again with the next one.
        clears=(*HOLDER, *HANDLER, "handling", "handling_decided_on"),
        only_if="t.holder_unit_id = (s.values ->> 'given_back_by')::uuid",
        internal=True,
        help="接收单位退回，重新移交。",
    ),
)
# The unit that handles a clue is chosen by who holds it. A department that handles it may name the same one again.
CHOSEN_BY_HOLDER = """t.holder_unit_id = any ((caller_grants() -> 'any' ->> 'scope_ids')::uuid[])
    or (coalesce(s.values ->> 'handling_unit_id', t.handling_unit_id::text),
        coalesce(s.values ->> 'handling_unit_number', t.handling_unit_number))
      is not distinct from (t.handling_unit_id::text, t.handling_unit_number)"""
HELD = ("transferred", "handling", "concluded", "closed_off")
PROPOSED = ("proposed_holder_unit_id", "proposed_holder_unit_number", "rehold_document")
WITHOUT_READER = "t.id in (select clues_without_reader(t.jurisdiction, t.round_id))"
# Nobody reads the clue, so nothing is told of units: whether the one proposed is kin, too, is decided at the end.
REHOLDING = (
    Transition(
        "rehold",
        "提出改由承接",
        HELD,
        None,
        body=(
            Reference("to_unit", "承接单位", to="units", required=True, sample="431382-U001"),
            REASON,
            Text("document", "依据文件", required=True, longest=200, sample="示批〔2017〕3号"),
        ),
        sets={
            "to_unit_id": "proposed_holder_unit_id",
            "to_unit_number": "proposed_holder_unit_number",
            "document": "rehold_document",
        },
        only_if=WITHOUT_READER,
        help="持有和承办单位都成为须回避的单位，无人可阅办时，由巡察办提出，领导小组确认；不拆阅，原样转交。",
    ),
    Transition(
        "confirm_rehold",
        "确认改由承接",
        HELD,
        None,
        clears=(*PROPOSED, *HANDLER),
        derives={"holder_unit_id": "t.proposed_holder_unit_id", "holder_unit_number": "t.proposed_holder_unit_number"},
        only_if=f"""t.proposed_holder_unit_id is not null and {WITHOUT_READER}
            and not t.about && unit_kin_ids(t.jurisdiction, t.proposed_holder_unit_id)""",
        judged_with=("proposed_holder_unit",),
        otherwise="clue_not_available",
        after="rehold",
        help="领导小组确认后，由承接单位持有，并重新确定承办部门。",
    ),
    Transition(
        "decline_rehold",
        "不同意改由承接",
        HELD,
        None,
        body=(REASON,),
        clears=PROPOSED,
        only_if="t.proposed_holder_unit_id is not null",
        after="rehold",
        help="须另行提出。",
    ),
)

LIFECYCLE = Lifecycle(
    {
        "registered": "已登记",
        "transferred": "已移交",
        "handling": "处置中",
        "concluded": "已办结",
        "closed_off": "已销号",
    },
    (
        *BY_TRANSFER,
        *REHOLDING,
        Transition(
            "set_handling",
            "确定处置方式",
            ("transferred", "handling"),
            "handling",
            body=(replace(CHOSEN_HANDLING, required=True), day_on("处置日期", "2017-06-28"), HANDLING_UNIT),
            sets={"on": "handling_decided_on"},
            only_if=CHOSEN_BY_HOLDER,
            otherwise="handler_by_holder",
            help="承办部门只由持有单位确定。收到线索之日起一个月内提出处置意见，经批准后分办（监督执纪工作规则第二十三条）。",
        ),
        Transition(
            "conclude",
            "办结",
            ("transferred", "handling"),
            "concluded",
            body=(day_on("办结日期", "2017-07-29"), replace(RESULT, required=True)),
            sets={"on": "concluded_on"},
            help="写明处置结果；尚未销号。",
        ),
        Transition(
            "close_off",
            "销号",
            ("concluded",),
            "closed_off",
            body=(day_on("销号日期", "2017-08-06"),),
            sets={"on": "closed_off_on"},
            help="办结一件、销号一件；由案件监督管理室销号。",
        ),
        Transition(
            "reopen",
            "重新处置",
            ("concluded", "closed_off"),
            "handling",
            body=(REASON,),
            clears=("concluded_on", "result", "closed_off_on"),
            help="发现新的证据。",
        ),
    ),
    state_on_import=state_on_import,
)
