"""A report is submitted whole, and accepted when every body that examines it accepts it; one 'return' sends it back."""

from app.kernel.declare.lifecycle import Lifecycle, Transition
from app.records.common import day_on
from app.records.rectification_report.fields import REMARKS_GIVEN, VERDICT_GIVEN

BODY = "(caller_context() ->> 'role')"
TODAY = "(now() at time zone 'Asia/Shanghai')::date"
RETURNED = "s.values ->> 'verdict' = 'return'"
# Every body but this one has accepted: one that returns it sends it back at once.
OTHERS_ACCEPTED = f"""not exists (select from unnest(t.examining_bodies) b where b <> {BODY}
    and not coalesce(t.examinations, '[]') @> jsonb_build_array(jsonb_build_object('body', b)))"""
ITS_TURN = f"""{BODY} = any (t.examining_bodies)
    and not coalesce(t.examinations, '[]') @> jsonb_build_array(jsonb_build_object('body', {BODY}))"""

LIFECYCLE = Lifecycle(
    {"draft": "起草中", "submitted": "已提交", "returned": "已退回", "accepted": "已通过"},
    (
        Transition(
            "submit",
            "提交",
            ("draft", "returned"),
            "submitted",
            body=(day_on("提交日期", "2017-07-14"),),
            sets={"on": "submitted_on"},
            needs=("items",),
            clears=("examinations", "verdict", "remarks", "remarked_opinion_ids", "remarked_opinion_numbers"),
            derives={"examining_bodies": f"policy_in_force(t.jurisdiction, 'examining_bodies', {TODAY})"},
            help="逐项写明责任人、完成时限和整改措施，缺一不可（巡视工作条例第二十七条）。联审单位随即按本区划的规定确定。",
        ),
        Transition(
            "examine",
            "审核",
            ("submitted",),
            None,
            body=(VERDICT_GIVEN, REMARKS_GIVEN),
            outcomes=(("returned", RETURNED), ("accepted", OTHERS_ACCEPTED)),
            adds=("remarks",),
            stamps={"body": BODY},
            derives={
                "examinations": f"""coalesce(t.examinations, '[]') || jsonb_build_array(jsonb_build_object(
                    'body', {BODY}, 'verdict', s.values ->> 'verdict', 'examined_on', {TODAY}))""",
                "submitted_on": f"case when {RETURNED} then null else t.submitted_on end",
            },
            only_if=ITS_TURN,
            otherwise="not_its_turn_to_examine",
            help="联审单位各审一次：都通过即通过，一家退回即退回，退回须逐条写明意见。",
        ),
    ),
)
