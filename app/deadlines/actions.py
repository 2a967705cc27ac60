"""What becomes of a running clock: it is extended, paused, resumed. Each leaves an entry in its history."""

from datetime import date
from typing import Any

from pydantic import BaseModel

from app.db.context import GUARD
from app.deadlines import detail, policies
from app.deadlines.listing import today
from app.errors import FieldError, Refusal, invalid
from app.kernel.schema.validation import validated
from app.kernel.store import RequestContext

# The day that was granted is kept as if the clock had never been paused: the days of all pauses are added to it.
PAUSED_DAYS = "(select coalesce(sum(upper(r) - lower(r)), 0)::int from unnest(t.paused) r)"
EXTEND = f"""update obligation t set extended_until = $3::text::date - {PAUSED_DAYS}, extensions = t.extensions + 1,
    due_on = $3::text::date, amber_from = $3::text::date - (t.due_on - t.amber_from), provisional = false,
    version = t.version + 1
  where t.id = $2::text::uuid and {GUARD}"""
PAUSE = f"update obligation t set paused_on = $3, version = t.version + 1 where t.id = $2::text::uuid and {GUARD}"
RESUME = f"""with stood as (
    select t.id, t.jurisdiction, t.paused + case when $3 > greatest(t.paused_on, t.since + 1)
      then datemultirange(daterange(greatest(t.paused_on, t.since + 1), $3)) else '{{}}' end as paused
    from obligation t where t.id = $2::text::uuid and {GUARD})
  update obligation t set paused_on = null, paused = s.paused, due_on = d.due_on, provisional = d.provisional,
    amber_from = d.due_on - d.warn_days, version = t.version + 1
  from stood s, obligation o,
    lateral deadline_for(o.jurisdiction, o.rule, o.since, o.own_due, o.extended_until, s.paused) d
  where t.id = s.id and t.jurisdiction = s.jurisdiction and o.id = s.id and o.jurisdiction = s.jurisdiction"""
TELL = f"""insert into obligation_event
    (jurisdiction, obligation_id, kind, by, by_role, due_before, due_after, approver, reason)
  select t.jurisdiction, t.id, $3, caller_context() ->> 'sub', caller_context() ->> 'role', $4, t.due_on, $5, $6
  from obligation t where t.id = $2::text::uuid and {GUARD}"""
LATEST = f"select d.due_on from due_day($2, $3, $4, $5, $6, '{{}}') d where {GUARD}"
DONE = {"extend": "extended", "pause": "paused", "resume": "resumed"}


def keepers(ctx: RequestContext, record_type: str, rule: str) -> frozenset[str]:
    """The roles that may act on an obligation of this rule."""
    t = ctx.runtime.registry.by_path[record_type]
    return next((o.keepers for o in t.obligations if o.rule == rule), frozenset())


async def act(ctx: RequestContext, obligation_id: str, action: str, body: type[BaseModel], sent: Any) -> None:
    """Extend, pause or resume. Refuses with `not_found`, `forbidden`, a wrong body, what the clock forbids."""
    async with ctx.connection(transaction=True) as connection:
        row = await detail.find(ctx, connection, obligation_id)
        if ctx.caller.role not in keepers(ctx, row["record_type"], row["rule"]):
            raise Refusal("forbidden")
        values = validated(body, sent)
        row = await detail.find(ctx, connection, obligation_id, lock=True)
        if row["closed_on"]:
            raise Refusal("obligation_closed")
        if action == "extend":
            await _extend(ctx, connection, row, values["until"])
        elif action == "pause":
            await _pause(ctx, connection, row)
        else:
            await _resume(ctx, connection, row)
        told = (DONE[action], row["due_on"], values.get("approver"), values.get("reason"))
        await connection.execute(TELL, ctx.context(), row["id"], *told)


async def _extend(ctx: RequestContext, connection: Any, row: Any, until: str) -> None:
    """Grant a later day, within what the rule allows."""
    if row["paused_on"]:
        raise Refusal("clock_paused")
    if until <= row["due_on"].isoformat():
        raise invalid(FieldError("/until", "not_later", {"due_on": row["due_on"].isoformat()}))
    policy = await policies.find(ctx, connection, row["policy_id"])
    times = policy["extension_times"]
    if times is not None and row["extensions"] >= times:
        raise Refusal("extensions_used_up", times=times)
    if policy["extension_amount"] is not None:
        shape = (policy["extension_amount"], policy["unit"], policy["roll"])
        latest: date = await connection.fetchval(LATEST, ctx.context(), row["jurisdiction"], row["due_on"], *shape)
        if until > latest.isoformat():
            raise invalid(FieldError("/until", "extended_too_far", {"latest": latest.isoformat()}))
    await connection.execute(EXTEND, ctx.context(), row["id"], until)


async def _pause(ctx: RequestContext, connection: Any, row: Any) -> None:
    """Stop the clock. One that has run out is not stopped: what is late stays late."""
    if row["paused_on"]:
        raise Refusal("clock_paused")
    if row["due_on"] < today():
        raise Refusal("obligation_overdue")
    await connection.execute(PAUSE, ctx.context(), row["id"], today())


async def _resume(ctx: RequestContext, connection: Any, row: Any) -> None:
    """Let the clock run on: the days on which it stood do not count."""
    if row["paused_on"] is None:
        raise Refusal("clock_running")
    await connection.execute(RESUME, ctx.context(), row["id"], today())
