"""Replaces what rows say of other records (numbers, names) by the identifiers of those records."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.imports.files.cells import fold_name
from app.imports.plan.fallen import reject_following
from app.imports.plan.known_record import KnownRecord
from app.imports.plan.lookup import TOLD, Lookup
from app.imports.plan.planned_row import PlannedRow
from app.imports.plan.type_info import RowReference, TypeInfo, type_info
from app.kernel.declare.fields import Reference
from app.kernel.declare.values import NUMBER, is_identifier

ResolvedColumns = list[tuple[str, str, list[str]]]  # of each reference: column that names, column of ids, the ids


def resolve(planned: Sequence[PlannedRow], rows: Sequence[dict[str, Any]], lookup: Lookup) -> None:
    """Replace references by identifiers in the rows of a batch; add errors for those that cannot be found.

    A batch whose rows all give numbers of existing records, as most do, is resolved column by column, each distinct
    number once. Only a batch with anything else in it is resolved row by row.
    """
    columns = _by_numbers(planned[0], rows, lookup)
    if columns is None:
        for p, row in zip(planned, rows, strict=True):
            if not (p.unreadable or (p.merge and p.merge.base and len(row) == 1)):  # a number, and no cell touched
                _resolve_row(p, row, lookup)
        return
    for named_in, id_column, identifiers in columns:
        for row, identifier in zip(rows, identifiers, strict=True):
            del row[named_in]
            row[id_column] = identifier


def _by_numbers(first: PlannedRow, rows: Sequence[dict[str, Any]], lookup: Lookup) -> ResolvedColumns | None:
    """The identifiers of all references, if every row gives each by the number of a live record; else None."""
    info, given = type_info(first.type), set().union(*rows)
    columns: ResolvedColumns = []
    for r in info.in_sheet if first.headings else info.in_line:
        names = given.intersection((r.id_column, *r.texts))
        if not names and not r.required:
            continue
        if r.many or names not in ({r.name}, {r.number_column}):
            return None
        (column,) = names
        texts: list[Any] = [row.get(column) for row in rows]
        if set(map(type, texts)) != {str}:
            return None
        records = {text: lookup.by_number(r.to, text) for text in set(texts)}
        if any(record is None or record.state == "voided" for record in records.values()):
            return None
        identifiers = {text: record.id for text, record in records.items() if record}
        columns.append((column, r.id_column, [identifiers[text] for text in texts]))
    return None if first.headings and info.extra_ids else columns


def _resolve_row(planned: PlannedRow, row: dict[str, Any], lookup: Lookup) -> None:
    """Resolve the references of one row. The round comes first, because names of other records hold within it."""
    info = type_info(planned.type)
    for r in info.in_sheet if planned.headings else info.in_line:
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
                planned.reject(planned.column_of(r.field), "reference_disagrees", label=r.field.label)
        elif tentative is not None and not isinstance(
            record := lookup.find(r.field, tentative, as_seen(planned, row)), str
        ):
            row[r.id_column] = record.id
        elif r.required and not (identified or planned.has_error(r.id_column) or _spared(r, row, lookup, info)):
            planned.lacks(planned.column_of(r.field), r.field.label)
    if planned.headings:
        for column in info.extra_ids:
            row.pop(column, None)


def as_seen(planned: PlannedRow, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row as its writer saw it: with what its untouched cells said, which are taken out of a merged row."""
    return {**planned.merge.base, **row} if planned.merge and planned.merge.base else row


def _spared(r: RowReference, row: Mapping[str, Any], lookup: Lookup, info: TypeInfo) -> bool:
    """Whether the row needs no such help: what it would help to find by name is given by number."""
    helped = [o for o in info.references if r.name in lookup.within(o.field) and o.name in row]
    return r.id_column in info.extra_ids and all(
        isinstance(row[o.name], str) and lookup.by_number(o.to, row[o.name].strip()) for o in helped
    )


def _by_identifier(planned: PlannedRow, row: dict[str, Any], f: Reference, lookup: Lookup) -> None:
    """Check an identifier, or a list of them, that a line of NDJSON gives; drop what is wrong."""
    given = row.pop(f.id_column)
    if given is None:
        return
    ids = given if isinstance(given, list) else [given]
    if f.many is not isinstance(given, list):
        planned.reject(f.id_column, "not_a_list" if f.many else "not_an_identifier")
    elif not all(isinstance(i, str) and is_identifier(i) for i in ids):
        planned.reject(f.id_column, "not_an_identifier")
    elif not all((record := lookup.by_id.get((f.to, i.lower()))) and record.state != "voided" for i in ids):
        planned.reject(f.id_column, "reference_not_found", label=f.label)
    elif len({i.lower() for i in ids}) < len(ids):
        planned.reject(f.id_column, "listed_twice", label=f.label)
    elif ids:
        row[f.id_column] = [i.lower() for i in ids] if f.many else ids[0].lower()


