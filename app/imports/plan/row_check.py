"""From a row of a ledger to what will be done: create, change with the differing fields, nothing, or reject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uuid_utils

from app.errors import Refusal
from app.imports.mapping.columns import Problem
from app.imports.plan.lookup import Found, Lookup
from app.imports.plan.type_info import shape
from app.kernel.declare.fields import Choice, Reference, Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER
from app.kernel.schema.models import Schemas
from app.kernel.schema.validation import validated, validated_rows
from app.kernel.store import RuleContext


@dataclass(slots=True)
class Planned:
    """One row of the plan, as it is stored in import_row."""

    sheet: str | None
    line: int
    type: RecordType
    headings: Mapping[str, str] = field(default_factory=dict)
    result: str = "created"
    record_id: str | None = None
    version: int | None = None
    number: str | None = None
    state: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    key: str | None = None
    entered: str = ""
    unreadable: bool = False

    def member(self, f: Reference) -> str:
        """What the row calls a reference: the heading's column of a sheet, a member of a body in a line of NDJSON."""
        return f.name if self.headings else f.number_column

    def faulty(self, column: str) -> bool:
        """Whether something is wrong with this column already."""
        return any(e.column == column for e in self.errors)

    def reject(self, key: str | None, code: str, **params: Any) -> None:
        """Notes something that keeps the row out; `key` is a field, shown by its heading."""
        allowed = params.pop("allowed", None)
        self.errors.append(Problem(self.headings.get(key, key) if key else None, code, params, allowed))


def check_values(planned: Sequence[Planned], rows: Sequence[dict[str, Any]], schemas: Schemas) -> list[dict[str, Any]]:
    """The rows' own values through the same schema as a request, column names in the place of members.

    All rows at once; where something is wrong, one by one to say what.
    """
    known = shape(planned[0].type)
    columns = {name: [row[name] for row in rows if name in row] for name in set().union(*rows) - known.not_values}
    whole = all(len(columns.get(f.name, ())) == len(rows) for f in known.required)
    checked = validated_rows(schemas, columns) if whole else None
    if checked is None:
        return [{} if p.unreadable else _check_values(p, row, schemas) for p, row in zip(planned, rows, strict=True)]
    for name, column in checked.items():
        having = rows if len(column) == len(rows) else [row for row in rows if name in row]
        for row, value in zip(having, column, strict=True):
            row[name] = value
    if beside := known.not_values.difference(known.ids, {"number"}):
        return [{name: value for name, value in row.items() if name not in beside} for row in rows]
    return list(rows)


def _check_values(planned: Planned, row: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    t, known = planned.type, shape(planned.type)
    own = {k: v for k, v in row.items() if k not in known.not_values}
    try:
        checked = {k: v for k, v in validated(schemas.ledger, own, t).items() if v is not None}
    except Refusal as refusal:
        for field_error in refusal.field_errors:
            key = field_error.pointer.split("/")[1] if field_error.pointer else None
            allowed = tuple(field_error.allowed) if field_error.allowed else None
            planned.reject(key, field_error.code, **field_error.params, allowed=allowed)
        checked = {}
    for f in known.required:
        if f.name not in own and not planned.faulty(planned.headings.get(f.name, f.name)):
            planned.reject(f.name, "required", label=f.label)
    for column in known.ids:
        if column in row:
            checked[column] = row[column]
    return checked


def read_number(planned: Planned, row: dict[str, Any]) -> None:
    """The business number that the row gives."""
    number = row.pop("number", None)
    if isinstance(number, str) and NUMBER.match(number.strip()):
        planned.number = number.strip()
    elif number is not None:
        planned.reject("number", "not_a_number")


def make_number(planned: Planned, values: Mapping[str, Any], jurisdiction: str) -> None:
    """The number that is made of a row's checked values, where the type has such numbers."""
    formula = planned.type.numbering.formula
    if formula is None or planned.errors:
        return
    made = formula(jurisdiction, values)
    if planned.number not in (None, made):
        planned.reject("number", "number_is_made", number=made)
    planned.number = made


def warn(
    planned: Planned, referenced: Mapping[str, Any], old: Mapping[str, Any] | None, new: Mapping[str, Any]
) -> None:
    """The type's rules on values: warnings for a row of an old ledger (contract section 3)."""
    if planned.type.check is None or planned.errors:
        return
    rule = RuleContext(referenced, imported=True)
    planned.type.check(rule, old, {**shape(planned.type).columns, **new})
    for field_error in rule.field_errors:
        key = field_error.pointer.lstrip("/")
        allowed = tuple(field_error.allowed) if field_error.allowed else None
        planned.warnings.append(Problem(planned.headings.get(key, key), field_error.code, field_error.params, allowed))


def decide(
    planned: Planned, values: dict[str, Any], existing: Found | None, *, allow_register: bool, lookup: Lookup
) -> None:
    """Compares with what is stored, in stored form, and says what will be done. A blank cell never clears a value."""
    t = planned.type
    if existing is None:
        planned.values = {**shape(t).defaults, **values}
        planned.record_id = planned.record_id or str(uuid_utils.uuid7())
        planned.state = planned.entered or t.lifecycle.initial
        return
    planned.record_id, planned.version, planned.number = existing.id, int(existing.values["version"]), existing.number
    if existing.state == "voided":
        planned.reject("number", "record_voided", label=t.label)
        return
    differing = {k: v for k, v in values.items() if existing.values.get(k) != v}
    for name in t.ledger.keeps:
        if name in differing and not allow_register:
            f = t.field(name)
            old, new = _shown(f, existing.values.get(name)), _shown(f, differing[name])
            planned.reject(name, "register_change", label=f.label, old=old, new=new)
    if planned.entered and t.lifecycle.is_forward(existing.state, planned.entered):
        planned.state = planned.entered
        planned.changes.append({"field": "state", "from": existing.state, "to": planned.entered})
    planned.values = differing
    planned.changes += [_difference(t, k, existing, v, lookup) for k, v in differing.items()]
    planned.result = "updated" if planned.changes else "unchanged"


def _shown(f: Any, value: Any) -> Any:
    """A value as a clerk reads it."""
    return f.terms.label(value) if isinstance(f, Choice) and value in f.terms.labels else value


def _difference(t: RecordType, column: str, existing: Found, new: Any, lookup: Lookup) -> dict[str, Any]:
    for f in t.references:
        if f.id_column == column:
            ids = new if isinstance(new, list) else [new]
            found = [lookup.by_id.get((f.to, i)) for i in ids]
            numbers = [x.number if x else None for x in found]
            return {
                "field": f.number_column,
                "from": existing.values.get(f.number_column),
                "to": numbers if f.many else numbers[0],
            }
    for sealed in t.of_kind(Sealed):
        if sealed.digest_column == column:  # that it changes may be told, what it is may not
            return {"field": sealed.name, "from": None, "to": None}
    return {"field": column, "from": existing.values.get(column), "to": new}
