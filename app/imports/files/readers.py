"""Workbooks and delimited text to rows. Text may be in any of the encodings that clerks' machines write."""

import codecs
import csv
import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count, islice
from pathlib import Path
from typing import TextIO, cast
from xml.parsers import expat

import python_calamine as calamine

from app.imports.files.cells import Raw
from app.imports.files.limits import DEFAULT_LIMITS, LONGEST_LINE, Limits, UnreadableFile
from app.imports.files.xlsx_guard import ErrorCells, require_moderate

_OLE = b"\xd0\xcf\x11\xe0"  # begins an xls, and an xlsx under a password
# zipfile raises RuntimeError for an entry that it cannot unpack.
_DAMAGED = (calamine.CalamineError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, expat.error, RuntimeError)
PROOF_OF_UTF_8 = 200  # Chinese characters, in the first 64 KiB of a file
_CELL_TYPES = {str, float, int, bool, date, datetime}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet, numbered as Excel counts. They can be read once. An empty cell is "" or None.

    Every cell of a merged range holds its value, but a row with no filled cell of its own stays blank.
    """

    name: str
    rows: Iterable[tuple[int, list[Raw]]]


def read_workbook(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Sheet]:
    """The worksheets of an xlsx in order, hidden ones too. Read the rows of one sheet before asking for the next.

    xls, xlsb and ods are refused, although calamine reads them: their memory cannot be measured before (xlsx_guard).
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
        errors = require_moderate(content, limits)
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for about in book.sheets_metadata:
            if about.typ == calamine.SheetTypeEnum.WorkSheet:
                yield Sheet(about.name, _filled(book.get_sheet_by_name(about.name), errors.get(about.name, {})))
    except calamine.PasswordError as error:
        raise UnreadableFile("workbook_encrypted") from error
    except _DAMAGED as error:
        raise UnreadableFile("not_a_workbook") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # calamine raises it, and it is no Exception
            raise UnreadableFile("not_a_workbook") from error
        raise


def _filled(sheet: calamine.CalamineSheet, errors: ErrorCells) -> Iterator[tuple[int, list[Raw]]]:
    """Numbered rows from cell A1 on, with merged ranges filled and error cells put back."""
    height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    indent: list[Raw] = [""] * (sheet.start[1] if sheet.start else 0)
    starting: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    area = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if top < height and left < width:
            starting[top].append((min(bottom, height - 1), left, min(right + 1, width)))
            area += (min(bottom + 1, height) - top) * (min(right + 1, width) - left)
    if area > height * width:
        raise UnreadableFile("not_a_workbook")  # overlapping ranges could take any amount of time
    live: list[tuple[int, int, int, Raw]] = []
    for index, cells in enumerate(sheet.iter_rows()):
        row = indent + [cast(Raw, cell) if type(cell) in _CELL_TYPES else str(cell) for cell in cells]
        for place, shown in errors.get(index, {}).items():
            row[place : place + 1] = [shown]
        live = [merged for merged in live if merged[0] >= index]
        live += [(bottom, left, right, row[left]) for bottom, left, right in starting.get(index, ())]
        if live and any(cell != "" for cell in row):
            for _, left, right, value in live:
                row[left:right] = [value] * (right - left)
        yield index + 1, row


def read_csv(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[str, Sheet]:
    """The encoding of delimited text (utf-8-sig, utf-8, gb18030 or utf-16), and its one sheet, whose cells are texts.

    The whole file is decoded once to choose the encoding, because a GB18030 file may begin with valid UTF-8. A file
    that begins with many Chinese characters in UTF-8 is spared that.
    Raises UnreadableFile: empty_file, undecodable_text, line_too_long; while rows are read also undecodable_text,
    line_too_long, too_many_rows, quote_not_closed, cell_too_long.
    """
    with path.open("rb") as file:
        start = file.read(2**16)
    if not start:
        raise UnreadableFile("empty_file")
    marks = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    marked = marks.get(start[:3]) or marks.get(start[:2])
    broken_line = 0
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        proven = encoding == "utf-8" and _begins_in_utf_8(start)
        line = None if proven else _undecodable_line(path, encoding)
        if line is None:
            delimiter = csv_delimiter(codecs.getincrementaldecoder(encoding)("replace").decode(start))
            return encoding, Sheet(path.stem, _csv_rows(path, encoding, delimiter, limits))
        broken_line = max(broken_line, line)
    raise UnreadableFile("undecodable_text", line=broken_line)


def _begins_in_utf_8(start: bytes) -> bool:
    """Whether the start of a file holds so many Chinese characters in UTF-8 that it cannot be GB18030 by chance.

    A Chinese character is three bytes of UTF-8. Some bytes of GB18030 can be read as such, but a text of 200
    characters holds others that cannot.
    """
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return sum("\u4e00" <= character <= "\u9fff" for character in text) > PROOF_OF_UTF_8


def _undecodable_line(path: Path, encoding: str) -> int | None:
    """The first line that strict decoding refuses, None if there is none. Reads 64 KiB at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, unbroken = 1, 0
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(2**16), b""):
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


def csv_delimiter(sample: str) -> str:
    """Comma, tab or semicolon: whichever splits a row into most cells, the first row with three cells, else two."""
    parsed = {mark: list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=mark), 20)) for mark in ",\t;"}
    for enough in (3, 2):
        for at in range(20):
            widths = {m: sum(map(bool, map(str.strip, rows[at]))) for m, rows in parsed.items() if at < len(rows)}
            widest = max(widths, key=lambda mark: widths[mark], default=",")
            if widths.get(widest, 0) >= enough:
                return widest
    return ","


def _csv_rows(path: Path, encoding: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[Raw]]]:
    """Numbered rows. A line break within quotes starts no new row, so that row numbers stay those of Excel."""
    ended = False

    def lines(text: TextIO) -> Iterator[str]:
        nonlocal ended
        for at in count(1):
            line = text.readline(LONGEST_LINE + 1)
            if len(line) > LONGEST_LINE:  # characters, in a part that the choice of the encoding did not read
                raise UnreadableFile("line_too_long", line=at)
            ended = not line
            if ended:
                return
            yield line

    number = 0
    with path.open(encoding=encoding, newline="") as text:
        try:
            for number, cells in enumerate(csv.reader(lines(text), delimiter=delimiter), 1):
                if ended:  # the reader asked for more within a row: a quote swallowed the rest of the file
                    raise UnreadableFile("quote_not_closed", row=number)
                if number > limits.rows:
                    raise UnreadableFile("too_many_rows", sheet=path.stem, rows=number, limit=limits.rows)
                yield number, cast(list[Raw], cells)
        except csv.Error:
            raise UnreadableFile("cell_too_long", row=number + 1, limit=csv.field_size_limit()) from None
        except UnicodeDecodeError:  # in a part that the choice of the encoding did not read
            raise UnreadableFile("undecodable_text", line=_undecodable_line(path, encoding) or 0) from None
