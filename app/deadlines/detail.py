"""One obligation with every day of its period, what became of it, and its escalation; and a period by itself."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from app.clock import SHANGHAI
from app.db.context import GUARD
from app.deadlines import policies
from app.deadlines.counting import Period, explained
from app.deadlines.listing import FROM, ITEM, item, today
from app.errors import Refusal
from app.kernel.declare.values import is_identifier
from app.kernel.store import RequestContext, get
from app.roles import ROLES

LABEL = "未了事项"
NEEDED = """t.jurisdiction, t.own_due, t.policy_id::text, t.paused, t.extensions,
  (select min(e.due_before) from obligation_event e where e.obligation_id = t.id and e.jurisdiction = t.jurisdiction
    and e.kind = 'extended') as before_extension"""
HISTORY = f"""select e.at, e.kind, e.by, e.by_role, e.cause, e.due_before::text, e.due_after::text, e.approver, e.reason
  from obligation_event e where e.obligation_id = $2::text::uuid and {GUARD} order by e.seq desc limit 200"""
STEPS = f"""select e.level, e.measured, e.reached_on::text, e.raised_at, e.addressee, e.letter from escalation e
  where e.obligation_id = $2::text::uuid and {GUARD} order by e.level"""
COUNTED = f"""select d.nominal, d.due_on, d.provisional from due_day($2, $3, $4, $5, $6, $7::datemultirange) d
  where {GUARD}"""


async def find(ctx: RequestContext, connection: Any, obligation_id: str, lock: bool = False) -> Any:
    """The row of an obligation, if its record exists for the caller. Refuses with `not_found`."""
    row = None
    if is_identifier(obligation_id):
        sql = f"select {ITEM}, {NEEDED} from {FROM} where t.id = $2::text::uuid and {GUARD}"
        row = await connection.fetchrow(f"{sql} for no key update of t" if lock else sql, ctx.context(), obligation_id)
    if row is None:
        raise Refusal("not_found", label=LABEL)
    return row


async def read(ctx: RequestContext, obligation_id: str) -> dict[str, Any]:
    """The whole of an obligation. What was written beside it is told to those who read the record's own note."""
    async with ctx.connection() as connection:
        row = await find(ctx, connection, obligation_id)
        policy = await policies.find(ctx, connection, row["policy_id"]) if row["policy_id"] else None
        period = await _period(ctx, connection, row, policy)
        days = await explained(ctx, connection, row["jurisdiction"], period)
        history = await connection.fetch(HISTORY, ctx.context(), row["id"])
        steps = await connection.fetch(STEPS, ctx.context(), row["id"])
    record = await get(ctx, ctx.runtime.registry.by_path[row["record_type"]], row["record_id"])
    told = "note" not in orjson.loads(record["document"])["masked"]
    return {
        **item(row),
        "policy": policy,
        "days": days,
        "history": [_event(ctx, event, told) for event in history],
        "escalations": [{**step, "raised_at": _moment(step["raised_at"])} for step in map(dict, steps)],
    }


async def _period(ctx: RequestContext, connection: Any, row: Any, policy: Mapping[str, Any] | None) -> Period:
    """The period as it runs: by the rule, or to the day that the record sets."""
    paused = tuple((r.lower, r.upper) for r in row["paused"])
    nominal, working = row["due_on"], False
    if policy and row["own_due"] is None:
        working = policy["unit"] == "working_day"
        if row["extended_until"] is None:
            counted = await connection.fetchrow(
                COUNTED, ctx.context(), row["jurisdiction"], row["since"], policy["amount"], policy["unit"],
                policy["roll"], row["paused"],
            )  # fmt: skip
            nominal = counted["nominal"]
    granted = row["before_extension"] if row["extended_until"] else None
    return Period(row["since"], nominal, row["due_on"], working, granted, paused)


def _event(ctx: RequestContext, event: Any, told: bool) -> dict[str, Any]:
    named = ROLES[ctx.caller.role].told_makers or event["by"] == ctx.caller.account or event["by_role"] is None
    return {
        **event,
        "at": _moment(event["at"]),
        "by": event["by"] if named else None,
        "approver": event["approver"] if told else None,
        "reason": event["reason"] if told else None,
    }


def _moment(at: Any) -> str:
    return at.astimezone(SHANGHAI).isoformat()  # type: ignore[no-any-return]  # of a moment


async def calculate(ctx: RequestContext, place: str, rule: str, since: date) -> dict[str, Any]:
    """A period without a record, by the rule that holds in the division. Refuses with `no_rule` where none does."""
    async with ctx.connection() as connection:
        sql = f"select {policies.READ} from policy_of($2, $3, $4) p where {GUARD}"
        row = await connection.fetchrow(sql, ctx.context(), place, rule, since)
        if row is None:
            raise Refusal("no_rule", rule=rule, on=since.isoformat())
        policy = policies.document(row)
        shape = (policy["amount"], policy["unit"], policy["roll"])
        counted = await connection.fetchrow(COUNTED, ctx.context(), place, since, *shape, [])
        period = Period(since, counted["nominal"], counted["due_on"], policy["unit"] == "working_day")
        days = await explained(ctx, connection, place, period)
    return {
        "rule": rule,
        "since": since.isoformat(),
        "due_on": counted["due_on"].isoformat(),
        "days_left": (counted["due_on"] - today()).days,
        "provisional": counted["provisional"],
        "policy": policy,
        "days": days,
    }
