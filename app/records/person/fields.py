"""What the ledger keeps of a person (domain.md 5.3 and 5.4)."""

from dataclasses import replace

from app.kernel.declare.fields import Choice, Flag, Reference, Sealed, Text
from app.records.codes import id_number
from app.records.common import OWN_NAME
from app.records.terms import MANAGED_BY, POLITICAL_STATUS, RANK

FIELDS = (
    replace(OWN_NAME, headings=("人员姓名", "名字"), sample="示例干部"),
    Reference(
        "unit",
        "单位",
        to="units",
        required=True,
        headings=("所在单位", "工作单位", "单位名称"),
        sample="431382-U050",
    ),
    Reference(
        "other_unit",
        "兼任单位",
        "现任单位以外兼职的单位；线索同样不得移交给这些单位。",
        to="units",
        many=True,
        headings=("兼职单位", "其他任职单位"),
    ),
    Choice(
        "managed_by",
        "干部管理权限",
        "反映上级管理的干部的线索不在本系统登记，原件密封移送上级。",
        terms=MANAGED_BY,
        default="county",
        headings=("管理权限", "干管权限"),
        sample="county",
    ),
    Text("post", "职务", longest=100, headings=("现任职务", "岗位"), sample="副镇长"),
    Choice("rank", "职级", "按统计口径。", terms=RANK, headings=("统计职级", "级别", "职级详情"), sample="township"),
    Choice("political_status", "政治面貌", terms=POLITICAL_STATUS, headings=("面貌",), sample="party_member"),
    Flag(
        "is_village_manager",
        "是否村干部",
        "基层群众性自治组织中从事管理的人员；只适用警告、记过、记大过（政务处分法第二十二条）。",
        headings=("村干部", "是否村居干部"),
        sample=False,
    ),
    Sealed(
        "id_number",
        "身份证号",
        "核对校验码和出生日期（GB 11643-1999）；加密保存，只能用 POST /v1/persons/find 查找。",
        secret=True,
        longest=30,
        form=id_number,
        headings=("身份证号码", "公民身份号码", "身份证"),
        sample="431382190001010019",
    ),
)
