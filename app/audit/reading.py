"""The lists of an auditor, newest first. The statement that reads a page also writes its access log entry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from app.auth.entry_tables import CHANGE_STATES, METHODS, OUTCOMES
from app.clock import SHANGHAI
from app.db.context import GUARD
from app.errors import FieldError, Refusal
from app.kernel.declare.values import DAY, is_identifier
from app.kernel.personal.access_log import LOG_KINDS
from app.kernel.sql.cursors import cursor_text, cursor_values
from app.kernel.sql.listing import Condition, Listing
from app.kernel.store import RequestContext
from app.roles import ROLES

AUDITOR = "auditor"
WORD = re.compile(r"[a-z][a-z0-9_.@-]{0,63}|command line")


@dataclass(frozen=True)
class Trail:
    """A list of an auditor.

    path      its address
    kind      what the access log calls a page of it
    columns   field of the answer -> SQL over the row `t`
    order     the columns by which it is ordered, descending, with their types
    filters   parameter -> condition
    readers   the roles that read it; of these an auditor's reads are entered in the access log
    """

    path: str
    kind: str
    table: str
    columns: Mapping[str, str]
    order: tuple[tuple[str, str], ...]
    filters: Mapping[str, str]
    readers: tuple[str, ...] = (AUDITOR,)


def _within_reach(document: str, low: str) -> str:
    """SQL: a document of an entry; null where the account was not within the reader's reach then."""
    reached = "(select coalesce(caller_grants() -> 'any' ->> 'code', caller_grants() -> 'any' ->> 'low'))"
    return f"case when starts_with({reached}, t.{low}) or starts_with(t.{low}, {reached}) then {document} end"


MOMENTS = {"at_from": "t.at >= {}::timestamptz", "at_to": "t.at < {}::timestamptz"}
ACCESS_LOG_TRAIL = Trail(
    "access-log",
    "log",
    "access_log",
    {
        **{c: f"t.{c}" for c in ("at", "principal", "role", "request_id", "kind", "record_type")},
        "record_ids": "t.record_ids::text[]",
        **{c: f"t.{c}" for c in ("members", "purpose", "query", "count")},
    },
    (("at", "timestamptz"), ("seq", "bigint")),
    {
        "principal": "t.principal = {}",
        "record_type": "t.record_type = {}",
        "record_id": "t.record_ids @> array[{}::text::uuid]",
        "kind": "t.kind = {}",
        **MOMENTS,
    },
)
# In the order of the transactions, by the existing index: an index on `at` would slow down every write.
REVISION_TRAIL = Trail(
    "revisions",
    "revisions",
    "revision",
    {
        "record_type": "t.record_type",
        "record_id": "t.record_id::text",
        **{c: f"t.{c}" for c in ("version", "action", "at")},
        "by": "t.actor",
    },
    (("epoch", "smallint"), ("xid", "xid8"), ("seq", "bigint")),
    {
        "principal": "t.actor = {}",
        "record_type": "t.record_type = {}",
        "record_id": "t.record_id = {}::text::uuid",
        "action": "t.action = {}",
        **MOMENTS,
    },
)


ACCOUNT_CHANGE_TRAIL = Trail(
    "account-changes",
    "account_changes",
    "account_change",
    {
        "id": "t.id::text",
        **{c: f"t.{c}" for c in ("at", "principal", "kind", "action", "changed", "state", "maker")},
        **{c: f"t.{c}" for c in ("request_id", "decided_by", "decided_at")},
        **{c: _within_reach(f"t.{c}", low) for c, low in (("former", "former_low"), ("present", "low"))},
    },
    (("at", "timestamptz"), ("seq", "bigint")),
    {
        "principal": "t.principal = {}",
        "maker": "t.maker = {}",
        "action": "t.action = {}",
        "state": "t.state = {}",
        # The newest entry of each account in use whose person belongs to no unit: for those kin cannot be judged.
        "without_home_unit": "({} = 'true') = (t.kind = 'account' and length(t.low) = 6"
        " and t.present ->> 'home_unit_number' is null and t.present ->> 'disabled' = 'false' and not exists"
        " (select from account_change n where n.principal = t.principal and n.seq > t.seq))",
        **MOMENTS,
    },
    (AUDITOR, *(role.name for role in ROLES.values() if role.confirms)),
)
SIGN_IN_TRAIL = Trail(
    "sign-ins",
    "sign_ins",
    "sign_in",
    {c: f"t.{c}" for c in ("at", "principal", "method", "outcome", "address", "request_id")},
    (("at", "timestamptz"), ("seq", "bigint")),
    {"principal": "t.principal = {}", "method": "t.method = {}", "outcome": "t.outcome = {}", **MOMENTS},
)


