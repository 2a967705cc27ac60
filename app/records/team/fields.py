"""What the ledger keeps of a team."""

from app.kernel.declare.fields import Text
from app.records.common import ROUND

FIELDS = (
    ROUND,
    Text("name", "组别", required=True, longest=50, headings=("巡察组", "巡察组名称", "组名"), sample="第四巡察组"),
    Text(
        "head_name",
        "组长",
        "每组必须有组长。",
        required=True,
        secret=True,
        of_person=True,
        longest=50,
        headings=("组长姓名", "巡察组长"),
        sample="组长丁04",
    ),
    Text("head_post", "组长职务", longest=100, headings=("组长单位及职务", "职务"), sample="市纪委副书记"),
)
