"""Where the table is on a sheet, and which column is which.

A sheet may hold titles and units above the header, a header of one or two rows, and totals, repeated headers and notes
below. What is plainly no entry is left out and named; what is in doubt is kept, to be rejected with a message.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, filterfalse, islice, zip_longest

from app.imports.files.cells import is_blank, nfkc
from app.imports.files.footers import NOTE_STARTS, is_figure, why_left_out
from app.imports.files.headings import MONEY, SERIALS, fold, letters, plain, shown, unit_of, vocabulary_of
from app.imports.files.located import (
    Column,
    Header,
    LocatedTable,
    NamedColumn,
    NoHeader,
    OtherHeadings,
    RowDoubt,
    Vocabulary,
)
from app.imports.files.raw import Raw, Row

SEARCHED_ROWS = 20
NO_OTHERS = OtherHeadings()
_STATED_UNIT = re.compile(r"(?=单位\s*:\s*([^\s:()]+))")  # overlapping: 填报单位:巡察办单位:万元 holds two
_SUM = re.compile(r"(?:本页|累计)?(?:合计|总计|小计|总额|总数|计)")


def possible_headings(rows: Sequence[Row]) -> list[list[str]]:
    """For each column the headings to try. Of two rows: first upper and lower cell together, then the lower alone.

    A csv has no merged cells: a group heading in the upper row also holds for the blank upper cells to its right.
    """
    upper, lower = ([("" if is_blank(cell) else str(cell)) for cell in cells] for _, cells in [*rows, (0, [])][:2])
    possible: list[list[str]] = []
    group = ""
    for above, below in zip_longest(upper, lower, fillvalue=""):
        group = above or group
        names = [below or above] if not below or not group or below == above else [group + below, below]
        possible.append([shown(name) for name in names if name])
    return possible


def read_header(rows: Sequence[Row], start: int, stop: int, vocabulary: Vocabulary) -> Header:
    """The columns that one or two rows name."""
    header, candidates = Header(start, stop), dict[str, list[NamedColumn]]()
    unknown, not_kept = dict[str, None](), dict[str, None]()
    of_another: frozenset[str] = frozenset()  # headings of the particulars of somebody who is not kept
    for position, headings in enumerate(possible_headings(rows[start:stop])):
        if not headings:
            header.unnamed.append(position)
            continue
        header.width, last = position + 1, fold(headings[-1])
        apart = next((a for a in vocabulary.others.apart if fold(headings[0]).startswith(a)), None)
        of_another = vocabulary.others.apart[apart] if apart else of_another if last in of_another else frozenset()
        column = None if of_another else _recognised(position, headings, vocabulary)
        if column:
            candidates.setdefault(column[0], []).append(column[1])
        elif of_another or not vocabulary.others.known.isdisjoint(map(fold, headings)):
            not_kept[headings[0]] = None
        elif last in SERIALS:
            header.serials.append(position)
        else:
            unknown[headings[0]] = None
    for key, columns in candidates.items():
        _choose_column(header, key, columns, not_kept)
    header.unknown, header.not_kept = list(unknown), list(not_kept)
    header.unnamed = [position for position in header.unnamed if position < header.width]
    return header


def _recognised(position: int, headings: list[str], vocabulary: Vocabulary) -> tuple[str, NamedColumn] | None:
    """Key and column of a heading. One that ends in a word for a sum is that of what it sums."""
    for heading in headings:
        for name, total in ((fold(heading), False), (_SUM.sub("", fold(heading)), True)):
            if key := vocabulary.keys.get(name):
                unit = unit_of(headings[0])  # the group heading may hold the unit
                exact = plain(heading) in vocabulary.exact
                return key, NamedColumn(position, heading, exact, unit, total, name in vocabulary.yielding)
    return None


def _choose_column(header: Header, key: str, columns: list[NamedColumn], not_kept: dict[str, None]) -> None:
    """Of several columns for one key: the one that does not yield, the sum, the one written exactly, the first."""
    strong = [column for column in columns if not column.yields] or columns
    totals = [column for column in strong if column.total]
    if len(totals) == 1:  # the others are parts of it
        strong = totals
    chosen = next((column for column in strong if column.exact), strong[0])
    not_kept |= {column.heading: None for column in columns if column not in strong}
    header.named[key] = chosen
    if others := [column for column in strong if column is not chosen]:
        header.doubles[key] = others


def _is_lower_half(upper: Row, lower: Row) -> bool:
    """Whether a row holds the lower headings of groups in the row above: every cell is a text below such a group."""
    above, cells = upper[1], [*lower[1], *([None] * (len(upper[1]) - len(lower[1])))]
    grouped = False
    for at, cell in enumerate(cells):
        heading = above[at] if at < len(above) else None
        if is_blank(cell) or cell == heading:
            continue
        beside = [above[i] for i in (at - 1, at + 1) if 0 <= i < len(above)]
        if not isinstance(cell, str) or not (is_blank(heading) or heading in beside or None in beside or "" in beside):
            return False
        grouped = True
    return grouped


def _enough(header: Header, columns: Sequence[Column]) -> bool:
    """Whether so many columns are named that the row is a header: three, all that are required, or number and one."""
    required = {column.key for column in columns if column.required}
    complete = bool(required) and required <= header.named.keys() and not header.unknown
    update = "number" in header.named and len(header.unknown) + len(header.unnamed) < 2
    return len(header.named) >= min(3, len(columns)) or (len(header.named) == 2 and (complete or update))


def _choose(rows: Sequence[Row], columns: Sequence[Column], vocabulary: Vocabulary) -> Header:
    """The row (or two rows) that names most columns, among the first rows of a sheet. Raises NoHeader.

    Once a row names enough columns, only the next row, or a row that names more than twice as many, replaces it:
    otherwise a header repeated further down would turn the data rows between into title rows.
    """
    singles = [read_header(rows, at, at + 1, vocabulary) for at in range(len(rows))]
    best: Header | None = None
    for at, header in enumerate(singles[:SEARCHED_ROWS]):
        if at + 1 < len(rows):
            both = read_header(rows, at, at + 2, vocabulary)
            most = max(len(header.named), len(singles[at + 1].named))
            halves = len(both.named) == len(header.named) == most and _is_lower_half(*rows[at : at + 2])
            fuller = len(both.named) > most or halves
            header = both if fuller else header
        if not _enough(header, columns):
            continue
        if best is None or len(header.named) > len(best.named) * (1 if at == best.start + 1 else 2):
            best = header
    if best is not None:
        return best
    near = max(singles[:SEARCHED_ROWS], key=lambda h: (len(h.named), len(h.unknown)), default=Header(0, 0))
    headings = [column.heading for column in near.named.values()]
    raise NoHeader(rows[near.start][0] if rows else None, headings, [*near.unknown, *near.not_kept])


def find_table(
    rows: Iterable[Row], columns: Sequence[Column], others: OtherHeadings = NO_OTHERS, ragged: bool = False
) -> LocatedTable:
    """Locate the table on a sheet by its header, one of the first 20 rows. Raises NoHeader.

    The rows of the table are read on demand, each with a cell for every column recognised. `ragged`: a row has only
    the cells that are written in it, so that one with more than the header is known to be damaged.
    """
    remaining, vocabulary = iter(rows), vocabulary_of(columns, others)
    first = [*islice(remaining, SEARCHED_ROWS + 1)]
    header = _choose(first, columns, vocabulary)
    above = " ".join(nfkc(cell) for _, cells in first[: header.start] for cell in cells if not is_blank(cell))
    stated = MONEY & {unit for text in _STATED_UNIT.findall(above) for unit in re.split("[、,;。/和]", text)}
    only_stated = next(iter(stated)) if len(stated) == 1 else ""
    units = {key: column.unit or only_stated for key, column in header.named.items()}
    table = LocatedTable(
        header_row=first[header.stop - 1][0],
        positions={key: column.position for key, column in header.named.items()},
        headings={key: column.heading for key, column in header.named.items()},
        units={key: unit for key, unit in units.items() if unit},
        unknown=header.unknown,
        missing=[column.names[0] for column in columns if column.required and column.key not in header.named],
        not_kept=header.not_kept,
    )
    table.rows = _entries(
        table, header, vocabulary, first[: header.stop], chain(first[header.stop :], remaining), ragged
    )
    return table


def _entries(
    table: LocatedTable, header: Header, vocabulary: Vocabulary, above: Sequence[Row], rows: Iterable[Row], ragged: bool
) -> Iterator[tuple[int, dict[str, Raw]]]:
    """The rows below a header, without blank rows, totals, notes, and titles and headers repeated on a new page.

    The first three filled cells show of most rows that they are entries; only where these leave a doubt, the others
    are looked at.
    """
    width, keys = header.width, tuple(header.named)
    positions = tuple(column.position for column in header.named.values())
    beyond = max(len(cells) for _, cells in above[header.start :]) if ragged else 2**14  # columns that Excel has
    repeated = [[plain(cell) for cell in cells[:width] if not is_blank(cell)] for _, cells in above]
    openings = {words[0] for words in repeated if words}
    suspicious = bool(header.unnamed or header.doubles)
    below_note, first, broken = False, True, 0  # broken: a row further up is a header of other columns
    for number, read in rows:
        cells = read if len(read) == width else read[:width] + [None] * (width - len(read))
        opening = [*islice(filterfalse(is_blank, cells), 3)]
        if not opening or (len(opening) == 1 and any(is_figure(cells[place]) for place in header.serials)):
            continue  # a serial number written in advance does not make an entry
        few = len(opening) < 3 or opening[0] == opening[2]  # a merged line repeats its text
        start = str(opening[0])[:1]
        if (
            few
            or below_note
            or start in NOTE_STARTS
            or "计" in "".join(map(str, opening))
            or (first and _short(opening))
        ):
            written = [*filterfalse(is_blank, cells)]
            if why := why_left_out(written, below_note, first):
                below_note = below_note or why == "row_is_note"
                table.left_out[number] = why
                continue
        if isinstance(opening[0], str) and (
            first or (text := plain(opening[0])) in openings or text in vocabulary.exact
        ):
            again = _header_again((number, cells), header, vocabulary, repeated, first)
            if again is header:
                table.left_out[number] = "row_is_header"
                continue
            if again is not None and _reordered(again, header):
                header, positions = again, tuple(again.named[key].position for key in keys)
                table.left_out[number] = "row_is_header"
                continue
            broken = number if again is not None else broken
        first = False
        if suspicious or len(read) != width or broken:
            _doubt(table, header, (number, read), beyond, broken)
        yield number, dict(zip(keys, map(cells.__getitem__, positions), strict=True))


def _short(cells: Sequence[Raw]) -> bool:
    """Whether no cell is longer than the number of a column."""
    return all(len(str(cell)) < 5 for cell in cells)


def _header_again(
    row: Row, header: Header, vocabulary: Vocabulary, repeated: list[list[str]], first: bool
) -> Header | None:
    """The header that a row among the entries is: `header` itself, one in another order, or None for an entry."""
    filled = [*filterfalse(is_blank, row[1])]
    written = [plain(cell) for cell in filled]
    if written in repeated:
        return header
    names = {plain(column.heading) for column in header.named.values()}
    cells = [row[1][column.position] for column in header.named.values()]
    texts = {plain(cell) for cell in cells if not is_blank(cell)}
    if first and len(texts) > 1 and texts <= names:
        return header  # a second header row, of unknown headings beside those of the header
    if len(written) < 3 or not all(isinstance(cell, str) for cell in filled):
        return None
    again = read_header([row], 0, 1, vocabulary)
    if len(again.named) <= max(2, len(written) // 2):
        return None
    own = {(key, column.position, column.unit) for key, column in header.named.items()}
    return header if own.issuperset((key, c.position, c.unit) for key, c in again.named.items()) else again


def _reordered(again: Header, header: Header) -> bool:
    """Whether two headers have the same columns in the same units, in another order."""
    units = [{key: column.unit for key, column in h.named.items()} for h in (again, header)]
    return units[0] == units[1] and not (again.doubles or header.doubles)


def _doubt(table: LocatedTable, header: Header, row: Row, beyond: int, broken: int) -> None:
    """Keep what is to be said of a row: cells outside of the columns, and two columns of one meaning that differ.

    `beyond`: position behind the last cell that the header has written.
    """
    number, cells = row
    doubts: list[RowDoubt] = []
    if broken:
        doubts.append(RowDoubt(None, "header_changes", {"row": broken, "header": table.header_row}, False))
    if more := len([*filterfalse(is_blank, cells[beyond:])]):
        doubts.append(RowDoubt(None, "cells_beyond_header", {"cells": more}, False))
    for at in (*header.unnamed, *range(header.width, min(beyond, len(cells)))):
        if at < len(cells) and not is_blank(cells[at]):
            doubts.append(RowDoubt(f"列{letters(at)}", "no_heading", {"column": letters(at)}, True))
    for key, others in header.doubles.items():
        chosen = header.named[key]
        for other in others:
            value = cells[other.position] if other.position < len(cells) else None
            own = cells[chosen.position] if chosen.position < len(cells) else None
            if not is_blank(value) and (value != own or other.unit != chosen.unit):
                params: dict[str, str | int] = {"column": letters(chosen.position), "other": letters(other.position)}
                doubts.append(RowDoubt(other.heading, "column_twice", params, False))
    if doubts:
        table.doubts.setdefault(number, []).extend(doubts)
