"""The table on a sheet, as it goes into the check: its rows, and what is known of its columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.imports.files.located import RowDoubt
from app.imports.mapping.columns import RowProblem
from app.kernel.declare.record_type import RecordType


@dataclass
class SheetTable:
    """The rows of one sheet (numbered as Excel counts) and what its header says. A table of NDJSON has no headings."""

    sheet: str | None
    type: RecordType | None  # None for a sheet that is skipped
    rows: Iterable[tuple[int, Any]] = ()
    headings: Mapping[str, str] = field(default_factory=dict)  # column -> heading as written
    units: Mapping[str, str] = field(default_factory=dict)  # column -> money unit
    unknown: list[str] = field(default_factory=list)  # headings that name no column
    not_kept: list[str] = field(default_factory=list)  # headings whose meaning is known and that no field keeps
    header_row: int = 1
    problem: RowProblem | None = None  # why no row of the table can be read
    missing: RowProblem | None = None  # why no row of the table can create a record
    skipped_because: str | None = None  # code of a sentence
    doubts: dict[int, list[RowDoubt]] = field(default_factory=dict)  # by row, filled in while rows are read
    left_out: dict[int, str] = field(default_factory=dict)  # row -> why it is no entry, filled in while rows are read
    positions: Mapping[str, int] = field(default_factory=dict)  # column -> place of its cell in a row
    warnings: list[str] = field(default_factory=list)  # codes of sentences about the sheet as a whole
    guessed: bool = False  # the type is that of its headings, not of its name
    mapping_used: dict[str, str | None] = field(default_factory=dict)  # heading -> field, None for one left out
    remembered: list[str] = field(default_factory=list)  # of these headings those that the file did not bring
    type_remembered: bool = False  # that its name means its type was said before
    proposal: dict[str, str | None] = field(default_factory=dict)  # for what is not understood
    unheaded: dict[str, None] = field(default_factory=dict)  # columns with values and no heading
