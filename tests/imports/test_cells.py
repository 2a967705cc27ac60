"""One cell to one value, as a person would read it, and no further."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import assume, given
from hypothesis import strategies as st

from app.imports.files.cells import (
    count,
    is_blank,
    money_fen,
    split,
    text,
    truth,
    whole,
)
from app.imports.files.days import day
from app.imports.files.escapes import unescaped
from app.imports.files.raw import CellProblem, Raw
from app.imports.files.readers import read_workbook


def problem(read: Any, *arguments: Any) -> str:
    with pytest.raises(CellProblem) as found:
        read(*arguments)
    return found.value.code


def wide(written: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in written)


# Blank and text


@pytest.mark.parametrize("raw", [None, "", " ", "　", "\n", "/", "／", "-", "－", "—", "——", " / ", "无", "　无 "])
def test_a_blank_cell_is_blank_in_every_way_of_writing_it(raw: Raw) -> None:
    assert is_blank(raw)


@pytest.mark.parametrize("raw", [0, 0.0, False, "0", "否", "无此人", "A/B", "-5", date(2017, 8, 4)])
def test_a_cell_that_says_something_is_not_blank(raw: Raw) -> None:
    assert not is_blank(raw)


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ("　市民政局 \n", "市民政局"),
        ("甲　乙", "甲　乙"),
        ("ＡＢ１", "ＡＢ１"),
        ("㐂𠮷", "㐂𠮷"),
        (12.0, "12"),
        (-0.0, "0"),
        (2.7, "2.7"),
        (0.1 + 0.2, "0.3"),
        (0.00001, "0.00001"),
        (431382199001011.0, "431382199001011"),
        (431382199001011234, "431382199001011234"),
        (True, "TRUE"),
        (None, ""),
        (date(2017, 8, 4), "2017-08-04"),
        (datetime(2017, 8, 4), "2017-08-04"),
        (datetime(2017, 8, 4, 9, 30), "2017-08-04 09:30:00"),
        ("4E17", "4E17"),
        ("#1", "#1"),
    ],
)
def test_text_is_what_was_written(raw: Raw, written: str) -> None:
    assert text(raw) == written


@pytest.mark.parametrize(
    "raw", [4.31382199001011e17, 1e15, -1e15, float("inf"), float("nan"), "4.31382E+17", "4E+05", "1.2e+11"]
)
def test_digits_that_excel_threw_away_are_refused(raw: Raw) -> None:
    assert problem(text, raw) == "number_ruined_by_excel"


@pytest.mark.parametrize("raw", ["#N/A", " #REF! ", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#####"])
def test_an_error_of_excel_is_no_text(raw: str) -> None:
    for read in (text, day, whole, count, truth):
        assert problem(read, raw) == "error_cell"
    assert problem(money_fen, raw, "元") == "error_cell"
    assert problem(split, raw, "names") == "error_cell"


def test_a_problem_shows_the_cell_and_not_a_whole_page_of_it() -> None:
    with pytest.raises(CellProblem) as found:
        day("日" * 5000)
    assert found.value.value == "日" * 100


@given(st.text())
def test_text_keeps_everything_but_outer_spaces_and_marks_of_text(written: str) -> None:
    """The marks of text: ="0012" of programs that write for Excel, and the apostrophe of an export."""
    inner = written.strip()
    assume(not inner.startswith('="'))
    try:
        assert text(written) == unescaped(inner)
    except CellProblem as found:
        assert found.code in {"error_cell", "number_ruined_by_excel"}


# Days

DAYS = [
    "2017-8-4", "2017-08-04", "2017/8/4", "2017/08/04", "2017.8.4", "20170804", "2017年8月4日", "2017年08月04日",
    "2017年8月4号",
    "2017 年 8 月 4 日", "２０１７年８月４日", "２０１７－０８－０４", "2017-08-04 00:00:00",
    "2017-08-04T00:00:00", "2017/8/4 9:30",
    "2017年8月4日 09:30", "2017年8月4日09:30:15", "2017-08-04T09:30:15.25+08:00", " 2017-8-4　", 42951, 42951.0,
    42951.75, 20170804.0, "42951", "42951.5", "2017-08-04\u200b", "2017年8月4日\u200b",
    "二〇一七年八月四日", "二○一七年八月四日", "二零一七年八月四号",
    date(2017, 8, 4), datetime(2017, 8, 4, 23, 59),
]  # fmt: skip


@pytest.mark.parametrize("raw", DAYS)
def test_a_day_is_read_however_it_is_written(raw: Raw) -> None:
    assert day(raw) == date(2017, 8, 4)
    assert type(day(raw)) is date


@pytest.mark.parametrize(
    "raw", ["2017年8月", "2017年8月份", "2015.06", "2015-6", "2015/06", "201506", "2017年", "2017", 2015.06, 2017.0]
)
def test_a_month_or_year_alone_lacks_its_day(raw: Raw) -> None:
    assert problem(day, raw) == "day_missing"


@pytest.mark.parametrize(
    "raw",
    [
        "2017-13-1", "20171301", "8/4/2017", "04-08-17", "17.8.4", "17年8月4日",
        "8月4日", "2017-8/4", "429510", "19999", "81000",
        "2017-08-04 24", "2017-08-04T00:00:00Z", "昨天", "", None, True, 19999, 80001, 0, "0217-08-04",
        "9999-01-01", "2017-8-4、2017-8-5",
        "²017-8-4", "٢٠١٧-٠٨-٠٤",
    ],
)  # fmt: skip
def test_what_is_no_day_or_could_be_two_is_refused(raw: Raw) -> None:
    assert problem(day, raw) == "not_a_date"


@pytest.mark.parametrize(
    ("raw", "year", "month", "of_month"),
    [("2017-06-31", 2017, 6, 31), ("2017年2月29日", 2017, 2, 29), ("20170230", 2017, 2, 30), ("2017.4.0", 2017, 4, 0)],
)
def test_a_day_that_the_calendar_lacks_is_named(raw: Raw, year: int, month: int, of_month: int) -> None:
    with pytest.raises(CellProblem) as found:
        day(raw)
    assert (found.value.code, found.value.params) == ("no_such_day", {"year": year, "month": month, "day": of_month})


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("二〇一七年五月十四日", date(2017, 5, 14)), ("二〇一七年十二月三十一日", date(2017, 12, 31)),
        ("二〇二〇年十月二十日", date(2020, 10, 20)), ("一九九九年一月十日", date(1999, 1, 10)),
    ],
)  # fmt: skip
def test_a_day_in_words_is_read(words: str, value: date) -> None:
    assert day(words) == value


@pytest.mark.parametrize("words", ["二〇一七年五月", "二〇一七年十二月"])
def test_a_month_in_words_lacks_its_day(words: str) -> None:
    assert problem(day, words) == "day_missing"


@given(st.dates(date(1954, 10, 4), date(2099, 12, 31)), st.booleans(), st.data())
def test_every_day_is_the_same_in_every_form(value: date, full_width: bool, data: st.DataObject) -> None:
    year, month, of_month = value.year, value.month, value.day
    forms: list[str] = [
        f"{year}-{month}-{of_month}", f"{year}/{month:02}/{of_month:02}", f"{year}.{month}.{of_month}",
        f"{value:%Y%m%d}",
        f"{year}年{month}月{of_month}日", f"{value.isoformat()} 00:00:00",
    ]  # fmt: skip
    written = data.draw(st.sampled_from(forms))
    assert day(wide(written) if full_width else written) == value
    assert day((value - date(1899, 12, 30)).days) == value


def test_a_day_typed_into_excel_is_that_day(tmp_path: Path) -> None:
    days = [date(1956, 1, 31), date(2000, 2, 29), date(2017, 8, 4), date(2099, 12, 31)]
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for row, one in enumerate(days):
            sheet.write_datetime(
                row, 0, datetime.combine(one, datetime.min.time()), book.add_format({"num_format": "m/d/yy"})
            )
            sheet.write_number(row, 1, (one - date(1899, 12, 30)) / timedelta(days=1))
    [read] = read_workbook(tmp_path / "a.xlsx")
    assert [[day(cell) for cell in cells] for _, cells in read.rows] == [[one, one] for one in days]


# Numbers


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("12", 12), (12.0, 12), (12, 12), ("１２", 12), ("1,234", 1234), ("１，２３４", 1234), ("12人", 12),
        ("12 人次", 12), ("12.0", 12), ("-5", -5),
        ("0", 0), ("2017年", 2017), ("1234567", 1234567), ("3个村", 3),
    ],
)  # fmt: skip
def test_a_whole_number_is_read(raw: Raw, value: int) -> None:
    assert whole(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "12.5",
        12.5,
        "12,34",
        "1,2345",
        "十二",
        "12-13",
        "约12",
        "",
        None,
        True,
        date(2017, 8, 4),
        "5²",
        "①",
        "12人3户",
        "9" * 19,
    ],
)
def test_what_is_no_whole_number_is_refused(raw: Raw) -> None:
    assert problem(whole, raw) == "not_a_whole_number"


@pytest.mark.parametrize(
    ("raw", "value", "qualifier"),
    [
        (300.0, 300, "exact"), ("300", 300, "exact"), ("300户", 300, "exact"), ("１，３００户", 1300, "exact"),
        ("0", 0, "exact"),
        ("300余", 300, "at_least"), ("300余户", 300, "at_least"), ("500多人次", 500, "at_least"),
        ("300以上", 300, "at_least"),
        ("300户以上", 300, "at_least"), ("不少于300", 300, "at_least"), ("超过300户", 300, "at_least"),
        ("约300", 300, "about"), ("300左右", 300, "about"), ("300户左右", 300, "about"), ("近300", 300, "about"),
        ("约300余户", 300, "about"),
    ],
)  # fmt: skip
def test_a_count_keeps_how_sure_the_writer_was(raw: Raw, value: int, qualifier: str) -> None:
    assert count(raw) == {"value": value, "qualifier": qualifier}


@pytest.mark.parametrize("raw", ["300-400", "三百", "-3", 2.5, "若干", "", None, True, "300万", "300余余余"])
def test_what_is_no_count_is_refused(raw: Raw) -> None:
    assert problem(count, raw) == "not_a_count"
