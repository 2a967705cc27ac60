"""A document is drafted, and issued; from then on its text stands."""

from dataclasses import replace

from app.kernel.declare.lifecycle import Lifecycle, Transition
from app.records.common import day_on

LIFECYCLE = Lifecycle(
    {"draft": "起草中", "issued": "已印发"},
    (
        Transition(
            "issue",
            "印发",
            ("draft",),
            "issued",
            body=(replace(day_on("印发日期", "2017-06-16"), required=True),),
            sets={"on": "released_on"},
            help="印发后文号、正文以送达的为准，不再改动；反馈意见和巡察建议书由所涉单位可见。",
        ),
    ),
    state_on_import=lambda row: "issued" if row.get("released_on") else "draft",
)
