"""The answers of the reports. The fields of the work list come from the declared figures."""

from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from app.reports.figures import FIGURES, Figure


class Amount(BaseModel):
    """合计数：各条记录中有约数的为约数，否则有余数的为余数，否则为确数。"""

    value: int = Field(description="数值", examples=[312])
    qualifier: Literal["exact", "at_least", "about"] = Field(description="exact 确数，at_least 余（300余），about 约")


class WorkListHead(BaseModel):
    """工作清单所属的轮次。"""

    round_id: str = Field(description="巡察轮次的标识")
    round_number: str = Field(description="巡察轮次的编号", examples=["431382-2017-01"])
    jurisdiction: str = Field(description="行政区划代码", examples=["431382"])
    year: int = Field(description="年度", examples=[2017])
    sequence: int = Field(description="当年第几轮", examples=[1])


def _member(figure: Figure) -> tuple[Any, Any]:
    return (Amount if figure.counts.quantity else int, Field(description=f"{figure.label}（{figure.unit}）"))


def _group(group: str, title: str, help_text: str) -> tuple[Any, Any]:
    members = {f.name.partition(".")[2]: _member(f) for f in FIGURES if f.name.startswith(f"{group}.")}
    model: Any = create_model(title, __doc__=help_text, **members)  # type: ignore[call-overload]  # members by name
    return (model, Field(description=help_text))


TEXT = "3个巡察组，下沉到40个村组，走访贫困户300余户，了解谈话500多人次；反馈6大类30项问题……"
_plain: Any = {f.name: _member(f) for f in FIGURES if "." not in f.name}
WorkList = create_model(
    "WorkList",
    __base__=WorkListHead,
    __doc__="一轮巡察的工作清单：每个数都由台账记录数出，已作废的不计。",
    **_plain,
    targets=_group("targets", "WorkListTargets", "巡察对象，按进驻时的单位类型"),
    follow_up=_group("follow_up", "WorkListFollowUp", "整改、处置和回头看的进展"),
    text=(str, Field(description="工作清单的一句话", examples=[TEXT])),
)


class WorkLists(BaseModel):
    """各轮次的工作清单，每轮一份。"""

    items: list[WorkList] = Field(description="工作清单，按轮次编号排列")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class DrillDown(BaseModel):
    """一个数所数的记录。"""

    figure: str = Field(description="所问的数", examples=["persons_held_accountable"])
    label: str = Field(description="中文名", examples=["问责"])
    unit: str = Field(description="计量单位", examples=["人"])
    counts: str = Field(
        description="records 条数，sum 合计，distinct_persons 人、distinct_units 单位、distinct_clues 线索各计一次",
        examples=["distinct_persons"],
    )
    value: int | Amount = Field(description="工作清单上的数")
    items: list[dict[str, Any]] = Field(description="所数的记录，当前账号能看到的，按编号排列")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")
    withheld: int = Field(description="计入而当前账号看不到的记录条数")


class Origin(BaseModel):
    """链条中的另一条记录。"""

    record_type: str = Field(description="记录类型", examples=["findings"])
    record_id: str = Field(description="记录的标识")
    record_number: str = Field(description="记录的编号", examples=["431382-2017-01-F-0001"])


class ChainItem(BaseModel):
    """链条中的一条记录。"""

    record_type: str = Field(description="记录类型", examples=["clues"])
    record: dict[str, Any] = Field(description="记录，与按编号查看时相同")
    follows_from: list[Origin] = Field(description="它由链条中的哪些记录而来")


class Chain(Origin):
    """一条记录所在的链条：由哪里来，又引出了什么。"""

    items: list[ChainItem] = Field(description="当前账号能看到的各条记录，已作废的也在内，按类型和编号排列")


class Part(BaseModel):
    """一个数的一部分。"""

    code: str | None = Field(description="代码；没有填写的一项为 null", examples=["township"])
    label: str = Field(description="中文名", examples=["乡科级"])
    value: int = Field(description="本期")
    year_before: int = Field(description="上年同期")


class PeriodFigure(BaseModel):
    """一个时期的一个数。件、人、人次各计各的，不能相加；人按人计，同一人分属几项的各计一次。"""

    name: str = Field(description="名称", examples=["persons_filed"])
    label: str = Field(description="中文名", examples=["立案"])
    unit: str = Field(description="计量单位", examples=["人"])
    value: int = Field(description="本期")
    year_before: int = Field(description="上年同期")
    parts: list[Part] = Field(description="按来源、职级、方式等分列；不分列的为空")


class DisciplineStatistics(BaseModel):
    """一个时期的监督执纪情况。"""

    from_: str = Field(alias="from", description="从这一日起", examples=["2017-01-01"])
    to: str = Field(description="至这一日止", examples=["2017-09-30"])
    figures: list[PeriodFigure] = Field(description="各个数")
