"""The list of what is due, by the day on which it is due. Row security leaves what the caller may not see out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.clock import now
from app.db.context import GUARD
from app.deadlines.rules import LABELS
from app.kernel.declare.values import NUMBER, day, is_identifier
from app.kernel.sql.cursors import cursor_text, cursor_values
from app.kernel.sql.listing import Condition, Listing, bad_query
from app.kernel.store import RequestContext

STATUSES = {"overdue": "超期", "due_soon": "临期", "idle": "搁置"}
SOON = 60  # days: no rule warns earlier (ck_deadline_policy_amount), so that the index gives those that are due soon
# SQL over the obligation `t`; `{0}` is today. While its clock is paused nothing is asked of it.
BY_STATUS = {
    "overdue": "t.due_on < {0}::date and t.paused_on is null",
    "due_soon": f"t.due_on between {{0}}::date and {{0}}::date + {SOON} and t.amber_from <= {{0}}::date"
    " and t.paused_on is null",
    "idle": "t.idle_from <= {0}::date and t.paused_on is null",
}
FILTERS = {
    "record_type": "t.record_type = {0}",
    "record_id": "t.record_id = {0}::text::uuid",
    "record_number": "t.record_number = {0}",
    "rule": "t.rule = {0}",
    "due_on_from": "t.due_on >= {0}::date",
    "due_on_to": "t.due_on <= {0}::date",
}
ITEM = """t.id::text, t.record_type, t.record_id::text, t.record_number, t.rule, p.citation, t.since, t.due_on,
  t.provisional, t.amber_from, t.progress_on, t.extended_until, t.paused_on, t.closed_on,
  (select max(e.level) from escalation e where e.obligation_id = t.id and e.jurisdiction = t.jurisdiction) as level"""
FROM = "obligation t left join deadline_policy p on p.id = t.policy_id"


@dataclass(frozen=True)
class _Path:
    path: str = "deadlines"


def today() -> date:
    """The day in Shanghai, whatever zone the process is in."""
    return now().date()


def wanted(ctx: RequestContext, given: Mapping[str, str], limit: int, cursor: str | None) -> Listing:
    """The list that the parameters ask for. Refuses with `bad_query` naming the parameter and what is allowed."""
    conditions = [Condition("t.closed_on is null", None)]
    if status := given.get("status"):
        if status not in STATUSES:
            raise bad_query("status", "not_a_choice", allowed=list(STATUSES))
        conditions.append(Condition(BY_STATUS[status], today()))
    conditions += [Condition(sql, _value(ctx, name, given[name])) for name, sql in FILTERS.items() if name in given]
    return Listing(tuple(conditions), (), limit, cursor)


def obliging(ctx: RequestContext) -> list[str]:
    """The types whose records oblige to something."""
    return [t.path for t in ctx.runtime.registry if t.obligations]


def _value(ctx: RequestContext, name: str, text: str) -> Any:
    if name in ("record_type", "rule"):
        allowed = obliging(ctx) if name == "record_type" else list(LABELS)
        if text not in allowed:
            raise bad_query(name, "not_a_choice", allowed=allowed)
    elif name == "record_id" and not is_identifier(text):
        raise bad_query(name, "not_an_identifier")
    elif name == "record_number" and not NUMBER.match(text):
        raise bad_query(name, "not_a_number")
    elif name.startswith("due_on"):
        return query_day(name, text)
    return text


def query_day(name: str, text: str) -> date:
    """A query parameter that is a day. Refuses with `bad_query`."""
    try:
        return date.fromisoformat(day(text))
    except ValueError:  # pydantic's own is one, too
        raise bad_query(name, "not_a_day") from None


async def page(ctx: RequestContext, listing: Listing, key: bytes) -> tuple[list[dict[str, Any]], str | None]:
    """One page, and the cursor of the next."""
    arguments, where = [ctx.context()], [GUARD]
    for condition in listing.conditions:
        if condition.value is not None:
            arguments.append(condition.value)
        where.append(condition.sql.format(f"${len(arguments)}"))
    if last := cursor_values(key, _Path(), listing):
        arguments += last
        where.append(f"(t.due_on, t.id) > (${len(arguments) - 1}::text::date, ${len(arguments)}::text::uuid)")
    sql = f"select {ITEM} from {FROM} where {' and '.join(where)} order by t.due_on, t.id limit {listing.limit + 1}"
    async with ctx.connection() as connection:
        rows = await connection.fetch(sql, *arguments)
    items = [item(row) for row in rows[: listing.limit]]
    more = len(rows) > listing.limit
    end = rows[listing.limit - 1] if more else None
    return items, cursor_text(key, _Path(), listing, [end["due_on"], end["id"]]) if end else None


def item(row: Any) -> dict[str, Any]:
    """An obligation as the API answers it: how many days are left, and the light, are as of today and never stored."""
    of = row["closed_on"] or row["paused_on"] or today()
    left = (row["due_on"] - of).days
    light = "red" if left < 0 else "amber" if row["amber_from"] <= of else "green"
    names = ("id", "record_type", "record_id", "record_number", "rule", "citation", "provisional", "level")
    days = {name: _iso(row[name]) for name in ("since", "due_on", "paused_on", "closed_on")}
    return {
        **{name: row[name] for name in names},
        **days,
        "label": LABELS[row["rule"]],
        "days_left": left,
        "light": light,
        "idle_days": max(0, (of - row["progress_on"]).days),
        "extended": row["extended_until"] is not None,
    }


def _iso(found: date | None) -> str | None:
    return found.isoformat() if found else None
