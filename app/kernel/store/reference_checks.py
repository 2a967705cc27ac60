"""Whether the references of a body are given, and why one was not found."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.db.context import GUARD
from app.errors import FieldError, invalid
from app.kernel.declare.fields import Entries, Reference
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.reference_joins import ENTRIES, ReferenceInputs
from app.kernel.store.context import RequestContext
from app.kernel.store.entries import entry_errors


def require_references(t: RecordType, values: Mapping[str, Any]) -> None:
    """Refuse a body that lacks a required reference (`validation_failed`)."""
    missing = [
        FieldError(f"/{f.number_column}", "required", {"label": f.label})
        for f in t.references
        if f.required and f.writable and not values.get(f.id_column) and not values.get(f.number_column)
    ]
    if missing:
        raise invalid(*missing)


async def refuse_references(
    ctx: RequestContext,
    connection: Any,
    t: RecordType,
    inputs: ReferenceInputs,
    values: Mapping[str, Any],
    code: str | None,
    stored: Mapping[str, Any] | None = None,
) -> None:
    """Look up each reference as the caller and refuse those that are not found (422), naming the member.

    Absent, voided, hidden and of another jurisdiction are one answer, `reference_not_found`. A record that has a
    successor is refused with `reference_retired`, unless the `stored` row names it already. It costs a statement for
    each reference, and runs only after a write that found one missing, or before the system role writes.
    """
    errors = []
    for name, how in inputs.given:
        f = t.reference(name)
        member = f.number_column if how == "number" else f.id_column
        found = await _found(ctx, connection, f, how, values, code)
        if how == ENTRIES:
            errors += entry_errors(_entries_of(t, f), f, found, values)
            continue
        wanted = values[member] if f.many else [values[member]]
        if len(found) < len(set(wanted)):
            errors.append(FieldError(f"/{member}", "reference_not_found", {"label": f.label}))
        elif how == "both" and not _agree(f, found, values):
            errors.append(FieldError(f"/{f.number_column}", "reference_disagrees", {"label": f.label}))
        elif f.many and len(set(wanted)) < len(wanted):
            errors.append(FieldError(f"/{member}", "listed_twice", {"label": f.label}))
        elif successor := _retired(f, found, stored):
            errors.append(FieldError(f"/{member}", "reference_retired", {"label": f.label, "successor": successor}))
    if errors:
        raise invalid(*errors)


async def _found(
    ctx: RequestContext, connection: Any, f: Reference, how: str, values: Mapping[str, Any], code: str | None
) -> Sequence[Any]:
    """The live records that a reference names and the caller sees."""
    target = ctx.runtime.registry.by_path[f.to]
    numbers, ids = values.get(f.number_column), values.get(f.id_column)
    keys = numbers if how == "number" else ids
    if how == ENTRIES:  # by identifier, or else by number
        keys = [i or n for i, n in zip(ids or (), numbers or (), strict=True)]
    match = "x.number" if how == "number" else "x.id::text"
    either = " or x.number = any($2::text[])" if how == ENTRIES else ""
    found: Sequence[Any] = await connection.fetch(
        f"select x.id, x.number, {_successor(target)} as successor from {target.table} x"
        f" where ({match} = any($2::text[]){either})"
        f" and ($3::text is null or x.jurisdiction = $3) and x.state <> '{VOIDED}' and {GUARD}",
        ctx.context(), keys if f.many else [keys], code,
    )  # fmt: skip
    return found


def _entries_of(t: RecordType, kept: Reference) -> Entries:
    return next(f for f, beside in t.named_in_entries if beside is kept)


def _successor(t: RecordType) -> str:
    """SQL for the number of the record that has taken the place of `x`; null of one that is in use."""
    states = t.lifecycle.retired.items()
    cases = "".join(f" when '{state}' then x.{t.reference(name).number_column}" for state, name in states)
    return f"case x.state{cases} end" if cases else "null"


def _retired(f: Reference, found: Sequence[Any], stored: Mapping[str, Any] | None) -> str | None:
    """The successor of a record that is newly referred to and has one."""
    before = (stored or {}).get(f.id_column) or ()
    named = {before} if isinstance(before, str) else {*before}
    return next((x["successor"] for x in found if x["successor"] and str(x["id"]) not in named), None)


def _agree(f: Reference, found: Sequence[Any], values: Mapping[str, Any]) -> bool:
    numbers = {str(x["id"]): x["number"] for x in found}
    ids = values[f.id_column]
    named: Any = [numbers[i] for i in ids] if f.many else numbers[ids]
    return bool(named == values[f.number_column])
