"""What the ledger keeps of a feedback session (domain.md 1.4 and 1.5)."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Entries, Text, Whole, terms
from app.records.common import INSPECTED_UNIT, ROUND

METHOD = terms(
    "feedback_method",
    face_to_face=("面对面集中反馈", "面对面反馈", "面对面"),
    meeting=("会议反馈", "会议"),
    written=("书面反馈", "书面"),
)

FIELDS = (
    ROUND,
    replace(INSPECTED_UNIT, headings=(*INSPECTED_UNIT.headings, "被反馈单位")),
    Day("held_on", "反馈日期", required=True, headings=("集中反馈日期", "会议日期"), sample="2017-06-16"),
    Choice("method", "反馈方式", terms=METHOD, headings=("方式", "反馈形式"), sample="face_to_face"),
    Whole(
        "members_expected",
        "班子成员应到",
        "向被巡察单位全体班子成员反馈（巡视工作条例第二十六条）。",
        most=1000,
        headings=("应到", "应到人数", "班子成员应到人数"),
        sample=9,
    ),
    Whole("members_present", "班子成员实到", most=1000, headings=("实到", "实到人数", "班子成员实到人数"), sample=8),
    Entries(
        "absentees",
        "缺席人员",
        "缺席的班子成员，逐人说明原因。",
        entry="Absentee",
        of=(
            Text("name", "姓名", secret=True, of_person=True, longest=50),
            Text("post", "职务", longest=100),
            Text("reason", "原因", longest=200, sample="因公出差"),
        ),
        bare="reason",
        headings=("缺席成员", "缺席班子成员"),
        sample=[{"name": "班子成员05", "post": "副主任", "reason": "因公出差"}],
    ),
    Text(
        "receipt_name",
        "签收人",
        "在问题反馈表上签收的人。",
        secret=True,
        of_person=True,
        longest=50,
        headings=("签收人姓名", "签收人员", "接收人"),
        sample="签收人102",
    ),
    Day("receipt_on", "签收日期", headings=("接收日期", "反馈表签收日期"), sample="2017-06-16"),
)
