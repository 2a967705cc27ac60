"""The records that entries of a body name, taken out of the entries and put beside them, and why one was not found."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import FieldError, invalid
from app.kernel.declare.fields import Entries, Reference
from app.kernel.declare.record_type import RecordType


def records_beside(t: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the records of each given list of entries in the two columns of the list of references beside it.

    Refuses an entry that names none, with its place (`/items/2/opinion_number`).
    """
    found = dict(values)
    for f, kept in t.named_in_entries:
        if f.name not in values:
            continue
        assert f.names
        of, entries = f.names.columns, values[f.name] or ()
        if lacking := [i for i, entry in enumerate(entries) if not any(entry.get(c) for c in of)]:
            label = {"label": f.names.label}
            raise invalid(*(FieldError(f"/{f.name}/{i}/{f.names.number_column}", "required", label) for i in lacking))
        found |= {c: [entry.get(own) for entry in entries] for c, own in zip(kept.columns, of, strict=True)}
        if values[f.name] is not None:
            found[f.name] = [{m: v for m, v in entry.items() if m not in of} for entry in entries]
    return found


def entry_errors(f: Entries, kept: Reference, rows: Sequence[Any], values: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with the record of each entry. `rows` are those of the named records that the caller may name."""
    assert f.names
    errors, seen = [], set()
    numbers = {str(row["id"]): row["number"] for row in rows}
    ids = {number: record_id for record_id, number in numbers.items()}
    for i, (given, number) in enumerate(zip(values[kept.id_column], values[kept.number_column], strict=True)):
        record_id = given or ids.get(number)
        at = f"/{f.name}/{i}/{f.names.id_column if number is None else f.names.number_column}"
        code = None
        if record_id not in numbers:
            code = "reference_not_found"
        elif number not in (None, numbers[record_id]):
            code = "reference_disagrees"
        elif record_id in seen:
            code = "listed_twice"
        seen.add(record_id)
        errors += [FieldError(at, code, {"label": f.names.label})] if code else []
    return errors