def wanted(ctx: RequestContext, trail: Trail, given: Mapping[str, str], limit: int, cursor: str | None) -> Listing:
    """The list that the parameters ask for. Refuses with `bad_query` naming the parameter."""
    conditions = [
        Condition(sql, _value(ctx, name, given[name])) for name, sql in trail.filters.items() if name in given
    ]
    return Listing(tuple(conditions), (), limit, cursor)


_CHOICES: dict[str, list[str] | None] = {
    "kind": list(LOG_KINDS),
    "state": list(CHANGE_STATES),
    "method": list(METHODS),
    "outcome": list(OUTCOMES),
    "without_home_unit": ["true", "false"],
}


def _value(ctx: RequestContext, name: str, text: str) -> Any:
    if name in MOMENTS:
        return _moment(name, text)
    if name == "record_id":
        return text if is_identifier(text) else _refuse(name, "not_an_identifier")
    choices = _CHOICES.get(name)
    if name == "record_type":
        choices = [t.path for t in ctx.runtime.registry]
    if choices is not None:
        return text if text in choices else _refuse(name, "not_a_choice", choices)
    return text if WORD.fullmatch(text) else _refuse(name, "wrong_value")


def _refuse(name: str, code: str, allowed: list[str] | None = None) -> Any:
    raise Refusal("bad_query", field_errors=[FieldError(name, code, {"name": name}, allowed)])


def _moment(name: str, text: str) -> datetime:
    """A moment with its offset, or a whole day in Shanghai. The end of a range is included."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _refuse(name, "not_a_moment")  # type: ignore[no-any-return]  # it raises
    whole_day = DAY.fullmatch(text) is not None
    if (found.tzinfo is None and not whole_day) or not 1900 <= found.year <= 9000:
        _refuse(name, "not_a_moment")
    if whole_day:
        found = found.replace(tzinfo=SHANGHAI)
    if name == "at_from":
        return found
    return found + (timedelta(days=1) if whole_day else timedelta(microseconds=1))


async def page(
    ctx: RequestContext, trail: Trail, listing: Listing, key: bytes
) -> tuple[list[dict[str, Any]], str | None]:
    """One page, and the cursor of the next."""
    last = cursor_values(key, trail, listing)
    sql, arguments = _statement(trail, listing, last)
    arguments = [ctx.context(), *arguments]
    if ctx.caller.role == AUDITOR:
        sql, arguments = _with_log_entry(ctx, trail, listing, sql, arguments)
    async with ctx.connection() as connection:
        rows = await connection.fetch(sql, *arguments)
    items = [{name: _shown(row[name], name) for name in trail.columns} for row in rows[: listing.limit]]
    if len(rows) <= listing.limit:
        return items, None
    end = rows[listing.limit - 1]
    return items, cursor_text(key, trail, listing, [end[f"key_{i}"] for i in range(len(trail.order))])


def _statement(trail: Trail, listing: Listing, last: Any) -> tuple[str, list[Any]]:
    """The statement of a page, with one row more than asked, and its arguments after the caller's context."""
    arguments, where = [], [GUARD]
    for condition in listing.conditions:
        arguments.append(condition.value)
        where.append(condition.sql.replace("{}", f"${len(arguments) + 1}"))
    if last is not None:
        bound = [f"${len(arguments) + 2 + i}::text::{kind}" for i, (_, kind) in enumerate(trail.order)]
        where.append(f"({', '.join(f't.{c}' for c, _ in trail.order)}) < ({', '.join(bound)})")
        arguments += last
    columns = [f"{sql} as {name}" for name, sql in trail.columns.items()]
    columns += [f"t.{c}::text as key_{i}" for i, (c, _) in enumerate(trail.order)]
    order = ", ".join(f"t.{c} desc" for c, _ in trail.order)
    return (
        f"select {', '.join(columns)} from {trail.table} t where {' and '.join(where)}"
        f" order by {order} limit {listing.limit + 1}"
    ), arguments


def _with_log_entry(
    ctx: RequestContext, trail: Trail, listing: Listing, sql: str, arguments: list[Any]
) -> tuple[str, list[Any]]:
    """The statement with its access log entry: which list the auditor read, and of which record if one was named."""
    asked = {name: c.value for name, f in trail.filters.items() for c in listing.conditions if c.sql == f}
    n = len(arguments)
    whole = f"""with answered as materialized ({sql}), log_entry as (
  insert into access_log (jurisdiction, role, kind, record_type, record_ids)
  select ${n + 1}::text, ${n + 2}::text, '{trail.kind}', ${n + 3}::text, ${n + 4}::text[]::uuid[]
  from (select count(*) from answered) x where {GUARD})
select * from answered"""
    ids = [asked["record_id"]] if "record_id" in asked else []
    return whole, [*arguments, ctx.caller.code, ctx.caller.role, asked.get("record_type"), ids]


def _shown(value: Any, name: str) -> Any:
    if name in ("former", "present") and value is not None:
        return orjson.loads(value)
    return value.astimezone(SHANGHAI).isoformat() if isinstance(value, datetime) else value
