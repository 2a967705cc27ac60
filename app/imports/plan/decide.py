"""Decides what becomes of each row: created, updated, unchanged, or rejected.

First `matching_records` finds the record that a row stands for: by number, else by natural key, else by being equal in
everything the row says. Then `decide` compares the row with the record: a row is unchanged if nothing differs.
"""

from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import orjson
import uuid_utils

from app.db.context import GUARD
from app.imports.files.cells import fold_name
from app.imports.plan.known_record import KnownRecord
from app.imports.plan.lookup import Lookup, Match
from app.imports.plan.planned_row import PlannedRow
from app.imports.plan.told import tells
from app.imports.plan.type_info import type_info
from app.kernel.declare.fields import Choice, Reference, Sealed, Text
from app.kernel.declare.record_type import RecordType

Values = Mapping[str, Any]
SHORT = 500  # characters of a text; what may be longer tells, and is compared by so many
SIMILAR = 0.7  # of the characters of two texts
MOST_SIMILAR = 2000  # records that the rows of a batch are compared with


def decide(
    planned: PlannedRow, values: dict[str, Any], record: KnownRecord | None, lookup: Lookup, allow_register: bool
) -> None:
    """Compare a row with the record it stands for, in stored form. A blank cell never clears a value.

    `allow_register`: the row may change the names in a register (`ledger.keeps`).
    """
    t = planned.type
    if record is None:
        planned.values = {**type_info(t).defaults, **values}
        planned.record_id = planned.record_id or str(uuid_utils.uuid7())
        planned.state = planned.state_on_import or t.lifecycle.initial
        return
    planned.record_id, planned.version, planned.number = record.id, int(record.values["version"]), record.number
    if record.state == "voided" and planned.merge and not values:
        planned.warn("number", "record_voided_since", label=t.label)
        planned.result = "unchanged"
        return
    if record.state == "voided":
        code = "record_voided_imported" if record.values["imported"] else "record_voided"
        planned.reject("number", code, label=t.label)
        return
    differing = {k: v for k, v in values.items() if record.values.get(k) != v}
    for name in t.ledger.keeps:
        if name in differing and not allow_register:
            f = t.field(name)
            old, new = _label(f, record.values.get(name)), _label(f, differing[name])
            planned.reject(name, "register_change", label=f.label, old=old, new=new)
    if planned.state_on_import and t.lifecycle.is_forward(record.state, planned.state_on_import):
        planned.state = planned.state_on_import
        planned.changes.append({"field": "state", "from": record.state, "to": planned.state})
    planned.values = differing
    planned.changes += [_change(t, k, record, v, lookup) for k, v in differing.items()]
    planned.result = "updated" if planned.changes else "unchanged"


def _label(f: Any, value: Any) -> Any:
    """A value as a clerk reads it."""
    return f.terms.label(value) if isinstance(f, Choice) and value in f.terms.labels else value


def _change(t: RecordType, column: str, record: KnownRecord, new: Any, lookup: Lookup) -> dict[str, Any]:
    """A changed column as the preview shows it: references by number, sealed values not at all.

    What it held is shown as far as the maker may be told of it.
    """
    for f in t.references:
        if f.id_column == column:
            ids = new if isinstance(new, list) else [new]
            numbers = [lookup.number_of(f.to, i) for i in ids]
            before = record.values.get(f.number_column) if tells(lookup.ctx, f) else None
            return {"field": f.number_column, "from": before, "to": numbers if f.many else numbers[0]}
    for sealed in t.of_kind(Sealed):
        if sealed.digest_column == column:
            return {"field": sealed.name, "from": None, "to": None}
    own = next((f for f in t.fields if f.name == column), None)
    return {"field": column, "from": record.values.get(column) if tells(lookup.ctx, own) else None, "to": new}


def row_key(planned: PlannedRow, values: Values) -> str | None:
    """The number, else the natural key, else the name that others refer to. Two rows of a file with one key are one."""
    if planned.number is not None:
        return planned.number
    columns = type_info(planned.type).key
    if columns and all(values.get(c) is not None for c in columns):
        return "\n".join(str(values[c]) for c in columns)
    named = planned.type.ledger_name
    if named and not columns and not named.within and (name := values.get(named.columns[0])):
        return fold_name(name)  # a ledger would refer to both by it
    return None


async def matching_records(
    t: RecordType, planned: Sequence[PlannedRow], values: Sequence[Values], lookup: Lookup
) -> list[Match]:
    """For each row of a batch the record it stands for, and the number of another record that has its natural key."""
    merged = [p.merge.record for p in planned if p.merge and p.merge.record]
    numbers = [p.number for p in planned if p.number and not (p.merge and p.merge.record)]
    by_number = {record.number: record for record in (*merged, *await by_numbers(t, lookup, numbers))}
    # A row that gives a part of its key has the rest of its record.
    keyed_values = [_with_key(t, v, by_number.get(p.number)) for p, v in zip(planned, values, strict=True)]
    by_key = await _by_key(t, keyed_values, lookup)
    if not (by_number or by_key) and all(p.number for p in planned):
        return [(None, None)] * len(planned)  # the usual case: all rows are new
    matches: list[Match] = []
    required = _required_columns(t)
    unnumbered = (
        [] if t.ledger.key else [v for p, v in zip(planned, values, strict=True) if not p.number and not p.errors]
    )
    alike = await _alike(t, unnumbered, lookup, required) if unnumbered else {}
    for p, v, with_key in zip(planned, values, keyed_values, strict=True):
        keyed = by_key.get(_texts(with_key, type_info(t).key)) if by_key else None
        if p.number is not None:
            own = by_number.get(p.number)
            clash = keyed.number if keyed and (own is None or own.id != keyed.id) else None
            matches.append((own, clash))
        elif t.ledger.key:
            matches.append((keyed, None))
        else:
            matches.append((_take_equal(alike.get(_texts(v, required), []), v), None))
    if unnumbered:
        await _warn_of_similar(t, planned, values, matches, lookup)
    return matches


