"""What a workbook shows and calamine does not tell: errors, formulas without a value, number formats, hidden rows.

calamine gives the value of a cell. Where the page shows something else, the import says so, or reads what is shown.
"""

import functools
import html
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from app.imports.files.cells import text
from app.imports.files.raw import CellInDoubt, Raw

_ERROR = re.compile(rb'c r="([A-Z]+)([0-9]+)"[^<>]* t="e"[^<>]*>(?:<f[^<>]*(?:/>|>[^<]*</f>))?<v>(#[^<]+)')
_FORMULA = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]+)([0-9]+)"([^<>]*)>\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v[^<>]*>\s*</|</(?:\w+:)?c>)"
)
_STYLED = re.compile(rb'<(?:\w+:)?c r="([A-Z]+)([0-9]+)"[^<>]*? s="([0-9]+)"')
_HIDDEN = re.compile(rb'<(?:\w+:)?row\b[^<>]*? hidden="(?:1|true)"')
_ROW = re.compile(rb' r="([0-9]+)"')
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s([^<>]*)>")
_STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.S)
_STYLE = re.compile(rb"<(?:\w+:)?xf\b[^<>]*>")
_FORMAT_ID = re.compile(rb'numFmtId="([0-9]+)"')
ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_BUILT_IN = {9: "0%", 10: "0.00%", 17: "mmm-yy", 55: 'yyyy"年"m"月"', 57: 'yyyy"年"m"月"'}  # the last two in Chinese
_LITERAL = re.compile(r'"([^"]*)"|[\\!](.)|_.|\*.')
_BRACKETS = re.compile(r"\[[^\]]*\]")
_SIGNS = " ()-+¥￥$€£\u00a0"  # of currencies and accounts: the unit of the heading says what they count
_CONDITION = re.compile(r"\[[<>=]")
_GENERAL = re.compile("general|g/通用格式", re.I)
_SCALES = re.compile(r"[0#?],+(?![0#?,])|%|‰")


class Shown(NamedTuple):
    """How a number is shown: a text before and after it, and zeros in front up to so many digits."""

    before: str = ""
    after: str = ""
    digits: int = 1


@dataclass(frozen=True)
class MonthShown:
    """A day of which only year and month are shown."""


class BySign(NamedTuple):
    """What the parts of a number format show of positive numbers, negative numbers and zero."""

    positive: "Mark | None"
    negative: "Mark | None"
    zero: "Mark | None"


Mark = str | CellInDoubt | Shown | MonthShown | BySign


@dataclass
class SheetMarks:
    """Of one sheet: cells (row -> column -> mark, counted from 0) that calamine reads otherwise, and hidden rows."""

    cells: dict[int, dict[int, Mark]] = field(default_factory=lambda: defaultdict(dict))
    hidden_rows: frozenset[int] = frozenset()  # as Excel counts


