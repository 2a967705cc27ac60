"""From a row of a ledger to what will be done: create, change with the differing fields, nothing, or reject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uuid_utils

from app.errors import Refusal
from app.imports.columns import Problem
from app.imports.lookup import Found, Lookup
from app.imports.shape import shape
from app.kernel import violations
from app.kernel.bodies import validated, validated_rows
from app.kernel.fields import Choice, Reference, Sealed
from app.kernel.record_type import RecordType
from app.kernel.referring import Verdict
from app.kernel.schemas import Schemas
from app.kernel.values import NUMBER


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


def resolve(planned: Planned, row: dict[str, Any], lookup: Lookup) -> None:
    """Replaces what the row says of other records by their identifiers; `round` first, others are sought within it."""
    known = shape(planned.type)
    for r in known.on_sheet if planned.headings else known.in_line:
        given = r.id_column in row
        if r.set_by and not given and r.name not in row and r.number_column not in row:
            continue
        if given:
            _by_identifier(planned, row, r.field, lookup)
        identified = row.get(r.id_column)
        wanted = row.pop(r.number_column, None)
        if r.name in row:
            wanted = row.pop(r.name)
        tentative = row.pop(r.tentative, None)
        if wanted is not None and not (r.many and wanted == []):
            _by_text(planned, row, r.field, wanted, lookup)
            if identified is not None and row.get(r.id_column) not in (None, identified):
                planned.reject(planned.member(r.field), "reference_disagrees", label=r.field.label)
        elif tentative is not None and not isinstance(found := lookup.find(r.field, tentative, row), str):
            row[r.id_column] = found.id
        elif r.expected and not (identified or planned.faulty(r.id_column)):
            planned.reject(planned.member(r.field), "required", label=r.field.label)
    if planned.headings:
        for column in known.extra_ids:
            row.pop(column, None)


def _by_identifier(planned: Planned, row: dict[str, Any], f: Reference, lookup: Lookup) -> None:
    given = row.pop(f.id_column)
    if given is None:
        return
    ids = given if isinstance(given, list) else [given]
    if f.many is not isinstance(given, list):
        planned.reject(f.id_column, "not_a_list" if f.many else "not_an_identifier")
    elif not all(isinstance(i, str) and violations.is_identifier(i) for i in ids):
        planned.reject(f.id_column, "not_an_identifier")
    elif not all((found := lookup.by_id.get((f.to, i.lower()))) and found.state != "voided" for i in ids):
        planned.reject(f.id_column, "reference_not_found", label=f.label)
    elif len({i.lower() for i in ids}) < len(ids):
        planned.reject(f.id_column, "listed_twice", label=f.label)
    elif ids:
        row[f.id_column] = [i.lower() for i in ids] if f.many else ids[0].lower()


def _by_text(planned: Planned, row: dict[str, Any], f: Reference, wanted: Any, lookup: Lookup) -> None:
    if isinstance(wanted, str) and not f.many:
        found = lookup.by_number(f.to, wanted)  # most rows name others by numbers that are there
        if found is not None and found.state != "voided":
            row[f.id_column] = found.id
            return
    _by_texts(planned, row, f, wanted, lookup)


def _by_texts(planned: Planned, row: dict[str, Any], f: Reference, wanted: Any, lookup: Lookup) -> None:
    texts = wanted if isinstance(wanted, list) else [wanted]
    if f.many is not isinstance(wanted, list) or not all(isinstance(x, str) for x in texts):
        planned.reject(planned.member(f), "not_a_list" if f.many and not isinstance(wanted, list) else "not_a_number")
        return
    if not planned.headings and not all(NUMBER.match(text.strip()) for text in texts):
        planned.reject(planned.member(f), "not_a_number")  # as in a body, the member holds a number and no name
        return
    texts = [text.strip() for text in texts]
    found = [lookup.find(f, text, row) for text in texts]
    failed = [(text, code) for text, code in zip(texts, found, strict=True) if isinstance(code, str)]
    # What is named within a round that was not found is not looked for: one cell is wrong, not three.
    lost = planned.headings and any(f"{name}_id" not in row for name in lookup.within(f))
    for text, code in failed if not lost else ():
        # What stands in the cell is kept only where the sentence names it: it may be anything a clerk has typed.
        named = {"text": text[:100]} if code == "name_is_ambiguous" else {}
        planned.reject(planned.member(f), code, label=f.label, **named)
    ids = [x.id for x in found if isinstance(x, Found)]
    if not failed:
        if len(set(ids)) < len(ids):
            planned.reject(planned.member(f), "listed_twice", label=f.label)
        row[f.id_column] = ids if f.many else ids[0]


def agree(planned: Planned, row: Mapping[str, Any], lookup: Lookup) -> None:
    """A name beside a number must be the numbered record's name."""
    for member, (reference, column) in planned.type.ledger.agrees.items():
        f = planned.type.reference(reference)
        found = lookup.by_id.get((f.to, str(row.get(f.id_column))))
        said = row.get(member)
        if found and said and str(found.values.get(column, "")).strip() != str(said).strip():
            planned.reject(member, "name_disagrees", label=f.label, number=found.number or "")


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
        for fault in refusal.faults:
            key = fault.pointer.split("/")[1] if fault.pointer else None
            allowed = tuple(fault.allowed) if fault.allowed else None
            planned.reject(key, fault.code, **fault.params, allowed=allowed)
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


def warn(planned: Planned, carried: Mapping[str, Any], old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """The type's rules on values: warnings for a row of an old ledger (contract section 3)."""
    if planned.type.check is None or planned.errors:
        return
    verdict = Verdict(carried, imported=True)
    planned.type.check(verdict, old, {**shape(planned.type).columns, **new})
    for fault in verdict.faults:
        key = fault.pointer.lstrip("/")
        allowed = tuple(fault.allowed) if fault.allowed else None
        planned.warnings.append(Problem(planned.headings.get(key, key), fault.code, fault.params, allowed))


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
