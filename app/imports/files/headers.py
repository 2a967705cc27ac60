"""Where the table is on a sheet, and which column is which.

A sheet may hold titles and units above the header, a header of one or two rows, and totals, repeated headers and notes
below. What is plainly no entry is left out and named; what is in doubt is kept, to be rejected with a message.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, filterfalse, islice

from app.imports.files.cells import is_blank, nfkc
from app.imports.files.footers import NOTE_STARTS, is_figure, why_left_out
from app.imports.files.headings import MONEY, letters, plain, read_header, vocabulary_of
from app.imports.files.located import (
    NO_MAPPING,
    Column,
    Header,
    HeadingMap,
    LocatedTable,
    NoHeader,
    OtherHeadings,
    RowDoubt,
    Vocabulary,
)
from app.imports.files.raw import Raw, Row

SEARCHED_ROWS = 20
EXAMPLE = "示例"  # stands under 序号 in the example row of a template
_EXAMPLES = {EXAMPLE, "例", "例如", "样例", "范例"}
NO_OTHERS = OtherHeadings()
_STATED_UNIT = re.compile(r"(?=单位\s*:\s*([^\s:()]+))")  # overlapping: 填报单位:巡察办单位:万元 holds two


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
    named = _by_heading(header)
    return named >= min(3, len(columns)) or (named == 2 and (complete or update)) or _wholly_mapped(header)


def _by_heading(header: Header) -> int:
    """How many columns are named by their headings. One named by its letter says nothing of a row."""
    return sum(not column.by_letter for column in header.named.values())


def _wholly_mapped(header: Header) -> bool:
    """Whether a mapping names two headings of the row, and there is none that nobody understands."""
    return sum(not name.startswith("列") for name in header.mapped) > 1 and not header.unknown


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
            most = max(_by_heading(header), _by_heading(singles[at + 1]))
            halves = _by_heading(both) == _by_heading(header) == most and _is_lower_half(*rows[at : at + 2])
            fuller = _by_heading(both) > most or halves
            header = both if fuller else header
        if not _enough(header, columns):
            continue
        if best is None or _by_heading(header) > _by_heading(best) * (1 if at == best.start + 1 else 2):
            best = header
    if best is not None:
        return best
    near = max(singles[:SEARCHED_ROWS], key=lambda h: (_by_heading(h), len(h.unknown)), default=Header(0, 0))
    headings = [column.heading for column in near.named.values() if not column.by_letter]
    raise NoHeader(rows[near.start][0] if rows else None, headings, [*near.unknown, *near.not_kept])


def find_table(
    rows: Iterable[Row],
    columns: Sequence[Column],
    others: OtherHeadings = NO_OTHERS,
    ragged: bool = False,
    mapping: HeadingMap = NO_MAPPING,
) -> LocatedTable:
    """Locate the table on a sheet by its header, one of the first 20 rows. Raises NoHeader.

    The rows of the table are read on demand, each with a cell for every column recognised. `ragged`: a row has only
    the cells that are written in it, so that one with more than the header is known to be damaged.
    """
    remaining, vocabulary = iter(rows), vocabulary_of(columns, others, mapping)
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
        mapped=header.mapped,
        seen=[*header.seen, *(f"列{letters(at)}" for at in range(len(header.seen), max(len(c) for _, c in first)))],
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
    beyond = max(header.width, *(len(cells) for _, cells in above[header.start :])) if ragged else 2**14  # Excel's
    repeated = [[plain(cell) for cell in cells[:width] if not is_blank(cell)] for _, cells in above]
    openings = {words[0] for words in repeated if words} | vocabulary.exact  # how a header or a title may begin
    suspicious = bool(header.unnamed or header.doubles)
    below_note, first, broken = False, True, 0  # broken: a row further up is a header of other columns
    for number, read in rows:
        cells = read if len(read) == width else read[:width] + [None] * (width - len(read))
        opening = [*islice(filterfalse(is_blank, cells), 3)]
        if not opening or (len(opening) == 1 and any(is_figure(cells[place]) for place in header.serials)):
            continue  # a serial number written in advance does not make an entry
        if opening[0] in _EXAMPLES and any(cells[place] == opening[0] for place in header.serials):
            table.left_out[number] = "row_is_example"
            continue
        doubtful = below_note or _in_doubt(opening, first)
        if doubtful and (why := why_left_out([*filterfalse(is_blank, cells)], below_note, first)):
            below_note, table.left_out[number] = below_note or why == "row_is_note", why
            continue
        likely = isinstance(opening[0], str) and (first or plain(opening[0]) in openings)
        if likely or not openings.isdisjoint(opening[1:]):  # a cell merged from above may stand before the headings
            again = _header_again((number, cells), header, vocabulary, repeated, first)
            if again is not None and (again is header or _reordered(again, header)):
                header, positions = again, tuple(again.named[key].position for key in keys)
                table.left_out[number] = "row_is_header"
                continue
            broken = number if again is not None else broken
        first = False
        if suspicious or len(read) != width or broken:
            _doubt(table, header, (number, read), beyond, broken)
        yield number, dict(zip(keys, map(cells.__getitem__, positions), strict=True))


def _in_doubt(opening: Sequence[Raw], first: bool) -> bool:
    """Whether the first filled cells leave it open that a row is an entry: few, a note, a total, numbers of columns."""
    if len(opening) < 3 or opening[0] == opening[2]:  # a merged line repeats its text
        return True
    texts = [*map(str, opening)]
    return texts[0][:1] in NOTE_STARTS or "计" in "".join(texts) or (first and all(len(text) < 5 for text in texts))


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
    if _by_heading(again) <= max(2, len(written) // 2):
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
    if (more := len(cells) - beyond) > 0:  # also if it is blank: a comma too many has moved all cells behind it
        doubts.append(RowDoubt(None, "cells_beyond_header", {"cells": more}, False))
    for at in (*header.unnamed, *range(header.width, min(beyond, len(cells)))):
        if at < len(cells) and not is_blank(cells[at]):
            table.unheaded[f"列{letters(at)}"] = None
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
