"""Changing a record: a patch, an action, a correction, a voiding. Each names the version it starts from."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import orjson

from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.fields import Reference
from app.kernel.declare.lifecycle import VOIDED, Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.personal import access_log
from app.kernel.personal.encryption import Clear, seal_values
from app.kernel.sql.write import ROW, update_sql
from app.kernel.store import batched, create, reference_checks
from app.kernel.store.context import RequestContext
from app.kernel.store.current import identifier, reload, require_current, require_current_on
from app.kernel.store.effects import apply_effects
from app.kernel.store.pending_change import PendingChange


async def change(ctx: RequestContext, t: RecordType, key: str, version: int, values: dict[str, Any]) -> Any:
    """Applies a merge patch. A patch that changes nothing gives back the same version and leaves no revision."""
    empty = [
        f
        for f in t.fields
        if f.name in values and values[f.name] is None and f.required and f.writable and not isinstance(f, Reference)
    ]
    field_errors = [FieldError(f"/{f.name}", "required", {"label": f.label}) for f in empty]
    field_errors += [
        FieldError(f"/{f.name}", "masked_value") for f in t.sealed if f.name in values and values[f.name] is None
    ]
    inputs, rest = reference_checks.parse_references(t, values)
    field_errors += [
        FieldError(f"/{t.reference(name).number_column}", "required", {"label": t.reference(name).label})
        for name in inputs.cleared
        if t.reference(name).required
    ]
    if field_errors:
        await require_current(ctx, t, key, version, "change")
        raise invalid(*field_errors)
    return await _amend(ctx, PendingChange(t, key, version, rest, inputs, "change"))


async def act(ctx: RequestContext, t: RecordType, key: str, action: str, version: int, body: dict[str, Any]) -> Any:
    """Moves a record along one arrow of its lifecycle. Refuses with `illegal_action` (409) naming the legal ones."""
    transition = t.lifecycle.transition(action)
    reason = body.pop("reason", None)
    part = None
    if transition.partial:
        part, body = await _part(ctx, t, key, version, transition, body)
    named = {transition.sets.get(k, k): v for k, v in body.items() if v is not None}
    missing = [
        FieldError(f"/{f.number_column}", "required", {"label": f.label})
        for f in transition.body
        if isinstance(f, Reference) and f.required and not (named.get(f.id_column) or named.get(f.number_column))
    ]
    if missing:
        await require_current(ctx, t, key, version, action)
        raise invalid(*missing)
    named = {k: v for k, v in named.items() if k in t.columns}
    inputs, values = reference_checks.parse_references(t, named)
    if transition.renews:
        row = orjson.loads((await require_current(ctx, t, key, version, action))["row"])
        renewed = {t.reference(name).id_column: row[t.reference(name).id_column] for name in transition.renews}
        inputs, values = reference_checks.parse_references(t, {**renewed, **named})
    return await _amend(ctx, PendingChange(t, key, version, values, inputs, action, transition, reason, part))


async def _part(
    ctx: RequestContext, t: RecordType, key: str, version: int, transition: Transition, body: dict[str, Any]
) -> tuple[list[str] | None, dict[str, Any]]:
    """Of a transition that may concern part of a list: the identifiers named, and the body with what remains."""
    f = t.reference(transition.partial or "")
    given = {f.id_column: body.pop(f.id_column, None), f.number_column: body.pop(f.number_column, None)}
    wanted = given[f.id_column] or given[f.number_column]
    if not wanted:
        return None, body
    row = orjson.loads((await require_current(ctx, t, key, version, transition.action))["row"])
    column = f.id_column if given[f.id_column] else f.number_column
    absent = [x for x in wanted if x not in row[column]]
    if absent:
        raise invalid(FieldError(f"/{column}", "not_in_list", {"label": f.label}))
    part = [i for i, x in zip(row[f.id_column], row[column], strict=True) if x in wanted]
    if len(part) == len(row[f.id_column]):
        return None, body
    return part, {**body, f.id_column: [i for i in row[f.id_column] if i not in part]}


async def correct(ctx: RequestContext, t: RecordType, key: str, version: int, body: dict[str, Any]) -> Any:
    """Mends fields that a transition sets. The reason stands in the revision (更正, domain.md 4.8)."""
    reason = body.pop("reason")
    inputs, values = reference_checks.parse_references(t, body)
    return await _amend(ctx, PendingChange(t, key, version, values, inputs, "correct", reason=reason))


async def _amend(ctx: RequestContext, given: PendingChange) -> Any:
    """Carries it out: with others of its kind where nothing but the record itself is concerned, else by itself."""
    t = given.t
    values, clear = seal_values(ctx.runtime.seal, t, given.values)
    given = replace(given, key=await identifier(ctx, t, given.key), values=values)
    right = ctx.right(t)
    handed = not right.sees_every  # then the record may leave the caller's sight by this very write
    concerned = given.effects or clear or given.reason or (given.looks and t.rule_reads_references)
    if concerned or right.acts_on_own_unit_only:
        return await _by_itself(ctx, given, clear, handed)
    if given.looks or (given.transition and given.transition.needs):
        async with ctx.connection() as connection:
            await _look(ctx, connection, given)
    write = batched.Write(given.key, ctx.request, values, version=given.version)
    try:
        row = await batched.change(ctx, t, given.change(right.while_in), given.action, write)
    except Refusal as refusal:
        if not handed or refusal.code != "not_your_record":
            raise
        return await _by_itself(ctx, given, clear, handed)  # the record leaves the caller's sight
    if row is None:
        async with ctx.connection() as connection:
            return await _explain(ctx, connection, given)
    return row


async def _by_itself(ctx: RequestContext, given: PendingChange, clear: list[Clear], handed: bool) -> Any:
    """In a transaction with what it looks at, and what it brings about."""
    t, key = given.t, given.key
    change, text = given.change(ctx.right(t).while_in), orjson.dumps(given.values).decode()
    sql = update_sql(t.name, ctx.view, change, row=ROW if given.effects else "")
    context = ctx.context(given.action, **({"reason": given.reason} if given.reason else {}))
    async with ctx.connection(transaction=True) as connection:
        if handed:
            seen = await require_current_on(ctx, connection, t, key, given.version, given.action)
            code = orjson.loads(seen["row"])["jurisdiction"]
            await reference_checks.refuse_references(ctx, connection, t, given.inputs, given.values, code)
        if given.looks or (given.transition and given.transition.needs):
            await _look(ctx, connection, given)
        async with ctx.as_system(connection) if handed else nullcontext():
            row = await connection.fetchrow(sql, context, key, None, given.version, None, None, text)
        if row is None:
            return await _explain(ctx, connection, given)
        if clear:
            code = orjson.loads(row["document"])["jurisdiction"]
            await create.put_away(ctx, connection, code, str(row["id"]), clear)
        partial = given.transition.partial if given.transition else None
        named = {t.reference(partial).id_column: given.part} if partial and given.part else None
        await apply_effects(ctx, connection, t, given.effects, row, given.action, named)
        return await reload(ctx, connection, t, key) if handed else row


async def _look(ctx: RequestContext, connection: Any, given: PendingChange) -> None:
    """Reads the old row for the rules that need it, once it is certain that the version is the current one."""
    t, transition = given.t, given.transition
    cleared = {c: None for name in given.inputs.cleared for c in t.reference(name).columns}
    values: Mapping[str, Any] = {**given.values, **cleared}
    old = orjson.loads((await require_current_on(ctx, connection, t, given.key, given.version, given.action))["row"])
    if transition and old["state"] not in transition.origins:
        return  # the update finds no row, and the second look says which actions are legal
    new = {**old, **values}
    missing = [
        FieldError(f"/{c}", "required", {"label": t.field(c).label})
        for c in (transition.needs if transition else ())
        if not new.get(c)
    ]
    if missing:
        raise invalid(*missing)
    if t.check:
        for f in t.references:  # a reference given in one spelling replaces the other
            if f.id_column in values or f.number_column in values:
                new |= {c: values.get(c) for c in f.columns}
        rows = (
            await reference_checks.referenced(ctx, connection, t, new, old["jurisdiction"])
            if t.rule_reads_references
            else {}
        )
        rule = reference_checks.RuleContext(rows)
        t.check(rule, old, new)
        if rule.field_errors:
            raise invalid(*rule.field_errors)


async def _explain(ctx: RequestContext, connection: Any, given: PendingChange) -> Any:
    """The second look after an update that found no row: absent, stale, dangling, illegal; or nothing to change."""
    t, transition, values = given.t, given.transition, given.values
    row = await require_current_on(ctx, connection, t, given.key, given.version, given.action)
    code = orjson.loads(row["row"])["jurisdiction"]
    await reference_checks.refuse_references(ctx, connection, t, given.inputs, values, code)
    if row["state"] == VOIDED:
        raise Refusal("record_voided", label=t.label)
    if transition and row["state"] not in transition.origins:
        raise illegal(t, row["state"], transition.label)
    if transition and transition.only_if:
        raise Refusal("condition_not_met", label=transition.label)
    stored = orjson.loads(row["row"])
    if transition or any(stored.get(c) != v for c, v in values.items()):
        raise Refusal("busy")  # nothing explains it: another writer was there in between, and is gone again
    await access_log.enter(ctx, connection, t, access_log.READ, row["id"])  # no revision says who was answered
    return row


def illegal(t: RecordType, state: str, label: str) -> Refusal:
    """The refusal of an action that this state does not allow."""
    legal = list(t.lifecycle.actions_from(state))
    return Refusal(
        "illegal_action",
        label=label,
        state=t.lifecycle.labels[state],
        members={"state": state, "allowed_actions": legal},
    )
