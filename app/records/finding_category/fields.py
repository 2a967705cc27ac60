"""What the ledger keeps of a category (domain.md 1.3)."""

from app.kernel.declare.fields import Choice, Text, terms
from app.records.common import ROUND

PHASE = terms("phase", focus=("重点", "巡察重点"), feedback=("反馈", "巡察反馈"))

FIELDS = (
    ROUND,
    Choice(
        "phase",
        "阶段",
        "重点类别是巡察前摸底确定的，反馈类别是反馈时归纳的，二者数目可以不同。",
        terms=PHASE,
        required=True,
        headings=("所属阶段", "类别阶段"),
        sample="feedback",
    ),
    Text("code", "类别编码", required=True, longest=20, headings=("编码", "类别代码", "类别编号"), sample="G"),
    Text("name", "类别名称", required=True, headings=("类别", "问题类别", "名称"), sample="示例类别"),
)
