"""Where the table is on a sheet, and which column is which.

A sheet may hold titles and units above the header, a header of one or two rows, and totals, repeated headers and notes
below. What is plainly no entry is skipped; what is in doubt is kept, to be rejected with a message.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, filterfalse, islice, zip_longest
from typing import NamedTuple

from app.imports.files.cells import Raw, is_blank
from app.imports.files.footers import is_note, nfkc, opens_note
from app.kernel.declare.values import without_numbers

SEARCHED_ROWS = 20
Row = tuple[int, list[Raw]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a record type: its key, and every heading a ledger may give it, the usual one first."""

    key: str
    names: tuple[str, ...]
    required: bool = False


@dataclass
class LocatedTable:
    """A table located on a sheet."""

    header_row: int  # of two header rows the lower one
    positions: dict[str, int]  # key -> index of the cell in its row
    headings: dict[str, str]  # key -> heading as written on the sheet
    units: dict[str, str]  # key -> the unit in its heading, else the money unit stated above the table
    unknown: list[str]  # headings, as written, that name no column of the type
    missing: list[str]  # required columns that the sheet lacks, by their usual heading
    rows: Iterator[tuple[int, dict[str, Raw]]]


@dataclass
class NoHeader(Exception):
    """No row names enough columns. Describes the row that comes nearest to a header."""

    row: int | None  # None on an empty sheet
    recognised: list[str]
    unrecognised: list[str]


EXAMPLE = "示例"  # stands under 序号 in the example row of a template
_EXAMPLES = {EXAMPLE, "例", "例如", "样例", "范例"}
_SERIAL = {"序号", "序", "行号", "no", "no."}
_MONEY = {"元", "千元", "万元", "百万元", "亿元"}
_UNITS = _MONEY | {"户", "人", "人次", "户次", "个", "条", "件", "项", "次", "名", "天", "起", "份", "处", "亩"}
_BRACKETED = re.compile(r"[(\[{【〔《][^()\[\]{}【】〔〕《》]*(?:[)\]}】〕》]|$)")
_TRAILING_UNIT = re.compile(r"[:/,、]([千万亿]?元|百万元)$")
_STATED_UNIT = re.compile(r"(?=单位\s*:\s*([^\s:()]+))")  # overlapping: 填报单位:巡察办单位:万元 holds two
_LIST_NUMBER = re.compile(r"^(?:\d{1,2}[.、]|[一二三四五六七八九十]{1,3}、)(?=.)")
_TOTAL = re.compile(r"(?:本页|本表|累计)?(?:合计|总计|小计|共计):?[\d,.]*(?:人次|户次|万元|[条项个人户件次名元起])?")
_FIGURE = re.compile(r"(?:共|计)?[\d,.]+%?\w{0,3}")


def _plain(raw: Raw) -> str:
    return "".join(nfkc(raw).split())


def fold(text: str) -> str:
    """The form in which headings are compared, so that a label and its usual variants are equal.

    Dropped are spaces, list numbers, brackets and what is in them, a trailing unit, `*`, `※` or `:`, 的, and the
    endings 情况 and 数; 时间 becomes 日期. A heading that would end up empty keeps these (情况 stays 情况).
    """
    plain = _plain(text)
    while plain != (plain := _BRACKETED.sub("", plain)):
        pass
    plain = _LIST_NUMBER.sub("", _TRAILING_UNIT.sub("", plain.strip("*※:"))).strip("*※:").replace("时间", "日期")
    return (plain.replace("的", "").removesuffix("情况").removesuffix("数") or plain).lower()


def unit_of(text: str) -> str | None:
    """The unit in a heading: in brackets (金额（万元）) or, for money, after a stroke (金额/万元). None without one."""
    plain = _plain(text).rstrip("*※:")
    for bracketed in reversed(_BRACKETED.findall(plain)):
        unit: str = bracketed.strip("()[]{}【】〔〕《》").removeprefix("单位").lstrip(":")
        if unit in _UNITS:
            return unit
    trailing = _TRAILING_UNIT.search(_BRACKETED.sub("", plain).strip("*※:"))
    return trailing[1] if trailing else None


