"""Where the table is on a sheet, and which column is which.

Titles and units above the header, one or two header rows, totals, page breaks and notes below: what is plainly no entry
is passed over; what is in doubt is kept, to be rejected with a message.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, filterfalse, islice, zip_longest
from typing import NamedTuple

from app.errors import without_numbers
from app.imports.files.cells import Raw, is_blank
from app.imports.files.footers import is_note, nfkc, opens_note

SEARCHED_ROWS = 20
Row = tuple[int, list[Raw]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a type: its key, and every name a ledger may give it, the usual one first."""

    key: str
    names: tuple[str, ...]
    required: bool = False


@dataclass
class Table:
    """A table found on a sheet, its texts as written there; only `missing` holds usual names of columns."""

    header_row: int  # the lower one of two
    positions: dict[str, int]  # key -> index of the cell in its row
    headings: dict[str, str]
    units: dict[str, str]  # key -> the unit in its heading, else the money unit stated above the table
    unknown: list[str]
    missing: list[str]
    rows: Iterator[tuple[int, dict[str, Raw]]]


@dataclass
class NoHeader(Exception):
    """No row names enough columns. The nearest is told: its number (None on an empty sheet) and its headings."""

    row: int | None
    recognised: list[str]
    unrecognised: list[str]


_SERIAL = {"序号", "序", "行号", "no", "no."}
_MONEY = {"元", "千元", "万元", "百万元", "亿元"}
_UNITS = _MONEY | {"户", "人", "人次", "户次", "个", "条", "件", "项", "次", "名", "天", "起", "份", "处", "亩"}
_BRACKETED = re.compile(r"[(\[{【〔《][^()\[\]{}【】〔〕《》]*(?:[)\]}】〕》]|$)")
_TRAILING_UNIT = re.compile(r"[:/,、]([千万亿]?元|百万元)$")
_STATED_UNIT = re.compile(r"(?=单位\s*:\s*([^\s:()]+))")  # looks ahead: 填报单位:巡察办单位:万元 holds two
_LIST_NUMBER = re.compile(r"^(?:\d{1,2}[.、]|[一二三四五六七八九十]{1,3}、)(?=.)")
_TOTAL = re.compile(r"(?:本页|本表|累计)?(?:合计|总计|小计|共计):?[\d,.]*(?:人次|户次|万元|[条项个人户件次名元起])?")
_FIGURE = re.compile(r"(?:共|计)?[\d,.]+%?\w{0,3}")


def _plain(raw: Raw) -> str:
    return "".join(nfkc(raw).split())


def fold(text: str) -> str:
    """A heading's comparison form, equal for the ways in which a second clerk would vary a label.

    Gone are spaces, list numbers, brackets with what they hold, a trailing unit, `*`, `※` or `:`, the endings 情况
    and 数, and 的; 时间 is 日期. What holds nothing else keeps it (情况 is 情况).
    """
    plain = _plain(text)
    while plain != (plain := _BRACKETED.sub("", plain)):
        pass
    plain = _LIST_NUMBER.sub("", _TRAILING_UNIT.sub("", plain.strip("*※:"))).strip("*※:").replace("时间", "日期")
    return (plain.replace("的", "").removesuffix("情况").removesuffix("数") or plain).lower()


def unit_of(text: str) -> str | None:
    """The unit a heading names in brackets (金额（万元）) or, for money, after a stroke (金额/万元), None if none."""
    plain = _plain(text).rstrip("*※:")
    for held in reversed(_BRACKETED.findall(plain)):
        unit: str = held.strip("()[]{}【】〔〕《》").removeprefix("单位").lstrip(":")
        if unit in _UNITS:
            return unit
    trailing = _TRAILING_UNIT.search(_BRACKETED.sub("", plain).strip("*※:"))
    return trailing[1] if trailing else None


def folded_names(columns: Sequence[Column]) -> dict[str, str]:
    """Folded name -> key. Raises ValueError naming both columns where two of one type would answer to one heading."""
    keys: dict[str, str] = {}
    for key, name in ((column.key, name) for column in columns for name in column.names):
        if (other := keys.setdefault(fold(name), key)) != key:
            raise ValueError(f"{name}: both {other} and {key} answer to {fold(name)}")
    return keys


class _Named(NamedTuple):
    position: int
    heading: str
    exact: bool
    unit: str | None


class _Header(NamedTuple):
    """One way to read a row, or two, as the header; `start` and `stop` count rows as read."""

    start: int
    stop: int
    named: dict[str, _Named]
    unknown: list[str]


def _tries(rows: Sequence[Row]) -> list[list[str]]:
    """Per column the headings to try, the most telling first: of two rows the group with the lower, then the lower.

    A group heading that lost its merging (in CSV) also counts for the columns to its right whose upper cell is blank.
    """
    upper, lower = ([("" if is_blank(cell) else str(cell)) for cell in cells] for _, cells in [*rows, (0, [])][:2])
    tries: list[list[str]] = []
    group = ""
    for above, below in zip_longest(upper, lower, fillvalue=""):
        group = above or group
        names = [below or above] if not below or not group or below == above else [group + below, below]
        tries.append([without_numbers(" ".join(name[:200].split())) for name in names if name])  # it may be data
    return tries


