"""The tables of a file, each with its record type: the sheets of a workbook, a csv, or the lines of NDJSON by type."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.imports.files import readers
from app.imports.files.cells import is_blank, text
from app.imports.files.headers import NoHeader, find_table
from app.imports.files.ndjson import read_ndjson
from app.imports.mapping.columns import RowProblem, columns_of
from app.imports.mapping.lines import lines_of_type, type_of_line
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, NDJSON = "text/csv", "application/x-ndjson"
ACCEPTED_MEDIA = {XLSX: XLSX, CSV: CSV, NDJSON: NDJSON, "application/jsonl": NDJSON, "application/ndjson": NDJSON}
FILE_ENDINGS = {"xlsx": XLSX, "csv": CSV, "ndjson": NDJSON, "jsonl": NDJSON}
SHEET_NAME_ENDINGS = ("表", "台账", "名录", "记录", "情况", "处理")


@dataclass
class ImportSource:
    """An uploaded file. `encoding` and `types` are filled in by `tables` before it yields the first table."""

    media: str
    type: RecordType | None = None  # the caller asked for this type alone
    encoding: str | None = None
    types: frozenset[str] | None = None  # paths of the record types that the file holds


@dataclass
class SheetTable:
    """The rows of one sheet (numbered as Excel counts) and what its header says. A table of NDJSON has no headings."""

    sheet: str | None
    type: RecordType | None  # None for a sheet that is skipped
    rows: Iterable[tuple[int, Any]] = ()
    headings: Mapping[str, str] = field(default_factory=dict)  # column -> heading as written
    units: Mapping[str, str] = field(default_factory=dict)  # column -> money unit
    positions: Mapping[str, int] = field(default_factory=dict)  # column -> place of its cell in a row
    unknown: list[str] = field(default_factory=list)  # headings that name no column
    header_row: int = 1
    problem: RowProblem | None = None  # why no row of the table can be read
    skipped_because: str | None = None  # code of a sentence


def sheet_key(name: str) -> str:
    """The form in which sheet names are compared: no spaces, no leading number, none of the usual endings."""
    folded = "".join(unicodedata.normalize("NFKC", name).split()).lstrip("0123456789.、-_")
    while folded.endswith(SHEET_NAME_ENDINGS) and folded not in SHEET_NAME_ENDINGS:
        folded = folded.removesuffix(next(e for e in SHEET_NAME_ENDINGS if folded.endswith(e)))
    return folded


def type_of_sheet(name: str, registry: Registry) -> RecordType | None:
    """The record type of a sheet, by its name; None if no type has such a sheet."""
    wanted = sheet_key(name)
    return next((t for t in registry if wanted in {sheet_key(s) for s in (t.label, *t.ledger.sheets)}), None)


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
        source.encoding, sheet = readers.read_csv(path)
        yield _locate(None, source.type, sheet.rows)
    else:
        yield from _lines(path, source, registry)


def _workbook(path: Path, source: ImportSource, registry: Registry) -> Iterator[SheetTable]:
    """All sheets are read before the first is yielded: a workbook has its own order, and the import another."""
    sheets: list[SheetTable] = []
    for sheet in readers.read_workbook(path):
        t = type_of_sheet(sheet.name, registry)
        if t is None or (source.type and t is not source.type):
            sheets.append(SheetTable(sheet.name, None, skipped_because="not_asked_for" if t else "unknown_sheet"))
            continue
        table = _locate(sheet.name, t, sheet.rows)
        table.rows = list(table.rows)
        sheets.append(table)
    source.types = frozenset(table.type.path for table in sheets if table.type)
    order = {t.path: i for i, t in enumerate(registry)}
    yield from sorted(sheets, key=lambda table: order[table.type.path] if table.type else -1)


def _locate(name: str | None, t: RecordType, rows: Iterable[Any]) -> SheetTable:
    """The table on a sheet of this type. Without a header, or with a required column missing, it has a `problem`."""
    try:
        located = find_table(rows, columns_of(t))
    except NoHeader as problem:
        columns = [c for c in columns_of(t) if c.required]
        params = {
            "missing": "、".join(c.names[0] for c in columns),
            "found": "、".join(problem.unrecognised[:12]) or "—",
        }
        return SheetTable(name, t, header_row=problem.row or 1, problem=RowProblem(None, "no_header", params))
    table = SheetTable(
        name, t, located.rows, located.headings, located.units, located.positions, located.unknown, located.header_row
    )
    if located.missing:
        params = {"missing": "、".join(located.missing), "found": "、".join(located.unknown) or "—"}
        table.problem = RowProblem(None, "missing_columns", params)
    return table


def _lines(path: Path, source: ImportSource, registry: Registry) -> Iterator[SheetTable]:
    """One table for each type. The file is read once for each type, so that memory does not grow with it.

    Lines that are no objects, or name no type, are reported in tables without rows of the first type of the registry.
    """
    source.encoding = "utf-8"
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