def folded_names(columns: Sequence[Column]) -> dict[str, str]:
    """Folded heading -> key. Raises ValueError if two columns of the type would be recognised by one heading."""
    keys: dict[str, str] = {}
    for key, name in ((column.key, name) for column in columns for name in column.names):
        if (other := keys.setdefault(fold(name), key)) != key:
            raise ValueError(f"{name}: both {other} and {key} answer to {fold(name)}")
    return keys


class _NamedColumn(NamedTuple):
    """A column of the sheet whose heading was recognised."""

    position: int
    heading: str
    exact: bool
    unit: str | None


class _Header(NamedTuple):
    """One or two rows read as the header. `start` and `stop` are indices in the list of rows read so far."""

    start: int
    stop: int
    named: dict[str, _NamedColumn]
    unknown: list[str]


def _possible_headings(rows: Sequence[Row]) -> list[list[str]]:
    """For each column the headings to try. Of two rows: first upper and lower cell together, then the lower alone.

    A csv has no merged cells: a group heading in the upper row also holds for the blank upper cells to its right.
    """
    upper, lower = ([("" if is_blank(cell) else str(cell)) for cell in cells] for _, cells in [*rows, (0, [])][:2])
    possible: list[list[str]] = []
    group = ""
    for above, below in zip_longest(upper, lower, fillvalue=""):
        group = above or group
        names = [below or above] if not below or not group or below == above else [group + below, below]
        # The row may turn out to be data, and its cells are shown in messages: no identity numbers in them.
        possible.append([without_numbers(" ".join(name[:200].split())) for name in names if name])
    return possible


def _header(rows: Sequence[Row], start: int, stop: int, keys: dict[str, str], exact: set[str]) -> _Header:
    """Recognise columns by heading. Of two headings for one column an exact one wins, else the first."""
    named: dict[str, _NamedColumn] = {}
    unknown: dict[str, None] = {}
    for position, headings in enumerate(_possible_headings(rows[start:stop])):
        heading = next((heading for heading in headings if fold(heading) in keys), None)
        if heading is None:
            unknown |= {shown: None for shown in headings[:1] if fold(headings[-1]) not in _SERIAL}
            continue
        key = keys[fold(heading)]
        unit = unit_of(headings[0])  # the group heading may hold the unit
        column = _NamedColumn(position, heading, _plain(heading) in exact, unit)
        first = named.setdefault(key, column)
        if column is not first:
            if column.exact and not first.exact:
                named[key], column = column, first
            unknown[column.heading] = None
    return _Header(start, stop, named, list(unknown))


def _choose(rows: Sequence[Row], columns: Sequence[Column]) -> _Header:
    """The row (or two rows) that names most columns, among the first rows of a sheet. Raises NoHeader.

    Once a row names enough columns, only the next row, or a row that names more than twice as many, replaces it:
    otherwise a header repeated further down would turn the data rows between into title rows.
    """
    keys, exact = folded_names(columns), {_plain(name) for column in columns for name in column.names}
    singles = [_header(rows, at, at + 1, keys, exact) for at in range(len(rows))]
    best: _Header | None = None
    for at, header in enumerate(singles[:SEARCHED_ROWS]):
        if at + 1 < len(rows):
            both = _header(rows, at, at + 2, keys, exact)
            header = both if len(both.named) > max(len(header.named), len(singles[at + 1].named)) else header
        if len(header.named) < min(3, len(columns)):
            continue
        if best is None or len(header.named) > len(best.named) * (1 if at == best.start + 1 else 2):
            best = header
    if best is not None:
        return best
    near = max(singles[:SEARCHED_ROWS], key=lambda h: (len(h.named), len(h.unknown)), default=_Header(0, 0, {}, []))
    headings = [column.heading for column in near.named.values()]
    raise NoHeader(rows[near.start][0] if rows else None, headings, near.unknown)


