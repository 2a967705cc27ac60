"""What the ledger keeps of a letter. Its kind says on which ladder it is a step."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Reference, Text, terms
from app.records.common import DOCUMENT_NUMBER, ROUND

KIND = terms(
    "letter_kind",
    reminder=("提示函", "提醒函"),
    supervision="督办函",
    warning="告诫函",
    talk=("约谈建议", "约谈通知书", "约谈建议函"),
    bulletin="通报",
    accountability_proposal=("问责建议函", "问责建议"),
    clue_urging="催办单",
    clue_supervision=("督办单", "线索督办单"),
    clue_supervision_letter=("线索督办函", "问题线索督办函"),
    discipline_suggestion="纪检建议书",
    supervisory_suggestion="监察建议书",
)
OF_CLUES = ("clue_urging", "clue_supervision", "clue_supervision_letter")

FIELDS = (
    ROUND,
    Choice(
        "kind",
        "函件类型",
        "整改和线索各有一套，互不混用：催办单、督办单、线索督办函用于线索；建议书单独成类。",
        terms=KIND,
        required=True,
        headings=("类型", "函件类别", "文种"),
        sample="reminder",
    ),
    Reference(
        "addressee_unit",
        "主送单位",
        to="units",
        required=True,
        headings=("收函单位", "送达单位", "受函单位"),
        requires=("kin_ids",),
        sample="431382-U045",
    ),
    Day("issued_on", "发函日期", required=True, headings=("日期", "印发日期"), sample="2017-07-28"),
    DOCUMENT_NUMBER,
    Reference(
        "opinion",
        "整改意见",
        "所催办的意见。",
        to="rectification-opinions",
        headings=("意见编号", "整改意见编号"),
        sample="431382-2017-01-R-0001",
    ),
    Reference(
        "clue",
        "问题线索",
        "所催办的线索；线索的函件只写编号，不写内容。",
        to="clues",
        headings=("线索编号", "问题线索编号"),
        requires=("about",),
        sample="431382-2017-01-C-0001",
    ),
    Text("matter", "事由", "同一事由的每一步只发一次。", longest=200, headings=("函件事由",), sample="扶贫资金整改"),
    replace(
        Text("text", "正文", longest=4000),
        headings=("内容", "函件内容"),
        sample="意见R-0001将于8月8日到期，请抓紧落实。",
    ),
)
