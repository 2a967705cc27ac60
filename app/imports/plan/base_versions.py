"""The versions that rows were exported from, and the cells that nobody has touched since, which say nothing.

An exported row carries number and version. What its cells said then stands in the revision of that version. A cell that
still says so is taken out of the row before anything else looks at it: the unit that it names may have been renamed or
voided since, and the record may say something else by now. What is left is what the writer of the sheet has changed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson

from app.db.context import GUARD
from app.imports.files.cells import fold_name
from app.imports.mapping.columns import VERSION, ledger_fields
from app.imports.mapping.lines import blank_members
from app.imports.plan.decide import by_numbers
from app.imports.plan.known_record import KnownRecord
from app.imports.plan.lookup import Lookup
from app.imports.plan.planned_row import PlannedRow, RowMerge
from app.imports.plan.resolve import as_seen
from app.imports.plan.type_info import RowReference, type_info
from app.kernel.declare.fields import Lines, Reference, Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER

LATEST = 2**31 - 1
Rows = Sequence[dict[str, Any]]


class NamedOtherwise(NamedTuple):
    """A cell whose names are today not those of the records that it named in the version of the export."""

    planned: PlannedRow
    row: dict[str, Any]
    reference: RowReference
    texts: list[str]
    found: list[KnownRecord | str]  # of each text what it names today


@cache
def own_columns(t: RecordType) -> Mapping[str, str]:
    """Key of a row -> column of the record, of what a row of a ledger may give. Sealed values are in no export."""
    own = {f.name for f in t.fields}
    found = {"note": "note"}
    for f in ledger_fields(t).values():
        if f.name not in own or isinstance(f, Sealed):
            continue
        if isinstance(f, Reference):
            found |= dict.fromkeys((f.name, *f.columns), f.id_column)
        else:
            found[f.name] = f.name
    return found


def merged_by_version(values: dict[str, Any], headings: Mapping[str, str], raw: Any) -> RowMerge:
    """How a row is merged that names its version, which is taken out of its values. `raw` is the row as it was read."""
    version = values.pop(VERSION.name)
    blank = headings.keys() - values.keys() if headings else blank_members(raw)
    return RowMerge(version, frozenset(values), frozenset(blank))


async def take_out_untouched(planned: Sequence[PlannedRow], rows: Rows, lookup: Lookup) -> None:
    """Find the base of each row that names its version, and take the untouched cells out of it.

    One statement for a batch; another where a name is not what it was. Rejects a row whose version there never was.
    """
    merging = [(p, row) for p, row in zip(planned, rows, strict=True) if p.merge and _number(row)]
    if not merging:
        return
    await _read_bases(planned[0].type, merging, lookup)
    renamed = await asyncio.to_thread(_take_out, merging, lookup)
    by_type: dict[str, set[str]] = {}
    for cell in renamed:
        by_type.setdefault(cell.reference.to, set()).update(_base_ids(cell.planned, cell.reference))
    for path, ids in by_type.items():
        await _read_names_borne(path, ids, lookup)
    for cell in renamed:
        _judge_name(cell, lookup.borne[cell.reference.to])


def _number(row: Mapping[str, Any]) -> str:
    """The number that a row gives; '' if it gives none, or what is none, which is refused further on."""
    number = row.get("number")
    return number.strip() if isinstance(number, str) and NUMBER.match(number.strip()) else ""


async def _read_bases(t: RecordType, merging: Sequence[tuple[PlannedRow, dict[str, Any]]], lookup: Lookup) -> None:
    """The records of the rows, and what they were in the versions that the rows name. The newest is the record."""
    records = {r.number: r for r in await by_numbers(t, lookup, {_number(row) for _, row in merging})}
    older: dict[tuple[str, int], list[RowMerge]] = {}
    for p, row in merging:
        merge, record = p.merge, records.get(_number(row))
        assert merge
        if record is None:
            p.reject(VERSION.name, "version_of_no_record", version=merge.version, label=p.type.label)
            continue
        merge.record = record
        if merge.version == record.values["version"]:
            merge.base = record.values
        else:
            older.setdefault((record.id, min(merge.version, LATEST)), []).append(merge)
    if older:
        for key, snapshot in (await _old_versions(t, list(older), lookup)).items():
            for merge in older[key]:
                merge.base = snapshot
    for p, _ in merging:
        if p.merge and p.merge.record and p.merge.base is None:
            p.reject(VERSION.name, "version_unknown", version=p.merge.version, label=p.type.label)


async def _old_versions(
    t: RecordType, wanted: Sequence[tuple[str, int]], lookup: Lookup
) -> dict[tuple[str, int], dict[str, Any]]:
    """What records were in old versions. `offset 0` has Postgres look each up by its key, whatever it expects."""
    ids, versions = zip(*wanted, strict=True)
    async with lookup.ctx.connection() as connection:
        found = await connection.fetch(
            f"""select x.id::text, x.version, r.snapshot::text from unnest($3::uuid[], $4::int[]) x(id, version),
            lateral (select r.snapshot from revision r where r.jurisdiction = $2 and r.record_type = '{t.path}'
              and r.record_id = x.id and r.version = x.version offset 0) r where {GUARD}""",
            lookup.ctx.context(), lookup.jurisdiction, list(ids), list(versions),
        )  # fmt: skip
    return {(r["id"], r["version"]): orjson.loads(r["snapshot"]) for r in found}


def _take_out(merging: Sequence[tuple[PlannedRow, dict[str, Any]]], lookup: Lookup) -> list[NamedOtherwise]:
    """Take out what says what the base said. Returns the cells of which only the history of names can tell."""
    renamed: list[NamedOtherwise] = []
    columns, references = _compared(merging[0][0].type), type_info(merging[0][0].type).in_sheet
    named = [r for r in references if r.name in columns]
    for p, row in merging:
        if p.merge is None or p.merge.base is None:
            continue
        base = p.merge.base
        for key in [k for k, value in row.items() if k in columns and base.get(columns[k]) == value]:
            del row[key]
        for r in named if p.headings else ():
            if r.name in row and base.get(r.number_column):
                renamed += _take_out_name(p, row, r, lookup)
    return renamed


@cache
def _compared(t: RecordType) -> Mapping[str, str]:
    """Key of a row -> the column of the base that holds the same: of a reference, which a sheet names, the number."""
    names = {f.name: f.number_column for f in t.references}
    numbers = {f.number_column: f.number_column for f in t.references}
    return {k: names.get(k) or numbers.get(k) or column for k, column in own_columns(t).items()}


def _take_out_name(p: PlannedRow, row: dict[str, Any], r: RowReference, lookup: Lookup) -> list[NamedOtherwise]:
    """Take out a reference that names what the base named. Left is one whose name holds within what has changed."""
    within = {f"{name}{kind}" for name in lookup.within(r.field) for kind in ("", "_id", "_number")}
    if not within.isdisjoint(row):
        return []
    written, seen = row[r.name], as_seen(p, row)
    texts = written if isinstance(written, list) else [written]
    found = [lookup.find(r.field, text, seen) for text in texts]
    if [one.id if isinstance(one, KnownRecord) else None for one in found] == _base_ids(p, r):
        del row[r.name]
        return []
    return [NamedOtherwise(p, row, r, texts, found)]


def _base_ids(p: PlannedRow, r: RowReference) -> list[str]:
    assert p.merge and p.merge.base is not None
    named = p.merge.base.get(r.id_column) or []
    return named if isinstance(named, list) else [named]


def _judge_name(cell: NamedOtherwise, borne: Mapping[str, set[str]]) -> None:
    """A name that a record of the base had: untouched if it names nothing today, in doubt if it names another."""
    p, row, r, texts, found = cell
    base = _base_ids(p, r)
    ids: list[str | None] = []
    for text, one in zip(texts, found, strict=True):
        bearer = next((i for i in base if fold_name(text) in borne.get(i, ())), None)
        if isinstance(one, KnownRecord) and one.number != text and bearer not in (None, one.id):
            p.reject(r.name, "name_moved_on", text=text[:100])
            row.pop(r.name, None)
            return
        ids.append(one.id if isinstance(one, KnownRecord) else bearer if one == "reference_not_found" else None)
    if ids == base:
        del row[r.name]


async def _read_names_borne(path: str, ids: set[str], lookup: Lookup) -> None:
    """Every name that records have or had, folded, from their history; each is read once in an import."""
    target, known = lookup.ctx.runtime.registry.by_path[path], lookup.borne.setdefault(path, {})
    new = [i for i in ids if i not in known]
    if target.ledger_name is None or not new:
        return
    known.update({i: set() for i in new})
    names = " union all ".join(
        f"select jsonb_array_elements_text(coalesce(nullif(r.snapshot -> '{c}', 'null'), '[]'))"
        if isinstance(target.field(c), Lines)
        else f"select r.snapshot ->> '{c}'"
        for c in target.ledger_name.columns
    )
    async with lookup.ctx.connection() as connection:
        rows = await connection.fetch(
            f"""select distinct r.record_id::text as id, n.name from revision r, lateral ({names}) n(name)
            where r.jurisdiction = $2 and r.record_type = '{path}' and r.record_id = any($3::uuid[]) and {GUARD}""",
            lookup.ctx.context(), lookup.jurisdiction, new,
        )  # fmt: skip
    for row in rows:
        known[row["id"]].add(fold_name(row["name"] or ""))
