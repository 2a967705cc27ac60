"""What the ledger keeps of a member of a team."""

from dataclasses import replace

from app.kernel.declare.fields import Reference, Text
from app.records.common import OWN_NAME, TEAM

FIELDS = (
    TEAM,
    replace(OWN_NAME, headings=("成员姓名", "成员"), sample="组员甲48"),
    Text(
        "seconded_from_name",
        "抽调单位",
        "按原样记载；不在单位名录内的也照写。",
        required=True,
        longest=100,
        headings=("抽调单位名称", "原单位", "原工作单位", "工作单位", "派出单位", "所在单位", "单位"),
        sample="市审计局",
    ),
    Reference(
        "seconded_from_unit",
        "抽调单位编码",
        "抽调单位在单位名录内的，指向该单位。",
        to="units",
        headings=("抽调单位编号",),
        sample="431382-U001",
    ),
    Text("duty", "职责", longest=100, headings=("组内职务", "组内分工", "分工", "职务"), sample="联络员"),
)
