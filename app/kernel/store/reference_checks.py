"""References of a record as they are given, what they carry for a type's rules, and why one was not found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import FieldError, invalid
from app.kernel.declare.fields import Reference
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.store.context import RequestContext


def parse_references(t: RecordType, values: Mapping[str, Any]) -> tuple[ReferenceInputs, dict[str, Any]]:
    """How the references of a body are given, and the body without the members that clear them."""
    given, cleared, rest = [], [], dict(values)
    for f in t.references:
        by_id, by_number = f.id_column in values, f.number_column in values
        if not (by_id or by_number):
            continue
        has_id, has_number = values.get(f.id_column) is not None, values.get(f.number_column) is not None
        if f.many and (values.get(f.id_column) or values.get(f.number_column)) in ([], None):
            cleared.append(f.name)
        elif has_id or has_number:
            given.append((f.name, "both" if has_id and has_number else "id" if has_id else "number"))
        else:
            cleared.append(f.name)
    for name in cleared:
        for column in t.reference(name).columns:
            rest.pop(column, None)
    return ReferenceInputs(tuple(given), tuple(cleared)), rest


@dataclass
class RuleContext:
    """Collects what a type's `check` has to say (`kernel.record_type.Check`)."""

    carried_rows: Mapping[str, Any]
    imported: bool = False

    def __post_init__(self) -> None:
        self.field_errors: list[FieldError] = []

    def referenced(self, reference: str, column: str) -> Any:
        return (self.carried_rows.get(reference) or {}).get(column)

    def field_error(self, pointer: str, code: str, **params: Any) -> None:
        self.field_errors.append(FieldError(f"/{pointer}", code, params, params.pop("allowed", None)))


async def referenced(
    ctx: RequestContext, connection: Any, t: RecordType, values: Mapping[str, Any], jurisdiction: str | None
) -> dict[str, Any]:
    """What `check` looks at in the referenced records, locked: field name -> column -> value (lists for lists).

    Of records that the caller sees, a rule may look at what the caller does not: whom a clue is about.
    """
    found: dict[str, Any] = {}
    for f in t.references:
        keys = values.get(f.id_column) or values.get(f.number_column)
        if not f.requires or not keys:
            continue
        target = ctx.runtime.registry.by_path[f.to]
        column = "id" if values.get(f.id_column) else "number"
        wanted = [keys] if isinstance(keys, str) else list(keys)
        columns = ", ".join(
            f"to_jsonb({target.virtual[c].format('x')}) as {c}" if c in target.virtual else f"to_jsonb(x.{c}) as {c}"
            for c in f.requires
        )
        seen = await connection.fetch(
            f"select x.id from {target.table} x where x.{column}::text = any($2::text[])"
            f" and ($3::text is null or x.jurisdiction = $3) and {GUARD}",
            ctx.context(), wanted, jurisdiction,
        )  # fmt: skip
        async with ctx.as_system(connection):
            rows = await connection.fetch(
                f"select {columns} from {target.table} x where x.id = any($2::uuid[]) and {GUARD} for share of x",
                ctx.context(), [s["id"] for s in seen],
            )  # fmt: skip
        lists = {c: [orjson.loads(r[c]) if r[c] else None for r in rows] for c in f.requires}
        found[f.name] = lists if f.many else {c: (v[0] if v else None) for c, v in lists.items()}
    return found


def require_references(t: RecordType, values: Mapping[str, Any]) -> None:
    """Refuses a body that lacks a required reference."""
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
) -> None:
    """The second look after a write that found some reference missing: says which. Absent and hidden are one answer."""
    field_errors = []
    for name, how in inputs.given:
        f = t.reference(name)
        member = f.number_column if how == "number" else f.id_column
        wanted = values[member] if f.many else [values[member]]
        target = ctx.runtime.registry.by_path[f.to]
        column = "number" if how == "number" else "id"
        found = await connection.fetch(
            f"select x.id, x.number from {target.table} x where x.{column}::text = any($2::text[])"
            f" and ($3::text is null or x.jurisdiction = $3) and x.state <> '{VOIDED}' and {GUARD}",
            ctx.context(), wanted, code,
        )  # fmt: skip
        if len(found) < len(set(wanted)):
            field_errors.append(FieldError(f"/{member}", "reference_not_found", {"label": f.label}))
        elif how == "both" and not _agree(f, found, values):
            field_errors.append(FieldError(f"/{f.number_column}", "reference_disagrees", {"label": f.label}))
        elif f.many and len(set(wanted)) < len(wanted):
            field_errors.append(FieldError(f"/{member}", "listed_twice", {"label": f.label}))
    if field_errors:
        raise invalid(*field_errors)


def _agree(f: Reference, found: Sequence[Any], values: Mapping[str, Any]) -> bool:
    numbers = {str(x["id"]): x["number"] for x in found}
    ids = values[f.id_column]
    named: Any = [numbers[i] for i in ids] if f.many else numbers[ids]
    return bool(named == values[f.number_column])
