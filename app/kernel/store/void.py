"""The condition of a voiding (作废): no live record refers to the one that is voided."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.projection import RoleView
from app.kernel.store.context import RequestContext
from app.kernel.store.pending import PendingChange
from app.kernel.store.refusals import require_current_on


async def lock_for_voiding(ctx: RequestContext, connection: Any, pending: PendingChange) -> None:
    """Lock the record, then refuse with `record_voided`, or `still_referred_to` (409) while a live record names it.

    The lock makes the two wait for each other: this voiding, and a write that refers to the record.
    """
    t = pending.t
    async with ctx.as_system(connection):
        lock = f"select from {t.table} t where t.id = $2::uuid and {GUARD} for update"
        await connection.fetch(lock, ctx.context(), pending.record_id)
    row = await require_current_on(ctx, connection, t, pending.record_id, pending.asked)
    if row["state"] == VOIDED:
        raise Refusal("record_voided", label=t.label)
    await _refuse_while_referred_to(ctx, connection, t, orjson.loads(row["row"]))


async def _refuse_while_referred_to(
    ctx: RequestContext, connection: Any, t: RecordType, row: Mapping[str, Any]
) -> None:
    """Look as the caller, whose refusal names the records; then as the system role, whose refusal names none."""
    if referrers := await _referrers(ctx, connection, t, row, ctx.view):
        raise Refusal("still_referred_to", label=t.label, examples="、".join(referrers[:5]))
    async with ctx.as_system(connection):
        if await _referrers(ctx, connection, t, row):
            raise Refusal("still_referred_to_unseen", label=t.label)


async def _referrers(
    ctx: RequestContext, connection: Any, t: RecordType, row: Mapping[str, Any], view: RoleView | None = None
) -> list[str]:
    """Live records that refer to this one, three of each type, as label and number.

    view    names only those whose reference its role reads: a masked clue does not tell whom it is about
    """
    referrers = []
    for other, f in ctx.runtime.registry.referrers(t.path):
        match = f"x.{f.id_column} @> array[$2::uuid]" if f.many else f"x.{f.id_column} = $2::uuid"
        shown = view and view.shown(other, f.name, "x")
        match = f"{match} and {shown}" if shown else match
        numbers = await connection.fetch(
            f"select x.number from {other.table} x where x.jurisdiction = $3 and {match} and x.id <> $2::uuid"
            f" and x.state <> '{VOIDED}' and {GUARD} order by x.number limit 3",
            ctx.context(), row["id"], row["jurisdiction"],
        )  # fmt: skip
        referrers += [f"{other.label} {n['number']}" for n in numbers]
    return referrers
