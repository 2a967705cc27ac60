"""Changing a record: a patch, an action, a correction, a voiding. Each names the version it starts from."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import orjson

from app.errors import Fault, Refusal, invalid
from app.kernel import access_log, referring, store
from app.kernel.asking import Asking
from app.kernel.consequences import bring_about
from app.kernel.current import current, current_on, identifier, seen_again
from app.kernel.fields import Reference
from app.kernel.lifecycle import VOIDED, Transition
from app.kernel.record_type import RecordType
from app.kernel.resolving import Spelling
from app.kernel.sealing import seal_values
from app.kernel.writes import ROW, Change, update_sql


async def change(asking: Asking, t: RecordType, key: str, version: int, values: dict[str, Any]) -> Any:
    """Applies a merge patch. A patch that changes nothing gives back the same version and leaves no revision."""
    empty = [
        f
        for f in t.fields
        if f.name in values and values[f.name] is None and f.required and f.writable and not isinstance(f, Reference)
    ]
    faults = [Fault(f"/{f.name}", "required", {"label": f.label}) for f in empty]
    faults += [Fault(f"/{f.name}", "masked_value") for f in t.sealed if f.name in values and values[f.name] is None]
    spelling, rest = referring.spelled(t, values)
    faults += [
        Fault(f"/{t.reference(name).number_column}", "required", {"label": t.reference(name).label})
        for name in spelling.cleared
        if t.reference(name).required
    ]
    if faults:
        await current(asking, t, key, version, "change")
        raise invalid(*faults)
    return await _amend(asking, t, key, version, rest, spelling, action="change")


async def act(asking: Asking, t: RecordType, key: str, action: str, version: int, body: dict[str, Any]) -> Any:
    """Moves a record along one arrow of its lifecycle. Refuses with `illegal_action` (409) naming the legal ones."""
    transition = t.lifecycle.transition(action)
    reason = body.pop("reason", None)
    part = None
    if transition.partial:
        part, body = await _part(asking, t, key, version, transition, body)
    named = {transition.sets.get(k, k): v for k, v in body.items() if v is not None}
    missing = [
        Fault(f"/{f.number_column}", "required", {"label": f.label})
        for f in transition.body
        if isinstance(f, Reference) and f.required and not (named.get(f.id_column) or named.get(f.number_column))
    ]
    if missing:
        await current(asking, t, key, version, action)
        raise invalid(*missing)
    named = {k: v for k, v in named.items() if k in t.columns}
    spelling, values = referring.spelled(t, named)
    if transition.renews:
        row = orjson.loads((await current(asking, t, key, version, action))["row"])
        renewed = {t.reference(name).id_column: row[t.reference(name).id_column] for name in transition.renews}
        spelling, values = referring.spelled(t, {**renewed, **named})
    return await _amend(
        asking, t, key, version, values, spelling, action=action, transition=transition, reason=reason, part=part
    )


async def _part(
    asking: Asking, t: RecordType, key: str, version: int, transition: Transition, body: dict[str, Any]
) -> tuple[list[str] | None, dict[str, Any]]:
    """Of a transition that may concern part of a list: the identifiers named, and the body with what remains."""
    f = t.reference(transition.partial or "")
    given = {f.id_column: body.pop(f.id_column, None), f.number_column: body.pop(f.number_column, None)}
    wanted = given[f.id_column] or given[f.number_column]
    if not wanted:
        return None, body
    row = orjson.loads((await current(asking, t, key, version, transition.action))["row"])
    column = f.id_column if given[f.id_column] else f.number_column
    absent = [x for x in wanted if x not in row[column]]
    if absent:
        raise invalid(Fault(f"/{column}", "not_in_list", {"label": f.label}))
    part = [i for i, x in zip(row[f.id_column], row[column], strict=True) if x in wanted]
    if len(part) == len(row[f.id_column]):
        return None, body
    return part, {**body, f.id_column: [i for i in row[f.id_column] if i not in part]}


async def correct(asking: Asking, t: RecordType, key: str, version: int, body: dict[str, Any]) -> Any:
    """Mends fields that a transition sets. The reason stands in the revision (更正, domain.md 4.8)."""
    reason = body.pop("reason")
    spelling, values = referring.spelled(t, body)
    return await _amend(asking, t, key, version, values, spelling, action="correct", reason=reason)


async def _amend(
    asking: Asking,
    t: RecordType,
    key: str,
    version: int,
    values: dict[str, Any],
    spelling: Spelling,
    *,
    action: str,
    transition: Transition | None = None,
    reason: str | None = None,
    part: list[str] | None = None,
) -> Any:
    key = await identifier(asking, t, key)
    values, clear = seal_values(asking.ledger.seal, t, values)
    known = tuple(c for c in values if c in t.columns and not _of_reference(t, c)) + (
        ("note",) if "note" in values else ()
    )
    touched = set(known) | {c for name in (*spelling.names(), *spelling.cleared) for c in t.reference(name).columns}
    looks = t.check is not None and bool(touched & t.check_reads)
    follows = transition.follows if transition else ()
    right = asking.right(t)
    change = Change(
        known,
        spelling,
        transition,
        to=transition.to if transition and part is None else None,
        origins=transition.origins if transition else None,
        skip_unchanged=transition is None,
        while_in=right.while_in,
    )
    handed = not right.sees_every  # then the record may leave the caller's sight by this very write
    sql = update_sql(t.name, asking.view, change, row=ROW if follows else "")
    more = {"reason": reason} if reason else {}
    transaction = handed or bool(follows or clear) or (looks and t.refers_by_hand)
    async with asking.connection(transaction=transaction) as connection:
        if handed:
            seen = await current_on(asking, connection, t, key, version, action)
            code = orjson.loads(seen["row"])["jurisdiction"]
            await referring.refuse_references(asking, connection, t, spelling, values, code)
        if looks or (transition and transition.needs):
            await _look(asking, connection, t, key, version, {**values, **_emptied(t, spelling)}, transition)
        arguments = (asking.context(action, **more), key, None, version, None, None, orjson.dumps(values).decode())
        async with asking.as_ledger(connection) if handed else nullcontext():
            row = await connection.fetchrow(sql, *arguments)
        if row is None:
            return await _explain(asking, connection, t, key, version, spelling, values, transition, action)
        if clear:
            code = orjson.loads(row["document"])["jurisdiction"]
            await store.put_away(asking, connection, code, str(row["id"]), clear)
        body = {t.reference(transition.partial).id_column: part} if transition and transition.partial and part else None
        await bring_about(asking, connection, t, follows, row, action, body)
        return await seen_again(asking, connection, t, key) if handed else row


def _emptied(t: RecordType, spelling: Spelling) -> dict[str, None]:
    return {c: None for name in spelling.cleared for c in t.reference(name).columns}


def _of_reference(t: RecordType, column: str) -> bool:
    return any(column in f.columns for f in t.references)


async def _look(
    asking: Asking,
    connection: Any,
    t: RecordType,
    key: str,
    version: int,
    values: Mapping[str, Any],
    transition: Transition | None,
) -> None:
    """Reads the old row for the rules that need it, once it is certain that the version is the current one."""
    action = transition.action if transition else ""
    old = orjson.loads((await current_on(asking, connection, t, key, version, action))["row"])
    if transition and old["state"] not in transition.origins:
        return  # the update finds no row, and the second look says which actions are legal
    new = {**old, **values}
    missing = [
        Fault(f"/{c}", "required", {"label": t.field(c).label})
        for c in (transition.needs if transition else ())
        if not new.get(c)
    ]
    if missing:
        raise invalid(*missing)
    if t.check:
        for f in t.references:  # a reference given in one spelling replaces the other
            if f.id_column in values or f.number_column in values:
                new |= {c: values.get(c) for c in f.columns}
        rows = await referring.carried(asking, connection, t, new, old["jurisdiction"]) if t.refers_by_hand else {}
        verdict = referring.Verdict(rows)
        t.check(verdict, old, new)
        if verdict.faults:
            raise invalid(*verdict.faults)


async def _explain(
    asking: Asking,
    connection: Any,
    t: RecordType,
    key: str,
    version: int,
    spelling: Spelling,
    values: Mapping[str, Any],
    transition: Transition | None,
    action: str,
) -> Any:
    """The second look after an update that found no row: absent, stale, dangling, illegal; or nothing to change."""
    row = await current_on(asking, connection, t, key, version, action)
    code = orjson.loads(row["row"])["jurisdiction"]
    await referring.refuse_references(asking, connection, t, spelling, values, code)
    if row["state"] == VOIDED:
        raise Refusal("record_voided", label=t.label)
    if transition and row["state"] not in transition.origins:
        raise illegal(t, row["state"], transition.label)
    if transition and transition.only_if:
        raise Refusal("condition_not_met", label=transition.label)
    stored = orjson.loads(row["row"])
    if transition or any(stored.get(c) != v for c, v in values.items()):
        raise Refusal("busy")  # nothing explains it: another writer was there in between, and is gone again
    await access_log.enter(asking, connection, t, access_log.READ, row["id"])  # no revision says who was answered
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
