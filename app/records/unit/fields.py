"""What the ledger keeps of a unit."""

from app.kernel.declare.fields import Choice, Day, Flag, Lines, Reference, Text
from app.records.codes import credit_code, division_code
from app.records.terms import UNIT_KIND

# Who answers for a unit depends on it: only the actions that ask for a second person change it.
MERGED_INTO = Reference("merged_into", "并入单位", to="units", set_by=True, corrected=False, in_ledger=False)

FIELDS = (
    Text(
        "name",
        "单位名称",
        "现用全称。",
        required=True,
        longest=100,
        headings=("名称", "单位", "单位全称"),
        sample="龙泉镇",
    ),
    Choice(
        "kind",
        "单位类型",
        "区划以外的单位按 other 登记。",
        terms=UNIT_KIND,
        required=True,
        headings=("类型", "单位性质", "单位类别"),
        sample="township_street",
    ),
    Reference("parent", "上级单位", to="units", headings=("主管单位", "所属单位", "上级")),
    Reference(
        "stationed_at_unit",
        "派驻监督单位",
        "派驻纪检监察组监督的单位；派驻组本身隶属派出它的机关。",
        to="units",
        many=True,
        headings=("驻在单位", "派驻单位", "监督单位"),
    ),
    Text(
        "division_code",
        "行政区划代码",
        "6、9 或 12 位（GB/T 2260）。",
        longest=20,
        form=division_code,
        headings=("区划代码", "行政区划"),
        sample="431382",
    ),
    Text(
        "credit_code",
        "统一社会信用代码",
        "18 位，核对校验码（GB 32100-2015）。",
        longest=30,
        form=credit_code,
        headings=("信用代码", "社会信用代码"),
    ),
    Text(
        "principal_name",
        "主要负责人",
        longest=50,
        secret=True,
        of_person=True,
        headings=("负责人", "主要负责人姓名", "负责人姓名"),
    ),
    Text("principal_post", "负责人职务", longest=100, headings=("主要负责人职务",)),
    Lines(
        "former_names",
        "曾用名",
        "台账中的旧称，导入时按旧称也能找到。",
        longest=100,
        headings=("曾用名称", "原名称", "原名"),
    ),
    Day("valid_until", "撤并日期", headings=("有效期至", "撤销日期"), ahead=True),
    MERGED_INTO,
    Reference(
        "proposed_into",
        "拟并入单位",
        "已提出、待领导小组确认的并入。",
        to="units",
        set_by=True,
        corrected=False,
        in_ledger=False,
    ),
    Day("proposed_on", "拟撤并日期", set_by=True, corrected=False, in_ledger=False),
    Text(
        "name_left",
        "留下的名称",
        "并入时记入并入单位曾用名的名称；撤销并入时从那里去掉。",
        longest=100,
        set_by=True,
        corrected=False,
        in_ledger=False,
    ),
    Flag(
        "undoing_agreed",
        "已同意撤销并入",
        "领导小组收回了对并入的同意，可以撤销并入。",
        set_by=True,
        corrected=False,
        in_ledger=False,
    ),
)
