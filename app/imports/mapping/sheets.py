"""The tables of a file, each with its record type: the sheets of a workbook, a csv, or the lines of NDJSON by type."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from app.imports.files import delimited, readers
from app.imports.files.cells import is_blank, text
from app.imports.files.headers import SEARCHED_ROWS, find_table
from app.imports.files.headings import fold, plain, shown
from app.imports.files.located import LocatedTable, NoHeader, RowDoubt
from app.imports.files.ndjson import read_ndjson
from app.imports.files.raw import Row, Sheet
from app.imports.mapping.columns import RowProblem, columns_of
from app.imports.mapping.given import ONLY_TABLE, BadMapping, fields_by_name, public_name, require_headings
from app.imports.mapping.lines import lines_of_type, type_of_line
from app.imports.mapping.proposed import propose
from app.imports.mapping.public_headings import is_summary, other_headings
from app.imports.mapping.sheet_names import type_of_sheet
from app.imports.mapping.sheet_table import SheetTable
from app.imports.mapping.source import NOTHING_CHOSEN, ChosenMapping, ImportSource, chosen_mapping
from app.imports.mapping.unnamed_sheets import tables_of_unknown_names
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, NDJSON = "text/csv", "application/x-ndjson"
ACCEPTED_MEDIA = {XLSX: XLSX, CSV: CSV, NDJSON: NDJSON, "application/jsonl": NDJSON, "application/ndjson": NDJSON}
FILE_ENDINGS = {"xlsx": XLSX, "csv": CSV, "ndjson": NDJSON, "jsonl": NDJSON}


async def tables_in_thread(path: Path, source: ImportSource, registry: Registry) -> AsyncIterator[SheetTable]:
    """Like `tables`, read in a thread, so that the process answers requests meanwhile."""
    iterator: Iterator[SheetTable] = await asyncio.to_thread(lambda: iter(tables(path, source, registry)))
    while (table := await asyncio.to_thread(lambda: next(iterator, None))) is not None:
        yield table


def tables(path: Path, source: ImportSource, registry: Registry) -> Iterator[SheetTable]:
    """The tables of a file, in the order of the registry. Raises UnreadableFile, also while rows are read."""
    source.types = frozenset({source.type.path}) if source.type else None
    if source.media == XLSX:
        yield from _workbook(path, source, registry)
    elif source.media == CSV:
        assert source.type
        if source.mapping and (len(source.mapping) > 1 or source.sent(None).type not in (None, source.type)):
            raise BadMapping("mapping_of_one_table", [source.type.path])
        source.encoding, sheet = delimited.read_csv(path)
        yield locate(source, None, source.type, sheet)
    else:
        yield from _lines(path, source, registry)


def _workbook(path: Path, source: ImportSource, registry: Registry) -> Iterator[SheetTable]:
    """All sheets are read before the first is yielded: a workbook has its own order, and the import another."""
    found: list[SheetTable] = []
    others: list[tuple[Sheet, list[Row]]] = []  # of unknown names
    names: list[str] = []
    for sheet in readers.read_workbook(path):
        names.append(sheet.name)
        t = _type_of(sheet.name, source, registry)
        if t is None and sheet.name in source.mapping:
            raise BadMapping("mapping_type_missing", registry.by_path, sheet=shown(sheet.name))
        if t is None:
            whole = source.type or any(source.is_remembered(sheet.name, other) for other in registry)
            others.append((sheet, list(sheet.rows) if whole else [*islice(sheet.rows, SEARCHED_ROWS + 1)]))
        elif source.type and t is not source.type:
            found.append(SheetTable(sheet.name, None, skipped_because="not_asked_for"))
        else:
            found.append(located_in_workbook(source, sheet, t, list(sheet.rows)))
    if absent := [name for name in source.mapping if name not in names]:
        raise BadMapping("mapping_sheet_unknown", names, sheet=shown(absent[0]))
    found += tables_of_unknown_names(others, source, registry, any(table.type for table in found), located_in_workbook)
    source.types = frozenset(table.type.path for table in found if table.type and not table.guessed)
    order = {t.path: i for i, t in enumerate(registry)}
    yield from sorted(found, key=lambda table: order[table.type.path] if table.type else -1)


def located_in_workbook(source: ImportSource, sheet: Sheet, t: RecordType, rows: list[Row]) -> SheetTable:
    """The table on a sheet of a workbook. A sheet without any row of two cells is empty, whatever its title."""
    if not any(len({str(cell) for cell in cells if not is_blank(cell)}) > 1 for _, cells in rows):
        return SheetTable(sheet.name, t)
    table = locate(source, sheet.name, t, replace(sheet, rows=rows))
    table.rows = list(table.rows)
    table.warnings = ["hidden_sheet"] if sheet.hidden else []
    return table


def locate(source: ImportSource, name: str | None, t: RecordType, sheet: Sheet) -> SheetTable:
    """The table on a sheet of this type. Without a header, or where no row can be read, it has a `problem`."""
    chosen = chosen_mapping(source, name, t) if source.mapping or source.remembered else NOTHING_CHOSEN
    try:
        located = find_table(sheet.rows, columns_of(t), other_headings(t), sheet.ragged, chosen.map)
    except NoHeader as problem:
        return _without_header(name, t, problem, chosen)
    if chosen.sent:
        require_headings(name or ONLY_TABLE, chosen.sent, located)
    table = SheetTable(name, t, located.rows, located.headings, located.units, located.unknown, located.not_kept)
    table.header_row, table.doubts, table.left_out = located.header_row, located.doubts, located.left_out
    table.positions, table.unheaded = located.positions, located.unheaded
    table.mapping_used = {heading: public_name(t, key) if key else None for heading, key in located.mapped.items()}
    table.remembered = [heading for heading in located.mapped if plain(heading) in chosen.remembered]
    table.proposal = propose(t, located.unknown, located.headings) if located.unknown else {}
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
        named = [fields_by_name(t).get(fold(heading), "") for heading in found.recognised]
        # Where no row is known to be a header, what is like no heading may be a name: an import keeps it in its rows.
        table.proposal = {heading: key for heading, key in propose(t, found.unrecognised, named).items() if key}
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


def _type_of(name: str, source: ImportSource, registry: Registry) -> RecordType | None:
    """The type that the mapping says a sheet has, else its name; else, if it is mapped, that which is asked for."""
    said = source.sent(name).type or type_of_sheet(name, registry)
    return said or (source.type if name in source.mapping else None)


def _lines(path: Path, source: ImportSource, registry: Registry) -> Iterator[SheetTable]:
    """One table for each type. The file is read once for each type, so that memory does not grow with it.

    Lines that are no objects, or name no type, are reported in tables without rows of the first type of the registry.
    """
    source.encoding = "utf-8"
    if source.mapping:
        raise BadMapping("mapping_of_lines")
    if source.type:
        yield SheetTable(None, source.type, read_ndjson(path))
        return
    types = {type_of_line(line) for _, line in read_ndjson(path)}
    source.types = frozenset(p for p in types if p in registry.by_path)
    for t in registry:
        if t.path in types:
            yield SheetTable(None, t, lines_of_type(path, t.path))
    untyped: list[int] = []
    for number, line in read_ndjson(path):
        if not isinstance(line, dict):
            problem = RowProblem(None, f"line_{line.code}")
            yield SheetTable(None, registry.types[0], header_row=number, problem=problem)
        elif type_of_line(line) not in registry.by_path:
            untyped.append(number)
    if untyped:
        problem = RowProblem(None, "line_without_type", {"lines": len(untyped)})
        yield SheetTable(None, registry.types[0], header_row=untyped[0], problem=problem)


def guess_jurisdiction(path: Path, source: ImportSource, registry: Registry) -> str | None:
    """The division code that all rows share: 行政区划代码 of rounds, else how numbers begin. None if they differ."""
    rounds, numbers = set(), set()
    for table in tables(path, source, registry):
        if table.type is None or table.problem:
            continue
        for _, row in table.rows:
            if not isinstance(row, Mapping):
                continue
            code, number = row.get("division_code"), row.get("number")
            if table.type.path == "rounds" and not is_blank(code):
                rounds.add(text(code))
            if number is not None and not is_blank(number):
                numbers.add(str(number).strip()[:6])
    for codes in (rounds, numbers):
        if len(codes) == 1 and (code := next(iter(codes))).isdigit() and len(code) == 6:
            return str(code)
    return None
