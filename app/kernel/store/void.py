"""Voiding (作废): the only deletion there is."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.sql.write import COUNT, UpdateSpec, update_sql
from app.kernel.store.context import RequestContext
from app.kernel.store.current import identifier, reload, require_current_on


async def void(ctx: RequestContext, t: RecordType, key: str, version: int, reason: str) -> Any:
    """The only deletion: the record stays readable and leaves lists and figures. 409 while live records refer to it."""
    key = await identifier(ctx, t, key)
    async with ctx.connection(transaction=True) as connection:
        await require_current_on(ctx, connection, t, key, version, "void")
        async with ctx.as_system(connection):
            lock = f"select from {t.table} t where t.id = $2::uuid and {GUARD} for update"
            await connection.fetch(lock, ctx.context(), key)
        row = await require_current_on(ctx, connection, t, key, version, "void")
        if row["state"] == VOIDED:
            raise Refusal("record_voided", label=t.label)
        await _refuse_while_referred_to(ctx, connection, t, orjson.loads(row["row"]))
        change = UpdateSpec((), ReferenceInputs(()), to=VOIDED, skip_unchanged=False)
        arguments = (ctx.context("void", reason=reason), key, None, version, None, None, "{}")
        async with ctx.as_system(connection):
            await connection.fetch(update_sql(t.name, ctx.view, change, row=COUNT), *arguments)
        return await reload(ctx, connection, t, key)


async def _refuse_while_referred_to(
    ctx: RequestContext, connection: Any, t: RecordType, row: Mapping[str, Any]
) -> None:
    """Looks with the ledger's eyes, and names what the caller sees."""
    holding = await _referrers(ctx, connection, t, row)
    if holding:
        raise Refusal("still_referred_to", label=t.label, examples="、".join(holding[:5]))
    async with ctx.as_system(connection):
        if await _referrers(ctx, connection, t, row):
            raise Refusal("still_referred_to_unseen", label=t.label)


async def _referrers(ctx: RequestContext, connection: Any, t: RecordType, row: Mapping[str, Any]) -> list[str]:
    holding = []
    for other, f in ctx.runtime.registry.referrers(t.path):
        match = f"x.{f.id_column} @> array[$2::uuid]" if f.many else f"x.{f.id_column} = $2::uuid"
        numbers = await connection.fetch(
            f"select x.number from {other.table} x where x.jurisdiction = $3 and {match} and x.id <> $2::uuid"
            f" and x.state <> '{VOIDED}' and {GUARD} limit 3",
            ctx.context(), row["id"], row["jurisdiction"],
        )  # fmt: skip
        holding += [f"{other.label} {n['number']}" for n in numbers]
    return holding
