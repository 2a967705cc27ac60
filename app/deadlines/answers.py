"""What the routes of deadlines answer."""

from pydantic import BaseModel, Field

from app.deadlines.rules import LABELS

LIGHTS = {"green": "正常", "amber": "临期", "red": "超期"}
WHY = {
    "trigger": "起算当日不计",
    "counted": "计入",
    "made_up": "调休上班，计入",
    "weekend": "周末，不计",
    "holiday": "节假日，不计",
    "paused": "暂停计时，不计",
    "rolled": "末日逢节假日或周末，顺延",
    "granted": "批准延期",
}
RULE_HELP = "，".join(f"{rule} {label}" for rule, label in LABELS.items())
LIGHT_HELP = "，".join(f"{light} {label}" for light, label in LIGHTS.items())
WHY_HELP = "，".join(f"{why} {label}" for why, label in WHY.items())
PLACE_HELP = "区划代码，或其前几位；空为全国。几条都合用的，以代码最长的为准"


class Obligation(BaseModel):
    """一件未了事项：哪条记录、什么事、依据哪一条、何日到期。"""

    id: str = Field(description="标识")
    record_type: str = Field(description="记录类型", examples=["rectification-opinions"])
    record_id: str = Field(description="记录的标识")
    record_number: str = Field(description="记录的编号", examples=["431382-2017-01-R-0007"])
    rule: str = Field(description=f"期限规则：{RULE_HELP}", examples=["rectification"])
    label: str = Field(description="期限规则的名称", examples=["落实整改意见"])
    citation: str | None = Field(
        description="依据", examples=["巡视工作条例（2017年修改）第二十七条，县级巡察参照执行"]
    )
    since: str = Field(description="起算日，当日不计", examples=["2017-06-09"])
    due_on: str = Field(description="到期日，当日仍在期内", examples=["2017-08-09"])
    days_left: int = Field(description="距到期日的天数，超期为负；暂停计时的，停在暂停那天")
    light: str = Field(description=LIGHT_HELP, examples=["amber"])
    provisional: bool = Field(description="节假日安排尚未公布到这一天，到期日暂按周末推算")
    idle_days: int = Field(description="已有多少天没有进展")
    extended: bool = Field(description="是否批准过延期")
    paused_on: str | None = Field(description="自何日起暂停计时")
    level: int | None = Field(description="已升到第几级催办；还没有的为 null")
    closed_on: str | None = Field(description="办结之日；未了的为 null")


class Obligations(BaseModel):
    """未了事项的一页，先到期的在前。"""

    items: list[Obligation] = Field(description="未了事项")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class CountedDay(BaseModel):
    """期间中的一天，计不计，为什么。"""

    day: str = Field(description="日期", examples=["2017-10-09"])
    weekday: int = Field(description="星期几，1 至 7")
    counted: bool = Field(description="是否计入")
    n: int | None = Field(description="计入的第几天；不计的为 null")
    why: str = Field(description=WHY_HELP, examples=["counted"])
    note: str | None = Field(description="节假日或调休的名称", examples=["国庆节"])


class DeadlinePolicy(BaseModel):
    """一条期限规则：自何日起的起算日适用，多长，末日是否顺延，依据哪一条。"""

    id: str = Field(description="标识")
    jurisdiction: str = Field(description=PLACE_HELP, examples=["431382"])
    rule: str = Field(description=f"期限规则：{RULE_HELP}", examples=["clue_feedback"])
    label: str = Field(description="名称", examples=["反馈线索办理情况"])
    trigger: str = Field(description="自何事起算", examples=["签收移交文书"])
    valid_from: str = Field(description="起算日不早于这一天的适用", examples=["2017-01-01"])
    valid_to: str | None = Field(description="起算日不晚于这一天的适用；null 为至今")
    amount: int = Field(description="多长", examples=[3])
    unit: str = Field(description="day 日，working_day 工作日，month 月", examples=["month"])
    roll: bool = Field(description="末日逢节假日或周末，是否顺延到下一个工作日")
    extension_amount: int | None = Field(description="每次最多延长多少，单位同上；null 为不限")
    extension_times: int | None = Field(description="最多延长几次；null 为不限")
    warn_days: int = Field(description="到期前多少天起为临期")
    idle_days: int | None = Field(description="多少天没有进展为搁置；null 为不查")
    steps: list[dict[str, object]] = Field(description="催办分级")
    citation: str = Field(description="依据")
    remark: str | None = Field(description="尚未核实之处，或各地的不同做法")
    shipped: bool = Field(description="是否系统自带")
    entered_by: str = Field(description="何人登记")
    entered_at: str = Field(description="登记的时刻")
    reason: str | None = Field(description="为何登记")
    replaced_at: str | None = Field(description="何时被替换或停用；仍有效的为 null")
    replaced_by: str | None = Field(description="被何人替换或停用；系统自带的规则随版本替换的为 null")
    replaced_why: str | None = Field(description="为何替换或停用")


