"""What the ledger keeps of a case filing (domain.md 3.3, 3.4 and 5.6, case register)."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Day, Reference, Text, terms
from app.records.common import PERSON, PERSON_AS_DECIDED, ROUND

LANE = terms(
    "lane",
    party=("党纪", "党纪立案", "纪委立案"),
    supervisory=("监察", "监察立案", "监委立案", "政务", "政务立案"),
)
PARTY_SANCTION_TERMS = terms(
    "party_sanction",
    warning=("警告", "党内警告"),
    serious_warning=("严重警告", "党内严重警告"),
    removal_from_party_posts="撤销党内职务",
    probation=("留党察看", "留党察看一年", "留党察看两年", "留党察看二年", "留党察看1年", "留党察看2年"),
    expulsion="开除党籍",
    none=("免予处分", "不予处分", "免予党纪处分", "不予党纪处分", "免予", "不予"),
)
ADMIN_SANCTION_TERMS = terms(
    "admin_sanction",
    warning=("警告", "政务警告", "行政警告"),
    demerit=("记过", "政务记过", "行政记过"),
    major_demerit=("记大过", "政务记大过", "行政记大过"),
    demotion=("降级", "政务降级", "行政降级"),
    removal=("撤职", "政务撤职", "行政撤职"),
    dismissal=("开除", "开除公职", "行政开除"),
)

PARTY_SANCTION = Choice(
    "party_sanction",
    "党纪处分",
    terms=PARTY_SANCTION_TERMS,
    set_by=True,
    headings=("党内处分", "党纪处分种类"),
    sample="warning",
)
ADMIN_SANCTION = Choice(
    "admin_sanction",
    "政务处分",
    "2018年前为行政处分；村（居）委会管理人员只适用警告、记过、记大过（政务处分法第二十二条）。",
    terms=ADMIN_SANCTION_TERMS,
    set_by=True,
    headings=("政纪处分", "行政处分", "政务处分种类"),
    sample="demerit",
)

FIELDS = (
    ROUND,
    replace(PERSON, requires=("is_village_manager",)),
    *PERSON_AS_DECIDED,
    Choice(
        "lane",
        "立案类别",
        "党纪与监察分别立案，同一人可以两案并存（监察法第四十二条）。",
        terms=LANE,
        required=True,
        headings=("立案类型", "立案方式"),
        sample="party",
    ),
    Day(
        "filed_on",
        "立案日期",
        required=True,
        headings=("立案决定日期", "纪委立案日期", "监委立案日期"),
        sample="2017-07-10",
    ),
    Reference(
        "authority_unit",
        "立案机关",
        "按干部管理权限批准立案的机关。",
        to="units",
        required=True,
        headings=("立案单位", "审查机关", "审查调查机关", "纪委立案机关", "监委立案机关"),
        sample="431382-U001",
    ),
    Reference(
        "clue",
        "关联线索",
        to="clues",
        headings=("关联线索编号", "线索编号", "问题线索编号"),
        follows=True,
        sample="431382-2017-01-C-0011",
    ),
    Text(
        "summary",
        "简要案情",
        secret=True,
        longest=4000,
        headings=("案情", "案情简介", "案情摘要", "主要违纪事实"),
        sample="涉嫌违反扶贫领域有关纪律规定",
    ),
    Day("concluded_on", "结案日期", set_by=True, headings=("办结日期", "审结日期", "处分决定日期")),
    PARTY_SANCTION,
    ADMIN_SANCTION,
)
