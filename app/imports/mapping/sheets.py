"""The tables in a file: the sheets of a workbook, a CSV, or the lines of an NDJSON file, each with its record type."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.imports.files import readers
from app.imports.files.cells import is_blank, text
from app.imports.files.headers import NoHeader, find_table
from app.imports.files.ndjson import read_ndjson
from app.imports.mapping.columns import Problem, columns_of
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, NDJSON = "text/csv", "application/x-ndjson"
MEDIA = {XLSX: XLSX, CSV: CSV, NDJSON: NDJSON, "application/jsonl": NDJSON, "application/ndjson": NDJSON}
FILE_ENDINGS = {"xlsx": XLSX, "csv": CSV, "ndjson": NDJSON, "jsonl": NDJSON}
ENDINGS = ("表", "台账", "名录", "记录", "情况", "处理")


@dataclass
class Source:
    """What is known of an uploaded file before it is read; `encoding`, and which types it holds, on the way."""

    media: str
    type: RecordType | None = None
    encoding: str | None = None
    present: frozenset[str] | None = None


@dataclass
class Table:
    """The rows of one sheet, with what its header says. Rows of NDJSON have no headings: they are members already."""

    sheet: str | None
    type: RecordType | None
    rows: Iterable[tuple[int, Any]] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    header_row: int = 1
    problem: Problem | None = None
    skipped: str | None = None


def sheet_key(name: str) -> str:
    """A sheet name for comparison: no spaces, no leading number, none of the usual endings."""
    folded = "".join(unicodedata.normalize("NFKC", name).split()).lstrip("0123456789.、-_")
    while folded.endswith(ENDINGS) and folded not in ENDINGS:
        folded = folded.removesuffix(next(e for e in ENDINGS if folded.endswith(e)))
    return folded


def type_of_sheet(name: str, registry: Registry) -> RecordType | None:
    """The record type of a sheet, by its name."""
    wanted = sheet_key(name)
    return next((t for t in registry if wanted in {sheet_key(s) for s in (t.label, *t.ledger.sheets)}), None)


def tables(path: Path, source: Source, registry: Registry) -> Iterator[Table]:
    """The tables of a file in the order in which they are imported. Raises UnreadableFile."""
    source.present = frozenset({source.type.path}) if source.type else None
    if source.media == XLSX:
        yield from _workbook(path, source, registry)
    elif source.media == CSV:
        assert source.type
        source.encoding, sheet = readers.read_csv(path)
        yield _located(None, source.type, sheet.rows)
    else:
        yield from _lines(path, source, registry)


def _workbook(path: Path, source: Source, registry: Registry) -> Iterator[Table]:
    found: list[Table] = []
    for sheet in readers.read_workbook(path):
        t = type_of_sheet(sheet.name, registry)
        if t is None or (source.type and t is not source.type):
            why = "not_asked_for" if t else "unknown_sheet"
            found.append(Table(sheet.name, None, skipped=why))
            continue
        table = _located(sheet.name, t, sheet.rows)
        table.rows = list(table.rows)  # a workbook gives its sheets in its own order; the import has another
        found.append(table)
    source.present = frozenset(table.type.path for table in found if table.type)
    order = {t.path: i for i, t in enumerate(registry)}
    yield from sorted(found, key=lambda table: order[table.type.path] if table.type else -1)


def _located(name: str | None, t: RecordType, rows: Iterable[Any]) -> Table:
    try:
        table = find_table(rows, columns_of(t))
    except NoHeader as problem:
        columns = [c for c in columns_of(t) if c.required]
        params = {
            "missing": "、".join(c.names[0] for c in columns),
            "found": "、".join(problem.unrecognised[:12]) or "—",
        }
        return Table(name, t, header_row=problem.row or 1, problem=Problem(None, "no_header", params))
    made = Table(name, t, table.rows, table.headings, table.units, table.unknown, table.header_row)
    if table.missing:
        params = {"missing": "、".join(table.missing), "found": "、".join(table.unknown) or "—"}
        made.problem = Problem(None, "missing_columns", params)
    return made


def _lines(path: Path, source: Source, registry: Registry) -> Iterator[Table]:
    """One table a type. Lines of many types are read once for each, so that memory stays constant."""
    source.encoding = "utf-8"
    if source.type:
        yield Table(None, source.type, read_ndjson(path))
        return
    present = {_said_type(row) for _, row in read_ndjson(path)}
    source.present = frozenset(p for p in present if p in registry.by_path)
    for t in registry:
        if t.path in present:
            yield Table(None, t, _of_type(path, t.path))
    for n, row in read_ndjson(path):
        if not isinstance(row, dict):
            yield Table(None, registry.types[0], header_row=n, problem=Problem(None, f"line_{row.code}"))
    strange = [n for n, row in read_ndjson(path) if isinstance(row, dict) and _said_type(row) not in registry.by_path]
    if strange:
        yield Table(
            None,
            registry.types[0],
            header_row=strange[0],
            problem=Problem(None, "line_without_type", {"lines": len(strange)}),
        )


def _said_type(row: Any) -> str | None:
    said = row.get("type") if isinstance(row, dict) else None
    return said if isinstance(said, str) else None


def _of_type(path: Path, wanted: str) -> Iterator[tuple[int, Any]]:
    for n, row in read_ndjson(path):
        if isinstance(row, dict) and row.get("type") == wanted:
            yield n, row


def guess_jurisdiction(path: Path, source: Source, registry: Registry) -> str | None:
    """The one code on which the file agrees: 行政区划代码 of its rounds, else the first digits of all its numbers."""
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