class ClockEvent(BaseModel):
    """期限的一次变动。"""

    at: str = Field(description="时刻")
    kind: str = Field(
        description="moved 移动，reopened 重新计时，closed 办结，extended 延期，paused 暂停，resumed 恢复",
        examples=["extended"],
    )
    by: str | None = Field(description="何人；不是同一单位的为 null")
    by_role: str | None = Field(description="何种角色")
    cause: str | None = Field(description="因何移动：record 记录改动，calendar 日历更正，policy 规则更正")
    due_before: str | None = Field(description="原到期日")
    due_after: str | None = Field(description="新到期日")
    approver: str | None = Field(description="批准人；记录的文字对当前账号隐去的为 null")
    reason: str | None = Field(description="理由；记录的文字对当前账号隐去的为 null")


class EscalationRead(BaseModel):
    """已经升到的一级催办。"""

    level: int = Field(description="第几级")
    measured: str = Field(description="receipt 自起算日，progress 自最近一次进展，due 对到期日", examples=["due"])
    reached_on: str = Field(description="何日达到")
    raised_at: str = Field(description="系统记入的时刻")
    addressee: str = Field(description="发给谁", examples=["整改单位主要负责人"])
    letter: str | None = Field(description="应发哪种函", examples=["supervision"])


class ObligationRead(Obligation):
    """一件未了事项，连同逐日计算、变动和催办。"""

    policy: DeadlinePolicy | None = Field(description="所依据的期限规则")
    days: list[CountedDay] = Field(description="自起算日至到期日，每一天计不计，为什么")
    history: list[ClockEvent] = Field(description="变动，最近的在前")
    escalations: list[EscalationRead] = Field(description="已升到的催办，级别低的在前")


class DeadlineCalculation(BaseModel):
    """不涉及记录的一次推算。"""

    rule: str = Field(description="期限规则", examples=["inquiry_reply"])
    since: str = Field(description="起算日，当日不计")
    due_on: str = Field(description="到期日")
    days_left: int = Field(description="距今天的天数，已过的为负")
    provisional: bool = Field(description="节假日安排尚未公布到这一天，暂按周末推算")
    policy: DeadlinePolicy = Field(description="所依据的期限规则")
    days: list[CountedDay] = Field(description="每一天计不计，为什么")


class CalendarDay(BaseModel):
    """与星期几不同的一天：放假，或者调休上班。"""

    id: str = Field(description="标识")
    jurisdiction: str = Field(description=PLACE_HELP, examples=[""])
    day: str = Field(description="日期", examples=["2026-10-10"])
    kind: str = Field(description="holiday 放假，workday 调休上班，ordinary 仍按星期几", examples=["workday"])
    name: str = Field(description="名称", examples=["国庆节调休上班"])
    source: str = Field(description="依据的通知")
    shipped: bool = Field(description="是否系统自带")
    entered_by: str = Field(description="何人登记")
    entered_at: str = Field(description="登记的时刻")
    reason: str | None = Field(description="为何登记")
    replaced_at: str | None = Field(description="何时被替换；仍有效的为 null")


class CalendarDays(BaseModel):
    """一年中与星期几不同的日子。"""

    year: int = Field(description="年度")
    known: bool = Field(description="全国的节假日安排是否已经登记；没有的，落在这一年的期限都是暂定的")
    items: list[CalendarDay] = Field(description="按日期排列")


class DeadlinePolicies(BaseModel):
    """期限规则。"""

    items: list[DeadlinePolicy] = Field(description="按规则、区划、起始日排列")
