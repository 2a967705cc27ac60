"""What the ledger keeps of a look-back (domain.md 4.7)."""

from app.kernel.declare.fields import Choice, Day, Flag, terms
from app.records.common import FINDING, PERSON_IF_KNOWN, ROUND, SUBJECT_KIND, SUBJECT_UNIT, TEAM_IF_KNOWN

CONCLUSION = terms(
    "look_back_conclusion",
    rectified=("整改到位", "已整改到位", "整改完成"),
    relapsed=("问题反弹", "反弹", "问题反弹回潮"),
)

FIELDS = (
    ROUND,
    TEAM_IF_KNOWN,
    SUBJECT_KIND,
    SUBJECT_UNIT,
    PERSON_IF_KNOWN,
    Day("checked_on", "检查日期", required=True, headings=("回头看日期", "核查日期"), sample="2017-09-12"),
    Flag(
        "is_unannounced",
        "是否突击检查",
        "回头看一般不事先通知。",
        default=True,
        headings=("突击检查", "是否不打招呼"),
        sample=True,
    ),
    FINDING,
    Choice(
        "conclusion",
        "检查结论",
        "问题反弹的，关联问题重新进入整改。",
        terms=CONCLUSION,
        headings=("结论", "检查结果", "回头看结论"),
        sample="rectified",
    ),
)
