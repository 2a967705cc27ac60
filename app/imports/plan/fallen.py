"""Rows and sheets that are rejected, so that a row which falls only because it refers to one of them can say so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.imports.files.cells import fold_name
from app.imports.plan.planned_row import PlannedRow
from app.kernel.declare.record_type import RecordType

FELL = ("row_fell", "row_fell_here", "sheet_fell")


class Cause(NamedTuple):
    """Where the row stands that was rejected first; of a whole sheet there is no row."""

    sheet: str | None
    row: int | None


@dataclass
class Fallen:
    """What was rejected so far, by what other rows call it."""

    rows: dict[tuple[str, ...], Cause] = field(default_factory=dict)
    sheets: dict[str, Cause] = field(default_factory=dict)  # by the path of their type
    first: dict[tuple[str | None, Cause], int] = field(default_factory=dict)  # the first row of a sheet that follows

    def say_what_follows(self, planned: Iterable[PlannedRow], place: int) -> None:
        """Keep the rows that are rejected, and join each that falls by another alone to the first of its sheet.

        `place` is that of the first of them in the plan.
        """
        for n, p in enumerate(planned, place):
            if not p.errors:
                continue
            if cause := cause_of(p):
                first = self.first.setdefault((p.sheet, cause), n)
                p.follows = first if first != n else None
            self.rows |= dict.fromkeys(p.called, cause or Cause(p.sheet, p.line))

    def cause(self, t: RecordType, text: str, row: Mapping[str, Any]) -> Cause | None:
        """Why there is no record of this number or name."""
        return next((self.rows[key] for key in _keys(t, text, row) if key in self.rows), self.sheets.get(t.path))


def calls(t: RecordType, number: Any, row: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """What other rows may call the record of a row: its number, and its names within what it belongs to."""
    names: list[Any] = []
    for column in t.ledger_name.columns if t.ledger_name else ():
        value = row.get(column)
        names += value if isinstance(value, list) else [value]
    texts = [text for text in (number, *names) if isinstance(text, str)]
    return tuple(dict.fromkeys(key for text in texts for key in _keys(t, text, row)))


def _keys(t: RecordType, text: str, row: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    yield t.path, text.strip()
    within = t.ledger_name.within if t.ledger_name else ()
    yield t.path, fold_name(text), *(str(row.get(f"{name}_id")) for name in within)


def cause_of(planned: PlannedRow) -> Cause | None:
    """What a row follows from, if that alone is wrong with it."""
    if not planned.errors or not all(error.code in FELL for error in planned.errors):
        return None
    params = planned.errors[0].params
    return Cause(params["sheet"], params["row"])


def reject_following(planned: PlannedRow, column: str, label: str, cause: Cause) -> None:
    """Reject a row for a reference to what was rejected."""
    here = cause.sheet in (None, planned.sheet)
    code = "sheet_fell" if cause.row is None else "row_fell_here" if here else "row_fell"
    planned.reject(column, code, label=label, sheet=cause.sheet, row=cause.row)
