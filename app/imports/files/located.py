"""What is known of a table on a sheet: the columns of its type, its header, and what of its rows is doubtful."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.imports.files.raw import Raw


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a record type: its key, and every heading a ledger may give it, the usual one first.

    yielding   of these names those that mean this column only where no other name of it stands on the sheet
    """

    key: str
    names: tuple[str, ...]
    required: bool = False
    yielding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherHeadings:
    """What headings besides those of the columns mean, folded.

    known   headings that public ledgers have and no type keeps
    apart   heading that begins the particulars of somebody else -> the headings of these particulars
    """

    known: frozenset[str] = frozenset()
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeadingMap:
    """What a mapping says of the columns of one sheet: the key of the column that each is, None to leave it out.

    headings  by plain heading
    letters   by the place of the column
    """

    headings: Mapping[str, str | None] = field(default_factory=dict)
    letters: Mapping[int, str | None] = field(default_factory=dict)


NO_MAPPING = HeadingMap()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The headings that a sheet of one type may have.

    keys      folded heading -> key of its column
    exact     headings as the type writes them, with which no other may compete
    mapped    plain heading -> key of the column that a mapping names for it, None where it is to be left out
    lettered  place of a column -> the same
    """

    keys: Mapping[str, str]
    exact: frozenset[str]
    yielding: frozenset[str]
    others: OtherHeadings
    mapped: Mapping[str, str | None] = field(default_factory=dict)
    lettered: Mapping[int, str | None] = field(default_factory=dict)


class RowDoubt(NamedTuple):
    """What is to be said of a row beside its values: a warning, or else the row is rejected."""

    column: str | None  # a heading of the sheet, or 列I for a column without one
    code: str
    params: dict[str, str | int]
    warning: bool


@dataclass
class LocatedTable:
    """A table located on a sheet. What its `rows` leave out or doubt is known once they have been read."""

    header_row: int  # of two header rows the lower one
    positions: dict[str, int]  # key -> index of the cell in its row
    headings: dict[str, str]  # key -> heading as written on the sheet
    units: dict[str, str]  # key -> the unit in its heading, else the money unit stated above the table
    unknown: list[str]  # headings, as written, that name no column of the type
    missing: list[str]  # required columns that the sheet lacks, by their usual heading
    not_kept: list[str] = field(default_factory=list)  # headings whose meaning is known and that no field keeps
    doubts: dict[int, list[RowDoubt]] = field(default_factory=dict)  # by row
    left_out: dict[int, str] = field(default_factory=dict)  # row -> code of the sentence that says why it is no entry
    mapped: dict[str, str | None] = field(default_factory=dict)  # heading or 列I -> what a mapping names for it
    seen: list[str] = field(default_factory=list)  # every heading of the sheet, 列I for a column without one
    unheaded: dict[str, None] = field(default_factory=dict)  # 列I of columns that hold values under no heading
    rows: Iterator[tuple[int, dict[str, Raw]]] = field(init=False)


@dataclass
class NoHeader(Exception):
    """No row names enough columns. Describes the row that comes nearest to a header."""

    row: int | None  # None on an empty sheet
    recognised: list[str]
    unrecognised: list[str]


class NamedColumn(NamedTuple):
    """A column of the sheet whose heading was recognised."""

    position: int
    heading: str
    exact: bool
    unit: str | None
    total: bool  # its heading says that it is the sum of others beside it
    yields: bool
    mapped: bool = False
    by_letter: bool = False


@dataclass
class Header:
    """One or two rows read as the header. `start` and `stop` are indices in the list of rows read so far."""

    start: int
    stop: int
    named: dict[str, NamedColumn] = field(default_factory=dict)
    doubles: dict[str, list[NamedColumn]] = field(default_factory=dict)  # other columns of the same meaning
    unknown: list[str] = field(default_factory=list)
    not_kept: list[str] = field(default_factory=list)
    unnamed: list[int] = field(default_factory=list)  # positions without a heading
    width: int = 0  # position behind the last heading
    serials: list[int] = field(default_factory=list)  # positions of serial numbers
    mapped: dict[str, str | None] = field(default_factory=dict)  # heading or 列I -> what a mapping names for it
    seen: list[str] = field(default_factory=list)  # all of them, in their order
