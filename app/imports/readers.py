"""Bytes on disk to rows: workbooks, delimited text in the encodings that clerks' machines write, and NDJSON.

A workbook is measured before it is parsed. calamine lays a sheet out as a dense grid, repeats a shared string in every
cell that uses it and trusts the count of strings: a file of 1 KiB could abort the process.
"""

import codecs
import csv
import functools
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

# Blank cells and rows with a format, as programs write them: they may lie far out, and calamine passes them over.
_BLANK = re.compile(rb'<(?:\w+:)?(?:c r="[A-Z]+[0-9]+"(?: [st]="\w+")*|row(?: [\w:.]+="[^"<>]*")*)\s*(?:/>|></[\w:]+>)')
_UNPLACED = re.compile(rb'<(?:c|row|\w+:(?:c|row))\b(?! r=")')
_COLUMN = re.compile(rb"""r\s*=\s*["']([A-Za-z]+)[0-9]""")  # also within longer names: what counts is to miss none
_ROW = re.compile(rb"""r\s*=\s*["'][A-Za-z]*([0-9]{1,20})""")
_SHARED = re.compile(rb"<(?:\w+:)?sst[\s>]")
_SHARED_INDEX = re.compile(rb">\s*\+?([0-9]{1,10})\s*<")
_ERROR = re.compile(rb'c r="([A-Z]+)([0-9]+)"[^<>]* t="e"[^<>]*>(?:<f[^<>]*(?:/>|>[^<]*</f>))?<v>(#[^<]+)')
_TAG = re.compile(rb"<(?:\w+:)?(?:sheet|Relationship)\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_MEMBER_COLONS = (b'":', b" :", b"\t:", b"\r:")
_OLE = b"\xd0\xcf\x11\xe0"  # xls, and xlsx under a password
# A RuntimeError is zipfile's for members it cannot unpack.
_DAMAGED = (calamine.CalamineError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, expat.error, RuntimeError)
_CELL_TYPES = {str, float, int, bool, date, datetime}


def read_workbook(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Sheet]:
    """The worksheets of an xlsx in order, hidden ones too; draw the rows of one before asking for the next.

    xls, xlsb and ods are refused although calamine reads them: what they would take cannot be known before.
    Raises UnreadableFile: empty_file, not_a_workbook, workbook_format, workbook_encrypted, workbook_too_large,
    workbook_layout, too_many_rows, too_many_columns.
    """
    content = path.read_bytes()
    if not content:
        raise UnreadableFile("empty_file")
    if content.startswith(_OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in content
        raise UnreadableFile("workbook_encrypted") if locked else UnreadableFile("workbook_format", format="xls")
    if content[:512].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise UnreadableFile("workbook_format", format="html")
    try:
        errors = _measured(content, limits)
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for about in book.sheets_metadata:
            if about.typ == calamine.SheetTypeEnum.WorkSheet:
                yield Sheet(about.name, _filled(book.get_sheet_by_name(about.name), errors.get(about.name, {})))
    except calamine.PasswordError as error:
        raise UnreadableFile("workbook_encrypted") from error
    except _DAMAGED as error:
        raise UnreadableFile("not_a_workbook") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # calamine's, which is no Exception
            raise UnreadableFile("not_a_workbook") from error
        raise


def _measured(content: bytes, limits: Limits) -> dict[str, _Errors]:
    """Refuse what would not fit. Gives the error cells by sheet name."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    members = archive.infolist()
    names = {member.filename.replace("\\", "/").lower() for member in members}
    for name, kind in (("xl/workbook.bin", "xlsb"), ("content.xml", "ods")):  # calamine would try each kind in turn
        if name in names:
            raise UnreadableFile("workbook_format", format=kind)
    if "xl/workbook.xml" not in names:
        raise UnreadableFile("not_a_workbook")
    steep = any(one.file_size > max(2**20, one.compress_size * limits.ratio) for one in members)
    if steep or len(members) > limits.members or sum(one.file_size for one in members) > limits.unpacked:
        raise UnreadableFile("workbook_too_large")
    parts = {one.filename: _inflated(archive, one) for one in members}
    shared = [data for data in parts.values() if _SHARED.search(data)]
    if len(parts) < len(members) or len(shared) > 1:
        raise UnreadableFile("not_a_workbook")  # which of two is meant would be calamine's guess
    titles = _sheet_names(parts)
    sheets = [(titles.get(part, part), data) for part, data in parts.items() if b"sheetData" in data]
    cells = sum(_extent(name, data, limits) for name, data in sheets)
    if cells > limits.cells or not _text_fits(_string_sizes(shared[0]) if shared else [], sheets, limits.text):
        raise UnreadableFile("workbook_too_large")
    return {name: _error_cells(data) for name, data in sheets}


def _text_fits(sizes: list[int], sheets: list[tuple[str, bytes]], limit: int) -> bool:
    """Whether the shared strings fit when written out. The exact sum costs as much as parsing: first a cheap bound."""
    if max(sizes, default=0) * sum(data.count(b"</") for _, data in sheets) <= limit:
        return True
    uses = Counter(at for _, data in sheets for at in _SHARED_INDEX.findall(data))
    return sum(sizes[int(at)] * times for at, times in uses.items() if int(at) < len(sizes)) <= limit


def _inflated(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    whole = copy(member)
    whole.file_size += 1  # zipfile stops at the length declared and calamine does not: a longer member fails its check
    with archive.open(whole) as stream:
        return stream.read()


def _extent(sheet: str, data: bytes, limits: Limits) -> int:
    """The cells that the grid of a sheet will have; rather too many than too few."""
    rows = columns = 0
    for _ in range(2):
        if _UNPLACED.search(data):
            raise UnreadableFile("workbook_layout", sheet=sheet)
        rows = max(map(int, set(_ROW.findall(data))), default=0)
        columns = max(map(_number, set(_COLUMN.findall(data))), default=0)
        if rows <= limits.rows and columns <= limits.columns and rows * columns <= limits.cells:
            return rows * columns
        data = _BLANK.sub(b"", _BLANK.sub(b"", data))
    if columns > limits.columns:
        raise UnreadableFile("too_many_columns", sheet=sheet, columns=columns, limit=limits.columns)
    raise UnreadableFile(
        "too_many_rows", sheet=sheet, rows=rows, limit=min(limits.rows, limits.cells // max(columns, 1))
    )


def _number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    return functools.reduce(lambda number, letter: number * 26 + letter - 64, letters.upper(), 0)


def _string_sizes(data: bytes) -> list[int]:
    """The length of each shared string, by a strict parser: a hostile file may hide where one ends from any other."""
    sizes: list[int] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "si":
            sizes.append(0)
        elif name == "sst" and int(attributes.get("uniqueCount", 0)) > len(data):
            raise UnreadableFile("not_a_workbook")

    def text(characters: str) -> None:
        if sizes:
            sizes[-1] += len(characters)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = start, text
    parser.Parse(data, True)
    return sizes


def _sheet_names(parts: dict[str, bytes]) -> dict[str, str]:
    """Part -> name of its sheet."""
    relations, book = (
        [{name: html.unescape(value.decode()) for name, value in _ATTRIBUTE.findall(tag)} for tag in _TAG.findall(data)]
        for data in (parts.get("xl/_rels/workbook.xml.rels", b""), parts.get("xl/workbook.xml", b""))
    )
    targets = {tag.get(b"Id"): tag.get(b"Target", "") for tag in relations}
    named = ((targets.get(tag.get(b"r:id"), ""), tag.get(b"name", "")) for tag in book)
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
        if top < height and left < width:
            starting[top].append((min(bottom, height - 1), left, min(right + 1, width)))
            area += (min(bottom + 1, height) - top) * (min(right + 1, width) - left)
    if area > height * width:
        raise UnreadableFile("not_a_workbook")  # ranges that overlap, without end
    live: list[tuple[int, int, int, Raw]] = []
    for index, cells in enumerate(sheet.iter_rows()):
        row = indent + [cast(Raw, cell) if type(cell) in _CELL_TYPES else str(cell) for cell in cells]
        for place, shown in errors.get(index, {}).items():
            row[place : place + 1] = [shown]
        live = [one for one in live if one[0] >= index]
        live += [(bottom, left, right, row[left]) for bottom, left, right in starting.get(index, ())]
        if live and any(cell != "" for cell in row):
            for _, left, right, value in live:
                row[left:right] = [value] * (right - left)
        yield index + 1, row


def read_csv(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[str, Sheet]:
    """Delimited text: its encoding (utf-8-sig, utf-8, gb18030 or utf-16) and its one sheet, of texts.

    The whole file decides the encoding: a GB18030 file may well begin with bytes that are good UTF-8.
    Raises UnreadableFile: empty_file, undecodable_text, line_too_long; while rows are drawn also too_many_rows,
    quote_not_closed, cell_too_long.
    """
    with path.open("rb") as file:
        start = file.read(3)
    if not start:
        raise UnreadableFile("empty_file")
    marks = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    marked = marks.get(start) or marks.get(start[:2])
    broken = 0
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        line = _undecodable_line(path, encoding)
        if line is None:
            with path.open(encoding=encoding, newline="") as text:
                delimiter = _delimiter(text.read(2**16))
            return encoding, Sheet(path.stem, _records(path, encoding, delimiter, limits))
        broken = max(broken, line)
    raise UnreadableFile("undecodable_text", line=broken)


def _undecodable_line(path: Path, encoding: str) -> int | None:
    """The first line that strict decoding refuses, None if there is none. Holds a mebibyte at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, unbroken = 1, 0
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(2**20), b""):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            line += chunk.count(b"\n")
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            unbroken = len(chunk) - end if end >= 0 else unbroken + len(chunk)
            if unbroken > LONGEST_LINE:
                raise UnreadableFile("line_too_long", line=line)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return line
    return None


def _delimiter(sample: str) -> str:
    """The one of , tab ; that parts the first row with three cells (else two) into most."""
    parsed = {one: list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=one), 20)) for one in ",\t;"}
    for enough in (3, 2):
        for at in range(20):
            widths = {one: sum(map(bool, map(str.strip, rows[at]))) for one, rows in parsed.items() if at < len(rows)}
            widest = max(widths, key=lambda one: widths[one], default=",")
            if widths.get(widest, 0) >= enough:
                return widest
    return ","


