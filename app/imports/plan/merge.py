"""Merges a row that came back from an export into its record, cell by cell, by the version it was exported from.

A cell that only the sheet has changed is taken, one that only the system has changed is kept. Where both have changed
it to different values nobody can know which is meant: the row is rejected, and both values are shown.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.imports.mapping.columns import VERSION
from app.imports.mapping.written import cell
from app.imports.plan.base_versions import own_columns
from app.imports.plan.known_record import KnownRecord
from app.imports.plan.lookup import Lookup, Match
from app.imports.plan.plan_rows import CONFLICT, CONFLICT_UNSEEN
from app.imports.plan.planned_row import CheckedBatch, PlannedRow, RowMerge
from app.imports.plan.told import tells
from app.kernel.declare.access import METADATA
from app.kernel.declare.fields import Entries, Field, Lines, Reference, Sealed, Text
from app.kernel.declare.record_type import RecordType

LONGEST_SHOWN = 300  # characters of a value in a message


def implied_state(p: PlannedRow, row: Mapping[str, Any]) -> str:
    """The state that a merged row implies; '' where its cells implied the same when it was exported."""
    imply = p.type.lifecycle.state_on_import
    assert imply and p.merge
    if p.merge.base is None:
        return imply(row)
    if not row:
        return ""
    columns = own_columns(p.type)
    before = {columns[k]: p.merge.base.get(columns[k]) for k in p.merge.given if k in columns}
    after = imply({**before, **row})
    return "" if after == imply(before) else after


def merge(batch: CheckedBatch, matches: list[Match], lookup: Lookup) -> None:
    """Leave in the values of each row what the sheet has changed; reject a row of which the system changed the same."""
    for i, (p, (record, _)) in enumerate(zip(batch.planned, matches, strict=True)):
        if p.merge is None or p.errors:
            continue
        if p.merge.base is None:
            _without_base(p, record)
        elif record is not None:
            batch.values[i] = _merged(p, p.merge, batch.values[i], record, lookup)


def _without_base(p: PlannedRow, record: KnownRecord | None) -> None:
    """A row without a number names a version of nothing: it is new, or its record is the one that it was exported from.

    A record that has changed since would lose what others wrote: the row does not say what of it is new.
    """
    assert p.merge
    if record is None:
        p.warn(VERSION.name, "version_of_new_row")
    elif record.values["version"] != p.merge.version:
        p.reject("number", "version_without_number", label=p.type.label)


def _merged(
    p: PlannedRow, merge: RowMerge, values: Mapping[str, Any], record: KnownRecord, lookup: Lookup
) -> dict[str, Any]:
    p.record_id, p.version = record.id, int(record.values["version"])  # of a rejected row, too: it shows the record
    base, now = merge.base or {}, record.values
    changed = {column: value for column, value in values.items() if value != base.get(column)}
    for column, value in changed.items():
        if now.get(column) not in (base.get(column), value):
            _reject_conflict(p, column, value, record, lookup)
    columns = own_columns(p.type)
    if now is not base:
        filled, emptied = ({columns[k] for k in keys if k in columns} for keys in (merge.given, merge.blank))
        kept = sorted(c for c in filled - emptied - changed.keys() if now.get(c) != base.get(c))
        merge.kept = [_kept(p.type, c, record, lookup) for c in kept]
    blank = {columns[k] for k in merge.blank if k in columns}
    if blank := {c for c in blank if not _is_empty(base.get(c)) and not _is_empty(now.get(c))}:
        _warn_of_blanks(p, merge, sorted(blank), lookup)
    return changed


def _kept(t: RecordType, column: str, record: KnownRecord, lookup: Lookup) -> dict[str, Any]:
    """A field that only the system has changed, as the preview shows it."""
    f = field_of(t, column)
    shown = f.number_column if isinstance(f, Reference) else column
    return {"field": shown, "value": record.values.get(shown) if tells(lookup.ctx, f) else None}


def _reject_conflict(p: PlannedRow, column: str, value: Any, record: KnownRecord, lookup: Lookup) -> None:
    assert p.merge and p.merge.base is not None
    f = field_of(p.type, column)
    key = p.key_of(f.name if isinstance(f, Sealed) else column)
    if isinstance(f, Sealed) or not tells(lookup.ctx, f):
        p.reject(key, CONFLICT_UNSEEN)
        return
    values = {"in_file": {**p.merge.base, column: value}, "in_system": record.values, "in_base": p.merge.base}
    p.reject(key, CONFLICT, **{where: _shown(f, column, held, lookup) for where, held in values.items()})


def field_of(t: RecordType, column: str) -> Field | None:
    """The field that a column belongs to; None for the note."""
    return next((f for f in t.fields if column in f.columns), None)


def _shown(f: Field | None, column: str, held: Mapping[str, Any], lookup: Lookup) -> str:
    """A value as a ledger shows it; records that are known by name with name and number."""
    value = held.get(column)
    if _is_empty(value):
        return "—"
    if isinstance(f, Reference):
        ids = value if isinstance(value, list) else [value]
        written: Any = "、".join(_named(f, i, lookup) for i in ids)
    else:
        written = value if f is None else cell(f, value)
    if isinstance(written, Decimal):
        written = f"{written:,}元"
    text = written.isoformat() if isinstance(written, date) else str(written)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _named(f: Reference, record_id: Any, lookup: Lookup) -> str:
    rule, record = lookup.ctx.runtime.registry.by_path[f.to].ledger_name, lookup.by_id.get((f.to, record_id))
    number = record.number if record else None
    name = record.values.get(rule.columns[0]) if record and rule else None
    return f"{name}（{number}）" if name and number else number or "—"


def _is_empty(value: Any) -> bool:
    return value is None or value == []


def _warn_of_blanks(p: PlannedRow, merge: RowMerge, emptied: Sequence[str], lookup: Lookup) -> None:
    """Warn of each cell that was emptied: the value stays. A cell that was masked in the export was never filled."""
    as_metadata = lookup.ctx.caller.importing and _as_metadata(p, merge)
    for column in emptied:
        f = field_of(p.type, column)
        if tells(lookup.ctx, f) and not (as_metadata and _is_text(f)):
            p.warn(p.key_of(column), "blank_keeps")


def _as_metadata(p: PlannedRow, merge: RowMerge) -> bool:
    """Whether a row has no text at all: so records are exported for roles that are shown their metadata alone."""
    columns, rights = own_columns(p.type), p.type.access.declared
    if not any(right.exports and (right.hides.metadata or right.apart) for right in rights):
        return False
    return not any(_is_text(field_of(p.type, columns[key])) for key in merge.given if key in columns)


def _is_text(f: Field | None) -> bool:
    """Whether `METADATA` hides the field."""
    return METADATA.metadata and (f is None or f.secret or isinstance(f, Text | Lines | Entries))
