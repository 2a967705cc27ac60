"""The declaration of a case filing."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, LedgerHabits, Numbering, RecordType
from app.records.case_filing.access import ACCESS
from app.records.case_filing.fields import FIELDS
from app.records.case_filing.lifecycle import LIFECYCLE
from app.records.case_filing.obligations import OBLIGATIONS
from app.records.common import PERSON_NAME, in_order

FOR_VILLAGE_MANAGERS = ("warning", "demerit", "major_demerit")


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """No case is concluded before it is filed; three sanctions alone are for village managers (domain.md 3.4)."""
    in_order(context, new, "filed_on", "concluded_on")
    sanction = new.get("admin_sanction")
    if sanction and sanction not in FOR_VILLAGE_MANAGERS and context.referenced("person", "is_village_manager"):
        context.field_error("admin_sanction", "sanction_not_for_village_manager", allowed=FOR_VILLAGE_MANAGERS)


RECORD = RecordType(
    name="case_filing",
    path="case-filings",
    label="立案审查",
    tag="06 立案问责",
    help="对一人立一案；党纪、监察分别立案。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("K", assigned=True),
    ledger=LedgerHabits(
        sheets=("立案审查", "立案审查调查", "立案登记", "立案"),
        number=("立案编号", "案件编号", "案件编码"),
        extra=(PERSON_NAME,),
        agrees={"person_name": ("person", "name")},
        yielding=("纪委立案日期", "监委立案日期", "纪委立案机关", "监委立案机关", "审结日期"),
    ),
    inherits={"round": "clue"},
    check=check,
    check_reads=frozenset({"person_id", "admin_sanction", "filed_on", "concluded_on"}),
    obligations=OBLIGATIONS,
    examples={
        "党纪立案": {
            "round_number": "431382-2017-01",
            "person_number": "431382-P011",
            "lane": "party",
            "filed_on": "2017-07-10",
            "authority_unit_number": "431382-U001",
            "clue_number": "431382-2017-01-C-0011",
            "summary": "涉嫌违反扶贫领域有关纪律规定",
        }
    },
)
