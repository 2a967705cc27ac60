"""Why a period ends on its day: each day from the trigger to the last, counted or not, and the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.db.context import GUARD
from app.kernel.store import RequestContext

# What the calendar says of each day: what is entered for the place goes before what is entered for the country.
DAYS = f"""select d::date as day, k.kind, k.name, extract(isodow from d)::int as weekday
  from generate_series($3::date::timestamp, $4::date::timestamp, interval '1 day') d
  left join lateral (select c.kind, c.name from calendar_day c where c.day = d::date and c.replaced_at is null
    and c.jurisdiction in ('', left($2, 2), left($2, 4), $2) order by length(c.jurisdiction) desc limit 1) k on true
  where {GUARD} order by d"""


@dataclass(frozen=True, slots=True)
class Period:
    """A period that was counted.

    nominal   where it ends before its last day is moved on
    last      its last day
    working   whether only days on which people work count
    granted   the day from which on it lasts because an extension was granted; None without one
    paused    the days on which the clock stood, as (first, first after)
    """

    since: date
    nominal: date
    last: date
    working: bool
    granted: date | None = None
    paused: tuple[tuple[date, date], ...] = ()


async def explained(ctx: RequestContext, connection: Any, place: str, period: Period) -> list[dict[str, Any]]:
    """Each day of a period with what the calendar says of it in a division."""
    rows = await connection.fetch(DAYS, ctx.context(), place, period.since, max(period.since, period.last))
    return list(_told(period, rows))


def _told(period: Period, rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    n = 0
    for row in rows:
        why = _why(period, row)
        counted = why in ("counted", "made_up")
        n += counted
        yield {
            "day": row["day"].isoformat(),
            "weekday": row["weekday"],
            "counted": counted,
            "n": n if counted else None,
            "why": why,
            "note": row["name"] if row["kind"] in ("holiday", "workday") else None,
        }


def _why(period: Period, row: Any) -> str:
    day, kind = row["day"], row["kind"]
    if day == period.since:
        return "trigger"
    if any(first <= day < after for first, after in period.paused):
        return "paused"
    if period.granted and day > period.granted:
        return "granted"
    if day > period.nominal:
        return "rolled"
    if not period.working:
        return "counted"
    if kind == "holiday":
        return "holiday"
    if row["weekday"] > 5:
        return "made_up" if kind == "workday" else "weekend"
    return "counted"
