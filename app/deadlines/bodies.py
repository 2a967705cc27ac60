"""What the routes of deadlines take."""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.deadlines.answers import PLACE_HELP, RULE_HELP
from app.deadlines.policies import WARN_DAYS
from app.deadlines.rules import LABELS
from app.kernel.declare.values import clean_text, day

MOST_DAYS = 400  # at once: a year of holidays is some forty


def one_of(*codes: str) -> Any:
    """A code of a closed list."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in codes:
            raise PydanticCustomError("not_a_choice", "not_a_choice", {"allowed": list(codes)})
        return value

    return Annotated[str, PlainValidator(check), WithJsonSchema({"type": "string", "enum": list(codes)})]


def _place(value: Any) -> str:
    if (
        not isinstance(value, str)
        or len(value) not in (0, 2, 4, 6)
        or not ((value.isascii() and value.isdigit()) or not value)
    ):
        raise PydanticCustomError("not_a_place", "not_a_place")
    return value


if TYPE_CHECKING:
    DayText: TypeAlias = str
    Reason: TypeAlias = str
    Name: TypeAlias = str
    RuleCode: TypeAlias = str
    Unit: TypeAlias = str
    Kind: TypeAlias = str
    Place: TypeAlias = str
    Span: TypeAlias = str
    Measured: TypeAlias = str
    Letter: TypeAlias = str
else:
    DayText = Annotated[str, PlainValidator(day), WithJsonSchema({"type": "string", "format": "date"})]
    Reason, Name = clean_text(500), clean_text(200)
    RuleCode = one_of(*LABELS)
    Unit = one_of("day", "working_day", "month")
    Span = one_of("day", "month")
    Kind = one_of("holiday", "workday", "ordinary")
    Measured = one_of("receipt", "progress", "due")
    Letter = one_of("reminder", "supervision", "warning", "talk")
    Place = Annotated[str, PlainValidator(_place), WithJsonSchema({"type": "string", "pattern": "^([0-9]{2}){0,3}$"})]
PLACE: Any = Field(None, description=PLACE_HELP + "；不填为所管的区划", examples=["431382"])


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DeadlineExtension(_Given):
    """批准延期。"""

    until: DayText = Field(description="延至何日", examples=["2017-09-08"])
    approver: Name = Field(description="批准人", examples=["市委巡察工作领导小组组长"])
    reason: Reason = Field(description="理由", examples=["资金追缴须待法院裁定"])


class ClockPause(_Given):
    """暂停计时。"""

    reason: Reason = Field(description="理由", examples=["等待上级批复"])


class ClockResumption(_Given):
    """恢复计时，没有要填的。"""


class EscalationStep(_Given):
    """催办的一级。"""

    level: Annotated[StrictInt, Field(ge=1, le=9)] = Field(description="第几级", examples=[1])
    measured: Measured = Field(description="receipt 自起算日，progress 自最近一次进展，due 对到期日", examples=["due"])
    amount: Annotated[StrictInt, Field(ge=-366, le=3660)] = Field(description="多久；到期以前为负", examples=[-3])
    unit: Span = Field(description="day 日，month 月", examples=["day"])
    addressee: Name = Field(description="发给谁", examples=["整改单位"])
    letter: Letter | None = Field(
        None, description="应发哪种函：reminder 提示函，supervision 督办函，warning 告诫函，talk 约谈建议"
    )


class DeadlinePolicyCreate(_Given):
    """登记一条期限规则；同一规则、区划和起始日已有的，由这一条替换。"""

    jurisdiction: Place | None = PLACE
    rule: RuleCode = Field(description=f"期限规则：{RULE_HELP}", examples=["clue_feedback"])
    valid_from: DayText = Field(description="起算日不早于这一天的适用", examples=["2025-01-01"])
    valid_to: DayText | None = Field(None, description="起算日不晚于这一天的适用；不填为至今")
    amount: Annotated[StrictInt, Field(ge=1, le=3660)] = Field(description="多长", examples=[3])
    unit: Unit = Field(description="day 日，working_day 工作日，month 月", examples=["month"])
    roll: StrictBool = Field(description="末日逢节假日或周末，是否顺延到下一个工作日")
    extension_amount: Annotated[StrictInt, Field(ge=1, le=3660)] | None = Field(
        None, description="每次最多延长多少，单位同上；不填为不限"
    )
    extension_times: Annotated[StrictInt, Field(ge=0, le=99)] | None = Field(
        None, description="最多延长几次；不填为不限"
    )
    warn_days: Annotated[StrictInt, Field(ge=0, le=60)] = Field(WARN_DAYS, description="到期前多少天起为临期")
    idle_days: Annotated[StrictInt, Field(ge=1, le=3660)] | None = Field(
        None, description="多少天没有进展为搁置；不填为不查"
    )
    steps: Annotated[list[EscalationStep], Field(max_length=9)] = Field([], description="催办分级")
    citation: Name = Field(description="依据", examples=["示办发〔2025〕3号"])
    remark: Reason | None = Field(None, description="备注")
    reason: Reason = Field(description="为何登记", examples=["本市规定的期限"])


class DeadlinePolicyWithdrawal(_Given):
    """停用一条期限规则。"""

    reason: Reason = Field(description="理由", examples=["登记有误"])


class CalendarEntry(_Given):
    """与星期几不同的一天。"""

    day: DayText = Field(description="日期", examples=["2027-10-01"])
    kind: Kind = Field(description="holiday 放假，workday 调休上班，ordinary 仍按星期几", examples=["holiday"])
    name: Name = Field(description="名称", examples=["国庆节"])


class CalendarLoad(_Given):
    """登记节假日和调休。同一天、同一区划已有的，由新的替换。"""

    jurisdiction: Place | None = PLACE
    year: Annotated[StrictInt, Field(ge=1949, le=2200)] | None = Field(
        None, description="这一年全国的安排至此全部登记；只有管全部区划的管理员可填", examples=[2027]
    )
    days: Annotated[list[CalendarEntry], Field(min_length=1, max_length=MOST_DAYS)] = Field(description="日期")
    source: Name = Field(description="依据的通知", examples=["国办发明电〔2026〕7号"])
    reason: Reason | None = Field(None, description="更正的理由")


BODIES = (DeadlineExtension, ClockPause, ClockResumption, DeadlinePolicyCreate, DeadlinePolicyWithdrawal, CalendarLoad)
