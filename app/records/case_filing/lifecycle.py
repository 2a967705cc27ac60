"""A filed case is decided, or withdrawn for want of evidence (domain.md 3.3 and 4.6)."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.lifecycle import REASON, Lifecycle, Transition
from app.records.case_filing.fields import ADMIN_SANCTION, PARTY_SANCTION
from app.records.common import day_on


def state_on_import(row: Mapping[str, Any]) -> str:
    """Contract section 3: decided if the ledger gives the day."""
    return "decided" if row.get("concluded_on") else "filed"


LIFECYCLE = Lifecycle(
    {"filed": "已立案", "decided": "已结案", "withdrawn": "已撤案"},
    (
        Transition(
            "decide",
            "结案",
            ("filed",),
            "decided",
            body=(day_on("结案日期", "2017-08-18"), PARTY_SANCTION, ADMIN_SANCTION),
            sets={"on": "concluded_on"},
            help="党纪处分与政务处分可以并处，也可以免予或者不予处分。",
        ),
        Transition(
            "withdraw",
            "撤案",
            ("filed",),
            "withdrawn",
            body=(REASON,),
            help="没有证据证明存在违纪违法行为的，撤销案件（监察法第五十二条）。",
        ),
    ),
    state_on_import=state_on_import,
)
