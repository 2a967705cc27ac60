"""What the ledger keeps of a consultation (domain.md 1.6)."""

from app.kernel.declare.fields import Day, Lines, Text
from app.records.common import ROUND

FIELDS = (
    ROUND,
    Day("held_on", "会商日期", required=True, headings=("会议日期", "日期"), sample="2017-06-08"),
    Lines(
        "participants",
        "参加方",
        longest=100,
        headings=("参会方", "参加单位", "参会单位", "参加人员", "参会人员"),
        sample=["第一巡察组", "巡察办"],
    ),
    Text("topic", "议题", required=True, longest=500, headings=("会商议题", "会商事项"), sample="整改意见会商"),
    Text("conclusion", "结论", longest=2000, headings=("会商结论", "会商意见", "会商结果"), sample="同意"),
)
