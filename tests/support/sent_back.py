"""Exported ledgers, edited by a clerk offline and sent back: as cells by heading, whatever the format of the file."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import openpyxl

from tests.support.callers import CSV, LOADER, OFFICE, XLSX, Api

MARK = "\ufeff"
Row = dict[str, Any]


@dataclass
class CsvLedger:
    """An exported csv: a row of texts for each record."""

    headings: list[str]
    rows: list[Row] = field(default_factory=list)
    media = CSV

    @classmethod
    def read(cls, content: bytes) -> "CsvLedger":
        """The cells of an export."""
        headings, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return cls(headings, [dict(zip(headings, row, strict=True)) for row in rows])

    def content(self) -> bytes:
        """The file that a clerk sends back."""
        written = io.StringIO()
        csv.writer(written).writerows([self.headings, *([row.get(h, "") for h in self.headings] for row in self.rows)])
        return (MARK + written.getvalue()).encode()


@dataclass
class OfficeLedger:
    """An exported workbook, held by openpyxl, so that all but the edited cells is saved as it was read."""

    book: Any
    headings: list[str]
    rows: list[Row]
    media = XLSX

    @classmethod
    def read(cls, content: bytes) -> "OfficeLedger":
        """The cells of an export between its heading and its totals."""
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheet = book.worksheets[0]
        headings = [cell.value for cell in sheet[3]]
        rows = [
            {"": at, **dict(zip(headings, (c.value for c in cells), strict=True))}
            for at, cells in enumerate(sheet.iter_rows(min_row=4, max_row=sheet.max_row - 2), 4)
        ]
        return cls(book, headings, rows)

    def content(self) -> bytes:
        """The file that a clerk sends back."""
        sheet = self.book.worksheets[0]
        for row in self.rows:
            for place, heading in enumerate(self.headings, 1):
                cell = sheet.cell(row[""], place)
                if type(cell).__name__ != "MergedCell" and cell.value != row.get(heading):
                    cell.value = row.get(heading)
        held = io.BytesIO()
        self.book.save(held)
        return held.getvalue()


async def exported(api: Api, path: str, form: str = "csv", who: str = OFFICE, **query: str) -> Any:
    """The export of a list, as cells: of a csv, or of a workbook."""
    content = await exported_file(api, path, form, who, **query)
    return CsvLedger.read(content) if form == "csv" else OfficeLedger.read(content)


async def exported_file(api: Api, path: str, form: str, who: str = OFFICE, **query: str) -> bytes:
    """The export of a list as a file."""
    answer = await api.get(f"/v1/{path}/export", params={"format": form, **query}, auth=api.acting(who))
    assert answer.status_code == 200, answer.text
    return answer.content


def as_colleague(api: Api, who: str) -> Api:
    """One colleague of a bureau, for whatever it asks."""
    return Api(api.app, auth=api.acting(who))


async def sent_back(
    api: Api, ledger: Any, path: str, who: str = LOADER, *, mode: str = "preview", **query: Any
) -> tuple[Any, dict[str, Any]]:
    """The import of an edited ledger, and its rows by number."""
    colleague = as_colleague(api, who)
    content, media = (ledger, query.pop("media")) if isinstance(ledger, bytes) else (ledger.content(), ledger.media)
    done = await colleague.import_file(content, media, type=path, mode=mode, **query)
    return done, {row["number"]: row for row in await colleague.rows(done)}
