"""A unit is renamed or merged; it never disappears.

A merge moves what a unit answers for to other accounts. Where clues or the accounts that read them would move with it,
the office proposes it and the leading group confirms it (docs/decisions/0032-custody.md).
"""

from dataclasses import replace

from app.kernel.declare.fields import Text
from app.kernel.declare.lifecycle import REASON, Effect, Lifecycle, Transition
from app.records.common import day_on
from app.records.unit.fields import MERGED_INTO

INTO = replace(MERGED_INTO, required=True, sample="431382-U045")
MERGED_ON = day_on("撤并日期", "2019-12-30")
PROPOSAL = ("proposed_into_id", "proposed_into_number", "proposed_on")

TAKES_TWO = "merge_takes_two(t.jurisdiction, t.id, {})"
# The name that the merge adds to the former names of the unit it leads to; null if it stands there already.
NAME_LEFT = """case when exists (select from unit a where a.jurisdiction = t.jurisdiction and a.id = {}
    and a.state = 'active' and t.name <> all (coalesce(a.former_names, '{{}}'))) then t.name end"""
ABSORBED = """case when s.values ->> 'absorbed_name' is null then t.former_names
    else array_append(coalesce(t.former_names, '{}'), s.values ->> 'absorbed_name') end"""
LEFT_AGAIN = "nullif(array_remove(t.former_names, s.values ->> 'released_name'), '{}')"

HANDS_OVER_NAME = (Effect("merged_into", "absorb", values={"absorbed_name": "name_left"}),)
MERGING = (
    Transition(
        "merge",
        "并入",
        ("active",),
        "merged",
        body=(INTO, MERGED_ON, REASON),
        sets={"on": "valid_until"},
        clears=PROPOSAL,
        derives={"name_left": NAME_LEFT.format("s.merged_into_id")},
        judged_with=("merged_into",),
        only_if=f"not {TAKES_TWO.format('s.merged_into_id')}",
        otherwise="second_person_needed",
        effects=HANDS_OVER_NAME,
        help="本单位不再使用，名称记入并入单位的曾用名；已有记录不改。涉及线索或办案账号的，须先提出、再由领导小组确认。",
    ),
    Transition(
        "propose_merge",
        "提出并入",
        ("active",),
        None,
        body=(INTO, MERGED_ON, REASON),
        sets={
            "merged_into_id": "proposed_into_id",
            "merged_into_number": "proposed_into_number",
            "on": "proposed_on",
        },
        only_if="s.proposed_into_id <> t.id",
        help="由领导小组确认后并入；再次提出的，以后一次为准。",
    ),
    Transition(
        "confirm_merge",
        "确认并入",
        ("active",),
        "merged",
        clears=PROPOSAL,
        derives={
            "merged_into_id": "t.proposed_into_id",
            "merged_into_number": "t.proposed_into_number",
            "valid_until": "t.proposed_on",
            "name_left": NAME_LEFT.format("t.proposed_into_id"),
        },
        judged_with=("proposed_into",),
        only_if="merge_is_proposed(t.jurisdiction, t.id, t.proposed_into_id)",
        after="propose_merge",
        effects=HANDS_OVER_NAME,
        help="领导小组确认后并入；提出的人不能自己确认，并入单位须在册。",
    ),
    Transition(
        "decline_merge",
        "不同意并入",
        ("active", "merged"),
        None,
        body=(REASON,),
        clears=PROPOSAL,
        derives={"undoing_agreed": "case when t.state = 'merged' then true end"},
        only_if="t.proposed_into_id is not null or t.state = 'merged'",
        after="propose_merge",
        help="待确认的不再并入；已并入的，收回同意，巡察办可以撤销并入。",
    ),
    Transition(
        "unmerge",
        "撤销并入",
        ("merged",),
        "active",
        body=(REASON,),
        clears=("merged_into_id", "merged_into_number", "valid_until", "name_left", "undoing_agreed"),
        judged_with=("merged_into",),
        only_if=f"t.undoing_agreed or not {TAKES_TWO.format('t.merged_into_id')}",
        otherwise="second_person_needed",
        effects=(Effect("merged_into", "release", values={"released_name": "name_left"}, leaving=True),),
        help="本单位重新使用，账号恢复；并入单位的曾用名中去掉并入时记入的名称。",
    ),
)

LIFECYCLE = Lifecycle(
    {"active": "在册", "merged": "已并入"},
    (
        Transition(
            "rename",
            "更名",
            ("active",),
            None,
            body=(Text("name", "新名称", required=True, longest=100, sample="龙泉街道"), REASON),
            derives={"former_names": "array_append(coalesce(t.former_names, '{}'), t.name)"},
            help="原名称记入曾用名，旧台账仍能按旧称对应。",
        ),
        *MERGING,
        Transition("absorb", "接收并入", ("active",), None, derives={"former_names": ABSORBED}, internal=True),
        Transition(
            "release", "交还并入", ("active", "merged"), None, derives={"former_names": LEFT_AGAIN}, internal=True
        ),
    ),
    retired={"merged": "merged_into"},
)