def _by_text(planned: PlannedRow, row: dict[str, Any], f: Reference, wanted: Any, lookup: Lookup) -> None:
    if isinstance(wanted, str) and not f.many:
        record = lookup.by_number(f.to, wanted)  # the usual case, tried before all checks
        if record is not None and record.state != "voided":
            row[f.id_column] = record.id
            return
    _by_texts(planned, row, f, wanted, lookup)


def _by_texts(planned: PlannedRow, row: dict[str, Any], f: Reference, wanted: Any, lookup: Lookup) -> None:
    """Find the records that a cell names. In a line of NDJSON, as in a body, only numbers name records."""
    texts = wanted if isinstance(wanted, list) else [wanted]
    if f.many is not isinstance(wanted, list) or not all(isinstance(x, str) for x in texts):
        code = "not_a_list" if f.many and not isinstance(wanted, list) else "not_a_number"
        planned.reject(planned.column_of(f), code)
        return
    if not planned.headings and not all(NUMBER.match(text.strip()) for text in texts):
        planned.reject(planned.column_of(f), "not_a_number")
        return
    texts = [text.strip() for text in texts]
    seen = as_seen(planned, row)
    results = [lookup.find(f, text, seen) for text in texts]
    failed = [(text, code) for text, code in zip(texts, results, strict=True) if isinstance(code, str)]
    # If the round of the row was not found, names within the round are no errors of their own: one cell is wrong.
    round_missing = planned.headings and any(f"{name}_id" not in seen for name in lookup.within(f))
    for text, code in failed if not round_missing else ():
        # The text of a cell may be anything a clerk has typed, so it is stored only where the sentence shows it.
        shown = {"text": text[:100]} if code == "name_is_ambiguous" else {}
        target = lookup.ctx.runtime.registry.by_path[f.to]
        if code == "reference_not_found" and (cause := lookup.fallen.cause(target, text, row)):
            reject_following(planned, planned.column_of(f), f.label, cause)
        else:
            planned.reject(planned.column_of(f), code, label=f.label, **shown)
    ids = [record.id for record in results if isinstance(record, KnownRecord)]
    if not failed:
        if len(set(ids)) < len(ids):
            planned.reject(planned.column_of(f), "listed_twice", label=f.label)
        row[f.id_column] = ids if f.many else ids[0]


def refuse_retired(planned: PlannedRow, record: KnownRecord | None, lookup: Lookup) -> None:
    """Reject a row that newly names a record which has a successor. A record that names it already keeps it."""
    old = record.values if record else {}
    for r in type_info(planned.type).references:
        for record_id in {*_ids(planned.values.get(r.id_column))} - {*_ids(old.get(r.id_column))}:
            if record_id in lookup.retired:
                told = {"label": r.field.label, "successor": lookup.retired[record_id]}
                planned.reject(planned.column_of(r.field), "reference_retired", **told)


def _ids(named: Any) -> list[str]:
    return [named] if isinstance(named, str) else list(named or ())


def require_agreement(planned: PlannedRow, row: Mapping[str, Any], lookup: Lookup) -> None:
    """Reject a row whose name of a record (`name` of a person) differs from the name of the record it numbers.

    A name that is hidden from the maker of the import is not compared: the answer would confirm a guess.
    """
    seen = as_seen(planned, row)
    for column, (reference, other_column) in planned.type.ledger.agrees.items():
        f = planned.type.reference(reference)
        record = lookup.by_id.get((f.to, str(seen.get(f.id_column))))
        name = seen.get(column) if {column, f.id_column} & row.keys() else None  # untouched, they were asked before
        if record and name and not record.values.get(TOLD, True):
            planned.warn(column, "name_not_compared", label=f.label, number=record.number or "")
        elif record and name and fold_name(str(record.values.get(other_column, ""))) != fold_name(str(name)):
            planned.reject(column, "name_disagrees", label=f.label, number=record.number or "")
