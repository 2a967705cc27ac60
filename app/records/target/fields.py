"""What the ledger keeps of a target (domain.md 1.4)."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Flag, Text
from app.records.common import INSPECTED_UNIT, ROUND, TEAM
from app.records.terms import UNIT_KIND

FIELDS = (
    ROUND,
    TEAM,
    replace(
        INSPECTED_UNIT,
        headings=(*INSPECTED_UNIT.headings, "巡察对象", "巡察对象名称", "对象", "对象名称"),
        sample="431382-U002",
    ),
    Text("unit_name", "进驻时名称", "进驻时的单位名称，以后更名不改。", longest=100, copied=("unit", "name")),
    Choice("unit_kind", "进驻时类型", "进驻时的单位类型，统计以此为准。", terms=UNIT_KIND, copied=("unit", "kind")),
    Day("entered_on", "进驻日期", set_by=True, headings=("入驻日期", "进驻开始日期"), sample="2017-04-22"),
    Flag(
        "is_unannounced",
        "是否不打招呼",
        "事先不打招呼、不发通知；进驻前被巡察单位看不到本记录。",
        default=True,
        headings=("是否事先不打招呼", "是否不发通知", "是否突击巡察"),
        sample=True,
    ),
)
