"""The deadline rules that come with the service, as data: what is counted from when, how long, by which article.

A rule of one code may have several rows, each for triggers of its own years. What is not sure of a row is its `remark`:
such a row is a proposal, and a place that does otherwise enters a row of its own (`POST /v1/deadline-policies`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LABELS: Mapping[str, str] = {
    "rectification": "落实整改意见",
    "rectification_plan": "报送整改方案",
    "rectification_report": "报送整改报告和主要负责人组织落实情况报告",
    "immediate_rectification": "立行立改",
    "clue_opinion": "提出线索处置意见",
    "clue_conclusion": "移交线索办结",
    "clue_feedback": "反馈线索办理情况",
    "inquiry_reply": "回复函询",
    "talk_inquiry": "办结谈话函询",
    "preliminary_verification": "初步核实",
    "party_investigation": "党纪案件审查",
    "supervisory_investigation": "监察（行政监察）案件调查",
    "adjudication": "案件审理",
    "decision_announcement": "宣布处分决定",
    "organisational_measure": "执行组织处理",
    "post_and_pay_change": "办理职务、级别、工资变更",
    "supplementary_investigation": "补充调查",
}
TRIGGERS: Mapping[str, str] = {
    "rectification": "集中反馈",
    "rectification_plan": "集中反馈",
    "rectification_report": "集中反馈",
    "immediate_rectification": "通知立行立改",
    "clue_opinion": "签收线索",
    "clue_conclusion": "签收线索",
    "clue_feedback": "签收移交文书",
    "inquiry_reply": "收到函询",
    "talk_inquiry": "谈话或收到回复",
    "preliminary_verification": "批准初步核实",
    "party_investigation": "立案",
    "supervisory_investigation": "立案",
    "adjudication": "受理审理",
    "decision_announcement": "作出决定",
    "organisational_measure": "作出问责决定",
    "post_and_pay_change": "作出降级以上处分决定",
    "supplementary_investigation": "检察机关退回",
}
PRINCIPAL, HEAD = "整改单位主要负责人", "承办部门主要负责人"
# The two ladders of letters never mix. Both are practice of some counties: proposals, for the place to change.
RECTIFYING: tuple[Mapping[str, Any], ...] = (
    {"level": 1, "measured": "due", "amount": -3, "unit": "day", "addressee": "整改单位", "letter": "reminder"},
    {"level": 2, "measured": "due", "amount": 1, "unit": "day", "addressee": PRINCIPAL, "letter": "supervision"},
    {"level": 3, "measured": "due", "amount": 30, "unit": "day", "addressee": PRINCIPAL, "letter": "talk"},
)  # fmt: skip
HANDLING: tuple[Mapping[str, Any], ...] = (
    {"level": 1, "measured": "due", "amount": -3, "unit": "day", "addressee": "承办部门", "letter": "reminder"},
    {"level": 2, "measured": "due", "amount": 1, "unit": "day", "addressee": HEAD, "letter": "supervision"},
    {"level": 3, "measured": "progress", "amount": 6, "unit": "month", "addressee": "纪委主要负责人",
     "letter": "warning"},
)  # fmt: skip
LOCAL = "各地做法不一，请按本地规定另行设定。"
EARLIER = "2015年以前的期限未核实。"
LADDER = "催办分级为部分县市的做法，可按本地规定另行设定。"


@dataclass(frozen=True, slots=True)
class Shipped:
    """One row. `roll` is whether a last day on a holiday moves on; by 民法典第二百零三条 it does."""

    rule: str
    valid_from: str
    amount: int
    unit: str
    citation: str
    valid_to: str | None = None
    extension_amount: int | None = None
    extension_times: int | None = None
    remark: str | None = None
    roll: bool = True
    warn_days: int = 3
    idle_days: int | None = None
    steps: tuple[Mapping[str, Any], ...] = ()


D, W, M = "day", "working_day", "month"
INSPECTION_2017 = "巡视工作条例（2017年修改）第{}条，县级巡察参照执行"
RULES: tuple[Shipped, ...] = (
    Shipped("rectification", "2009-07-02", 2, M, INSPECTION_2017.format("二十七"), "2024-02-07", idle_days=30,
            steps=RECTIFYING, remark="整改意见写明时限的，以所写为准。" + EARLIER + LADDER),
    Shipped("rectification", "2024-02-08", 6, M, "巡视工作条例（2024年修订）整改一章", idle_days=30, steps=RECTIFYING,
            remark="集中整改期一般六个月，条文号未核实。" + LOCAL + "整改意见写明时限的，以所写为准。" + LADDER),
    Shipped("rectification_plan", "2009-07-02", 1, M, "各地贯彻整改意见的做法",
            remark="期限的对象和条文未核实。" + LOCAL),
    Shipped("rectification_report", "2009-07-02", 2, M, INSPECTION_2017.format("二十七"), "2024-02-07",
            steps=RECTIFYING, remark=EARLIER + LADDER),
    Shipped("rectification_report", "2024-02-08", 6, M, "巡视工作条例（2024年修订）整改一章", steps=RECTIFYING,
            remark="条文号未核实。" + LOCAL + LADDER),
    Shipped("immediate_rectification", "2009-07-02", 30, D, "立行立改的做法：巡察期间办结",
            remark="写明轮次结束日期的，以该日为准；未写明的按此天数，无统一规定。" + LOCAL, idle_days=15,
            steps=RECTIFYING),
    Shipped("clue_opinion", "2017-01-01", 1, M, "监督执纪工作规则（试行，2017年）；2019年规则沿用", idle_days=30,
            steps=HANDLING, remark="2019年规则的条文号未核实。" + LADDER),
    Shipped("clue_conclusion", "2009-07-02", 6, M, "部分县市对巡察移交线索的规定：一般半年、最长一年办结",
            extension_amount=6, extension_times=1, remark=LOCAL + LADDER, idle_days=90, steps=HANDLING),
    Shipped("clue_feedback", "2009-07-02", 3, M, INSPECTION_2017.format("二十九"), steps=HANDLING,
            remark="2024年修订后的期限未核实。" + EARLIER + LADDER),
    Shipped("inquiry_reply", "2017-01-01", 15, W, "监督执纪工作规则（试行，2017年）；2019年规则第五章",
            remark="十五日是否为工作日，条文未核实。"),
    Shipped("talk_inquiry", "2017-01-01", 1, M, "监督执纪工作规则（试行，2017年）"),
    Shipped("preliminary_verification", "1994-05-01", 2, M, "案件检查工作条例（1994年）第十五条", extension_amount=1,
            extension_times=1, remark="后来的规定可能缩短。" + LOCAL),
    Shipped("party_investigation", "1994-05-01", 3, M, "案件检查工作条例（1994年）第三十九条", extension_amount=1,
            remark="条文号未核实；一个月期满仍不能查结的，报立案机关批准。", idle_days=90),
    Shipped("supervisory_investigation", "2007-06-01", 6, M, "行政机关公务员处分条例（2007年）第四十四条",
            "2018-03-19", extension_amount=6, extension_times=1, idle_days=90, remark="最长十二个月。"),
    Shipped("supervisory_investigation", "2018-03-20", 12, M, "监察法实施条例（2021年）第一百八十五条",
            extension_amount=6, extension_times=1, idle_days=90,
            remark="须经上一级监察机关批准；2025年修订后的条文号未核实。"),
    Shipped("adjudication", "2017-01-01", 1, M, "监督执纪工作规则（2019年）第五十五条", remark="经批准可以延长。"),
    Shipped("decision_announcement", "2019-01-01", 1, M, "监督执纪工作规则（2019年）第五十六条"),
    Shipped("organisational_measure", "2016-07-08", 1, M, "问责条例（2016年）第九条",
            remark="2019年修订后的条文号未核实。"),
    Shipped("post_and_pay_change", "2020-07-01", 1, M, "公职人员政务处分法第五十四条", extension_amount=5,
            extension_times=1, remark="特殊情况最长六个月。"),
    Shipped("supplementary_investigation", "2018-03-20", 1, M, "监察法（2024年）第五十四条",
            remark="以两次为限；2018年文本为第四十七条。"),
)  # fmt: skip