def _header(rows: Sequence[Row], start: int, stop: int, keys: dict[str, str], exact: set[str]) -> _Header:
    """Columns by heading. Of two headings for one column the one written exactly so wins, else the first."""
    named: dict[str, _Named] = {}
    unknown: dict[str, None] = {}
    for position, headings in enumerate(_tries(rows[start:stop])):
        heading = next((heading for heading in headings if fold(heading) in keys), None)
        if heading is None:
            unknown |= {shown: None for shown in headings[:1] if fold(headings[-1]) not in _SERIAL}
            continue
        key = keys[fold(heading)]
        found = _Named(position, heading, _plain(heading) in exact, unit_of(headings[0]))  # a group may hold the unit
        first = named.setdefault(key, found)
        if found is not first:
            if found.exact and not first.exact:
                named[key], found = found, first
            unknown[found.heading] = None
    return _Header(start, stop, named, list(unknown))


def _choose(rows: Sequence[Row], columns: Sequence[Column]) -> _Header:
    """The row (or two) among the first that names most columns. Raises NoHeader.

    Once a row names enough, only the next row, or one that names more than twice as many, takes its place: a header
    repeated further down must not turn the data rows between into title rows.
    """
    keys, exact = folded_names(columns), {_plain(name) for column in columns for name in column.names}
    singles = [_header(rows, at, at + 1, keys, exact) for at in range(len(rows))]
    best: _Header | None = None
    for at, found in enumerate(singles[:SEARCHED_ROWS]):
        if at + 1 < len(rows):
            both = _header(rows, at, at + 2, keys, exact)
            found = both if len(both.named) > max(len(found.named), len(singles[at + 1].named)) else found
        if len(found.named) < min(3, len(columns)):
            continue
        if best is None or len(found.named) > len(best.named) * (1 if at == best.start + 1 else 2):
            best = found
    if best is not None:
        return best
    near = max(singles[:SEARCHED_ROWS], key=lambda h: (len(h.named), len(h.unknown)), default=_Header(0, 0, {}, []))
    raise NoHeader(rows[near.start][0] if rows else None, [one.heading for one in near.named.values()], near.unknown)


def find_table(rows: Iterable[Row], columns: Sequence[Column]) -> Table:
    """The table on a sheet, by the header within its first 20 rows that names at least three columns (or all).

    Its rows come as they are read, each with a value for every column found. Raises NoHeader.
    """
    remaining = iter(rows)
    first = [*islice(remaining, SEARCHED_ROWS + 1)]
    header = _choose(first, columns)
    above = " ".join(nfkc(cell) for _, cells in first[: header.start] for cell in cells if not is_blank(cell))
    stated = _MONEY & {unit for one in _STATED_UNIT.findall(above) for unit in re.split("[、,;。/和]", one)}
    units = {key: one.unit or (next(iter(stated)) if len(stated) == 1 else "") for key, one in header.named.items()}
    return Table(
        header_row=first[header.stop - 1][0],
        positions={key: one.position for key, one in header.named.items()},
        headings={key: one.heading for key, one in header.named.items()},
        units={key: unit for key, unit in units.items() if unit},
        unknown=header.unknown,
        missing=[column.names[0] for column in columns if column.required and column.key not in header.named],
        rows=_entries(header, first[: header.stop], chain(first[header.stop :], remaining)),
    )


def _entries(header: _Header, above: Sequence[Row], rows: Iterable[Row]) -> Iterator[tuple[int, dict[str, Raw]]]:
    """The rows below a header but blank ones, totals, notes, and titles and headers repeated on a new page."""
    tries = _tries(above[header.start :])
    width = 1 + max(place for place, headings in enumerate(tries) if headings)
    serials = [place for place, headings in enumerate(tries) if headings and fold(headings[-1]) in _SERIAL]
    keys, positions = tuple(header.named), tuple(one.position for one in header.named.values())
    repeated = [[_plain(cell) for cell in cells[:width] if not is_blank(cell)] for _, cells in above]
    openings, names = {words[0] for words in repeated if words}, {_plain(one.heading) for one in header.named.values()}
    noted, lower = False, True  # the row below may name columns that nobody knows, and those of the header again
    for number, read in rows:
        cells = read if len(read) == width else read[:width] + [None] * (width - len(read))
        opening = [*islice(filterfalse(is_blank, cells), 3)]  # tells of most rows what they are
        if not opening or (len(opening) == 1 and any(_FIGURE.fullmatch(str(cells[place])) for place in serials)):
            continue  # a number written in advance does not make an entry
        if noted or opens_note(opening[0]) or "计" in "".join(map(str, opening)):
            written = [*filterfalse(is_blank, cells)]
            note = is_note(written, noted)
            noted = noted or note
            if note or _is_total(written):
                continue
        if isinstance(opening[0], str) and (lower or _plain(opening[0]) in openings):
            lower = False
            again = [_plain(cell) for cell in filterfalse(is_blank, cells)] in repeated
            found = {_plain(cells[place]) for place in positions if not is_blank(cells[place])}
            if again or (len(found) > 1 and found <= names):
                continue
        yield number, dict(zip(keys, map(cells.__getitem__, positions), strict=True))


def _is_total(written: Sequence[Raw]) -> bool:
    """合计 as the first thing written, or second or third (after a group's name) with nothing but figures behind it."""
    for at, cell in enumerate(written[:3]):
        if isinstance(cell, str) and "计" in cell and _TOTAL.fullmatch(_plain(cell)):
            return at == 0 or all(_FIGURE.fullmatch(_plain(figure)) for figure in written[at + 1 :])
    return False
