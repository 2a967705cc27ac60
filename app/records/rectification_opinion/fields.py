"""What the ledger keeps of an opinion (domain.md 4.3 and 5.6, rectification ledger)."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Reference, Text, terms
from app.records.common import COOPERATING_UNIT, FINDING, ROUND
from app.records.promised import DUE_ON, MEASURES, RESPONSIBLE_PERSON
from app.records.terms import PROGRESS

KIND = terms(
    "opinion_kind",
    specific=("具体整改", "具体问题整改"),
    generalised_check="举一反三",
    institutional=("建章立制", "完善制度"),
)

RESULT = Text(
    "result",
    "整改结果",
    set_by=True,
    longest=2000,
    headings=("完成情况", "整改完成情况", "整改成效", "办理结果"),
    sample="档案资料已补齐，逐户核查完毕。",
)

FIELDS = (
    ROUND,
    replace(FINDING, help="意见针对的发现问题。", required=True),
    Reference(
        "unit",
        "整改单位",
        "负责落实的单位，不一定是问题所在单位。",
        to="units",
        required=True,
        headings=("责任单位", "整改责任单位", "整改落实单位", "责任部门", "牵头单位", "单位", "被巡察单位"),
        sample="431382-U008",
    ),
    COOPERATING_UNIT,
    Choice("kind", "意见类型", terms=KIND, headings=("类型", "意见类别", "整改类型"), sample="specific"),
    Text(
        "text",
        "整改意见",
        "有针对性的整改意见（巡视工作条例第二十六条）。",
        required=True,
        longest=4000,
        headings=("意见", "意见内容", "整改意见内容"),
        sample="应立即核实有关情况，重新签订责任书。",
    ),
    RESPONSIBLE_PERSON,
    Text("responsible_post", "责任人职务", longest=100, headings=("职务", "责任领导职务"), sample="局长"),
    DUE_ON,
    MEASURES,
    Choice("progress", "整改进展", terms=PROGRESS, set_by=True, headings=("进展", "整改进度", "整改状态")),
    Day("completed_on", "完成日期", set_by=True, headings=("办结日期", "实际完成日期")),
    RESULT,
    Day("closed_off_on", "销号日期", set_by=True),
)
