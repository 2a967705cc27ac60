"""A workbook as it was sent, with a column 错误 and the wrong cells coloured.

Only the sheets concerned and the list of formats are touched, and of them only what is added: a library that reads a
workbook and writes it again loses what it does not know (charts, images, notes). The guard of imports has seen that
every cell says where it stands.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from app.imports.files.headings import letters
from app.imports.files.xlsx_guard import sheet_names
from app.imports.files.xlsx_marks import column_number
from app.imports.returned.text_files import problem_heading

STYLES, DESCRIBING = "xl/styles.xml", ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
COLOUR = b"FFFFC7CE"
_ROW = re.compile(rb'<(\w+:)?row r="([0-9]+)"[^>]*?(/>|>.*?</(?:\w+:)?row>)', re.S)
_CELL = re.compile(rb'<(\w+:)?c r="([A-Z]+)[0-9]+"[^>]*?(/>|>.*?</(?:\w+:)?c>)', re.S)
_CONTENT = re.compile(rb"<(?:\w+:)?(?:v|is|f)\b")  # a cell may have a format and nothing else
_STYLE = re.compile(rb' s="([0-9]+)"')
_SPANS = re.compile(rb' spans="[^"]*"')
_XFS = re.compile(rb"(<(\w+:)?cellXfs)([^>]*)>(.*?)(</(?:\w+:)?cellXfs>)", re.S)
_XF = re.compile(rb"<(?:\w+:)?xf\b[^>]*?(?:/>|>.*?</(?:\w+:)?xf>)", re.S)
_FILLS = re.compile(rb"(<(\w+:)?fills)([^>]*)>(.*?)(</(?:\w+:)?fills>)", re.S)
_FILL = re.compile(rb"<(?:\w+:)?fill\b")
_OWN_FILL = re.compile(rb' (?:fillId|applyFill)="[^"]*"')
_COUNT = re.compile(rb' count="[^"]*"')


@dataclass
class MarkedSheet:
    """What is to be written on a sheet: of each row its message and its wrong cells (columns from 0)."""

    header_row: int
    place: int | None  # of a column 错误 that it has already
    messages: dict[int, str] = field(default_factory=dict)
    wrong: dict[int, set[int]] = field(default_factory=dict)


def marked_workbook(source: Path, target: Path, sheets: Mapping[str, MarkedSheet]) -> None:
    """Write the workbook with the marks of each sheet, by the sheet's name."""
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        titles = sheet_names({name: read.read(name) for name in read.namelist() if name in DESCRIBING})
        styles = Styles(read.read(STYLES) if STYLES in read.namelist() else b"")
        for entry in read.infolist():
            if (marks := sheets.get(titles.get(entry.filename, ""))) is not None:
                written.writestr(entry, _marked(read.read(entry), marks, styles), zipfile.ZIP_DEFLATED)
            elif entry.filename != STYLES:
                written.writestr(entry, read.read(entry), entry.compress_type)
        if styles.content:
            written.writestr(STYLES, styles.document())


class Styles:
    """The cell formats of a workbook, and those that are added: as one that is there, with a coloured ground."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        found, fills = _XFS.search(content), _FILLS.search(content)
        self.formats = _XF.findall(found[4]) if found and fills else []
        self.fills = len(_FILL.findall(fills[4])) if fills else 0
        self.added: dict[int, int] = {}

    def coloured(self, style: int) -> int | None:
        """The number of the format `style` with the coloured ground; None where formats cannot be read."""
        if style >= len(self.formats):
            return None
        return self.added.setdefault(style, len(self.formats) + len(self.added))

    def document(self) -> bytes:
        """The part with the added formats."""
        if not self.added:
            return self.content
        fill = b'<%sfill><%spatternFill patternType="solid"><%sfgColor rgb="%s"/></%spatternFill></%sfill>'
        content = _FILLS.sub(
            lambda m: _extended(m, fill % (*[m[2] or b""] * 3, COLOUR, *[m[2] or b""] * 2), 1), self.content
        )
        clones = b"".join(self._clone(style) for style in self.added)
        return _XFS.sub(lambda m: _extended(m, clones, len(self.added)), content)

    def _clone(self, style: int) -> bytes:
        name = re.match(rb"<(?:\w+:)?xf", self.formats[style])
        assert name
        rest = _OWN_FILL.sub(b"", self.formats[style][name.end() :])
        return name[0] + b' fillId="%d" applyFill="1"' % self.fills + rest


def _extended(m: re.Match[bytes], more: bytes, by: int) -> bytes:
    """A counted list with more entries at its end."""
    count = _COUNT.search(m[3])
    before = int(count[0].split(b'"')[1]) if count else 0
    return m[1] + _COUNT.sub(b"", m[3]) + b' count="%d">' % (before + by) + m[4] + more + m[5]


def _marked(data: bytes, marks: MarkedSheet, styles: Styles) -> bytes:
    """The sheet with its marks; rows without any stay as they are."""
    last = max((column_number(c[2]) for c in _CELL.finditer(data) if _CONTENT.search(c[0])), default=0)
    place = last if marks.place is None else marks.place

    def row(m: re.Match[bytes]) -> bytes:
        number = int(m[2])
        message = marks.messages.get(number, "")
        message = problem_heading(message) if number == marks.header_row else message
        again = marks.place is not None and number > marks.header_row
        if not (message or again or number in marks.wrong) or m[3] == b"/>":
            return m[0]
        return _marked_row(m, place, message, marks.wrong.get(number, set()), styles)

    return _ROW.sub(row, data)


def _marked_row(m: re.Match[bytes], place: int, message: str, wrong: set[int], styles: Styles) -> bytes:
    prefix, number, whole = m[1] or b"", m[2], m[0]
    start, end = whole.index(b">") + 1, whole.rindex(b"</")
    cells: dict[int, bytes] = {}
    for c in _CELL.finditer(whole[start:end]):
        at = column_number(c[2]) - 1
        cells[at] = _coloured(c[0], styles) if at in wrong else c[0]
    cells.pop(place, None)
    if message:
        text = escape(message).encode()
        name = b"%sc" % prefix
        cells[place] = b'<%s r="%s%s" t="inlineStr"><%sis><%st xml:space="preserve">%s</%st></%sis></%s>' % (
            name, letters(place).encode(), number, prefix, prefix, text, prefix, prefix, name,
        )  # fmt: skip
    return _SPANS.sub(b"", whole[:start]) + b"".join(cells[at] for at in sorted(cells)) + whole[end:]


def _coloured(cell: bytes, styles: Styles) -> bytes:
    tag = cell[: cell.index(b">")]
    found = _STYLE.search(tag)
    style = styles.coloured(int(found[1]) if found else 0)
    if style is None:
        return cell
    place = tag.index(b'"', tag.index(b' r="') + 4) + 1
    return _STYLE.sub(b"", tag[:place]) + b' s="%d"' % style + _STYLE.sub(b"", tag[place:]) + cell[len(tag) :]
