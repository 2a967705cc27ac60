"""Checks the values of rows: against the schema of a request, the number, and the rule of the record type."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import FieldError, Refusal
from app.imports.mapping.columns import RowProblem
from app.imports.plan.known_record import KnownRecord
from app.imports.plan.lookup import TOLD, Lookup, Match
from app.imports.plan.planned_row import PlannedRow
from app.imports.plan.resolve import as_seen
from app.imports.plan.type_info import type_info
from app.kernel.declare.record_type import IN_FULL, RecordType
from app.kernel.declare.values import NUMBER
from app.kernel.schema.models import Schemas
from app.kernel.schema.validation import validated, validated_rows
from app.kernel.store import RuleContext, required_columns

MOST_YEARS = 3
ColumnsById = dict[str, dict[str, Any]]  # identifier -> column -> value


def validate_rows(
    planned: Sequence[PlannedRow], rows: Sequence[dict[str, Any]], schemas: Schemas
) -> list[dict[str, Any]]:
    """The values of the rows in stored form, after the schema that a request is checked by.

    A batch is checked column by column, by one call of the validator. Only if that finds an error, it is checked row by
    row, to say which.
    """
    info = type_info(planned[0].type)
    columns = {name: [row[name] for row in rows if name in row] for name in set().union(*rows) - info.not_values}
    absent = [f for f in info.required if f.name not in columns]
    complete = all(len(columns.get(f.name, ())) == len(rows) for f in info.required if f not in absent)
    checked = validated_rows(schemas, columns) if complete and not any(p.unreadable for p in planned) else None
    if checked is None:
        return [
            {} if p.unreadable or (p.merge and not row) else _validate_row(p, row, schemas)
            for p, row in zip(planned, rows, strict=True)
        ]
    for f in absent:
        for p in planned:
            p.lacks(f.name, f.label)
    for name, column in checked.items():
        having = rows if len(column) == len(rows) else [row for row in rows if name in row]
        for row, value in zip(having, column, strict=True):
            row[name] = value
    if dropped := info.not_values.difference(info.ids, {"number"}):
        return [{name: value for name, value in row.items() if name not in dropped} for row in rows]
    return list(rows)


def _validate_row(planned: PlannedRow, row: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    t, info = planned.type, type_info(planned.type)
    own = {k: v for k, v in row.items() if k not in info.not_values}
    try:
        checked = {k: v for k, v in validated(schemas.ledger, own, t).items() if v is not None}
    except Refusal as refusal:
        for error in refusal.field_errors:
            key = error.pointer.split("/")[1] if error.pointer else None
            planned.reject(key, error.code, **error.params, allowed=_allowed(error))
        checked = {}
    for f in info.required:
        if f.name not in own:
            planned.lacks(f.name, f.label)
    for column in info.ids:
        if column in row:
            checked[column] = row[column]
    return checked


def _allowed(error: FieldError) -> tuple[str, ...] | None:
    return tuple(error.allowed) if error.allowed else None


def read_number(planned: PlannedRow, row: dict[str, Any]) -> None:
    """Move the business number from the row's values to the plan."""
    number = row.pop("number", None)
    if isinstance(number, str) and NUMBER.match(number.strip()):
        number, refuses = number.strip(), planned.type.numbering.refuses
        if refuses and (code := refuses(number)):
            planned.reject("number", code)  # and it is kept nowhere
            return
        planned.number = number
    elif number is not None:
        planned.reject("number", "not_a_number")


def make_number(planned: PlannedRow, values: Mapping[str, Any], jurisdiction: str) -> None:
    """Set the number of a type whose numbers are made from values (rounds). A number given must be the one made.

    A merged row has its record's number, which stays whatever its values become.
    """
    formula = planned.type.numbering.formula
    if formula is None or planned.errors or planned.lacking or (planned.merge and planned.merge.base is not None):
        return
    made = formula(jurisdiction, values)
    if planned.number not in (None, made):
        planned.reject("number", "number_is_made", number=made)
    planned.number = made


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


def check_rule(
    planned: PlannedRow, values: Mapping[str, Any], record: KnownRecord | None, referenced: Mapping[str, Any]
) -> None:
    """Run the type's rule on the record as it will be.

    What a request is refused for because of its values is a warning here (contract section 3). What else the rule
    refuses rejects the row, if the row changes anything.
    """
    if planned.type.check is None or planned.errors:
        return
    old: Mapping[str, Any] = record.values if record else {}
    rule = RuleContext(referenced, imported=True)
    planned.type.check(rule, old if record else None, {**type_info(planned.type).columns, **old, **values})
    for error in rule.field_errors:
        key = error.pointer.lstrip("/")
        params = dict(error.params)
        if "other" in params:  # the column of another day
            params["other"] = planned.headings.get(params["other"]) or planned.type.field(params["other"]).label
        planned.warnings.append(RowProblem(planned.headings.get(key, key), error.code, params, _allowed(error)))
    if planned.result == "unchanged":
        return
    for error in rule.rejections:
        planned.reject(error.pointer.lstrip("/"), error.code, **error.params)
    for refusal in rule.refusals:
        planned.reject(None, refusal.code, **refusal.params)


def warn_of_contradictions(planned: PlannedRow, row: Mapping[str, Any]) -> None:
    """Warn of columns that contradict one another, such as 整改中 beside 是否销号 是."""
    t = planned.type
    for column, other in t.ledger.contradicts(row) if t.ledger.contradicts else ():
        label = next((f.label for f in (*t.fields, *t.ledger.extra) if f.name == other), other)
        planned.warn(column, "columns_contradict", other=planned.headings.get(other, label))


def warn_of_days(planned: PlannedRow, values: Mapping[str, Any], lookup: Lookup, today: str) -> None:
    """Warn of days that nobody can have meant: to come, in other years than their round, before what they follow.

    Rounds last months, and what comes of them some years more: MOST_YEARS after the last day of the round.
    """
    info, seen = type_info(planned.type), as_seen(planned, values)
    years = lookup.years_of(info.round, seen) if info.round else None
    for f in info.days:
        day = values.get(f.name)
        if not day:
            continue
        if day > today and not f.ahead:
            planned.warn(f.name, "day_in_future")
        elif years and not years[0] <= int(day[:4]) <= years[1] + (1 if f.required else MOST_YEARS):
            planned.warn(f.name, "day_outside_round", first=years[0], last=years[1])
    for name, (reference, column) in planned.type.ledger.not_before.items():
        record = lookup.record_of(planned.type.reference(reference), seen) if values.get(name) else None
        if record and record.values.get(TOLD, True) and values[name] < str(record.values.get(column) or ""):
            target = lookup.ctx.runtime.registry.by_path[planned.type.reference(reference).to]
            planned.warn(name, "day_before", other=target.field(column).label)