def find_table(rows: Iterable[Row], columns: Sequence[Column]) -> LocatedTable:
    """Locate the table on a sheet by its header: one of the first 20 rows, naming at least three columns (or all).

    The rows of the table are read on demand, each with a cell for every column recognised. Raises NoHeader.
    """
    remaining = iter(rows)
    first = [*islice(remaining, SEARCHED_ROWS + 1)]
    header = _choose(first, columns)
    above = " ".join(nfkc(cell) for _, cells in first[: header.start] for cell in cells if not is_blank(cell))
    stated = _MONEY & {unit for text in _STATED_UNIT.findall(above) for unit in re.split("[、,;。/和]", text)}
    only_stated = next(iter(stated)) if len(stated) == 1 else ""
    units = {key: column.unit or only_stated for key, column in header.named.items()}
    return LocatedTable(
        header_row=first[header.stop - 1][0],
        positions={key: column.position for key, column in header.named.items()},
        headings={key: column.heading for key, column in header.named.items()},
        units={key: unit for key, unit in units.items() if unit},
        unknown=header.unknown,
        missing=[column.names[0] for column in columns if column.required and column.key not in header.named],
        rows=_entries(header, first[: header.stop], chain(first[header.stop :], remaining)),
    )


def _entries(header: _Header, above: Sequence[Row], rows: Iterable[Row]) -> Iterator[tuple[int, dict[str, Raw]]]:
    """The rows below a header, without blank rows, totals, notes, and titles and headers repeated on a new page.

    The first three filled cells show of most rows that they are entries; only where these leave a doubt, the others
    are looked at.
    """
    possible = _possible_headings(above[header.start :])
    width = 1 + max(place for place, headings in enumerate(possible) if headings)
    serials = [place for place, headings in enumerate(possible) if headings and fold(headings[-1]) in _SERIAL]
    keys, positions = tuple(header.named), tuple(column.position for column in header.named.values())
    repeated = [[_plain(cell) for cell in cells[:width] if not is_blank(cell)] for _, cells in above]
    openings, names = {words[0] for words in repeated if words}, {_plain(c.heading) for c in header.named.values()}
    below_note = False
    first = True  # the first row may be a second header row, of unknown headings beside those of the header
    for number, read in rows:
        cells = read if len(read) == width else read[:width] + [None] * (width - len(read))
        opening = [*islice(filterfalse(is_blank, cells), 3)]
        if not opening or (len(opening) == 1 and any(_FIGURE.fullmatch(str(cells[place])) for place in serials)):
            continue  # a serial number written in advance does not make an entry
        if opening[0] in _EXAMPLES and any(cells[place] == opening[0] for place in serials):
            continue
        if below_note or opens_note(opening[0]) or "计" in "".join(map(str, opening)):
            written = [*filterfalse(is_blank, cells)]
            note = is_note(written, below_note)
            below_note = below_note or note
            if note or _is_total(written):
                continue
        if isinstance(opening[0], str) and (first or _plain(opening[0]) in openings):
            first = False
            again = [_plain(cell) for cell in filterfalse(is_blank, cells)] in repeated
            texts = {_plain(cells[place]) for place in positions if not is_blank(cells[place])}
            if again or (len(texts) > 1 and texts <= names):
                continue
        yield number, dict(zip(keys, map(cells.__getitem__, positions), strict=True))


def _is_total(written: Sequence[Raw]) -> bool:
    """Whether 合计 stands in the first filled cell, or in the second or third with only figures behind it."""
    for at, cell in enumerate(written[:3]):
        if isinstance(cell, str) and "计" in cell and _TOTAL.fullmatch(_plain(cell)):
            return at == 0 or all(_FIGURE.fullmatch(_plain(figure)) for figure in written[at + 1 :])
    return False