def _records(path: Path, encoding: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[Raw]]]:
    """Records, not lines: a line break within quotes does not move the row numbers away from Excel's."""
    ended = False

    def lines(text: Iterable[str]) -> Iterator[str]:
        nonlocal ended
        yield from text
        ended = True

    number = 0
    with path.open(encoding=encoding, newline="") as text:
        try:
            for number, cells in enumerate(csv.reader(lines(text), delimiter=delimiter), 1):
                if ended:  # the reader asked for more within a record: a quote swallowed the rest of the file
                    raise UnreadableFile("quote_not_closed", row=number)
                if number > limits.rows:
                    raise UnreadableFile("too_many_rows", sheet=path.stem, rows=number, limit=limits.rows)
                yield number, cast(list[Raw], cells)
        except csv.Error:
            raise UnreadableFile("cell_too_long", row=number + 1, limit=csv.field_size_limit()) from None


def read_ndjson(path: Path) -> Iterator[tuple[int, dict[str, Any] | UnreadableLine]]:
    """Line number and object, line by line; blank lines are passed over, a line that is no record says so.

    Raises nothing but what the file system does. Codes of UnreadableLine: not_json, not_an_object, not_utf8,
    duplicate_member, nul_character, lone_surrogate, number_out_of_range, too_deep, line_too_long.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if len(line) > LONGEST_LINE:
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE)
                yield number, UnreadableLine("line_too_long")
            elif not line.isspace() and line:
                yield number, _parsed(line)


def _parsed(line: bytes) -> dict[str, Any] | UnreadableLine:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return UnreadableLine(_refusal(line))
    if type(value) is not dict:
        return UnreadableLine("not_an_object")
    members = len(value)
    if line.count(b"{") + line.count(b"[") > 1:
        members, depth = _shape(value)
        if depth > DEEPEST:
            return UnreadableLine("too_deep")
    if b"\\" in line and b"\\u0000" in line and _NUL.search(line):
        return UnreadableLine("nul_character")
    # As many members as colons proves that none was lost to a second of its name. Colons in texts break the proof, so
    # next only those count that follow a quote or a space, as a member's must; failing that too, it is parsed again.
    if line.count(b":") != members and sum(map(line.count, _MEMBER_COLONS)) != members:
        try:
            json.loads(line, object_pairs_hook=_distinct)
        except KeyError:
            return UnreadableLine("duplicate_member")
    return value


def _shape(value: Any) -> tuple[int, int]:
    """How many members a value has in all, and how deep it is, no deeper than needed."""
    members = depth = 0
    level = [value]
    while level and depth <= DEEPEST:
        depth += 1
        inner: list[Any] = []
        for one in level:
            if type(one) is dict:
                members += len(one)
                one = one.values()
            inner += [part for part in one if type(part) is dict or type(part) is list]
        level = inner
    return members, depth


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise KeyError
    return members


def _refusal(line: bytes) -> str:
    """Why orjson refused a line."""

    def refuse(constant: str) -> None:
        raise OverflowError(constant)

    try:
        value = json.loads(line.decode(), parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return "not_utf8"
    except UnicodeEncodeError:
        return "lone_surrogate"
    except RecursionError:
        return "too_deep"
    except json.JSONDecodeError:
        return "not_json"
    except (OverflowError, ValueError):  # NaN, Infinity; a number of more digits than Python reads
        return "number_out_of_range"
    return "number_out_of_range"  # read here as infinity
