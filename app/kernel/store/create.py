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

from app.db.context import GUARD, Caller
from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER, is_identifier
from app.kernel.personal.access_log import READ, Reading, with_log_entry
from app.kernel.personal.encryption import Clear, seal_values, store_sealed
from app.kernel.sql.projection import NOBODY, answer_sql
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.sql.write import ROW, insert_sql
from app.kernel.store import batched
from app.kernel.store.context import RequestContext
from app.kernel.store.effects import apply_effects
from app.kernel.store.reference_checks import (
    RuleContext,
    parse_references,
    referenced,
    refuse_references,
    require_references,
)


async def get(ctx: RequestContext, t: RecordType, key: str, reading: Reading | None = READ, extra: str = "") -> Any:
    """The current row of a record, by identifier or number. Refuses with `not_found`, or `ambiguous_number` (409).

    `reading` is how the access log knows it; None is a look of the service's own, of whose row nothing is answered.
    """
    column = "id" if is_identifier(key) else "number"
    kind = "::uuid" if column == "id" else ""
    if column == "number" and not NUMBER.match(key):  # also what Postgres would not take for text, such as NUL
        raise Refusal("not_found", label=t.label)
    if column == "id" and reading == READ and not t.access.logged and not extra:
        row = await batched.read(ctx, t, UUID(key))
        if row is None:
            raise Refusal("not_found", label=t.label)
        return row
    sql = answer_sql(ctx.view, t, "t", extra).format(source=t.table)
    sql += f" where t.{column} = $2{kind} and {GUARD} limit 20"
    arguments: list[Any] = [ctx.context(), key]
    if reading:
        sql, arguments = with_log_entry(ctx, t, reading, sql, arguments)
    async with ctx.connection() as connection:
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


async def create(ctx: RequestContext, t: RecordType, values: dict[str, Any]) -> Any:
    """Creates a record from a validated body. Refuses with `validation_failed`, `number_taken`, `key_taken`."""
    jurisdiction = _jurisdiction(ctx.caller, values.pop("jurisdiction", None))
    _own_team(ctx, t, values)
    inherited = await _inherited(ctx, t, values)
    require_references(t, values)
    number = values.pop("number", None)
    if number is not None and not ctx.right(t).sees_every:
        # A number that is taken would tell of a record that does not exist for this caller.
        raise invalid(FieldError("/number", "number_is_assigned"))
    if t.numbering.formula:
        made = t.numbering.formula(jurisdiction, values)
        if number not in (None, made):
            raise invalid(FieldError("/number", "number_is_made", {"number": made}))
        number = made
    values = {k: v for k, v in values.items() if v is not None}
    inputs, values = parse_references(t, values)
    values = {**t.defaults, **values}
    values, clear = seal_values(ctx.runtime.seal, t, values)
    write = batched.Write(str(uuid_utils.uuid7()), ctx.request, values, number)
    if t.lifecycle.effects_on_create or clear or t.rule_reads_references:
        return await _create_by_itself(ctx, t, inputs, jurisdiction, write, clear, inherited)
    await _check(ctx, None, t, None, values, jurisdiction)
    row = await batched.create(ctx, t, inputs, jurisdiction, write)
    if row is None:
        async with ctx.connection() as connection:
            await refuse_references(ctx, connection, t, inputs, values, jurisdiction)
        raise Refusal("busy")
    return row


async def _inherited(ctx: RequestContext, t: RecordType, values: dict[str, Any]) -> frozenset[str]:
    """Takes over references that the caller's role cannot name from records that it sees; gives their names."""
    found = set()
    for name, via in t.inherits.items():
        f, through = t.reference(name), t.reference(via)
        if ctx.view.target(f)[1] is not NOBODY or values.get(f.id_column) or values.get(f.number_column):
            continue
        column = "id" if values.get(through.id_column) else "number"
        member = through.id_column if column == "id" else through.number_column
        if not values.get(member):
            raise invalid(FieldError(f"/{member}", "required", {"label": through.label}))
        target = ctx.runtime.registry.by_path[through.to]
        sql = f"select x.{f.id_column}::text from {target.table} x where x.{column}::text = $2 and {GUARD}"
        async with ctx.connection() as connection:
            own = await connection.fetchval(sql, ctx.context(), values[member])
        if own is None:
            raise invalid(FieldError(f"/{member}", "reference_not_found", {"label": through.label}))
        values[f.id_column] = own
        found.add(name)
    return frozenset(found)


async def _create_by_itself(
    ctx: RequestContext, t: RecordType, inputs: ReferenceInputs, jurisdiction: str, write: batched.Write,
    clear: list[Clear],
    inherited: frozenset[str],
) -> Any:  # fmt: skip
    """In a transaction with what the type's rule looks at, what is sealed, and what it brings about.

    With what it has inherited it is written by the ledger's hand, once the caller's eyes have seen the rest.
    """
    effects = t.lifecycle.effects_on_create
    sql = insert_sql(t.name, ctx.view, inputs, write.number is not None, row=ROW if effects else "")
    arguments = (write.record_id, jurisdiction, 1, write.number, t.lifecycle.initial, write.text)
    context = ctx.context("create", **batched.held(ctx, t, inputs))
    async with ctx.connection(transaction=True) as connection:
        await _check(ctx, connection, t, None, write.values, jurisdiction)
        if inherited:
            named = ReferenceInputs(tuple(g for g in inputs.given if g[0] not in inherited))
            await refuse_references(ctx, connection, t, named, write.values, jurisdiction)
        async with ctx.as_system(connection) if inherited else nullcontext():
            row = await connection.fetchrow(sql, context, *arguments)
        if row is None:
            await refuse_references(ctx, connection, t, inputs, write.values, jurisdiction)
            raise Refusal("busy")
        await put_away(ctx, connection, jurisdiction, write.record_id, clear)
        await apply_effects(ctx, connection, t, effects, row, "create")
        if not inherited:
            return row
        seen = batched.read_sql(ctx.view, t, many=False)
        row = await connection.fetchrow(seen, ctx.context(), write.record_id)
        if row is None:
            raise Refusal("not_your_record")
        return row


async def put_away(ctx: RequestContext, connection: Any, jurisdiction: str, record_id: str, clear: list[Clear]) -> None:
    """Seals the values of one record, in the transaction that has written it."""
    values = [(record_id, one) for one in clear]
    await store_sealed(connection, ctx.context(), ctx.runtime.seal, jurisdiction, values)


def _own_team(ctx: RequestContext, t: RecordType, values: dict[str, Any]) -> None:
    """What a team enters is its own, unless it says otherwise."""
    if ctx.caller.team and any(f.name == "team" for f in t.references):
        f = t.reference("team")
        if not any(values.get(c) for c in f.columns):
            values[f.number_column] = ctx.caller.team


def _jurisdiction(caller: Caller, given: str | None) -> str:
    if given is None:
        if caller.code is None:
            raise Refusal("jurisdiction_required", field_errors=[FieldError("/jurisdiction", "jurisdiction_required")])
        return caller.code
    if not caller.covers(given):
        raise invalid(FieldError("/jurisdiction", "jurisdiction_outside"))
    return given


async def _check(
    ctx: RequestContext,
    connection: Any,
    t: RecordType,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    code: str | None,
) -> None:
    if t.check is None:
        return
    rows = await referenced(ctx, connection, t, new, code) if t.rule_reads_references else {}
    rule = RuleContext(rows)
    t.check(rule, old, new)
    if rule.field_errors:
        raise invalid(*rule.field_errors)
