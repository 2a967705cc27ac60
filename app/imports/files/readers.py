"""Workbooks to rows, as the page shows them."""

import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import cast
from xml.parsers import expat

import python_calamine as calamine

from app.imports.files.limits import DEFAULT_LIMITS, OLE, Limits, UnreadableFile
from app.imports.files.raw import MergedNumber, MergedNumber1904, MergedText, Number1904, Raw, Row, Sheet
from app.imports.files.xlsx_guard import BookMarks, require_moderate
from app.imports.files.xlsx_marks import SheetMarks, as_shown

# zipfile raises RuntimeError for an entry that it cannot unpack.
_DAMAGED = (calamine.CalamineError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, expat.error, RuntimeError)
_CELL_TYPES = {str, float, int, bool, date, datetime}


def read_workbook(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Sheet]:
    """The worksheets of an xlsx in order, hidden ones too. Read the rows of one sheet before asking for the next.

    xls, xlsb and ods are refused, although calamine reads them: their memory cannot be measured before (xlsx_guard).
    Raises UnreadableFile: empty_file, not_a_workbook, workbook_format, workbook_encrypted, workbook_too_large,
    workbook_layout, too_many_rows, too_many_columns.
    """
    content = path.read_bytes()
    if not content:
        raise UnreadableFile("empty_file")
    if content.startswith(OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in content
        raise UnreadableFile("workbook_encrypted") if locked else UnreadableFile("workbook_format", format="xls")
    if content[:512].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise UnreadableFile("workbook_format", format="html")
    try:
        marks = require_moderate(content, limits)
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for about in book.sheets_metadata:
            if about.typ == calamine.SheetTypeEnum.WorkSheet:
                of_sheet = marks.sheets.get(about.name, SheetMarks())
                rows = _filled(book.get_sheet_by_name(about.name), of_sheet, marks)
                hidden = about.visible != calamine.SheetVisibleEnum.Visible
                yield Sheet(about.name, rows, of_sheet.hidden_rows, hidden)
    except calamine.PasswordError as error:
        raise UnreadableFile("workbook_encrypted") from error
    except _DAMAGED as error:
        raise UnreadableFile("not_a_workbook") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # calamine raises it, and it is no Exception
            raise UnreadableFile("not_a_workbook") from error
        raise


def _filled(sheet: calamine.CalamineSheet, marks: SheetMarks, book: BookMarks) -> Iterator[Row]:
    """Numbered rows from cell A1 on, as the page shows them, with merged ranges filled."""
    height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    starting = _merged(sheet, height, width)
    filled = (
        {at for at, row in enumerate(_read(sheet, marks, book)) if any(c != "" for c in row)} if starting else set()
    )
    live: list[tuple[int, int, int, Raw]] = []
    for index, row in enumerate(_read(sheet, marks, book)):
        live = [merged for merged in live if merged[0] >= index]
        for bottom, left, right in starting.get(index, ()):
            entries = len(filled.intersection(range(index, bottom + 1)))
            live.append((bottom, left, right, _shared(row[left]) if entries > 1 or right - left > 1 else row[left]))
        if live and any(cell != "" for cell in row):
            for _, left, right, value in live:
                row[left:right] = [value] * (right - left)
        yield index + 1, row


def _read(sheet: calamine.CalamineSheet, marks: SheetMarks, book: BookMarks) -> Iterator[list[Raw]]:
    """The rows from cell A1 on, each cell as the page shows it."""
    indent: list[Raw] = [""] * (sheet.start[1] if sheet.start else 0)
    for index, cells in enumerate(sheet.iter_rows()):
        row = indent + [cast(Raw, cell) if type(cell) in _CELL_TYPES else str(cell) for cell in cells]
        if book.from_1904:
            row = [Number1904(cell) if type(cell) is float else cell for cell in row]
        for place, mark in marks.cells.get(index, {}).items():
            row[place : place + 1] = [as_shown(mark, row[place] if place < len(row) else "")]
        yield row


def _merged(sheet: calamine.CalamineSheet, height: int, width: int) -> dict[int, list[tuple[int, int, int]]]:
    """The merged ranges by their first row: last row, first column, and the column behind the last."""
    starting: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    area = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if top < height and left < width:
            starting[top].append((min(bottom, height - 1), left, min(right + 1, width)))
            area += (min(bottom + 1, height) - top) * (min(right + 1, width) - left)
    if area > height * width:
        raise UnreadableFile("not_a_workbook")  # overlapping ranges could take any amount of time
    return starting


def _shared(value: Raw) -> Raw:
    """The value of a range that several entries or columns share: an amount or a count is none of each."""
    if isinstance(value, Number1904):
        return MergedNumber1904(value)
    if isinstance(value, float):
        return MergedNumber(value)
    return MergedText(value) if isinstance(value, str) else value
