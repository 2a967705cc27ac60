"""A workbook is measured before it is parsed, because a hostile one could exhaust the memory of the process.

calamine lays a sheet out as a dense grid, copies a shared string into every cell that uses it, and trusts the stated
number of strings: a file of 1 KiB could abort the process.
"""

import html
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from xml.parsers import expat

from app.imports.files.limits import Limits, UnreadableFile
from app.imports.files.xlsx_marks import ATTRIBUTE, SheetMarks, column_number, marks_of, styles_of

# Blank cells and rows that only have a format. They may lie far out, and calamine ignores them.
_BLANK = re.compile(rb'<(?:\w+:)?(?:c r="[A-Z]+[0-9]+"(?: [st]="\w+")*|row(?: [\w:.]+="[^"<>]*")*)\s*(?:/>|></[\w:]+>)')
_UNPLACED = re.compile(rb'<(?:c|row|\w+:(?:c|row))\b(?! r=")')
_COLUMN = re.compile(rb"""r\s*=\s*["']([A-Za-z]+)[0-9]""")  # also matches within longer names: none must be missed
_ROW = re.compile(rb"""r\s*=\s*["'][A-Za-z]*([0-9]{1,20})""")
_SHARED = re.compile(rb"<(?:\w+:)?sst[\s>]")
_SHARED_INDEX = re.compile(rb">\s*\+?([0-9]{1,10})\s*<")
_FROM_1904 = re.compile(rb'date1904="(?:1|true)"')
_TAG = re.compile(rb"<(?:\w+:)?(?:sheet|Relationship)\s([^<>]*)>")


@dataclass(frozen=True, slots=True)
class BookMarks:
    """What calamine does not tell of a workbook: the marks of each sheet by its name, and how its days are counted."""

    sheets: dict[str, SheetMarks]
    from_1904: bool


def require_moderate(content: bytes, limits: Limits) -> BookMarks:
    """Refuse a workbook that would take more than the limits allow. Returns what calamine does not tell of it.

    Raises UnreadableFile: not_a_workbook, workbook_format, workbook_too_large, workbook_layout, too_many_rows,
    too_many_columns.
    """
    archive = zipfile.ZipFile(io.BytesIO(content))
    entries = archive.infolist()
    names = {entry.filename.replace("\\", "/").lower() for entry in entries}
    for name, kind in (("xl/workbook.bin", "xlsb"), ("content.xml", "ods")):  # calamine would try each kind in turn
        if name in names:
            raise UnreadableFile("workbook_format", format=kind)
    if "xl/workbook.xml" not in names:
        raise UnreadableFile("not_a_workbook")
    steep = any(entry.file_size > max(2**20, entry.compress_size * limits.ratio) for entry in entries)
    if steep or len(entries) > limits.zip_entries or sum(entry.file_size for entry in entries) > limits.unpacked:
        raise UnreadableFile("workbook_too_large")
    parts = {entry.filename: _inflated(archive, entry) for entry in entries}
    shared = [data for data in parts.values() if _SHARED.search(data)]
    if len(parts) < len(entries) or len(shared) > 1:
        raise UnreadableFile("not_a_workbook")  # calamine would guess which of two is meant
    titles = sheet_names(parts)
    sheets = [(titles.get(part, part), data) for part, data in parts.items() if b"sheetData" in data]
    cells = sum(_extent(name, data, limits) for name, data in sheets)
    if cells > limits.cells or not _text_fits(_string_sizes(shared[0]) if shared else [], sheets, limits.text):
        raise UnreadableFile("workbook_too_large")
    styles = styles_of(parts.get("xl/styles.xml", b""))
    from_1904 = _FROM_1904.search(parts["xl/workbook.xml"]) is not None
    return BookMarks({name: marks_of(data, styles) for name, data in sheets}, from_1904)


def _text_fits(sizes: list[int], sheets: list[tuple[str, bytes]], limit: int) -> bool:
    """Whether the shared strings fit once copied into cells. A cheap upper bound spares most files the exact sum.

    The exact sum costs as much as parsing the workbook.
    """
    if max(sizes, default=0) * sum(data.count(b"</") for _, data in sheets) <= limit:
        return True
    uses = Counter(at for _, data in sheets for at in _SHARED_INDEX.findall(data))
    return sum(sizes[int(at)] * times for at, times in uses.items() if int(at) < len(sizes)) <= limit


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    whole = copy(entry)
    # zipfile stops at the declared length and calamine does not. One byte more lets a longer entry fail its checksum.
    whole.file_size += 1
    with archive.open(whole) as stream:
        return stream.read()


def _extent(sheet: str, data: bytes, limits: Limits) -> int:
    """The number of cells in the grid of a sheet, never less than calamine will make."""
    rows = columns = 0
    for _ in range(2):
        if _UNPLACED.search(data):
            raise UnreadableFile("workbook_layout", sheet=sheet)
        rows = max(max(map(int, set(_ROW.findall(piece))), default=0) for piece in _pieces(data))
        columns = max(max(map(column_number, set(_COLUMN.findall(piece))), default=0) for piece in _pieces(data))
        if rows <= limits.rows and columns <= limits.columns and rows * columns <= limits.cells:
            return rows * columns
        data = _BLANK.sub(b"", _BLANK.sub(b"", data))
    if columns > limits.columns:
        raise UnreadableFile("too_many_columns", sheet=sheet, columns=columns, limit=limits.columns)
    limit = min(limits.rows, limits.cells // max(columns, 1))
    if data.count(b"<row ") + data.count(b":row ") <= limit:  # a cell far below, often with a space alone
        raise UnreadableFile("cell_far_below", sheet=sheet, rows=rows, limit=limit)
    raise UnreadableFile("too_many_rows", sheet=sheet, rows=rows, limit=limit)


def _pieces(data: bytes) -> Iterator[bytes]:
    """The sheet in pieces of some MiB, so that what is found in one is forgotten before the next. No tag is cut."""
    at = 0
    while at < len(data):
        end = data.find(b"<", at + 2**22)
        yield data[at : end if end > 0 else len(data)]
        at = end if end > 0 else len(data)


def _string_sizes(data: bytes) -> list[int]:
    """The length of each shared string. A strict parser reads them, because a hostile file can mislead any other."""
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


def sheet_names(parts: dict[str, bytes]) -> dict[str, str]:
    """File within the archive -> name of the sheet it holds."""
    relations, book = (
        [{name: html.unescape(value.decode()) for name, value in ATTRIBUTE.findall(tag)} for tag in _TAG.findall(data)]
        for data in (parts.get("xl/_rels/workbook.xml.rels", b""), parts.get("xl/workbook.xml", b""))
    )
    targets = {tag.get(b"Id"): tag.get(b"Target", "") for tag in relations}
    named = ((targets.get(tag.get(b"r:id"), ""), tag.get(b"name", "")) for tag in book)
    return {target[1:] if target.startswith("/") else f"xl/{target}": name for target, name in named}
