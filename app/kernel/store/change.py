"""The one path of every change: a patch, an action, a correction, a voiding. Each names the version it starts from.

A change that concerns nothing but its own row is one UPDATE, batched with others of its kind. A change with effects on
other records, with a reason, with sealed values, or with a rule that reads other records has a transaction of its own.
The UPDATE holds every condition; `refusals` says which one was not met.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import orjson

from app.db.retry import UNDONE, retried
from app.errors import Refusal
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import UUID_TEXT
from app.kernel.personal.encryption import Clear, seal_values, store_sealed
from app.kernel.sql.write import MANY_CHANGED, ROW, UpdateSpec, update_sql
from app.kernel.store.batcher import WriteItem
from app.kernel.store.context import RequestContext
from app.kernel.store.effects import apply_effects
from app.kernel.store.locks import lock_judged_with, lock_moved
from app.kernel.store.pending import ChangeRequest, PendingChange, correction, patch, reads_row_first, step, voiding
from app.kernel.store.read import identify, reload
from app.kernel.store.reference_checks import refuse_references
from app.kernel.store.refusals import explain, require_current, require_current_on
from app.kernel.store.rules import check_change
from app.kernel.store.sent_members import naming_what_was_sent
from app.kernel.store.void import lock_for_voiding

EVERY_TYPES = {"change": patch, "correct": correction, "void": voiding}  # what every type has; the rest are transitions


async def change(ctx: RequestContext, t: RecordType, key: str, asked: ChangeRequest) -> Any:
    """Carry out a change and return the row, or None if the record no longer exists for the caller after it.

    A patch that changes nothing returns the same version and leaves no revision. Refusals, in their order: `refusals`.
    """
    try:
        return await _change(ctx, t, key, asked)
    except Refusal as refusal:
        sets = {} if asked.action in EVERY_TYPES else t.lifecycle.transition(asked.action).sets
        raise naming_what_was_sent(refusal, t, asked.body, sets) from None


async def _change(ctx: RequestContext, t: RecordType, key: str, asked: ChangeRequest) -> Any:
    right = ctx.right(t)
    if asked.problem or asked.version is None or not right.ever(asked.action):
        await require_current(ctx, t, key, asked)  # refuses in each of these cases
    pending = await _pending(ctx, t, key if UUID_TEXT.fullmatch(key) else await identify(ctx, t, key), asked)
    clear: list[Clear] = []
    if t.sealed:
        values, clear = seal_values(ctx.runtime.seal, t, pending.values)
        pending = replace(pending, values=values)
    try:
        return await _write(ctx, pending, clear)
    except Refusal as refusal:
        if any(not e.pointer for e in refusal.field_errors):  # a trigger has refused a reference, and names none
            async with ctx.connection(t) as connection:
                row = await require_current_on(ctx, connection, t, pending.record_id, asked)
                await _refuse_references(ctx, connection, pending, row)
        raise


async def _write(ctx: RequestContext, pending: PendingChange, clear: list[Clear]) -> Any:
    """Write the change in a transaction of its own, or in a batch of its kind. Say why if nothing was written."""
    asked, right = pending.asked, ctx.right(pending.t)
    if clear or right.writes_if or right.limited(asked.action) or pending.needs_transaction:
        return await retried(lambda: _in_transaction(ctx, pending, clear))
    if pending.reads_old_row:
        async with ctx.connection(pending.t) as connection:
            await check_change(ctx, connection, pending)
    try:
        try:
            row = await _batched(ctx, pending.spec(right.states(asked.action)), pending)
        except UNDONE:
            row = await retried(lambda: _batched(ctx, pending.spec(right.states(asked.action)), pending))
    except Refusal as refusal:
        if right.sees_every or refusal.code != "not_your_record":
            raise
        # After this write the record does not exist for the caller.
        return await retried(lambda: _in_transaction(ctx, pending, clear))
    if row is None:
        async with ctx.connection(pending.t) as connection:
            return await explain(ctx, connection, pending)
    return row


async def _pending(ctx: RequestContext, t: RecordType, record_id: str, asked: ChangeRequest) -> PendingChange:
    """The change as it is to be written. A wrong body is refused after whatever `require_current` refuses."""
    transition = None if asked.action in EVERY_TYPES else t.lifecycle.transition(asked.action)
    row: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    if asked.action != "void" and reads_row_first(t, transition, asked.body):
        current = await require_current(ctx, t, record_id, asked)
        row, seen = orjson.loads(current["row"]), orjson.loads(current["document"])
    try:
        if transition:
            return step(t, record_id, asked, transition, row, seen)
        return replace(EVERY_TYPES[asked.action](t, record_id, asked), before=row)
    except Refusal as problem:
        await require_current(ctx, t, record_id, replace(asked, problem=problem))
        raise


async def _batched(ctx: RequestContext, spec: UpdateSpec, pending: PendingChange) -> Any:
    """Write one row in a batch of changes of its kind; None if a condition of the UPDATE was not met."""
    t, action = pending.t, pending.asked.action
    item = WriteItem(pending.record_id, ctx.request, pending.values, version=pending.asked.version or 0)

    async def run(items: Sequence[WriteItem]) -> Sequence[Any]:
        if len(items) == 1:
            (one,) = items
            arguments: tuple[Any, ...] = (one.record_id, None, one.version, None, None, one.text)
            return await ctx.run_batch(t, action, update_sql(t.name, ctx.view, spec), arguments, items)
        columns = zip(*((i.record_id, i.version, i.text) for i in items), strict=True)
        return await ctx.run_batch(
            t, action, update_sql(t.name, ctx.view, spec, MANY_CHANGED), tuple(map(list, columns)), items
        )

    with ctx.refusing(t):
        kind = (ctx.caller, t.name, spec, action)
        return await ctx.runtime.write_batcher.submit(kind, item, item.record_id, run)


async def _in_transaction(ctx: RequestContext, pending: PendingChange, clear: list[Clear]) -> Any:
    """Check, update, store sealed values and apply effects in one transaction.

    A record that may no longer exist for the caller afterwards is written as the system role, after a check of the
    caller's own rights: the caller's policy would refuse the new row.
    """
    t, asked = pending.t, pending.asked
    as_system = pending.voids or not ctx.right(t).sees_every
    sql = update_sql(
        t.name, ctx.view, pending.spec(ctx.right(t).states(asked.action)), row=ROW if pending.effects else ""
    )
    context = ctx.context(asked.action, **({"reason": pending.reason} if pending.reason else {}))
    values = orjson.dumps(pending.values).decode()
    async with ctx.connection(t, transaction=True) as connection:
        if pending.judged_with:
            await lock_judged_with(ctx, connection, t, pending.record_id, pending.judged_with, pending.values)
        if pending.effects and pending.transition is None and not pending.voids:
            await lock_moved(ctx, connection, t, pending.effects, pending.before, pending.values)
        if as_system:
            await _check_as_caller(ctx, connection, pending)
        elif ctx.right(t).limited(asked.action):  # which no policy can hold: it knows no action
            await require_current_on(ctx, connection, t, pending.record_id, asked)
        if pending.reads_old_row:
            await check_change(ctx, connection, pending)
        async with ctx.as_system(connection) if as_system else nullcontext():
            row = await connection.fetchrow(sql, context, pending.record_id, None, asked.version, None, None, values)
        if row is None:
            return await explain(ctx, connection, pending)
        if clear:
            code = orjson.loads(row["document"])["jurisdiction"]
            sealed = [(pending.record_id, one) for one in clear]
            await store_sealed(connection, ctx.context(), ctx.runtime.seal, code, sealed)
        effects = pending.effects_due(orjson.loads(row["row"])) if pending.effects else ()
        await apply_effects(ctx, connection, t, effects, row, asked.action, pending.named_part, pending.before)
        return await reload(ctx, connection, t, pending.record_id) if as_system else row


async def _check_as_caller(ctx: RequestContext, connection: Any, pending: PendingChange) -> None:
    """Refuse, before the system role writes, a record or a reference that does not exist for the caller."""
    t = pending.t
    row = await require_current_on(ctx, connection, t, pending.record_id, pending.asked)
    if pending.voids:
        await lock_for_voiding(ctx, connection, pending)
    else:
        await _refuse_references(ctx, connection, pending, row)


async def _refuse_references(ctx: RequestContext, connection: Any, pending: PendingChange, row: Any) -> None:
    stored = orjson.loads(row["row"])
    inputs, values = pending.inputs, pending.values
    await refuse_references(ctx, connection, pending.t, inputs, values, stored["jurisdiction"], stored)
