"""A target is planned in secret, then entered."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import Lifecycle, Transition
from app.records.common import day_on


def state_on_import(row: Mapping[str, Any]) -> str:
    """Contract section 3: entered if the ledger gives the day."""
    return "entered" if row.get("entered_on") else "planned"


LIFECYCLE = Lifecycle(
    {"planned": "拟巡察", "entered": "已进驻"},
    (
        Transition(
            "enter",
            "进驻",
            ("planned",),
            "entered",
            body=(day_on("进驻日期", "2017-04-22"),),
            sets={"on": "entered_on"},
            renews=("unit",),
            help="进驻后被巡察单位方能看到；单位名称和类型以此刻为准（巡视工作条例第二十二条）。",
        ),
    ),
    state_on_import=state_on_import,
)
