"""What the ledger keeps of a clue (domain.md 4.4 and 5.6, clue ledger and registration form)."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Entries, Reference, Text, terms
from app.records.common import CONDUCT, FINDING, PERSON_IF_KNOWN, ROUND, TEAM_IF_KNOWN

SOURCE = terms(
    "clue_source",
    inspection=("巡察移交", "巡视巡察移交", "巡视移交"),
    petition=("信访举报", "群众举报"),
    audit="审计移交",
    other="其他",
)
PETITION_KIND = terms(
    "petition_kind", repeat=("重复访", "重复信访"), skip_level=("越级访", "越级上访"), collective=("集体访", "集体上访")
)
SECRET = ("secret", "confidential", "top_secret", "秘密", "机密", "绝密")
CLASSIFICATION = replace(
    terms("classification", public="公开", internal=("内部", "内部资料"), work_secret="工作秘密"),  # noqa: S106  # a level, no password
    refused=dict.fromkeys(SECRET, "state_secret"),
)
HANDLING = terms(
    "handling",
    talk_inquiry=("谈话函询", "谈话", "函询"),
    preliminary_verification=("初步核实", "初核"),
    shelved_pending=("暂存待查", "暂存"),
    closed_no_action=("予以了结", "了结"),
)

HANDLING_UNIT = Reference(
    "handling_unit",
    "承办部门",
    "不得是被反映人所在单位及其下级。",
    to="units",
    set_by=True,
    corrected=False,
    headings=("承办单位", "当前部门", "当前承办部门", "办理机关"),
    requires=("kin_ids",),
)
CHOSEN_HANDLING = Choice(
    "handling",
    "处置方式",
    "谈话函询、初步核实、暂存待查、予以了结（检举控告工作规则第十七条）。",
    terms=HANDLING,
    set_by=True,
    headings=("当前处置方式", "线索处置方式", "处置方式1二级"),
    sample="preliminary_verification",
)
RESULT = Text(
    "result",
    "处置结果",
    set_by=True,
    longest=2000,
    headings=("办理结果", "处理结果", "办理情况"),
    sample="反映问题不属实，予以了结。",
)

FIELDS = (
    ROUND,
    TEAM_IF_KNOWN,
    Choice("source", "线索来源", terms=SOURCE, required=True, headings=("来源", "问题线索来源"), sample="petition"),
    Choice("petition_kind", "信访类型", terms=PETITION_KIND, headings=("信访类别", "上访类型"), sample="repeat"),
    replace(
        PERSON_IF_KNOWN,
        headings=(*PERSON_IF_KNOWN.headings, "被反映人编号"),
        requires=("units", "managed_by"),
        sample="431382-P036",
    ),
    Text(
        "reported_name",
        "被反映人",
        secret=True,
        of_person=True,
        longest=100,
        headings=("被反映人姓名", "被反映对象", "姓名"),
        sample="干部丁36",
    ),
    Text(
        "reported_post",
        "单位及职务",
        longest=200,
        headings=("被反映人单位及职务", "单位职务", "工作单位及职务", "职务"),
        sample="市农村经营管理局主任科员",
    ),
    Reference(
        "reported_unit",
        "被反映人单位",
        "线索不得移交给该单位及其下级。",
        to="units",
        headings=("被反映单位", "被反映人所在单位", "被反映人工作单位", "工作单位"),
        sample="431382-U043",
    ),
    Text(
        "summary",
        "主要问题",
        required=True,
        secret=True,
        longest=4000,
        headings=("主要问题线索", "反映主要问题", "反映问题", "线索内容", "问题摘要"),
        sample="反映其在扶贫工作中违规收取费用问题",
    ),
    CONDUCT,
    FINDING,
    Day("registered_on", "登记日期", required=True, headings=("收件日期", "受理日期"), sample="2017-05-20"),
    Entries(
        "recusals",
        "回避",
        "须回避的账号及理由；这些账号看不到此线索，以及据此移交、立案的记录。",
        secret=True,
        entry="Recusal",
        of=(
            Text("account", "账号", "本区划的账号（用户名）。", required=True, longest=40, sample="zhou"),
            Text("reason", "理由", required=True, sample="与被反映人有亲属关系"),
        ),
        bare="account",
        split=True,
        beside={"reason": "台账"},
        headings=("回避人员",),
    ),
    Choice(
        "classification",
        "密级",
        "秘密级及以上不得录入本系统（保守国家秘密法第三十一条）。",
        terms=CLASSIFICATION,
        default="internal",
        headings=("线索密级", "密级标识"),
        sample="internal",
    ),
    CHOSEN_HANDLING,
    Day("handling_decided_on", "处置日期", set_by=True, headings=("处置方式确定日期", "处置意见日期")),
    Reference(
        "holder_unit",
        "持有单位",
        "移交后接收线索的单位。",
        to="units",
        set_by=True,
        corrected=False,
        headings=("接收单位",),
        requires=("kin_ids",),
    ),
    HANDLING_UNIT,
    Reference(
        "proposed_holder_unit",
        "拟改由承接单位",
        "持有和承办单位都须回避时，已提出、待领导小组确认的承接单位。",
        to="units",
        set_by=True,
        corrected=False,
        in_ledger=False,
    ),
    Text(
        "rehold_document", "改由承接依据", "批准改由其他单位承接的文件。", set_by=True, corrected=False, in_ledger=False
    ),
    Reference(
        "merged_into",
        "并入线索",
        "重复线索并入的线索，只计一件。",
        to="clues",
        set_by=True,
        headings=("并入线索编号", "重复线索编号"),
        follows=True,
    ),
    Day("concluded_on", "办结日期", set_by=True, headings=("了结日期", "完成日期")),
    RESULT,
    Day("closed_off_on", "销号日期", set_by=True),
)
