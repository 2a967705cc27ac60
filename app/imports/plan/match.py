"""Which rows are there already: by number, else by natural key, else by being the same in everything they say."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.db.context import GUARD
from app.imports.plan.lookup import Found, Lookup
from app.imports.plan.row_check import Planned
from app.imports.plan.type_info import shape
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.store import RequestContext


def row_key(planned: Planned, values: Mapping[str, Any]) -> str | None:
    """What makes two rows of a file the same record: the number, else the natural key."""
    if planned.number is not None:
        return planned.number
    columns = shape(planned.type).key
    if columns and all(values.get(c) is not None for c in columns):
        return "\n".join(str(values[c]) for c in columns)
    return None


async def existing(
    ctx: RequestContext,
    jurisdiction: str,
    t: RecordType,
    planned: Sequence[Planned],
    values: Sequence[Mapping[str, Any]],
) -> list[tuple[Found | None, str | None]]:
    """For each row the record it stands for, and the number of another record that has its natural key."""
    numbers = [p.number for p in planned if p.number]
    by_number = await _fetch(ctx, jurisdiction, t, "t.number = any($3::text[])", numbers) if numbers else []
    of_number = {f.number: f for f in by_number}
    of_key = await _by_key(ctx, jurisdiction, t, values)
    if len(numbers) == len(planned) and not of_number and not of_key:
        return [(None, None)] * len(planned)  # as a rule, all are new
    found: list[tuple[Found | None, str | None]] = []
    required = _required_columns(t)
    unnumbered = (
        [] if t.ledger.key else [v for p, v in zip(planned, values, strict=True) if not p.number and not p.errors]
    )
    alike = await _alike(ctx, jurisdiction, t, unnumbered) if unnumbered else {}
    for p, v in zip(planned, values, strict=True):
        keyed = of_key.get(tuple(str(v.get(c)) for c in shape(t).key)) if of_key else None
        if p.number is not None:
            own = of_number.get(p.number)
            clash = keyed.number if keyed and (own is None or own.id != keyed.id) else None
            found.append((own, clash))
        elif t.ledger.key:
            found.append((keyed, None))
        else:
            found.append((_take(alike.get(tuple(str(v.get(c)) for c in required), []), v), None))
    return found


def _take(candidates: list[Found], values: Mapping[str, Any]) -> Found | None:
    """The first candidate that is the same in everything the row says; each stands for one row only."""
    for i, candidate in enumerate(candidates):
        if all(candidate.values.get(k) == v for k, v in values.items()):
            return candidates.pop(i)
    return None


async def _fetch(ctx: RequestContext, jurisdiction: str, t: RecordType, condition: str, *arguments: Any) -> list[Found]:
    async with ctx.connection() as connection:
        rows = await connection.fetch(
            f"select t.id::text, t.number, t.state, to_jsonb(t)::text as row from {t.table} t"
            f" where t.jurisdiction = $2 and {condition} and {GUARD}",
            ctx.context(), jurisdiction, *arguments,
        )  # fmt: skip
    return [Found(r["id"], r["number"], r["state"], orjson.loads(r["row"])) for r in rows]


async def _by_key(
    ctx: RequestContext, jurisdiction: str, t: RecordType, values: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, ...], Found]:
    columns = shape(t).key
    keyed = [v for v in values if columns and all(v.get(c) is not None for c in columns)]
    if not keyed:
        return {}
    arrays = [[str(v[c]) for v in keyed] for c in columns]
    wanted = ", ".join(f"${i + 3}::text[]" for i in range(len(columns)))
    own = ", ".join(f"t.{c}::text" for c in columns)
    condition = f"t.state <> 'voided' and ({own}) in (select * from unnest({wanted}))"
    found = await _fetch(ctx, jurisdiction, t, condition, *arrays)
    return {tuple(str(f.values[c]) for c in columns): f for f in found}


async def _alike(
    ctx: RequestContext, jurisdiction: str, t: RecordType, values: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, ...], list[Found]]:
    """Records that earlier imports made of unnumbered rows: the file sent twice must not double them."""
    columns = _required_columns(t)
    whole = [v for v in values if all(v.get(c) is not None for c in columns)]
    if not whole:
        return {}
    arrays = [[str(v[c]) for v in whole] for c in columns]
    wanted = ", ".join(f"${i + 3}::text[]" for i in range(len(columns)))
    own = ", ".join(f"t.{c}::text" for c in columns)
    condition = f"t.imported and t.state <> 'voided' and ({own}) in (select * from unnest({wanted}))"
    if "round_id" in columns:  # lets the index of the round narrow it first
        condition += f" and t.round_id = any(${columns.index('round_id') + 3}::text[]::uuid[])"
    alike: dict[tuple[str, ...], list[Found]] = {}
    for f in sorted(await _fetch(ctx, jurisdiction, t, condition, *arrays), key=lambda f: f.id):
        alike.setdefault(tuple(str(f.values[c]) for c in columns), []).append(f)
    return alike


def _required_columns(t: RecordType) -> tuple[str, ...]:
    """Scalar columns that every row of the type has."""
    fields = [f for f in t.fields if f.required and f.writable and not getattr(f, "many", False)]
    return tuple(f.id_column if isinstance(f, Reference) else f.name for f in fields)


async def referenced(
    ctx: RequestContext, jurisdiction: str, t: RecordType, values: Sequence[Mapping[str, Any]], lookup: Lookup
) -> list[dict[str, Any]]:
    """For each row what the type's rules look at in the records it refers to (see kernel.referring.carried)."""
    result: list[dict[str, Any]] = [{} for _ in values]
    for f in t.references:
        if not f.requires:
            continue
        target = ctx.runtime.registry.by_path[f.to]
        ids = {i for v in values for i in _ids(v.get(f.id_column))}
        columns = ", ".join(
            f"to_jsonb({target.virtual[c].format('t') if c in target.virtual else f't.{c}'})::text as {c}"
            for c in f.requires
        )
        async with ctx.connection() as connection:
            rows = await connection.fetch(
                f"select t.id::text, {columns} from {target.table} t where t.jurisdiction = $2"
                f" and t.id = any($3::uuid[]) and {GUARD}",
                ctx.context(), jurisdiction, list(ids),
            )  # fmt: skip
        known = {r["id"]: {c: orjson.loads(r[c]) if r[c] else None for c in f.requires} for r in rows}
        for v, into in zip(values, result, strict=True):
            found = [known.get(i) or _planned(lookup, f, i) for i in _ids(v.get(f.id_column))]
            if f.many:
                into[f.name] = {c: [x.get(c) for x in found] for c in f.requires}
            elif found:
                into[f.name] = found[0]
    return result


def _planned(lookup: Lookup, f: Reference, identifier: str) -> Mapping[str, Any]:
    found = lookup.by_id.get((f.to, identifier))
    return found.values if found else {}


def _ids(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, list) else []
