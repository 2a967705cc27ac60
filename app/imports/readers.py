"""Bytes on disk to rows: workbooks, delimited text in the encodings that clerks' machines write, and NDJSON.

A workbook is measured before it is parsed. calamine lays a sheet out as a dense grid and repeats a shared string in
every cell that uses it: two cells at opposite corners, or one long string used often, would abort the process.
"""

import codecs
import csv
import html
import io
import json
import re
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, cast
from xml.parsers import expat

import orjson
import python_calamine as calamine

from app.imports.cells import Raw as Raw


class UnreadableFile(Exception):
    """A file that cannot be read as a whole; `code` and `params` say why. Also raised while rows are drawn."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code, self.params = code, params
        super().__init__(code, params)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may ask of the machine."""

    members: int = 2_000
    unpacked: int = 256 * 2**20  # bytes
    ratio: int = 250  # of members over a MiB; repetitive sheets reach 60
    rows: int = 200_000  # of one sheet or file
    columns: int = 512
    cells: int = 10_000_000  # in all sheets, blank ones in a sheet's extent included, 30 bytes each
    text: int = 256 * 2**20  # characters of shared strings, counted wherever they are used


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows, drawn once, numbered as Excel counts; an empty cell is "" or None.

    Every cell of a merged range holds its value, save in rows that hold nothing of their own: those stay blank.
    """

    name: str
    rows: Iterable[tuple[int, list[Raw]]]


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """A line of NDJSON that is no record, and why."""

    code: str


DEFAULT_LIMITS = Limits()
LONGEST_LINE = 4 * 2**20
DEEPEST = 32
_Errors = dict[int, dict[int, str]]  # row -> column -> #N/A and its kin, which calamine shows as empty

# Blank cells and rows with a format, in the forms that programs write: they may lie far out, and calamine skips them.
_BLANK = re.compile(rb'<(?:\w+:)?(?:c r="[A-Z]+[0-9]+"(?: [st]="\w+")*|row(?: [\w:.]+="[^"<>]*")*)\s*(?:/>|></[\w:]+>)')
_UNPLACED = re.compile(rb'<(?:\w+:)?(?:c|row)(?:[>/\t\r\n]| (?!r="))')
_COLUMN = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)""")
_ROW = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]*([0-9]{1,20})""")
_SHARED = re.compile(rb"<(?:\w+:)?sst[\s>]")
_SHARED_INDEX = re.compile(rb">\s*\+?([0-9]{1,10})\s*<")
_ERROR = re.compile(rb'c r="([A-Z]+)([0-9]+)"[^<>]* t="e"[^<>]*>(?:<[\w:]*f[^<>]*(?:/>|>[^<]*</[\w:]*f>))?<[\w:]*v>(#[^<]+)')
_TAG = re.compile(rb"<(?:\w+:)?(?:sheet|Relationship)\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_CELL_TYPES = {str, float, int, bool, date, datetime}


def read_workbook(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Sheet]:
    """The worksheets of an xlsx in order, hidden ones too; draw the rows of one before asking for the next.

    Raises UnreadableFile: empty_file, not_a_workbook, workbook_encrypted, workbook_too_large, workbook_layout,
    too_many_rows, too_many_columns.
    """
    content = path.read_bytes()
    if not content or "EncryptedPackage".encode("utf-16-le") in content:
        raise UnreadableFile("workbook_encrypted" if content else "empty_file")
    try:
        errors = _measured(content, limits)
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for about in book.sheets_metadata:
            if about.typ == calamine.SheetTypeEnum.WorkSheet:
                yield Sheet(about.name, _filled(book.get_sheet_by_name(about.name), errors.get(about.name, {}), limits))
    except (calamine.CalamineError, zipfile.BadZipFile, zlib.error, expat.ExpatError, NotImplementedError) as error:
        raise UnreadableFile("not_a_workbook") from error


def _measured(content: bytes, limits: Limits) -> dict[str, _Errors]:
    """Refuse what would not fit. Gives the error cells by sheet name."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    members = archive.infolist()
    names = {member.filename.replace("\\", "/").lower() for member in members}
    if "xl/workbook.xml" not in names or names & {"xl/workbook.bin", "content.xml"}:  # calamine must read no other kind
        raise UnreadableFile("not_a_workbook")
    steep = any(one.file_size > max(2**20, one.compress_size * limits.ratio) for one in members)
    if steep or len(members) > limits.members or sum(one.file_size for one in members) > limits.unpacked:
        raise UnreadableFile("workbook_too_large")
    parts = {one.filename: data for one in members for data in [_inflated(archive, one)] if _OF_CELLS.search(data)}
    sizes = [size for data in parts.values() if _SHARED.search(data) for size in _string_sizes(data)]
    titles = _sheet_names(archive)
    errors: dict[str, _Errors] = {}
    cells = text = 0
    for part, data in parts.items():
        if b"sheetData" in data:
            name = titles.get(part, part)
            cells += _extent(name, data, limits)
            uses = Counter(_SHARED_INDEX.findall(data))
            text += sum(sizes[int(at)] * uses[at] for at in uses if int(at) < len(sizes))
            errors[name] = _error_cells(data)
    if cells > limits.cells or text > limits.text:
        raise UnreadableFile("workbook_too_large")
    return errors


def _inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    whole = copy(member)
    whole.file_size += 1  # zipfile stops at the length declared and calamine does not: a longer member fails its check
    with archive.open(whole) as stream:
        return stream.read()


