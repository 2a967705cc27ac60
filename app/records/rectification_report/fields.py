"""What the ledger keeps of a rectification report: its items, and what each examining body has said of them."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Entries, Reference, Text, terms
from app.records.common import INSPECTED_UNIT, ROUND
from app.records.promised import DUE_ON, MEASURES, RESPONSIBLE_PERSON

KIND = terms(
    "report_kind",
    plan=("整改方案", "方案"),
    progress=("整改进展", "整改进展情况", "进展"),
    unit=("整改报告", "整改情况报告", "党组织整改情况报告"),
    principal=("主要负责人组织落实情况", "主要负责人组织落实情况报告"),
)
VERDICT = terms("verdict", accept=("通过", "同意"), **{"return": ("退回", "退回整改")})
BODY = terms(
    "examining_body",
    inspection_office="巡察办",
    inspection_team="巡察组",
    case_supervision="纪检机关",
    organisation_department="组织部门",
)
OPINION = Reference("opinion", "整改意见", to="rectification-opinions", sample="431382-2017-01-R-0001")
ITEMS = Entries(
    "items",
    "整改事项",
    "逐条意见写明责任人、完成时限、整改措施和结果；提交时每一项的责任人、完成时限、整改措施缺一不可。",
    entry="ReportItem",
    names=OPINION,
    of=(
        replace(RESPONSIBLE_PERSON, secret=False),
        Text("responsible_post", "责任人职务", longest=100, sample="局长"),
        DUE_ON,
        MEASURES,
        Text("result", "整改结果", longest=2000, sample="档案资料已补齐。"),
    ),
)
VERDICT_GIVEN = Choice("verdict", "审核意见", terms=VERDICT, required=True, sample="accept")
REMARK = Text("text", "意见内容", required=True, longest=2000, sample="措施与意见不对应，请逐户列明核查时限。")
REMARKS_GIVEN = Entries("remarks", "逐条审核意见", entry="ReportRemarkGiven", names=OPINION, of=(REMARK,))
REMARKS = replace(
    REMARKS_GIVEN,
    help="审核单位对所涉意见的逐条意见；重新提交时清空，历次修订中可查。",
    set_by=True,
    corrected=False,
    entry="ReportRemark",
    of=(Choice("body", "审核单位", terms=BODY, sample="inspection_office"), REMARK),
)

FIELDS = (
    ROUND,
    INSPECTED_UNIT,
    Choice("kind", "报告类型", terms=KIND, required=True, headings=("类型", "报告类别"), sample="plan"),
    ITEMS,
    ITEMS.records("opinion"),
    Day("democratic_life_meeting_on", "专题民主生活会日期", headings=("民主生活会日期",), sample="2017-07-10"),
    Day("published_on", "整改情况公开日期", headings=("公开日期", "公布日期"), sample="2017-09-20"),
    Day("submitted_on", "提交日期", set_by=True, headings=("报送日期", "上报日期"), sample="2017-07-14"),
    Choice(
        "examining_bodies",
        "联审单位",
        "提交时按本区划的规定确定；其中每一家都通过，报告才通过，一家退回即退回。",
        terms=BODY,
        many=True,
        set_by=True,
        corrected=False,
    ),
    Entries(
        "examinations",
        "联审情况",
        "本次提交后各审核单位的意见。",
        set_by=True,
        corrected=False,
        in_ledger=False,
        entry="ReportExamination",
        of=(
            Choice("body", "审核单位", terms=BODY, required=True, sample="inspection_office"),
            VERDICT_GIVEN,
            Day("examined_on", "审核日期", required=True, sample="2017-07-18"),
        ),
    ),
    replace(VERDICT_GIVEN, label="最近一次审核意见", required=False, set_by=True, corrected=False),
    REMARKS,
    REMARKS.records("remarked_opinion"),
)
