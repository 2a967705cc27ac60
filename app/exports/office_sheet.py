"""A ledger as an office prints it: title, who and when, 序号, repeated headings, totals, A4 across.

xlsxwriter keeps one row in memory and the rest in a file. The totals, the title and the line for signatures are what an
import passes over, so the printed ledger is read back as it is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import xlsxwriter

from app.errors import Refusal
from app.exports.ledger_columns import ledger_columns, row_of
from app.imports.files.cells import is_blank, text
from app.imports.files.escapes import escaped
from app.imports.files.limits import DEFAULT_LIMITS
from app.imports.files.raw import CellProblem
from app.imports.mapping.written import Cell, quantity
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType

SERIAL, TOTAL, SIGNATURES = "序号", "合计", "制表人：　　　　　　　　审核人：　　　　　　　　"
A4, HEADER_ROW, FIRST_ROW = 9, 2, 3
LONGEST_CELL = 32_767  # characters; a spreadsheet takes no more
BORDERED = {"border": 1, "valign": "vcenter", "text_wrap": True, "font_size": 10}
WIDTHS = {kinds.Day: 11, kinds.Flag: 8, kinds.Whole: 12, kinds.Quantity: 11, kinds.Choice: 13, kinds.Reference: 18}
LONG_TEXT, WIDE, NARROW = 1000, 36, 16


@dataclass
class OfficeSheet:
    """One ledger that is being written to `path`; `folder` takes what is written meanwhile."""

    t: RecordType
    path: Path
    heading: str  # who hands the ledger in, and when
    names: Mapping[str, Callable[..., Cell]] = field(default_factory=dict)  # of references that are written by name
    rows: int = 0
    sums: dict[int, tuple[int, str]] = field(default_factory=dict)  # column -> sum, and how exact it is

    def __post_init__(self) -> None:
        self.columns = ledger_columns(self.t)
        options = {"constant_memory": True, "tmpdir": str(self.path.parent), "strings_to_formulas": False}
        self.book = xlsxwriter.Workbook(self.path, {**options, "strings_to_urls": False, "strings_to_numbers": False})
        self.book.set_properties({"title": self.title})
        self.sheet = self.book.add_worksheet(self.title[:31])
        self.plain = self.book.add_format(BORDERED)
        self.formats = {
            date: self.book.add_format({**BORDERED, "num_format": "yyyy-mm-dd"}),
            Decimal: self.book.add_format({**BORDERED, "num_format": "#,##0.00"}),
        }
        self._lay_out()

    @property
    def title(self) -> str:
        """The name of the ledger, by which an import knows its type."""
        return self.t.ledger.sheets[0]

    def _lay_out(self) -> None:
        sheet, last = self.sheet, len(self.columns)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.set_footer("&C第 &P 页 共 &N 页")
        sheet.repeat_rows(HEADER_ROW)
        sheet.freeze_panes(FIRST_ROW, 2)
        sheet.set_column(0, 0, 6)
        for place, c in enumerate(self.columns, 1):
            sheet.set_column(place, place, column_width(c.field))
        big = self.book.add_format({"bold": True, "font_size": 18, "align": "center", "valign": "vcenter"})
        sheet.set_row(0, 34)
        sheet.merge_range(0, 0, 0, last, self.title, big)
        sheet.merge_range(1, 0, 1, last, self.heading, self.book.add_format({"font_size": 11}))
        head = self.book.add_format({**BORDERED, "bold": True, "align": "center", "bg_color": "#EDEDED"})
        sheet.set_row(HEADER_ROW, 30)
        for place, name in enumerate((SERIAL, *(c.heading for c in self.columns))):
            sheet.write_string(HEADER_ROW, place, name, head)

    def add(self, documents: Iterable[bytes]) -> None:
        """Write records. Runs in a thread. Refuses with `export_needs_csv` what a workbook cannot hold."""
        for document in documents:
            self.rows += 1
            if self.rows > DEFAULT_LIMITS.rows:
                raise Refusal("export_needs_csv", rows=DEFAULT_LIMITS.rows, length=LONGEST_CELL)
            record = orjson.loads(document)
            at, cells = HEADER_ROW + self.rows, row_of(self.columns, record, self.names)
            self.sheet.write_number(at, 0, self.rows, self.plain)
            for place, (c, value) in enumerate(zip(self.columns, cells, strict=True), 1):
                self._write(at, place, value)
                if value is not None and c.summed:
                    self._count(place, record[c.member])

    def _write(self, at: int, place: int, value: Cell) -> None:
        """Write a cell as what it is: a text is never taken for a formula, an address or a number."""
        if value is None:
            self.sheet.write_blank(at, place, None, self.plain)
        elif isinstance(value, str):
            shown = _kept(value)
            if len(shown) > LONGEST_CELL:
                raise Refusal("export_needs_csv", rows=DEFAULT_LIMITS.rows, length=LONGEST_CELL)
            self.sheet.write_string(at, place, shown, self.plain)
        elif isinstance(value, date):
            self.sheet.write_datetime(at, place, value, self.formats[date])
        else:
            self.sheet.write_number(at, place, value, self.formats.get(type(value), self.plain))

    def _count(self, place: int, value: Any) -> None:
        added, qualifier = (value["value"], value["qualifier"]) if isinstance(value, dict) else (value, "exact")
        total, known = self.sums.get(place, (0, "exact"))
        weakest = next(q for q in ("about", "at_least", "exact") if q in (known, qualifier))
        self.sums[place] = (total + added, weakest)

    def close(self) -> None:
        """Write totals and the line for signatures, and finish the file. Runs in a thread."""
        at, last = FIRST_ROW + self.rows, len(self.columns)
        bold = self.book.add_format({**BORDERED, "bold": True})
        money = self.book.add_format({**BORDERED, "bold": True, "num_format": "#,##0.00"})
        self.sheet.write_string(at, 0, TOTAL, bold)
        self.sheet.write_string(at, 1, f"{self.rows}条", bold)
        for place, c in enumerate(self.columns[1:], 2):
            total, qualifier = self.sums.get(place, (None, "exact"))
            if total is None:
                self.sheet.write_blank(at, place, None, bold)
            elif isinstance(c.field, kinds.Quantity):
                self.sheet.write(at, place, quantity(total, qualifier), bold)
            else:
                self.sheet.write_number(at, place, Decimal(total).scaleb(-2), money)
        self.sheet.merge_range(at + 1, 0, at + 1, last, SIGNATURES, self.book.add_format({"font_size": 11}))
        self.book.close()


def _kept(written: str) -> str:
    """The text as it must stand in a typed cell, for an import to read it as it is."""
    try:
        same = text(written) == written and not is_blank(written)
    except CellProblem:
        same = False
    return written if same else escaped(written)


def column_width(f: kinds.Field | None) -> float:
    """How wide a column is, in characters."""
    if isinstance(f, kinds.Text) and f.name:
        return WIDE if f.longest >= LONG_TEXT else NARROW
    return next((width for kind, width in WIDTHS.items() if isinstance(f, kind)), 20)
