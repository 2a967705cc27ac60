"""What the ledger keeps of a document of the round."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Text, terms
from app.records.common import DOCUMENT_NUMBER, INSPECTED_UNIT, ROUND, TEAM_IF_KNOWN

KIND = terms(
    "document_kind",
    inspection_report=("巡察报告", "巡察情况报告"),
    thematic_report=("专题报告", "巡察专题报告"),
    decision=("书记专题会意见", "书记专题会议意见", "专题会意见"),
    feedback_opinion=("反馈意见", "巡察反馈意见"),
    authorisation=("一次一授权", "授权书", "授权"),
    recusal=("回避申报", "回避申报表"),
    suggestion=("巡察建议书", "巡察建议"),
)
# Those that are handed to the unit they name. Of the others the unit is what they are about, and never reads them.
HANDED_OVER = ("feedback_opinion", "suggestion")

FIELDS = (
    ROUND,
    TEAM_IF_KNOWN,
    replace(
        INSPECTED_UNIT,
        label="所涉单位",
        help="反馈意见、巡察建议书印发后送该单位；其他文书该单位看不到。",
        required=False,
        headings=("单位", "单位名称", "被巡察单位", "送达单位"),
    ),
    Choice("kind", "文书类型", terms=KIND, required=True, headings=("类型", "文书类别", "文种"), sample="decision"),
    Text("title", "标题", required=True, longest=200, headings=("文书标题", "名称"), sample="关于巡察示例镇的反馈意见"),
    DOCUMENT_NUMBER,
    Day("issued_on", "成文日期", required=True, headings=("日期", "落款日期"), sample="2017-06-15"),
    Text(
        "text",
        "正文",
        secret=True,
        longest=20_000,
        headings=("内容", "文书正文"),
        sample="发现责任书签订流于形式，应立即整改。",
    ),
    Day(
        "released_on",
        "印发日期",
        "印发后正文和文号不再改动。",
        set_by=True,
        headings=("送达日期",),
        sample="2017-06-16",
    ),
)
