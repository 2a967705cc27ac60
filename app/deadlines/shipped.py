"""Brings the calendar and the rules that come with the service into the database, beside what a place has entered.

The calendar is that of the library chinesecalendar. A row that came with the service is replaced when a later version
brings another for the same day or the same rule and years. What an administrator has entered in its place stays.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import cache
from typing import Any

import chinese_calendar
import orjson
from chinese_calendar import Holiday

from app.deadlines.rules import RULES

SOURCE = f"国务院办公厅节假日安排的通知（chinesecalendar {chinese_calendar.__version__}）"
NAMES = {
    Holiday.new_years_day.value: "元旦",
    Holiday.spring_festival.value: "春节",
    Holiday.tomb_sweeping_day.value: "清明节",
    Holiday.labour_day.value: "劳动节",
    Holiday.dragon_boat_festival.value: "端午节",
    Holiday.national_day.value: "国庆节",
    Holiday.mid_autumn_festival.value: "中秋节",
    Holiday.anti_fascist_70th_day.value: "抗战胜利七十周年纪念日",
}


def calendar() -> Iterator[tuple[date, str, str]]:
    """(day, kind, name) of every day that is not what its weekday says."""
    for day, name in sorted(chinese_calendar.holidays.items()):
        yield day, "holiday", NAMES[name]
    for day, name in sorted(chinese_calendar.workdays.items()):
        yield day, "workday", f"{NAMES[name]}调休上班"


@cache
def _rows() -> dict[str, Any]:
    found = list(calendar())
    days = [{"day": day, "kind": kind, "name": name} for day, kind, name in found]
    return {
        "days": days,
        "rules": [asdict(rule) for rule in RULES],
        "years": sorted({day.year for day, _, _ in found}),
        "source": SOURCE,
    }


def shipped_digest() -> str:
    """A digest of all of it: where it is another, the installed text is another and so is installed again."""
    return hashlib.sha256(orjson.dumps(_rows())).hexdigest()


# The columns of a shipped row, and those by which it is the same row.
_DAYS = "day date, kind text, name text"
_RULES = """rule text, valid_from date, valid_to date, amount int, unit text, roll boolean, extension_amount int,
  extension_times int, warn_days int, idle_days int, steps jsonb, citation text, remark text"""
_SHIP = """
insert into calendar_year (year, source) select y::int, x.doc ->> 'source'
  from (select $doc${doc}$doc$::jsonb as doc) x, jsonb_array_elements_text(x.doc -> 'years') y on conflict do nothing;
{parts}"""
_PART = """
create temporary table brought on commit drop as select * from jsonb_to_recordset($doc${rows}$doc$::jsonb) b({columns});
update {table} t set replaced_at = now() where t.shipped and t.replaced_at is null and not exists (
  select from brought b where ({own}) is not distinct from ({theirs}));
insert into {table} (jurisdiction, shipped, entered_by, {names}) select '', true, '系统自带', {given}
  from brought b where not exists (select from {table} t where t.jurisdiction = '' and t.replaced_at is null
    and ({keys}) = ({their_keys}));
drop table brought;"""


def ship_sql() -> str:
    """The statements, run by the owner of the tables while row security does not bind it."""
    rows = _rows()
    parts = (
        _part("calendar_day", _DAYS, ("day",), rows["days"], {"source": SOURCE}),
        _part("deadline_policy", _RULES, ("rule", "valid_from"), rows["rules"], {}),
    )
    doc = orjson.dumps({"years": rows["years"], "source": SOURCE}).decode()
    return _SHIP.format(doc=doc, parts="".join(parts))


def _part(table: str, columns: str, keys: tuple[str, ...], rows: list[Any], more: dict[str, str]) -> str:
    names = [part.split()[0] for part in columns.split(",")]

    def listed(prefix: str, columns: Any) -> str:
        return ", ".join(prefix + c for c in columns)

    return _PART.format(
        table=table, rows=orjson.dumps(rows).decode(), columns=columns,
        own=listed("t.", names), theirs=listed("b.", names), keys=listed("t.", keys), their_keys=listed("b.", keys),
        names=listed("", [*names, *more]), given=", ".join((listed("b.", names), *(f"'{v}'" for v in more.values()))),
    )  # fmt: skip