def _extent(sheet: str, data: bytes, limits: Limits) -> int:
    """The cells that the grid of a sheet will have; rather too many than too few."""
    for stripped in (data, _BLANK.sub(b"", _BLANK.sub(b"", data))):
        if _UNPLACED.search(stripped):
            raise UnreadableFile("workbook_layout", sheet=sheet)
        rows = max(map(int, set(_ROW.findall(stripped))), default=0)
        columns = max(map(_number, set(_COLUMN.findall(stripped))), default=0)
        if rows <= limits.rows and columns <= limits.columns and rows * columns <= limits.cells:
            return rows * columns
    if columns > limits.columns:
        raise UnreadableFile("too_many_columns", sheet=sheet, columns=columns, limit=limits.columns)
    raise UnreadableFile("too_many_rows", sheet=sheet, rows=rows, limit=min(limits.rows, limits.cells // columns))


def _number(letters: bytes) -> int:
    """A -> 1, Z -> 26, AA -> 27."""
    return functools.reduce(lambda number, letter: number * 26 + letter - 64, letters.upper(), 0)


def _string_sizes(data: bytes) -> list[int]:
    found = (one for _, one in ElementTree.iterparse(io.BytesIO(data)) if one.tag.endswith("}si"))
    return [sum(map(len, one.itertext())) for one in found]


def _tags(data: bytes) -> Iterator[dict[str, str]]:
    for tag in _TAG.findall(data):
        yield {name.decode(): html.unescape(value.decode()) for name, value in _ATTRIBUTE.findall(tag)}


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part -> name of the sheet."""
    try:
        relations, book = archive.read("xl/_rels/workbook.xml.rels"), archive.read("xl/workbook.xml")
    except KeyError:
        return {}
    targets = {tag.get("Id"): tag.get("Target", "") for tag in _tags(relations)}
    named = ((targets.get(tag.get("r:id"), ""), tag.get("name", "")) for tag in _tags(book))
    return {target[1:] if target.startswith("/") else f"xl/{target}": name for target, name in named}


def _error_cells(data: bytes) -> _Errors:
    errors: _Errors = defaultdict(dict)
    for letters, row, shown in _ERROR.findall(data) if b't="e"' in data else ():
        errors[int(row) - 1][_number(letters) - 1] = shown.decode()
    return errors


def _filled(sheet: calamine.CalamineSheet, errors: _Errors) -> Iterator[tuple[int, list[Raw]]]:
    """Numbered rows from the top left corner of the sheet, merged ranges filled."""
    height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    indent: list[Raw] = [""] * (sheet.start[1] if sheet.start else 0)
    starting: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    area = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        area += (min(bottom + 1, height) - top) * (min(right + 1, width) - left)
        starting[top].append((bottom, left, min(right + 1, width)))
    if area > height * width: 
        raise UnreadableFile("not_a_workbook")  # ranges that overlap
    live: list[tuple[int, int, int, Raw]] = []
    for index, cells in enumerate(sheet.iter_rows()):
        row = indent + [cell if type(cell) in _CELL_TYPES else str(cell) for cell in cells]
        for place, shown in errors.get(index, {}).items():
            row[place] = shown
        live = [one for one in live if one[0] >= index]
        live += [(bottom, left, right, row[left]) for bottom, left, right in starting.get(index, ()) if left < width]
        if live and any(cell != "" for cell in row):
            for _, left, right, value in live:
                row[left:right] = [value] * (right - left)
        yield index + 1, row


def read_csv(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[str, Sheet]:
    """Delimited text as its encoding ('utf-8-sig', 'utf-8', 'gb18030' or 'utf-16') and its one sheet, of texts.

    The whole file decides the encoding: a GB18030 file may well begin with bytes that are good UTF-8.
    Raises UnreadableFile: empty_file, undecodable_text, line_too_long; while rows are drawn too_many_rows,
    quote_not_closed, cell_too_long.
    """
    with path.open("rb") as file:
        start = file.read(3)
    if not start:
        raise UnreadableFile("empty_file")
    marked = "utf-8-sig" if start == codecs.BOM_UTF8 else "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else None
    worst = 0
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        broken = _first_broken_line(path, encoding)
        if broken is None:
            with path.open(encoding=encoding, newline="") as text:
                delimiter = _delimiter(text.read(2**16))
            return encoding, Sheet(path.stem, _records(path, encoding, delimiter, limits))
        worst = max(worst, broken)
    raise UnreadableFile("undecodable_text", line=worst)


def _first_broken_line(path: Path, encoding: str) -> int | None:
    """The line that cannot be decoded strictly, None if all can. Holds a mebibyte at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, unbroken = 1, 0
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(2**20), None):
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not chunk:
                return None
            line += chunk.count(b"\n")
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            unbroken = len(chunk) - end if end >= 0 else unbroken + len(chunk)
            if unbroken > LONGEST_LINE:
                raise UnreadableFile("line_too_long", line=line)
    return None


def _delimiter(sample: str) -> str:
    """The one of , tab ; that parts the first row having three cells (else two) into most."""
    parsed = {one: list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=one), 20)) for one in ",\t;"}
    for enough in (3, 2):
        for at in range(20):
            widths = {one: sum(map(bool, map(str.strip, rows[at]))) for one, rows in parsed.items() if at < len(rows)}
            widest = max(widths, key=lambda one: widths[one], default=",")
            if widths.get(widest, 0) >= enough:
                return widest
    return ","


def _records(path: Path, encoding: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[Raw]]]:
    with path.open(encoding=encoding, newline="") as text:
        lines = chain(text, [None]) ...
