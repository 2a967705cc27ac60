"""A workbook is measured before it is parsed, because a hostile one could exhaust the memory of the process.

calamine lays a sheet out as a dense grid, copies a shared string into every cell that uses it, and trusts the stated
number of strings: a file of 1 KiB could abort the process.
"""

import functools
import html
import io
import re
import zipfile
from collections import Counter, defaultdict
from copy import copy
from xml.parsers import expat

from app.imports.files.limits import Limits, UnreadableFile

ErrorCells = dict[int, dict[int, str]]  # row -> column -> text; calamine shows #N/A and the like as empty cells

# Blank cells and rows that only have a format. They may lie far out, and calamine ignores them.
_BLANK = re.compile(rb'<(?:\w+:)?(?:c r="[A-Z]+[0-9]+"(?: [st]="\w+")*|row(?: [\w:.]+="[^"<>]*")*)\s*(?:/>|></[\w:]+>)')
_UNPLACED = re.compile(rb'<(?:c|row|\w+:(?:c|row))\b(?! r=")')
_COLUMN = re.compile(rb"""r\s*=\s*["']([A-Za-z]+)[0-9]""")  # also matches within longer names: none must be missed
_ROW = re.compile(rb"""r\s*=\s*["'][A-Za-z]*([0-9]{1,20})""")
_SHARED = re.compile(rb"<(?:\w+:)?sst[\s>]")
_SHARED_INDEX = re.compile(rb">\s*\+?([0-9]{1,10})\s*<")
_ERROR = re.compile(rb'c r="([A-Z]+)([0-9]+)"[^<>]* t="e"[^<>]*>(?:<f[^<>]*(?:/>|>[^<]*</f>))?<v>(#[^<]+)')
_TAG = re.compile(rb"<(?:\w+:)?(?:sheet|Relationship)\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')


def require_moderate(content: bytes, limits: Limits) -> dict[str, ErrorCells]:
    """Refuse a workbook that would take more than the limits allow. Returns the error cells of each sheet by its name.

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
    return {name: _error_cells(data) for name, data in sheets}


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
        rows = max(map(int, set(_ROW.findall(data))), default=0)
        columns = max(map(column_number, set(_COLUMN.findall(data))), default=0)
        if rows <= limits.rows and columns <= limits.columns and rows * columns <= limits.cells:
            return rows * columns
        data = _BLANK.sub(b"", _BLANK.sub(b"", data))
    if columns > limits.columns:
        raise UnreadableFile("too_many_columns", sheet=sheet, columns=columns, limit=limits.columns)
    raise UnreadableFile(
        "too_many_rows", sheet=sheet, rows=rows, limit=min(limits.rows, limits.cells // max(columns, 1))
    )


def column_number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    return functools.reduce(lambda number, letter: number * 26 + letter - 64, letters.upper(), 0)


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
        [{name: html.unescape(value.decode()) for name, value in _ATTRIBUTE.findall(tag)} for tag in _TAG.findall(data)]
        for data in (parts.get("xl/_rels/workbook.xml.rels", b""), parts.get("xl/workbook.xml", b""))
    )
    targets = {tag.get(b"Id"): tag.get(b"Target", "") for tag in relations}
    named = ((targets.get(tag.get(b"r:id"), ""), tag.get(b"name", "")) for tag in book)
    return {target[1:] if target.startswith("/") else f"xl/{target}": name for target, name in named}


def _error_cells(data: bytes) -> ErrorCells:
    errors: ErrorCells = defaultdict(dict)
    for letters, row, shown in _ERROR.findall(data) if b't="e"' in data else ():
        errors[int(row) - 1][column_number(letters) - 1] = shown.decode()
    return errors
