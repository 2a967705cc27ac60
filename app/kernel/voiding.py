"""Voiding (作废): the only deletion there is."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.db.context import GATE
from app.errors import Refusal
from app.kernel.asking import Asking
from app.kernel.current import current_on, identifier, seen_again
from app.kernel.lifecycle import VOIDED
from app.kernel.record_type import RecordType
from app.kernel.resolving import Spelling
from app.kernel.writes import COUNT, Change, update_sql


async def void(asking: Asking, t: RecordType, key: str, version: int, reason: str) -> Any:
    """The only deletion: the record stays readable and leaves lists and figures. 409 while live records refer to it."""
    key = await identifier(asking, t, key)
    async with asking.connection(transaction=True) as connection:
        await current_on(asking, connection, t, key, version, "void")
        async with asking.as_ledger(connection):
            lock = f"select from {t.table} t where t.id = $2::uuid and {GATE} for update"
            await connection.fetch(lock, asking.context(), key)
        row = await current_on(asking, connection, t, key, version, "void")
        if row["state"] == VOIDED:
            raise Refusal("record_voided", label=t.label)
        await _refuse_while_referred_to(asking, connection, t, orjson.loads(row["row"]))
        change = Change((), Spelling(()), to=VOIDED, skip_unchanged=False)
        arguments = (asking.context("void", reason=reason), key, None, version, None, None, "{}")
        async with asking.as_ledger(connection):
            await connection.fetch(update_sql(t.name, asking.view, change, row=COUNT), *arguments)
        return await seen_again(asking, connection, t, key)


async def _refuse_while_referred_to(asking: Asking, connection: Any, t: RecordType, row: Mapping[str, Any]) -> None:
    """Looks with the ledger's eyes, and names what the caller sees."""
    holding = await _referrers(asking, connection, t, row)
    if holding:
        raise Refusal("still_referred_to", label=t.label, examples="、".join(holding[:5]))
    async with asking.as_ledger(connection):
        if await _referrers(asking, connection, t, row):
            raise Refusal("still_referred_to_unseen", label=t.label)


async def _referrers(asking: Asking, connection: Any, t: RecordType, row: Mapping[str, Any]) -> list[str]:
    holding = []
    for other, f in asking.ledger.registry.referrers(t.path):
        match = f"x.{f.id_column} @> array[$2::uuid]" if f.many else f"x.{f.id_column} = $2::uuid"
        numbers = await connection.fetch(
            f"select x.number from {other.table} x where x.jurisdiction = $3 and {match} and x.id <> $2::uuid"
            f" and x.state <> '{VOIDED}' and {GATE} limit 3",
            asking.context(), row["id"], row["jurisdiction"],
        )  # fmt: skip
        holding += [f"{other.label} {n['number']}" for n in numbers]
    return holding
