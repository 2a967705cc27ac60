"""What rows say of other records, replaced by the identifiers of those."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.imports.plan.lookup import Found, Lookup
from app.imports.plan.row_check import Planned
from app.imports.plan.type_info import shape
from app.kernel.declare.fields import Reference
from app.kernel.declare.values import NUMBER, is_identifier


def resolve(planned: Sequence[Planned], rows: Sequence[dict[str, Any]], lookup: Lookup) -> None:
    """Replaces what rows say of other records by identifiers; notes in the plan what cannot be found.

    All rows at once where each gives numbers of records that are there, as most do; else one by one.
    """
    found = _by_numbers(planned[0], rows, lookup)
    if found is None:
        for p, row in zip(planned, rows, strict=True):
            if not p.unreadable:
                _resolve_row(p, row, lookup)
        return
    for member, column, identifiers in found:
        for row, identifier in zip(rows, identifiers, strict=True):
            del row[member]
            row[column] = identifier


Resolved = list[tuple[str, str, list[str]]]  # of each reference the member that gives it, its column, the identifiers


def _by_numbers(first: Planned, rows: Sequence[dict[str, Any]], lookup: Lookup) -> Resolved | None:
    """What the rows refer to, if all of them say it by number; None if one is not so plain."""
    known, given = shape(first.type), set().union(*rows)
    found: Resolved = []
    for r in known.on_sheet if first.headings else known.in_line:
        said = given.intersection((r.id_column, *r.members))
        if not said and not r.expected:
            continue
        if r.many or said not in ({r.name}, {r.number_column}):
            return None
        (member,) = said
        texts: list[Any] = [row.get(member) for row in rows]
        if set(map(type, texts)) != {str}:
            return None
        records = {text: lookup.by_number(r.to, text) for text in set(texts)}
        if any(record is None or record.state == "voided" for record in records.values()):
            return None
        identifiers = {text: record.id for text, record in records.items() if record}
        found.append((member, r.id_column, [identifiers[text] for text in texts]))
    return None if first.headings and known.extra_ids else found


def _resolve_row(planned: Planned, row: dict[str, Any], lookup: Lookup) -> None:
    """`round` first, others are sought within it."""
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
    elif not all(isinstance(i, str) and is_identifier(i) for i in ids):
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
