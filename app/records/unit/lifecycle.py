"""A unit is renamed or merged; it never disappears."""

from app.kernel.declare.fields import Reference, Text
from app.kernel.declare.lifecycle import REASON, Effect, Lifecycle, Transition
from app.records.common import day_on

LIFECYCLE = Lifecycle(
    {"active": "在册", "merged": "已并入"},
    (
        Transition(
            "rename",
            "更名",
            ("active",),
            None,
            body=(Text("name", "新名称", required=True, longest=100, sample="龙泉街道"), REASON),
            derives={"former_names": "array_append(coalesce(t.former_names, '{}'), t.name)"},
            help="原名称记入曾用名，旧台账仍能按旧称对应。",
        ),
        Transition(
            "merge",
            "并入",
            ("active",),
            "merged",
            body=(
                Reference("merged_into", "并入单位", to="units", required=True, sample="431382-U045"),
                day_on("撤并日期", "2019-12-30"),
                REASON,
            ),
            sets={"on": "valid_until"},
            effects=(Effect("merged_into", "absorb", values={"absorbed_name": "name"}),),
            help="本单位不再使用，名称记入并入单位的曾用名；已有记录不改。",
        ),
        Transition(
            "absorb",
            "接收并入",
            ("active",),
            None,
            derives={"former_names": "array_append(coalesce(t.former_names, '{}'), s.values ->> 'absorbed_name')"},
            internal=True,
        ),
    ),
)
