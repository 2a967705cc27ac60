"""The one way to read and write records: get, create, change, act, void, correct.

Each write has the same visible steps: visible? version? state? valid? write. A write that no rule across records
concerns is one statement; where a rule looks at other records, or the write brings something about in them, the
statements share a transaction and the records looked at are locked until it ends.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from uuid import UUID

import orjson
import uuid_utils

from app.db.context import GATE, Caller
from app.errors import Fault, Refusal, invalid
from app.kernel import together, violations
from app.kernel.access_log import READ, Reading, entered
from app.kernel.asking import Asking
from app.kernel.consequences import bring_about
from app.kernel.documents import NOBODY, answer_sql
from app.kernel.record_type import RecordType
from app.kernel.referring import Verdict, carried, refuse_references, require_references, spelled
from app.kernel.resolving import Spelling
from app.kernel.sealing import Clear, seal_values, store_sealed
from app.kernel.values import NUMBER
from app.kernel.writes import ROW, insert_sql


async def get(asking: Asking, t: RecordType, key: str, reading: Reading | None = READ, extra: str = "") -> Any:
    """The current row of a record, by identifier or number. Refuses with `not_found`, or `ambiguous_number` (409).

    `reading` is how the access log knows it; None is a look of the service's own, of whose row nothing is answered.
    """
    column = "id" if violations.is_identifier(key) else "number"
    kind = "::uuid" if column == "id" else ""
    if column == "number" and not NUMBER.match(key):  # also what Postgres would not take for text, such as NUL
        raise Refusal("not_found", label=t.label)
    if column == "id" and reading == READ and not t.access.logged and not extra:
        row = await together.read(asking, t, UUID(key))
        if row is None:
            raise Refusal("not_found", label=t.label)
        return row
    sql = answer_sql(asking.view, t, "t", extra).format(source=t.table)
    sql += f" where t.{column} = $2{kind} and {GATE} limit 20"
    arguments: list[Any] = [asking.context(), key]
    if reading:
        sql, arguments = entered(asking, t, reading, sql, arguments)
    async with asking.connection() as connection:
        rows = await connection.fetch(sql, *arguments)
    if not rows:
        raise Refusal("not_found", label=t.label)
    if len(rows) > 1:
        found = [
            {k: v for k, v in orjson.loads(r["document"]).items() if k in ("id", "jurisdiction", "number")}
            for r in rows
        ]
        raise Refusal("ambiguous_number", number=key, members={"candidates": found})
    return rows[0]


async def create(asking: Asking, t: RecordType, values: dict[str, Any]) -> Any:
    """Creates a record from a validated body. Refuses with `validation_failed`, `number_taken`, `key_taken`."""
    jurisdiction = _jurisdiction(asking.caller, values.pop("jurisdiction", None))
    _own_team(asking, t, values)
    inherited = await _inherited(asking, t, values)
    require_references(t, values)
    number = values.pop("number", None)
    if number is not None and not asking.right(t).sees_every:
        # A number that is taken would tell of a record that does not exist for this caller.
        raise invalid(Fault("/number", "number_is_assigned"))
    if t.numbering.formula:
        made = t.numbering.formula(jurisdiction, values)
        if number not in (None, made):
            raise invalid(Fault("/number", "number_is_made", {"number": made}))
        number = made
    values = {k: v for k, v in values.items() if v is not None}
    spelling, values = spelled(t, values)
    values = {**t.defaults, **values}
    values, clear = seal_values(asking.ledger.seal, t, values)
    write = together.Write(str(uuid_utils.uuid7()), asking.request, values, number)
    if t.lifecycle.follows_create or clear or t.refers_by_hand:
        return await _create_by_itself(asking, t, spelling, jurisdiction, write, clear, inherited)
    await _check(asking, None, t, None, values, jurisdiction)
    row = await together.create(asking, t, spelling, jurisdiction, write)
    if row is None:
        async with asking.connection() as connection:
            await refuse_references(asking, connection, t, spelling, values, jurisdiction)
        raise Refusal("busy")
    return row


async def _inherited(asking: Asking, t: RecordType, values: dict[str, Any]) -> frozenset[str]:
    """Takes over references that the caller's role cannot name from records that it sees; gives their names."""
    found = set()
    for name, via in t.inherits.items():
        f, through = t.reference(name), t.reference(via)
        if asking.view.target(f)[1] is not NOBODY or values.get(f.id_column) or values.get(f.number_column):
            continue
        column = "id" if values.get(through.id_column) else "number"
        member = through.id_column if column == "id" else through.number_column
        if not values.get(member):
            raise invalid(Fault(f"/{member}", "required", {"label": through.label}))
        target = asking.ledger.registry.by_path[through.to]
        sql = f"select x.{f.id_column}::text from {target.table} x where x.{column}::text = $2 and {GATE}"
        async with asking.connection() as connection:
            own = await connection.fetchval(sql, asking.context(), values[member])
        if own is None:
            raise invalid(Fault(f"/{member}", "reference_not_found", {"label": through.label}))
        values[f.id_column] = own
        found.add(name)
    return frozenset(found)