def column_number(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    return functools.reduce(lambda number, letter: number * 26 + letter - 64, letters.upper(), 0)


def marks_of(data: bytes, styles: dict[int, Mark]) -> SheetMarks:
    """The marks of a sheet. Each part of the work is done only where the sheet has what it looks for."""
    marks = SheetMarks()
    if styles:
        for letters, row, style in map(re.Match.groups, _STYLED.finditer(data)):
            if mark := styles.get(int(style)):
                marks.cells[int(row) - 1][column_number(letters) - 1] = mark
    formulas = _FORMULA.finditer(data) if b"<f" in data or b":f" in data else ()
    for letters, row, rest in map(re.Match.groups, formulas):
        if b't="str"' not in rest:  # a text may well be empty
            marks.cells[int(row) - 1][column_number(letters) - 1] = CellInDoubt("formula_without_value")
    for letters, row, shown in _ERROR.findall(data) if b't="e"' in data else ():
        marks.cells[int(row) - 1][column_number(letters) - 1] = shown.decode()
    rows = (_ROW.search(tag) for tag in _HIDDEN.findall(data)) if b"hidden" in data else ()
    marks.hidden_rows = frozenset(int(found[1]) for found in rows if found)
    return marks


def styles_of(data: bytes) -> dict[int, Mark]:
    """The styles of a workbook whose number format shows something else than the number: index -> what is shown."""
    own = [dict(ATTRIBUTE.findall(tag)) for tag in _FORMAT.findall(data)]
    codes = {int(tag.get(b"numFmtId", b"0")): html.unescape(tag.get(b"formatCode", b"").decode()) for tag in own}
    formats = {**_BUILT_IN, **codes}
    found: dict[int, Mark] = {}
    listed = _STYLES.search(data)
    for index, style in enumerate(_STYLE.findall(listed[0]) if listed else ()):
        identifier = _FORMAT_ID.search(style)
        mark = mark_of_format(formats.get(int(identifier[1]) if identifier else 0, ""))
        if mark:
            found[index] = mark
    return found


@functools.lru_cache(maxsize=256)
def mark_of_format(code: str) -> Mark | None:
    """What a number format shows other than the number; None for rounding, thousands, signs and days."""
    if not code:
        return None  # built in
    sections = _sections(code)[:3]
    marks = [_mark_of_section(section) for section in sections]
    if not any(marks):
        return None
    if len(marks) == 1:
        return marks[0]
    if _CONDITION.search(code):  # not chosen by the sign
        return CellInDoubt("number_format")
    return BySign(marks[0], marks[1], marks[2] if len(marks) > 2 else marks[0])


def _sections(code: str) -> list[str]:
    """The parts for positive, negative and zero numbers and for texts. A semicolon may stand in quotes."""
    return re.sub(r'("[^"]*"|\\.)', lambda quoted: quoted[0].replace(";", "\0"), code).split(";")


def _mark_of_section(section: str) -> Mark | None:
    bare = _GENERAL.sub("#", _BRACKETS.sub("", section))
    plain = _LITERAL.sub("", bare)
    lower = plain.strip().lower()
    if lower == "@" or re.search("[ymdhs]", lower):
        return MonthShown() if "y" in lower and not re.search("[dhs]", lower) else None
    if _SCALES.search(plain) or not re.search("[0#?]", plain):
        return CellInDoubt("number_format")
    if "E" in plain or "/" in plain:
        return None  # rounded
    parts = [literal[1] or literal[2] or "" for literal in _LITERAL.finditer(bare)]
    spelled = _LITERAL.sub(lambda literal: "\0" if (literal[1] or literal[2] or "").strip(_SIGNS) else "", bare)
    figure = spelled[(at := re.search("[0#?]", spelled).start()) : max(map(spelled.rfind, "0#?")) + 1]  # type: ignore[union-attr]  # there is one, see above
    before = spelled[:at]
    if "\0" in figure or re.search(r"[^0#?.,\s]", figure):
        return CellInDoubt("number_format")
    words = [part for part in parts if part.strip(_SIGNS)]
    shown = Shown(
        "".join(words[: before.count("\0")]).strip(),
        "".join(words[before.count("\0") :]).strip(),
        len(zeros[0]) if (zeros := re.fullmatch("0{2,}", figure)) else 1,
    )
    return shown if shown != Shown() else None


def as_shown(mark: Mark | None, value: Raw) -> Raw:
    """What a cell shows: its mark, or its value in the way of its number format."""
    if isinstance(mark, str) or (isinstance(mark, CellInDoubt) and mark.code != "number_format"):
        return mark
    if isinstance(mark, MonthShown):
        return f"{value.year}年{value.month}月" if isinstance(value, date) else value
    if not isinstance(value, float) or mark is None:
        return value  # a format of numbers shows a text as it is
    if isinstance(mark, BySign):
        return as_shown(mark.positive if value > 0 else mark.negative if value < 0 else mark.zero, value)
    if isinstance(mark, Shown):
        return f"{mark.before}{text(value).zfill(mark.digits)}{mark.after}"
    return mark
