"""What the rule of a type reads of the records that a row refers to, stored or planned by the same import."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.db.context import GUARD
from app.imports.plan.lookup import KnownRecord, Lookup, Match
from app.kernel.declare.record_type import IN_FULL, RecordType
from app.kernel.store import required_columns

ColumnsById = dict[str, dict[str, Any]]  # identifier -> column -> value


async def read_for_rule(
    t: RecordType, values: Sequence[Mapping[str, Any]], matches: Sequence[Match], lookup: Lookup
) -> list[dict[str, Any]]:
    """For each row what the rule of its type reads of the records it refers to: field -> column -> value.

    One query for each reference that the rule reads (`Reference.requires`), for all rows of the batch.
    """
    result: list[dict[str, Any]] = [{} for _ in values]
    for f in t.references:
        if not f.requires:
            continue
        named = [_ids(_value(v, old, f.id_column)) for v, (old, _) in zip(values, matches, strict=True)]
        columns = (*f.requires, IN_FULL)
        found = await _columns(lookup, f.to, {i for ids in named for i in ids}, columns)
        for ids, columns_by_field in zip(named, result, strict=True):
            records: list[Mapping[str, Any]] = [found.get(i, {}) for i in ids]
            if f.many:
                columns_by_field[f.name] = {c: [record.get(c) for record in records] for c in columns}
            elif records:
                columns_by_field[f.name] = records[0]
    return result


async def _columns(
    lookup: Lookup, path: str, ids: set[str], names: tuple[str, ...], above: frozenset[str] = frozenset()
) -> ColumnsById:
    """Columns of records, or what is derived of them. `above` are the planned records that ask: a circle ends."""
    target = lookup.ctx.runtime.registry.by_path[path]
    found = await _of_stored(lookup, target, ids, names)
    for record_id in ids - found.keys():
        if record := lookup.by_id.get((path, record_id)):
            found[record_id] = {c: await _of_planned(lookup, target, record, c, above | {record_id}) for c in names}
    return found


async def _of_stored(lookup: Lookup, target: RecordType, ids: set[str], names: tuple[str, ...]) -> ColumnsById:
    if not ids:
        return {}
    async with lookup.ctx.connection() as connection:
        rows = await connection.fetch(
            f"select x.id::text, {required_columns(lookup.ctx, target, names)} from {target.table} x"
            f" where x.jurisdiction = $2 and x.id = any($3::uuid[]) and {GUARD}",
            lookup.ctx.context(), lookup.jurisdiction, list(ids),
        )  # fmt: skip
    return {r["id"]: {c: orjson.loads(r[c]) if r[c] else None for c in names} for r in rows}


async def _of_planned(lookup: Lookup, t: RecordType, record: KnownRecord, name: str, above: frozenset[str]) -> Any:
    """A column of a record that this import will create, or what is derived of it."""
    derived = t.derived.get(name)
    if derived is None:
        return {**record.values, "state": record.state, "imported": True, IN_FULL: False}.get(name)
    found = {i for c in derived.own for i in _ids(record.id if c == "id" else record.values.get(c))}
    if derived.alone and record.values.get(derived.alone[0]) == derived.alone[1]:
        return sorted(found)
    for reference, other in derived.through.items():
        f = t.reference(reference)
        ids = {*_ids(record.values.get(f.id_column))} - above
        for columns in (await _columns(lookup, f.to, ids, (other,), above)).values():
            found.update(columns[other] or ())
    return sorted(found)


def _value(values: Mapping[str, Any], old: KnownRecord | None, column: str) -> Any:
    """What a row says, or else what stands in its record: a blank cell clears nothing."""
    return values.get(column) or (old.values.get(column) if old else None)


def _ids(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, list) else []
