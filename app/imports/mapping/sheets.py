"""The tables of a file, each with its record type: the sheets of a workbook, a csv, or the lines of NDJSON by type."""

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from app.imports.files import delimited, readers
from app.imports.files.cells import is_blank, text
from app.imports.files.headers import SEARCHED_ROWS, find_table
from app.imports.files.located import LocatedTable, NoHeader, RowDoubt
from app.imports.files.ndjson import read_ndjson
from app.imports.files.raw import Row, Sheet
from app.imports.mapping.columns import RowProblem, columns_of
from app.imports.mapping.lines import lines_of_type, type_of_line
from app.imports.mapping.public_headings import is_summary, other_headings
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, NDJSON = "text/csv", "application/x-ndjson"
ACCEPTED_MEDIA = {XLSX: XLSX, CSV: CSV, NDJSON: NDJSON, "application/jsonl": NDJSON, "application/ndjson": NDJSON}
FILE_ENDINGS = {"xlsx": XLSX, "csv": CSV, "ndjson": NDJSON, "jsonl": NDJSON}
# What stands around the name of a ledger: an annex, a year, a round, and what is in brackets, also (2) of a copy.
_AROUND = re.compile(
    r"[(\[【〔][^)\]】〕]*[)\]】〕]?|附[件表]?[\d一二三四五六七八九十]*[:.、_-]|(?:19|20)\d\d年?度?|第[\d一二三四五六七八九十]+轮次?"
)
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
    unknown: list[str] = field(default_factory=list)  # headings that name no column
    not_kept: list[str] = field(default_factory=list)  # headings whose meaning is known and that no field keeps
    header_row: int = 1
    problem: RowProblem | None = None  # why no row of the table can be read
    missing: RowProblem | None = None  # why no row of the table can create a record
    skipped_because: str | None = None  # code of a sentence
    doubts: dict[int, list[RowDoubt]] = field(default_factory=dict)  # by row, filled in while rows are read
    left_out: dict[int, str] = field(default_factory=dict)  # row -> why it is no entry, filled in while rows are read
    positions: Mapping[str, int] = field(default_factory=dict)  # column -> place of its cell in a row
    warnings: list[str] = field(default_factory=list)  # codes of sentences about the sheet as a whole
    guessed: bool = False  # the type is that of its headings, not of its name


def sheet_key(name: str) -> str:
    """The form in which sheet names are compared: no spaces, nothing around the name, none of the usual endings."""
    whole = "".join(unicodedata.normalize("NFKC", name).split()).replace("台帐", "台账")
    folded = _AROUND.sub("", whole).lstrip("0123456789.、-_:") or whole
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
        source.encoding, sheet = delimited.read_csv(path)
        yield _locate(None, source.type, sheet)
    else:
        yield from _lines(path, source, registry)


def _workbook(path: Path, source: ImportSource, registry: Registry) -> Iterator[SheetTable]:
    """All sheets are read before the first is yielded: a workbook has its own order, and the import another."""
    found: list[SheetTable] = []
    others: list[tuple[Sheet, list[Row]]] = []  # of unknown names
    for sheet in readers.read_workbook(path):
        t = type_of_sheet(sheet.name, registry)
        if t is None:
            others.append((sheet, list(sheet.rows) if source.type else [*islice(sheet.rows, SEARCHED_ROWS + 1)]))
        elif source.type and t is not source.type:
            found.append(SheetTable(sheet.name, None, skipped_because="not_asked_for"))
        else:
            found.append(_located(sheet, t, list(sheet.rows)))
    found += _of_unknown_names(others, source, registry, any(table.type for table in found))
    source.types = frozenset(table.type.path for table in found if table.type and not table.guessed)
    order = {t.path: i for i, t in enumerate(registry)}
    yield from sorted(found, key=lambda table: order[table.type.path] if table.type else -1)


def _of_unknown_names(
    others: list[tuple[Sheet, list[Row]]], source: ImportSource, registry: Registry, any_named: bool
) -> Iterator[SheetTable]:
    """Sheets whose names say nothing. If the caller has named the type, one with its headings alone is meant.

    Another that has all headings of a ledger is not passed over: it is rejected until it is named.
    """
    types = [source.type] if source.type else registry.types
    meant = [t for t in (_type_by_headings(rows, types) for _, rows in others) if t]
    for sheet, rows in others:
        t = _type_by_headings(rows, types)
        if t is None:
            yield SheetTable(sheet.name, None, skipped_because="unknown_sheet")
        elif source.type and not any_named and len(meant) == 1:
            yield _located(sheet, t, rows)
        else:
            problem = RowProblem(
                None, "sheet_not_named", {"sheet": sheet.name, "label": t.label, "name": t.ledger.sheets[0]}
            )
            yield SheetTable(sheet.name, t, problem=problem, guessed=True)


def _type_by_headings(rows: list[Row], types: Iterable[RecordType]) -> RecordType | None:
    """The type that has most of the headings of a sheet, if they include at least three and all that it requires."""
    found: list[tuple[int, RecordType]] = []
    for t in types if any(len({str(c) for c in cells if not is_blank(c)}) > 2 for _, cells in rows) else ():
        with suppress(NoHeader):
            located = find_table(rows[: SEARCHED_ROWS + 1], columns_of(t), other_headings(t))
            if not located.missing and len(located.headings) > 2:
                found.append((len(located.headings) - len(located.unknown), t))
    return max(found, key=lambda one: one[0], default=(0, None))[1]


def _located(sheet: Sheet, t: RecordType, rows: list[Row]) -> SheetTable:
    """The table on a sheet of a workbook. A sheet without any row of two cells is empty, whatever its title."""
    if not any(len({str(cell) for cell in cells if not is_blank(cell)}) > 1 for _, cells in rows):
        return SheetTable(sheet.name, t)
    table = _locate(sheet.name, t, replace(sheet, rows=rows))
    table.rows = list(table.rows)
    table.warnings = ["hidden_sheet"] if sheet.hidden else []
    return table


def _locate(name: str | None, t: RecordType, sheet: Sheet) -> SheetTable:
    """The table on a sheet of this type. Without a header, or where no row can be read, it has a `problem`."""
    try:
        located = find_table(sheet.rows, columns_of(t), other_headings(t), sheet.ragged)
    except NoHeader as problem:
        columns = [c.names[0] for c in columns_of(t) if c.required]
        code = "summary_table" if is_summary(problem.unrecognised) else "no_header"
        params = {
            "missing": "、".join(columns),
            "found": "、".join([*problem.recognised, *problem.unrecognised][:12]) or "—",
        }
        return SheetTable(name, t, header_row=problem.row or 1, problem=RowProblem(None, code, params))
    table = SheetTable(name, t, located.rows, located.headings, located.units, located.unknown, located.not_kept)
    table.header_row, table.doubts, table.left_out = located.header_row, located.doubts, located.left_out
    table.positions = located.positions
    for row in sheet.hidden_rows:
        table.doubts[row] = [RowDoubt(None, "hidden_row", {}, True)]
    _require_columns(table, t, located)
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
