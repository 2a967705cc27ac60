"""What the ledger keeps of an assessment. Which grades and indicators there are, the jurisdiction says (policies)."""

from app.kernel.declare.fields import Day, Entries, Flag, Text, Whole
from app.records.common import INSPECTED_UNIT, ROUND

FIELDS = (
    ROUND,
    INSPECTED_UNIT,
    Day("assessed_on", "评估日期", required=True, headings=("日期",), sample="2017-10-12"),
    Entries(
        "indicators",
        "评估指标",
        "逐项写指标、得分和满分；本区划规定了指标的，只用这些指标。",
        headings=("指标", "指标得分"),
        entry="Indicator",
        of=(
            Text("name", "指标", required=True, longest=100, sample="组织领导"),
            Whole("score", "得分", required=True, most=1000, sample=18),
            Whole("of", "满分", required=True, least=1, most=1000, sample=20),
        ),
        sample=[{"name": "组织领导", "score": 18, "of": 20}],
    ),
    Text(
        "grade",
        "评估等次",
        "本区划规定的等次之一。",
        required=True,
        longest=20,
        headings=("等次", "评估结果", "评估等级"),
        sample="好",
    ),
    Flag(
        "proposes_look_back",
        "建议回头看",
        "等次在本区划规定应回头看的等次之内；评估时即定。",
        set_by=True,
        corrected=False,
        in_ledger=False,
        sample=False,
    ),
    Text("basis", "评估依据", longest=2000, headings=("依据",), sample="整改报告、现场核查、群众测评"),
    Text("conclusion", "评估结论", longest=4000, headings=("结论",), sample="整改到位。"),
)
