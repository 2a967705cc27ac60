"""Creating a record: one statement, or a transaction where the write concerns more than its own row."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import uuid_utils

from app.db.context import GUARD, Caller
from app.db.retry import retried
from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.encryption import Clear, seal_values, store_sealed
from app.kernel.sql.arrays import lists_of, packed, requests_source, stored_column
from app.kernel.sql.projection import NO_RIGHT
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.sql.write import ROW, insert_sql
from app.kernel.store.batcher import WriteItem
from app.kernel.store.belonging import find_owner
from app.kernel.store.context import RequestContext
from app.kernel.store.effects import apply_effects
from app.kernel.store.pending import parse_references
from app.kernel.store.read import read_sql
from app.kernel.store.reference_checks import refuse_references, require_references
from app.kernel.store.rules import check_create
from app.kernel.store.sent_members import naming_what_was_sent


async def create(ctx: RequestContext, t: RecordType, values: dict[str, Any]) -> Any:
    """Create a record from a validated body and return its row.

    Refuses with `validation_failed` (422), `jurisdiction_required`, `number_taken` and `key_taken` (409).
    """
    try:
        return await _create(ctx, t, dict(values))
    except Refusal as refusal:
        raise naming_what_was_sent(refusal, t, values) from None


async def _create(ctx: RequestContext, t: RecordType, values: dict[str, Any]) -> Any:
    jurisdiction = _jurisdiction(ctx.caller, values.pop("jurisdiction", None))
    _default_to_own_team(ctx, t, values)
    inherited = await _inherit_references(ctx, t, values)
    require_references(t, values)
    await find_owner(ctx, t, values, jurisdiction)
    number = _number(ctx, t, jurisdiction, values)
    inputs, values = parse_references(t, {k: v for k, v in values.items() if v is not None})
    values, clear = seal_values(ctx.runtime.seal, t, {**t.defaults, **values})
    item = WriteItem(str(uuid_utils.uuid7()), ctx.request, values, number)
    if t.lifecycle.effects_on_create or clear or t.rule_reads_references or inherited or "series" in values:
        return await retried(lambda: _in_transaction(ctx, t, inputs, jurisdiction, item, clear, inherited))
    await check_create(ctx, None, t, values, jurisdiction, inputs)
    row = await retried(lambda: _batched(ctx, t, inputs, jurisdiction, item))
    if row is None:
        async with ctx.connection(t) as connection:
            await refuse_references(ctx, connection, t, inputs, values, jurisdiction)
        raise Refusal("busy")
    return row


def _jurisdiction(caller: Caller, given: str | None) -> str:
    if given is None:
        if caller.code is None:
            raise Refusal("jurisdiction_required", field_errors=[FieldError("/jurisdiction", "jurisdiction_required")])
        return caller.code
    if not caller.covers(given):
        raise invalid(FieldError("/jurisdiction", "jurisdiction_outside"))
    return given


def _default_to_own_team(ctx: RequestContext, t: RecordType, values: dict[str, Any]) -> None:
    """Set the caller's own team as the team of the record, unless the body names one."""
    if ctx.caller.team and any(f.name == "team" for f in t.references):
        f = t.reference("team")
        if not any(values.get(c) for c in f.columns):
            values[f.number_column] = ctx.caller.team


def _number(ctx: RequestContext, t: RecordType, jurisdiction: str, values: dict[str, Any]) -> str | None:
    """Take the number out of the body, or make it by the type's formula; None is drawn from the series."""
    number: str | None = values.pop("number", None)
    if number is not None and not ctx.right(t).sees_every:
        # "Taken" would tell of a record that does not exist for this caller.
        raise invalid(FieldError("/number", "number_is_assigned"))
    if number is not None and t.numbering.refuses and (code := t.numbering.refuses(number)):
        raise invalid(FieldError("/number", code))
    if not t.numbering.formula:
        return number
    made = t.numbering.formula(jurisdiction, values)
    if number not in (None, made):
        raise invalid(FieldError("/number", "number_is_made", {"number": made}))
    return made


