"""The table on a sheet of a known type: its rows, and what its header and the mappings say of its columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.imports.files.cells import is_blank
from app.imports.files.headers import find_table
from app.imports.files.headings import fold, plain, shown
from app.imports.files.located import LocatedTable, NoHeader, RowDoubt
from app.imports.files.raw import Row, Sheet
from app.imports.mapping.columns import RowProblem, columns_of
from app.imports.mapping.given import ONLY_TABLE, BadMapping, fields_by_name, public_name, require_headings
from app.imports.mapping.proposed import propose
from app.imports.mapping.public_headings import is_summary, other_headings
from app.imports.mapping.source import ChosenMapping, ImportSource, chosen_mapping
from app.kernel.declare.record_type import RecordType


@dataclass
class SheetTable:
    """The rows of one sheet (numbered as Excel counts) and what its header says. A table of NDJSON has no headings."""

    sheet: str | None
    type: RecordType | None  # None for a sheet that is skipped
    rows: Iterable[tuple[int, Any]] = ()
    headings: Mapping[str, str] = field(default_factory=dict)  # column -> heading as written
    units: Mapping[str, str] = field(default_factory=dict)  # column -> money unit
    unknown: list[str] = field(default_factory=list)  # headings that name no column
    not_kept: list[str] = field(default_factory=list)  # headings whose meaning is known and that no field keeps
    header_row: int = 1
    problem: RowProblem | None = None  # why no row of the table can be read
    missing: RowProblem | None = None  # why no row of the table can create a record
    skipped_because: str | None = None  # code of a sentence
    doubts: dict[int, list[RowDoubt]] = field(default_factory=dict)  # by row, filled in while rows are read
    left_out: dict[int, str] = field(default_factory=dict)  # row -> why it is no entry, filled in while rows are read
    positions: Mapping[str, int] = field(default_factory=dict)  # column -> place of its cell in a row
    guessed: bool = False  # the type is that of its headings, not of its name
    mapping_used: dict[str, str | None] = field(default_factory=dict)  # heading -> field, None for one left out
    remembered: list[str] = field(default_factory=list)  # of these headings those that the file did not bring
    type_remembered: bool = False  # that its name means its type was said before
    proposal: dict[str, str | None] = field(default_factory=dict)  # for what is not understood
    unheaded: dict[str, None] = field(default_factory=dict)  # columns with values and no heading


def located_in_workbook(source: ImportSource, sheet: Sheet, t: RecordType, rows: list[Row]) -> SheetTable:
    """The table on a sheet of a workbook. A sheet without any row of two cells is empty, whatever its title."""
    if not any(len({str(cell) for cell in cells if not is_blank(cell)}) > 1 for _, cells in rows):
        return SheetTable(sheet.name, t)
    table = locate(source, sheet.name, t, replace(sheet, rows=rows))
    table.rows = list(table.rows)
    return table


def locate(source: ImportSource, name: str | None, t: RecordType, sheet: Sheet) -> SheetTable:
    """The table on a sheet of this type. Without a header, or where no row can be read, it has a `problem`."""
    chosen = chosen_mapping(source, name, t)
    try:
        located = find_table(sheet.rows, columns_of(t), other_headings(t), sheet.ragged, chosen.map)
    except NoHeader as problem:
        return _without_header(name, t, problem, chosen)
    require_headings(name or ONLY_TABLE, chosen.sent, located)
    table = SheetTable(name, t, located.rows, located.headings, located.units, located.unknown, located.not_kept)
    table.header_row, table.doubts, table.left_out = located.header_row, located.doubts, located.left_out
    table.positions, table.unheaded = located.positions, located.unheaded
    table.mapping_used = {heading: public_name(t, key) if key else None for heading, key in located.mapped.items()}
    table.remembered = [heading for heading in located.mapped if plain(heading) in chosen.remembered]
    table.proposal = propose(t, located.unknown, located.headings)
    for row in sheet.hidden_rows:
        table.doubts[row] = [RowDoubt(None, "hidden_row", {}, True)]
    _require_columns(table, t, located)
    return table


def _without_header(name: str | None, t: RecordType, found: NoHeader, chosen: ChosenMapping) -> SheetTable:
    """The table of a sheet on which no row names enough columns. Raises BadMapping if one names what is not there."""
    seen = [*found.recognised, *found.unrecognised]
    if absent := [heading for heading in chosen.sent if plain(heading) not in map(plain, seen)]:
        raise BadMapping("mapping_heading_unknown", seen, sheet=shown(name or ONLY_TABLE), heading=shown(absent[0]))
    columns = [c.names[0] for c in columns_of(t) if c.required]
    code = "summary_table" if is_summary(found.unrecognised) else "no_header"
    params = {"missing": "、".join(columns), "found": "、".join(seen[:12]) or "—"}
    table = SheetTable(name, t, header_row=found.row or 1, problem=RowProblem(None, code, params))
    if code == "no_header":
        named = fields_by_name(t)
        table.proposal = propose(t, found.unrecognised, [named.get(fold(heading), "") for heading in found.recognised])
    return table


def _require_columns(table: SheetTable, t: RecordType, located: LocatedTable) -> None:
    """Without a required column no row can create a record. Those whose number or natural key exists need no other."""
    if located.unknown and is_summary(located.unknown):
        table.problem = RowProblem(None, "summary_table", {})
    elif located.missing:
        params = {"missing": "、".join(located.missing), "found": "、".join(located.unknown) or "—"}
        problem = RowProblem(None, "missing_columns", params)
        by_key = t.ledger.key and located.headings.keys() >= {*t.ledger.key}
        table.missing = problem
        table.problem = None if "number" in located.headings or by_key else problem
