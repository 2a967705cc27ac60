"""A value as a cell of a ledger, written so that the reader of that kind of field gives the same value back."""

from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any

from app.imports.files import entries
from app.imports.files.raw import CellProblem
from app.imports.mapping.columns import NotALabel, read
from app.kernel.declare import fields as kinds

Cell = str | int | date | Decimal | None
SHEETS_YEARS = range(1901, 2100)  # of days that a spreadsheet counts and an import reads as such


def as_is(value: Any) -> Cell:
    """A value that is its own cell."""
    written: Cell = value
    return written


@singledispatch
def cell(f: kinds.Field, value: Any) -> Cell:
    """The cell for a value in stored form, by the kind of its field."""
    raise NotImplementedError(type(f).__name__)


@cell.register(kinds.Text)
def _(f: kinds.Text, value: Any) -> Cell:
    return as_is(value)


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
    return "、".join(filter(None, value)) if f.many else as_is(value)


@cell.register(kinds.Lines)
def _(f: kinds.Lines, value: Any) -> Cell:
    return _read_back(f, value, ("；" if f.split == "measures" else "、").join(value))


@cell.register(kinds.Entries)
def _(f: kinds.Entries, value: Any) -> Cell:
    texts = [{m.name: cell(m, e[m.name]) for m in f.of if e.get(m.name) is not None} for e in value]
    return _read_back(f, value, entries.as_labelled(texts, f.labels))


def _read_back(f: kinds.Field, value: Any, text: str) -> Cell:
    """The text, if it is read as the value; else the value as JSON, which always is. Nothing for an empty list."""
    if not value:
        return None
    try:
        same = read(f, text, None) == value
    except (CellProblem, NotALabel):
        same = False
    return text if same else entries.as_exact(value)
