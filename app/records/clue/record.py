"""The declaration of a clue."""

from collections.abc import Mapping
from typing import Any

from app.kernel.declare.record_type import Check, Derived, LedgerHabits, Numbering, RecordType
from app.records.clue.access import ACCESS
from app.records.clue.fields import FIELDS
from app.records.clue.lifecycle import HOLDER, LIFECYCLE
from app.records.clue.obligations import OBLIGATIONS
from app.records.common import IS_CLOSED_OFF, closed_off_otherwise, given_otherwise, in_order

DAYS = ("registered_on", "handling_decided_on", "concluded_on", "closed_off_on")


def check(context: Check, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """A clue is registered, handled, concluded and closed off in this order; only a transfer changes its holder.

    An old ledger may say who holds a clue of which nobody knew that. Nobody it is about holds or handles it. A clue
    about a cadre whom the upper level manages is not kept here: a slip is (`clue_transfer/record.py`). Who does not
    read the clue in full is told nothing of the unit named.
    """
    in_order(context, new, *DAYS)
    unknown = context.imported and old and old["holder_unit_id"] is None
    if old and not unknown and given_otherwise(old, new, *HOLDER):  # no correction may, either (fields.py)
        context.reject("holder_unit_number", "holder_by_transfer")
    if context.referenced("person", "managed_by") == "upper":
        context.reject("person_number", "belongs_to_upper_level")
    knows = context.in_full and not context.imported
    if (
        not (knows or context.imported)
        and old
        and given_otherwise(old, new, "handling_unit_id", "handling_unit_number")
    ):
        context.refuse("clue_not_available")
        return
    before = {*(old or {}).get("about", ())}
    about = {*before, new.get("reported_unit_id"), *(context.referenced("person", "units") or ())}
    for unit in ("holder_unit", "handling_unit"):
        # Of who has the clue already, what it is found to be about now is asked: it may have become kin by a merger.
        columns = f"{unit}_id", f"{unit}_number"
        has_it = old is not None and context.given.isdisjoint(columns) and not given_otherwise(old, new, *columns)
        if not (about - before if has_it else about) & {*(context.referenced(unit, "kin_ids") or ())}:
            continue
        if not knows:
            context.refuse("clue_not_available")
        else:
            context.reject(*(("person_number", "holder_is_kin") if has_it else (f"{unit}_number", "receiver_is_kin")))


# The registration form has them twice: of who reports, which nobody keeps, and of who is reported.
OF_REPORTER = (
    "姓名",
    "性别",
    "年龄",
    "民族",
    "政治面貌",
    "联系电话",
    "通信地址",
    "单位",
    "工作单位",
    "职务",
    "单位及职务",
)

RECORD = RecordType(
    name="clue",
    path="clues",
    label="问题线索",
    tag="05 线索与移交",
    help="反映一人或一个单位的一件问题线索。",
    fields=FIELDS,
    lifecycle=LIFECYCLE,
    access=ACCESS,
    numbering=Numbering("C", 4, assigned=True),
    ledger=LedgerHabits(
        sheets=("问题线索台账", "问题线索", "线索登记", "线索台账"),
        number=("线索编号", "问题线索编号", "受理线索编码"),
        extra=(IS_CLOSED_OFF,),
        agrees={"reported_name": ("person", "name")},
        yielding=("职务",),
        apart={"反映人": OF_REPORTER},
        contradicts=closed_off_otherwise,
    ),
    derived={"about": Derived("{0}.about", own=("reported_unit_id",), through={"person": "units"})},
    check=check,
    constraints={
        "receiver_is_kin": ("", "handling_unit_number"),
        "holder_is_kin": ("", "reported_unit_number"),
        "account_unknown": ("", "recusals"),
    },
    check_reads=frozenset((*DAYS, *HOLDER, "person_id", "handling_unit_id")),
    obligations=OBLIGATIONS,
    examples={
        "信访举报": {
            "round_number": "431382-2017-01",
            "source": "petition",
            "petition_kind": "repeat",
            "person_number": "431382-P033",
            "reported_name": "干部甲33",
            "reported_post": "市扶贫开发办公室主任科员",
            "summary": "反映其在扶贫工作中违规收取费用问题",
            "registered_on": "2017-05-20",
            "classification": "internal",
        },
        "巡察发现": {
            "round_number": "431382-2017-01",
            "team_number": "431382-2017-01-Z-002",
            "source": "inspection",
            "reported_unit_number": "431382-U050",
            "summary": "反映该镇产业扶贫资金拨付缓慢问题",
            "conduct": ["slow", "inaction"],
            "finding_number": "431382-2017-01-F-0020",
            "registered_on": "2017-05-22",
            "classification": "work_secret",
        },
    },
)
