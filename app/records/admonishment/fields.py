"""What the ledger keeps of a talk or an admonition (domain.md 3.5 and 4.6)."""

from app.kernel.declare.fields import Choice, Day, Reference, Text, terms
from app.records.common import PERSON_IF_KNOWN, ROUND, SUBJECT_KIND, SUBJECT_UNIT

KIND = terms(
    "admonishment_kind",
    collective_talk="集体约谈",
    talk=("约谈", "个别约谈"),
    reminder_talk=("谈话提醒", "提醒谈话"),
    criticism="批评教育",
    ordered_review=("责令检查", "责令作出检查", "责令作出书面检查"),
    admonition=("诫勉", "诫勉谈话"),
)

FIELDS = (
    ROUND,
    Choice(
        "kind",
        "约谈类型",
        "监督执纪第一种形态；集体约谈按单位计。",
        terms=KIND,
        required=True,
        headings=("类型", "约谈方式", "处理类型", "处理方式", "组织措施"),
        sample="collective_talk",
    ),
    SUBJECT_KIND,
    PERSON_IF_KNOWN,
    SUBJECT_UNIT,
    Day("held_on", "约谈日期", required=True, headings=("谈话日期", "诫勉日期", "日期"), sample="2017-06-22"),
    Reference(
        "authority_unit",
        "约谈机关",
        to="units",
        required=True,
        headings=("实施机关", "决定机关", "诫勉机关"),
        sample="431382-U001",
    ),
    Text(
        "content",
        "主要内容",
        longest=4000,
        headings=("约谈内容", "内容", "约谈事由", "事由"),
        sample="脱贫攻坚主体责任落实不力",
    ),
    Text("requirements", "整改要求", longest=4000, headings=("要求", "约谈要求"), sample="限期整改并书面报告"),
    Day("due_on", "整改时限", headings=("完成时限", "整改期限", "时限"), ahead=True, sample="2017-07-22"),
)
