"""A record as a row of a ledger: the columns that an import reads, its number, its version.

A cell is written so that the reader of imports gives the same value back. Values that are kept encrypted, and copies of
what another record holds, have no column; what is masked for the caller is blank.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, singledispatch
from typing import Any

from app.imports.files import entries
from app.imports.files.raw import CellProblem
from app.imports.mapping.columns import NOT_READ, NOTE_HEADINGS, NotALabel, ledger_fields, read
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType

Cell = str | int | date | Decimal | None
SHEETS_YEARS = range(1901, 2100)  # of days that a spreadsheet counts and an import reads as such
TEXT, WHOLE = kinds.Text("", ""), kinds.Whole("", "")


@dataclass(frozen=True, slots=True)
class LedgerColumn:
    """A column of a ledger: its heading, the member of the document that it shows, and how."""

    heading: str
    member: str
    field: kinds.Field
    write: Callable[[Any], Cell]

    @property
    def summed(self) -> bool:
        """Whether the last row of a printed ledger has its sum."""
        return isinstance(self.field, kinds.Quantity) or (isinstance(self.field, kinds.Whole) and self.field.money)


@cache
def ledger_columns(t: RecordType) -> tuple[LedgerColumn, ...]:
    """The columns of a type in their order: number, version, fields, note."""
    number, version = (t.ledger.number or ("编号",))[0], NOT_READ["version"][0]
    found = [
        LedgerColumn(number, "number", TEXT, _as_is),
        LedgerColumn(version, "version", WHOLE, _as_is),
    ]
    own = {f.name for f in t.fields}
    for f in ledger_fields(t).values():
        if f.name in own and not isinstance(f, kinds.Sealed):
            heading = f"{f.label}（元）" if isinstance(f, kinds.Whole) and f.money else f.label
            member = f.number_column if isinstance(f, kinds.Reference) else f.name
            found.append(LedgerColumn(heading, member, f, _writer(f)))
    return (*found, LedgerColumn(NOTE_HEADINGS[0], "note", TEXT, _as_is))


def row_of(
    columns: Sequence[LedgerColumn], document: Mapping[str, Any], names: Mapping[str, Callable[..., Cell]] = {}
) -> list[Cell]:
    """The cells of a record; blank where its document has no value, or shows none to the caller.

    `names` writes the cells of these members from the whole document.
    """
    masked = document["masked"]
    found: list[Cell] = []
    for c in columns:
        value = document[c.member]
        if value is None or (masked and c.member in masked):
            found.append(None)
        else:
            found.append(names[c.member](document) if c.member in names else c.write(value))
    return found


def _writer(f: kinds.Field) -> Callable[[Any], Cell]:
    plain = type(f) is kinds.Text or (isinstance(f, kinds.Reference) and not f.many)
    return _as_is if plain else lambda value: cell(f, value)


def _as_is(value: Any) -> Cell:
    written: Cell = value
    return written


@singledispatch
def cell(f: kinds.Field, value: Any) -> Cell:
    """The cell for a value in stored form, by the kind of its field."""
    raise NotImplementedError(type(f).__name__)


@cell.register(kinds.Text)
def _(f: kinds.Text, value: Any) -> Cell:
    return _as_is(value)


@cell.register(kinds.Whole)
def _(f: kinds.Whole, value: Any) -> Cell:
    return Decimal(value).scaleb(-2) if f.money else int(value)


@cell.register(kinds.Flag)
def _(f: kinds.Flag, value: Any) -> Cell:
    return "是" if value else "否"


@cell.register(kinds.Day)
def _(f: kinds.Day, value: Any) -> Cell:
    return date.fromisoformat(value) if int(value[:4]) in SHEETS_YEARS else str(value)


@cell.register(kinds.Quantity)
def _(f: kinds.Quantity, value: Any) -> Cell:
    return quantity(value["value"], value["qualifier"])


def quantity(value: int, qualifier: str) -> Cell:
    """A count as a report states it: 300, 300余, 约300."""
    return value if qualifier == "exact" else f"{value}余" if qualifier == "at_least" else f"约{value}"


@cell.register(kinds.Choice)
def _(f: kinds.Choice, value: Any) -> Cell:
    return "、".join(map(f.terms.label, value)) if f.many else f.terms.label(value)


@cell.register(kinds.Reference)
def _(f: kinds.Reference, value: Any) -> Cell:
    return "、".join(filter(None, value)) if f.many else _as_is(value)


@cell.register(kinds.Lines)
def _(f: kinds.Lines, value: Any) -> Cell:
    return _read_back(f, value, ("；" if f.split == "measures" else "、").join(value))


@cell.register(kinds.Absentees)
def _(f: kinds.Absentees, value: Any) -> Cell:
    return _read_back(f, value, entries.as_labelled(value, entries.ABSENTEE))


@cell.register(kinds.Recusals)
def _(f: kinds.Recusals, value: Any) -> Cell:
    return _read_back(f, value, entries.as_labelled(value, entries.RECUSAL))


def _read_back(f: kinds.Field, value: Any, text: str) -> Cell:
    """The text, if it is read as the value; else the value as JSON, which always is. Nothing for an empty list."""
    if not value:
        return None
    try:
        same = read(f, text, None) == value
    except (CellProblem, NotALabel):
        same = False
    return text if same else entries.as_exact(value)
