"""What the ledger keeps of a finding (domain.md 5.6, working paper and ledger columns)."""

from dataclasses import replace

from app.kernel.declare.fields import Day, Flag, Quantity, Reference, Text
from app.records.common import AMOUNT_FEN, CONDUCT, INSPECTED_UNIT, ROUND, TEAM

FIELDS = (
    ROUND,
    TEAM,
    replace(INSPECTED_UNIT, headings=(*INSPECTED_UNIT.headings, "问题涉及单位", "涉及单位")),
    Reference(
        "category",
        "问题类别",
        "本轮反馈类别。",
        to="finding-categories",
        required=True,
        headings=("类别", "问题类型", "问题分类"),
        sample="431382-2017-01-G-006",
    ),
    Text(
        "title",
        "问题标题",
        required=True,
        headings=("标题", "问题", "主要问题", "问题名称", "反馈问题"),
        sample="责任书签订流于形式",
    ),
    Text(
        "description",
        "问题表现",
        required=True,
        longest=4000,
        headings=("问题描述", "具体问题", "具体表现", "问题具体表现"),
        sample="抽查发现，责任书签订流于形式，涉及27户。",
    ),
    Text("basis", "定性依据", longest=1000, headings=("依据", "政策依据"), sample="《实施方案》第三条"),
    Flag("is_immediate", "是否立行立改", default=False, headings=("立行立改", "是否属于立行立改"), sample=False),
    CONDUCT,
    AMOUNT_FEN,
    Quantity("households_affected", "涉及户数", headings=("影响户数",), sample={"value": 27, "qualifier": "exact"}),
    Day("found_on", "发现日期", required=True, headings=("问题发现日期",), sample="2017-05-14"),
    Day("fed_back_on", "反馈日期", set_by=True, headings=("问题反馈日期",)),
)
