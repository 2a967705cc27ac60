"""What the ledger keeps of a check of rectification."""

from app.kernel.declare.fields import Day, Reference, Text
from app.records.common import INSPECTED_UNIT, ROUND

CONCLUSION = Text(
    "conclusion",
    "督查结论",
    "登记时写督查意见，办结时写最后的结论；办结后被督查单位可见。",
    required=True,
    longest=4000,
    headings=("结论", "督查意见", "督查情况"),
    sample="抽查2条意见，均按期整改。",
)

FIELDS = (
    ROUND,
    INSPECTED_UNIT,
    Day("checked_on", "督查日期", required=True, headings=("检查日期", "日期"), sample="2017-07-25"),
    Reference(
        "opinion",
        "整改意见",
        "抽查的意见。",
        to="rectification-opinions",
        many=True,
        headings=("抽查意见", "意见编号", "整改意见编号"),
        sample=["431382-2017-01-R-0001"],
    ),
    CONCLUSION,
    Day("concluded_on", "办结日期", set_by=True, headings=("督查办结日期",), sample="2017-07-28"),
)
