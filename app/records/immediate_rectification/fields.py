"""What the ledger keeps of a matter to be put right at once (domain.md 1.5, 3.1 and 5.6)."""

from dataclasses import replace

from app.kernel.declare.fields import Day, Reference, Text
from app.records.common import AMOUNT_FEN, COOPERATING_UNIT, ROUND, TEAM_IF_KNOWN

RESULT = Text(
    "result",
    "办理结果",
    set_by=True,
    longest=2000,
    headings=("办结结果", "办理", "整改结果", "完成情况"),
    sample="贴息已全部发放到户。",
)

FIELDS = (
    ROUND,
    TEAM_IF_KNOWN,
    Reference(
        "lead_unit",
        "牵头单位",
        to="units",
        required=True,
        headings=("责任单位", "主办单位", "整改单位", "牵头部门"),
        sample="431382-U062",
    ),
    COOPERATING_UNIT,
    Text(
        "matter",
        "事项",
        "能立即解决、损害群众利益的事项；不代替反馈后的整改。",
        required=True,
        longest=2000,
        headings=("立行立改事项", "事项内容", "问题", "具体问题"),
        sample="贫困户小额信贷贴息未按季度到账",
    ),
    replace(AMOUNT_FEN, sample=5_000_000),
    Day("notified_on", "通知日期", required=True, headings=("交办日期", "通知书日期"), sample="2017-05-08"),
    Day("resolved_on", "办结日期", set_by=True, headings=("完成日期", "解决日期")),
    RESULT,
)
