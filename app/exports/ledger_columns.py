"""A record as a row of a ledger: the columns that an import reads, its number, its version.

A cell is written so that the reader of imports gives the same value back. Values that are kept encrypted, and copies of
what another record holds, have no column; what is masked for the caller is blank.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.imports.mapping.columns import NOTE_HEADINGS, VERSION, ledger_fields
from app.imports.mapping.written import Cell, as_is, cell
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType

TEXT = kinds.Text("", "")


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
    number = (t.ledger.number or ("编号",))[0]
    found = [LedgerColumn(number, "number", TEXT, as_is), LedgerColumn(VERSION.label, "version", VERSION, as_is)]
    own = {f.name for f in t.fields}
    for f in ledger_fields(t).values():
        if f.name in own and not isinstance(f, kinds.Sealed):
            heading = f"{f.label}（元）" if isinstance(f, kinds.Whole) and f.money else f.label
            member = f.number_column if isinstance(f, kinds.Reference) else f.name
            found.append(LedgerColumn(heading, member, f, _writer(f)))
    return (*found, LedgerColumn(NOTE_HEADINGS[0], "note", TEXT, as_is))


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
    return as_is if plain else lambda value: cell(f, value)
