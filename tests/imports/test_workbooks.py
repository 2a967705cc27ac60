"""Workbooks to rows: cells, sheets, merged ranges."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from tests.support.workbooks import made, sheets


def test_a_workbook_gives_its_cells_as_what_they_are(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        day, clock = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "hh:mm"})
        sheet.write_row(0, 0, ["文字", 3, 2.5, True])
        sheet.write_datetime(1, 0, datetime(2017, 8, 4), day)
        sheet.write_datetime(1, 1, datetime(2017, 8, 4, 9, 30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
        sheet.write_datetime(1, 2, time(9, 30), clock)

    rows = sheets(made(tmp_path / "a.xlsx", fill))["台账"]
    assert rows == [
        (1, ["文字", 3.0, 2.5, True]),
        (2, [date(2017, 8, 4), datetime(2017, 8, 4, 9, 30), "09:30:00", ""]),
    ]


def test_rows_and_columns_are_counted_from_the_corner_of_the_sheet(tmp_path: Path) -> None:
    path = made(tmp_path / "a.xlsx", lambda _, sheet: sheet.write(3, 2, "这里"))
    assert sheets(path)["台账"] == [(1, ["", "", ""]), (2, ["", "", ""]), (3, ["", "", ""]), (4, ["", "", "这里"])]


def test_every_cell_of_a_merged_range_holds_its_value(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.merge_range(0, 0, 0, 2, "标题")
        sheet.merge_range(1, 0, 3, 0, "第一组")
        for row in (1, 2, 3):
            sheet.write_row(row, 1, [row, "x"])

    assert sheets(made(tmp_path / "a.xlsx", fill))["台账"] == [
        (1, ["标题", "标题", "标题"]),
        (2, ["第一组", 1.0, "x"]),
        (3, ["第一组", 2.0, "x"]),
        (4, ["第一组", 3.0, "x"]),
    ]


def test_an_entry_two_rows_tall_is_not_doubled(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        for column, value in enumerate("甲乙"):
            sheet.merge_range(0, column, 1, column, value)
        sheet.write_row(2, 0, ["丙", "丁"])

    assert sheets(made(tmp_path / "a.xlsx", fill))["台账"] == [(1, ["甲", "乙"]), (2, ["", ""]), (3, ["丙", "丁"])]


def test_error_cells_are_seen_on_the_sheet_they_are_on(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["甲", "乙"])
        other = book.add_worksheet("另一 & 张")
        other.write(1, 1, "丙")
        other.write_formula(2, 0, "=VLOOKUP(1,A1:B2,2)", None, "#N/A")
        other.write_formula(2, 1, "=1/0", book.add_format({"bold": True}), "#DIV/0!")

    found = sheets(made(tmp_path / "a.xlsx", fill))
    assert found["台账"] == [(1, ["甲", "乙"])]
    assert found["另一 & 张"][2] == (3, ["#N/A", "#DIV/0!"])


def test_hidden_sheets_are_read_and_charts_are_not(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write(0, 0, 1)
        book.add_worksheet("隐藏").hide()
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=台账!$A$1:$A$1"})
        book.add_chartsheet("图").set_chart(chart)

    assert sheets(made(tmp_path / "a.xlsx", fill)) == {"台账": [(1, [1.0])], "隐藏": []}
