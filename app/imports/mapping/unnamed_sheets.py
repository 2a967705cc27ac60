"""Sheets whose names say nothing: which ledger they hold is said by the caller, or was said before; never guessed."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from app.imports.files.cells import is_blank
from app.imports.files.headers import SEARCHED_ROWS, find_table
from app.imports.files.located import LocatedTable, NoHeader
from app.imports.files.raw import Row, Sheet
from app.imports.mapping.columns import RowProblem, columns_of
from app.imports.mapping.proposed import propose, with_type
from app.imports.mapping.public_headings import other_headings
from app.imports.mapping.sheet_table import SheetTable
from app.imports.mapping.source import ImportSource, chosen_mapping
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

Locate = Callable[[ImportSource, Sheet, RecordType, list[Row]], SheetTable]


class Nearest(NamedTuple):
    """The type whose headings a sheet has. `complete`: it has all that this type, or some other, requires."""

    type: RecordType
    located: LocatedTable
    complete: bool

    @property
    def likeness(self) -> tuple[int, bool]:
        """The order in which types are preferred."""
        return len(self.located.headings) - len(self.located.unknown), self.complete


def tables_of_unknown_names(
    others: list[tuple[Sheet, list[Row]]], source: ImportSource, registry: Registry, any_named: bool, locate: Locate
) -> Iterator[SheetTable]:
    """If the caller has named the type, a sheet with its headings alone is meant; or one that was said to be of a type.

    Another that has all headings of a ledger is not passed over: it is rejected until it is named.
    """
    types = [source.type] if source.type else registry.types
    nearest = [_nearest(sheet, rows, source, types) for sheet, rows in others]
    meant = sum(found is not None and found.complete for found in nearest)
    for (sheet, rows), found in zip(others, nearest, strict=True):
        if found is None or not found.complete:
            proposal = _proposal(found) if found else {}
            yield SheetTable(sheet.name, None, skipped_because="unknown_sheet", proposal=proposal)
        elif source.type and not any_named and meant == 1:
            yield locate(source, sheet, found.type, rows)
        elif source.is_remembered(sheet.name, found.type) and not found.located.missing:
            table = locate(source, sheet, found.type, rows)
            table.type_remembered = True
            yield table
        else:
            t = found.type
            told = {"sheet": sheet.name, "label": t.label, "name": t.ledger.sheets[0]}
            problem = RowProblem(None, "sheet_not_named", told)
            yield SheetTable(sheet.name, t, problem=problem, guessed=True, proposal=_proposal(found))


def _proposal(found: Nearest) -> dict[str, str | None]:
    return with_type(found.type, propose(found.type, found.located.unknown, found.located.headings))


def _nearest(sheet: Sheet, rows: list[Row], source: ImportSource, types: Iterable[RecordType]) -> Nearest | None:
    """The type that has most of the headings of a sheet, if these are at least three."""
    found: list[Nearest] = []
    for t in types if any(len({str(c) for c in cells if not is_blank(c)}) > 2 for _, cells in rows) else ():
        with suppress(NoHeader):
            mapping = chosen_mapping(source, sheet.name, t).map
            located = find_table(rows[: SEARCHED_ROWS + 1], columns_of(t), other_headings(t), False, mapping)
            if len(located.headings) > 2:
                found.append(Nearest(t, located, not located.missing))
    best = max(found, key=lambda one: one.likeness, default=None)
    return best and best._replace(complete=any(one.complete for one in found))
