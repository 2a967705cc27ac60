"""What the ledger keeps of a transfer of clues (domain.md 4.5)."""

from app.kernel.declare.fields import Choice, Day, Reference, Text, Whole, terms
from app.records.common import ROUND

ROUTE = terms(
    "route",
    discipline=("纪检机关", "纪检监察机关"),
    organisation="组织部门",
    upper_level="上级机关",
    procuratorate="检察机关",
    public_security="公安机关",
    audit="审计机关",
    other_unit="其他单位",
)

FIELDS = (
    ROUND,
    Text("document_number", "移交文号", headings=("文号",), sample="示移〔2017〕1号"),
    Choice(
        "route",
        "移交渠道",
        "按干部管理权限（巡视工作条例第二十八条）。",
        terms=ROUTE,
        required=True,
        sample="discipline",
    ),
    Reference(
        "from_unit", "移交单位", to="units", required=True, headings=("移送单位", "移出单位"), sample="431382-U003"
    ),
    Reference(
        "to_unit",
        "接收单位",
        "不得是被反映人所在单位及其下级（回避）。",
        to="units",
        required=True,
        headings=("接受单位", "承接单位"),
        requires=("kin_ids", "state", "merged_into_number"),
        sample="431382-U001",
    ),
    Reference(
        "clue",
        "线索编号",
        to="clues",
        many=True,
        headings=("问题线索编号", "移交线索", "线索"),
        requires=("about", "state", "holder_unit_id", "imported"),
        follows=True,
        sample=["431382-2017-01-C-0031"],
    ),
    Whole(
        "sealed_count",
        "密封件数",
        "移送上级机关的密封线索件数：反映上级管理的干部的线索原件密封移送，不登记姓名和内容。",
        least=1,
        most=10_000,
        headings=("密封移送件数", "件数"),
        sample=2,
    ),
    Day("sent_on", "移交日期", set_by=True, headings=("移送日期",)),
    Text(
        "received_by", "签收人", set_by=True, secret=True, of_person=True, longest=50, headings=("接收人", "签收人姓名")
    ),
    Day("received_on", "签收日期", set_by=True, headings=("接收日期",)),
    Day("fed_back_on", "反馈日期", set_by=True, headings=("结果反馈日期",)),
    Text("result", "反馈结果", set_by=True, longest=2000, headings=("办理结果", "处理结果")),
)
