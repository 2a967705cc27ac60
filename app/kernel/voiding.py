"""Voiding (作废): the only deletion there is."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.db.context import GATE
from app.errors import Refusal
from app.kernel.asking import Asking
from app.kernel.changes import current_on, identifier
from app.kernel.lifecycle import VOIDED
from app.kernel.record_type import RecordType
from app.kernel.writes import Change, Spelling, update_sql


async def void(asking: Asking, t: RecordType, key: str, version: int, reason: str) -> Any:
    """The only deletion: the record stays readable and leaves lists and figures. 409 while live records refer to it."""
    key = await identifier(asking, t, key)
    async with asking.connection(transaction=True) as connection:
        await connection.fetch(
            f"select from {t.table} t where t.id = $2::uuid and {GATE} for update", asking.context(), key
        )
        row = await current_on(asking, connection, t, key, version)
        if row["state"] == VOIDED:
            raise Refusal("record_voided", label=t.label)
        await _refuse_while_referred_to(asking, connection, t, orjson.loads(row["row"]))
        change = Change((), Spelling(()), to=VOIDED, skip_unchanged=False)
        sql = update_sql(t.name, asking.ledger.registry, change)
        return await connection.fetchrow(
            sql, asking.context("void", reason=reason), key, None, version, None, None, "{}"
        )


async def _refuse_while_referred_to(asking: Asking, connection: Any, t: RecordType, row: Mapping[str, Any]) -> None:
    holding = []
    for other, f in asking.ledger.registry.referrers(t.path):
        match = f"x.{f.id_column} @> array[$2::uuid]" if f.many else f"x.{f.id_column} = $2::uuid"
        numbers = await connection.fetch(
            f"select x.number from {other.table} x where x.jurisdiction = $3 and {match} and x.id <> $2::uuid"
            f" and x.state <> '{VOIDED}' and {GATE} limit 3",
            asking.context(), row["id"], row["jurisdiction"],
        )  # fmt: skip
        holding += [f"{other.label} {n['number']}" for n in numbers]
    if holding:
        raise Refusal("still_referred_to", label=t.label, examples="、".join(holding[:5]))