async def _create_by_itself(
    asking: Asking, t: RecordType, spelling: Spelling, jurisdiction: str, write: together.Write, clear: list[Clear],
    inherited: frozenset[str],
) -> Any:  # fmt: skip
    """In a transaction with what the type's rule looks at, what is sealed, and what it brings about.

    With what it has inherited it is written by the ledger's hand, once the caller's eyes have seen the rest.
    """
    follows = t.lifecycle.follows_create
    sql = insert_sql(t.name, asking.view, spelling, write.number is not None, row=ROW if follows else "")
    arguments = (write.record_id, jurisdiction, 1, write.number, t.lifecycle.initial, write.text)
    context = asking.context("create", **together.held(asking, t, spelling))
    async with asking.connection(transaction=True) as connection:
        await _check(asking, connection, t, None, write.values, jurisdiction)
        if inherited:
            named = Spelling(tuple(g for g in spelling.given if g[0] not in inherited))
            await refuse_references(asking, connection, t, named, write.values, jurisdiction)
        async with asking.as_ledger(connection) if inherited else nullcontext():
            row = await connection.fetchrow(sql, context, *arguments)
        if row is None:
            await refuse_references(asking, connection, t, spelling, write.values, jurisdiction)
            raise Refusal("busy")
        await put_away(asking, connection, jurisdiction, write.record_id, clear)
        await bring_about(asking, connection, t, follows, row, "create")
        if not inherited:
            return row
        seen = together.read_sql(asking.view, t, many=False)
        row = await connection.fetchrow(seen, asking.context(), write.record_id)
        if row is None:
            raise Refusal("not_your_record")
        return row


async def put_away(asking: Asking, connection: Any, jurisdiction: str, record_id: str, clear: list[Clear]) -> None:
    """Seals the values of one record, in the transaction that has written it."""
    values = [(record_id, one) for one in clear]
    await store_sealed(connection, asking.context(), asking.ledger.seal, jurisdiction, values)


def _own_team(asking: Asking, t: RecordType, values: dict[str, Any]) -> None:
    """What a team enters is its own, unless it says otherwise."""
    if asking.caller.team and any(f.name == "team" for f in t.references):
        f = t.reference("team")
        if not any(values.get(c) for c in f.columns):
            values[f.number_column] = asking.caller.team


def _jurisdiction(caller: Caller, given: str | None) -> str:
    if given is None:
        if caller.code is None:
            raise Refusal("jurisdiction_required", faults=[Fault("/jurisdiction", "jurisdiction_required")])
        return caller.code
    if not caller.covers(given):
        raise invalid(Fault("/jurisdiction", "jurisdiction_outside"))
    return given


async def _check(
    asking: Asking,
    connection: Any,
    t: RecordType,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    code: str | None,
) -> None:
    if t.check is None:
        return
    rows = await carried(asking, connection, t, new, code) if t.refers_by_hand else {}
    verdict = Verdict(rows)
    t.check(verdict, old, new)
    if verdict.faults:
        raise invalid(*verdict.faults)