def _with_key(t: RecordType, values: Values, record: KnownRecord | None) -> Values:
    key = type_info(t).key
    if record is None or not any(c in values for c in key):
        return values
    return {c: values.get(c, record.values.get(c)) for c in key}


async def _warn_of_similar(
    t: RecordType, planned: Sequence[PlannedRow], values: Sequence[Values], matches: Sequence[Match], lookup: Lookup
) -> None:
    """Warn of new rows without a number that may be a record already: one word of a text has been corrected.

    It is a record of an earlier import that is equal in everything a row must fill but a long text, which is similar.
    Where such a text is secret nothing is said: half a guess would be confirmed, with a number.
    """
    long = [f for f in t.fields if isinstance(f, Text) and f.required and f.longest > SHORT]
    texts = [] if any(f.secret for f in long) else [f.name for f in long]
    columns = [column for column in _required_columns(t) if column not in texts]
    new = [
        (p, v)
        for p, v, (record, _) in zip(planned, values, matches, strict=True)
        if not (record or p.number or p.errors)
    ]
    if not (texts and columns and new):
        return
    alike = await _alike(t, [v for _, v in new], lookup, columns, most=MOST_SIMILAR)
    for p, v in new:
        for record in alike.get(_texts(v, columns), ())[:20]:
            if record.number and all(_similar(str(v.get(c)), str(record.values.get(c))) for c in texts):
                p.warn(None, "may_be_registered", label=t.label, number=record.number)
                break


def _similar(one: str, other: str) -> bool:
    compared = SequenceMatcher(None, one[:SHORT], other[:SHORT], autojunk=False)
    return compared.real_quick_ratio() > SIMILAR and compared.ratio() > SIMILAR


def _take_equal(candidates: list[KnownRecord], values: Values) -> KnownRecord | None:
    """Take the first record that is equal in everything the row says: each record stands for one row only."""
    for i, candidate in enumerate(candidates):
        if all(candidate.values.get(k) == v for k, v in values.items()):
            return candidates.pop(i)
    return None


def _texts(values: Values, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(values.get(c)) for c in columns)


async def by_numbers(t: RecordType, lookup: Lookup, numbers: Collection[str]) -> list[KnownRecord]:
    """The records with these numbers, voided ones too."""
    return await _fetch(t, lookup, "t.number = any($3::text[])", list(numbers)) if numbers else []


async def _fetch(
    t: RecordType, lookup: Lookup, condition: str, *arguments: Any, most: int | None = None
) -> list[KnownRecord]:
    async with lookup.ctx.connection() as connection:
        rows = await connection.fetch(
            f"select t.id::text, t.number, t.state, to_jsonb(t)::text as row from {t.table} t"
            f" where t.jurisdiction = $2 and {condition} and {GUARD}" + (f" limit {most}" if most else ""),
            lookup.ctx.context(), lookup.jurisdiction, *arguments,
        )  # fmt: skip
    return [KnownRecord(r["id"], r["number"], r["state"], orjson.loads(r["row"])) for r in rows]


async def _by_key(t: RecordType, values: Sequence[Values], lookup: Lookup) -> dict[tuple[str, ...], KnownRecord]:
    """The live records with the natural keys of the rows, by that key."""
    columns = type_info(t).key
    complete = [v for v in values if columns and all(v.get(c) is not None for c in columns)]
    if not complete:
        return {}
    condition = f"t.state <> 'voided' and {_equal_any(columns)}"
    records = await _fetch(t, lookup, condition, *_column_arrays(columns, complete))
    return {_texts(record.values, columns): record for record in records}


async def _alike(
    t: RecordType, values: Sequence[Values], lookup: Lookup, columns: Sequence[str], most: int | None = None
) -> dict[tuple[str, ...], list[KnownRecord]]:
    """Imported records that may be equal to rows without a number, so that a file sent twice does not double them."""
    complete = [v for v in values if all(v.get(c) is not None for c in columns)]
    if not complete:
        return {}
    condition = f"t.imported and t.state <> 'voided' and {_equal_any(columns)}"
    if "round_id" in columns:  # lets Postgres narrow the search by the index on the round
        condition += f" and t.round_id = any(${columns.index('round_id') + 3}::text[]::uuid[])"
    alike: dict[tuple[str, ...], list[KnownRecord]] = {}
    records = await _fetch(t, lookup, condition, *_column_arrays(columns, complete), most=most)
    for record in sorted(records, key=lambda record: record.id):
        alike.setdefault(_texts(record.values, columns), []).append(record)
    return alike


def _equal_any(columns: Sequence[str]) -> str:
    """SQL: these columns together equal those of any row of `_column_arrays`, which are the arguments from $3 on."""
    wanted = ", ".join(f"${i}::text[]" for i in range(3, 3 + len(columns)))
    return f"({', '.join(f't.{c}::text' for c in columns)}) in (select * from unnest({wanted}))"


def _column_arrays(columns: Sequence[str], values: Sequence[Values]) -> list[list[str]]:
    return [[str(v[c]) for v in values] for c in columns]


def _required_columns(t: RecordType) -> tuple[str, ...]:
    """The columns that every row of the type fills, lists aside."""
    fields = [f for f in t.fields if f.required and f.writable and not getattr(f, "many", False)]
    return tuple(f.id_column if isinstance(f, Reference) else f.name for f in fields)
