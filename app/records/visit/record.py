"""The declaration of a visit."""

from app.kernel.declare.lifecycle import resting
from app.kernel.declare.record_type import LedgerHabits, Numbering, RecordType
from app.records.visit.access import ACCESS
from app.records.visit.fields import FIELDS

RECORD = RecordType(
    name="visit",
    path="visits",
    label="走访谈话",
    tag="03 发现与反馈",
    help="一个巡察组一天内对一个单位的走访谈话。",
    fields=FIELDS,
    lifecycle=resting("active", "在册"),
    access=ACCESS,
    numbering=Numbering("V"),
    ledger=LedgerHabits(
        sheets=("走访谈话记录", "走访谈话", "走访"),
        number=("走访编号", "记录编号"),
        key=("round", "team", "unit", "visited_on"),
    ),
    unique={"natural_key": ("round_id", "team_id", "unit_id", "visited_on")},
    examples={
        "入户走访": {
            "round_number": "431382-2017-01",
            "team_number": "431382-2017-01-Z-001",
            "unit_number": "431382-U066",
            "visited_on": "2017-06-02",
            "method": "household",
            "households": {"value": 12, "qualifier": "exact"},
            "interviews": {"value": 20, "qualifier": "at_least"},
        }
    },
)
