"""A check is open until its conclusion is settled."""

from app.kernel.declare.lifecycle import Lifecycle, Transition
from app.records.common import day_on
from app.records.rectification_supervision.fields import CONCLUSION

LIFECYCLE = Lifecycle(
    {"open": "督查中", "concluded": "已办结"},
    (
        Transition(
            "conclude",
            "办结",
            ("open",),
            "concluded",
            body=(day_on("办结日期", "2017-07-28"), CONCLUSION),
            sets={"on": "concluded_on"},
            help="写明督查结论；此后被督查单位可见。",
        ),
    ),
    state_on_import=lambda row: "concluded" if row.get("concluded_on") else "open",
)