async def _inherit_references(ctx: RequestContext, t: RecordType, values: dict[str, Any]) -> frozenset[str]:
    """Fill references whose type the caller's role does not see from a record that it sees; return their names.

    A department files a case of a clue's round without seeing rounds (`RecordType.inherits`).
    """
    inherited = set()
    for name, via in t.inherits.items():
        f, through = t.reference(name), t.reference(via)
        if ctx.view.target(f)[1] is not NO_RIGHT or values.get(f.id_column) or values.get(f.number_column):
            continue
        column = "id" if values.get(through.id_column) else "number"
        member = through.id_column if column == "id" else through.number_column
        if not values.get(member):
            raise invalid(FieldError(f"/{member}", "required", {"label": through.label}))
        target = ctx.runtime.registry.by_path[through.to]
        sql = f"select x.{f.id_column}::text from {target.table} x where x.{column}::text = $2 and {GUARD}"
        async with ctx.connection(t) as connection:
            record_id = await connection.fetchval(sql, ctx.context(), values[member])
        if record_id is None:
            raise invalid(FieldError(f"/{member}", "reference_not_found", {"label": through.label}))
        values[f.id_column] = record_id
        inherited.add(name)
    return frozenset(inherited)


async def _batched(
    ctx: RequestContext, t: RecordType, inputs: ReferenceInputs, jurisdiction: str, item: WriteItem
) -> Any:
    """Create in a batch of records of the same kind; None if a reference was not found."""
    numbered, initial = item.number is not None, t.lifecycle.initial
    typed = tuple(sorted(item.values.keys() - t.list_columns))

    async def run(items: Sequence[WriteItem]) -> Sequence[Any]:
        if len(items) == 1:
            (one,) = items
            sql = insert_sql(t.name, ctx.view, inputs, numbered)
            arguments: tuple[Any, ...] = (one.record_id, jurisdiction, 1, one.number, initial, one.text)
        else:
            sql = insert_sql(t.name, ctx.view, inputs, numbered, requests_source(t, typed), typed=typed)
            values = [i.values for i in items]
            keys: list[list[Any]] = [[i.record_id for i in items], [i.number for i in items], lists_of(t, values)]
            columns = (*keys, *(stored_column(t, c, values) for c in typed))
            arguments = (jurisdiction, initial, *(packed(column) for column in columns))
        return await ctx.run_batch(t, "create", sql, arguments, items, **ctx.held(t, inputs))

    with ctx.refusing(t):
        kind = (ctx.caller, t.name, inputs, numbered, jurisdiction, typed)
        return await ctx.runtime.write_batcher.submit(kind, item, item.record_id, run)


async def _in_transaction(
    ctx: RequestContext, t: RecordType, inputs: ReferenceInputs, jurisdiction: str, item: WriteItem,
    clear: list[Clear], inherited: frozenset[str],
) -> Any:  # fmt: skip
    """Create inside a transaction: run the rule, insert, store encrypted values, apply effects.

    If a reference was inherited, check the others as the caller, then insert as the system role.
    """
    effects = t.lifecycle.effects_on_create
    sql = insert_sql(t.name, ctx.view, inputs, item.number is not None, row=ROW if effects else "")
    arguments = (item.record_id, jurisdiction, 1, item.number, t.lifecycle.initial, item.text)
    context = ctx.context("create", **ctx.held(t, inputs))
    async with ctx.connection(t, transaction=True) as connection:
        await check_create(ctx, connection, t, item.values, jurisdiction, inputs)
        if inherited:
            others = ReferenceInputs(tuple(g for g in inputs.given if g[0] not in inherited))
            await refuse_references(ctx, connection, t, others, item.values, jurisdiction)
        async with ctx.as_system(connection) if inherited else nullcontext():
            row = await connection.fetchrow(sql, context, *arguments)
        if row is None:
            await refuse_references(ctx, connection, t, inputs, item.values, jurisdiction)
            raise Refusal("busy")
        sealed = [(item.record_id, one) for one in clear]
        await store_sealed(connection, ctx.context(), ctx.runtime.seal, jurisdiction, sealed)
        await apply_effects(ctx, connection, t, effects, row, "create")
        if not inherited:
            return row
        row = await connection.fetchrow(read_sql(ctx.view, t, many=False), ctx.context(), item.record_id)
        if row is None or (ctx.right(t).writes_if and not row["acts"]):  # what the caller's own policy would refuse
            raise Refusal("not_your_record")
        return row
