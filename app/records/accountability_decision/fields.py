"""What the ledger keeps of an accountability decision (domain.md 3.6 and 5.6)."""

from app.kernel.declare.fields import Choice, Day, Reference, Whole, terms
from app.records.common import (
    CONDUCT,
    DOCUMENT_NUMBER,
    FINDING,
    PERSON_AS_DECIDED,
    PERSON_IF_KNOWN,
    ROUND,
    SUBJECT_KIND,
    SUBJECT_UNIT,
)

# 通报 is a mode for both: a ledger is read by its subject, see `read_row` of the record.
MODE = terms(
    "accountability_mode",
    bulletin=("通报", "通报批评"),
    admonition=("诫勉", "诫勉谈话"),
    organisational_adjustment=("组织调整", "组织处理", "组织调整或者组织处理", "组织调整或组织处理"),
    discipline_sanction=("纪律处分", "党纪处分"),
    unit_review=("检查", "书面检查", "责令检查"),
    unit_bulletin=("通报", "通报批评"),
    unit_reorganisation="改组",
)
RESPONSIBILITY = terms(
    "responsibility",
    direct="直接责任",
    main_leadership=("主要领导责任", "主要领导"),
    important_leadership=("重要领导责任", "重要领导"),
    overall_leadership=("全面领导责任", "全面领导"),
    supervision=("监督责任", "监管责任"),
)

FIELDS = (
    ROUND,
    SUBJECT_KIND,
    PERSON_IF_KNOWN,
    *PERSON_AS_DECIDED,
    SUBJECT_UNIT,
    Choice(
        "mode",
        "问责方式",
        "个人：通报、诫勉、组织调整或者组织处理、纪律处分；组织：检查、通报、改组（问责条例2016年第七条）。",
        terms=MODE,
        required=True,
        headings=("方式", "处理方式", "问责形式"),
        sample="admonition",
    ),
    Choice(
        "responsibility",
        "责任类型",
        "（问责条例2016年第五条）",
        terms=RESPONSIBILITY,
        headings=("责任类别", "责任性质", "责任"),
        sample="main_leadership",
    ),
    Reference(
        "authority_unit",
        "决定机关",
        "有管理权限的党组织（问责条例2016年第八条）。",
        to="units",
        required=True,
        headings=("问责机关", "决定单位", "问责决定机关"),
        sample="431382-U001",
    ),
    Day("decided_on", "决定日期", required=True, headings=("问责日期", "问责决定日期"), sample="2017-08-02"),
    Day("announced_on", "宣布日期", "宣布后，所涉单位方可看到。", set_by=True, headings=("公布日期", "宣布时间")),
    DOCUMENT_NUMBER,
    Whole(
        "form",
        "形态",
        "监督执纪四种形态，1 至 4，由决定机关认定（纪律处分条例2023年第五条）。",
        least=1,
        most=4,
        ordinals=True,
        headings=("四种形态", "运用形态", "监督执纪形态"),
        sample=1,
    ),
    CONDUCT,
    FINDING,
)
