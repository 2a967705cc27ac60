"""Which rows below a header are entries: not blank ones, totals, notes, or headers once more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.files.cells import Raw
from app.imports.files.headers import (
    Column,
    LocatedTable,
    find_table,
)

CLUES = (
    Column("number", ("线索编号",), required=True),
    Column("name", ("被反映人", "姓名"), required=True),
    Column("post", ("单位及职务",)),
    Column("sent_on", ("移交日期",), required=True),
    Column("amount", ("涉案金额", "金额")),
    Column("households", ("涉及户数",)),
    Column("remarks", ("备注",)),
)
HEADER: list[Raw] = ["序号", "线索编号", "被反映人", "移交日期", "备注"]


def table(*rows: list[Raw], columns: tuple[Column, ...] = CLUES) -> LocatedTable:
    return find_table(enumerate(rows, 1), columns)


def entries(*rows: list[Raw], header: list[Raw] = HEADER) -> list[int]:
    """The numbers of the rows kept, the header being row 1."""
    return [number for number, _ in table(header, *rows).rows]


def entry(number: str) -> list[Raw]:
    return [1.0, number, "甲", "2017-08-04", ""]


def test_rows_after_a_blank_row_are_kept() -> None:
    assert entries(entry("C-1"), [], ["", None, "  "], entry("C-2"), [2.0, "", "", "", ""], entry("C-3")) == [2, 5, 7]


def test_rows_of_blank_marks_are_blank() -> None:
    assert entries(["/", "—", "-", "无", ""], entry("C-1")) == [3]


@pytest.mark.parametrize(
    "total",
    [
        ["合计", "", 2.0, "", ""],
        ["合 计", "", "", "", "共30条"],
        ["", "总　计：", "30条", "", ""],
        ["小计", "小计", "小计", 5, ""],
        ["第一巡察组", "小计", 5, "2.7万元", ""],
        ["合计：30条", "", "", "", ""],
        ["本页合计", "", "", "", ""],
    ],
)
def test_totals_are_no_entries(total: list[Raw]) -> None:
    assert entries(entry("C-1"), total, entry("C-2")) == [2, 4]


@pytest.mark.parametrize(
    "row",
    [
        [1.0, "C-1", "计生办", "2017-08-04", ""],
        [1.0, "C-1", "总计局", "2017-08-04", "小计"],
        ["合计金额不符", "C-1", "甲", "", ""],
        ["第一巡察组", "合计", "甲", "另有文字说明", ""],
        ["", "C-1", "", "", ""],
        ["", "", "", "", "只有备注"],
        ["一、市直部门", "", "", "", ""],
        ["注册号", "C-1", "甲", "", ""],
        ["备注：", "C-1", "甲", "乙", ""],
        ["2.5", "C-1", "", "", ""],
    ],
)
def test_a_row_in_doubt_is_kept(row: list[Raw]) -> None:
    assert entries(row) == [2]


@pytest.mark.parametrize(
    "note",
    [
        ["注：本表由巡察办汇总。", "", "", "", ""],
        ["注：本表由巡察办汇总。"] * 5,
        ["备注: 数字截至6月底", None, None],
        ["说明：略"],
        ["注 1.本表一式两份"],
        ["填表人：甲", "", "审核人：乙", "", "填表日期：2017-08-04"],
        ["填表人：", "甲", "审核人：", "乙", ""],
        ["", "制表：甲", "", "", ""],
        ["审核人（签字）", "", "", "", ""],
        ["单位负责人：", "", "填报日期：", "", ""],
    ],
)
def test_notes_and_signatures_are_no_entries(note: list[Raw]) -> None:
    assert entries(entry("C-1"), note, entry("C-2")) == [2, 4]


def test_the_numbered_lines_of_a_note_belong_to_it() -> None:
    lines: list[list[Raw]] = [["注：1.本表一式两份"], ["2.数字截至6月底"], ["（3）另附说明"]]
    assert entries(entry("C-1"), *lines) == [2]
    assert entries(["2.数字截至6月底"], entry("C-1")) == [2, 3]  # no note before it: in doubt


def test_titles_and_headers_repeated_on_a_new_page_are_no_entries() -> None:
    title: list[Raw] = ["2017年问题线索台账", "", "", "", ""]
    found = table(
        title, HEADER, entry("C-1"), title, HEADER, entry("C-2"), ["序号", "线索编号", "被反映人", "移交日期"]
    )
    assert [number for number, _ in found.rows] == [3, 6]


def test_short_rows_are_padded_and_cells_beyond_the_header_ignored() -> None:
    found = table(HEADER, [1.0, "C-1"], [*entry("C-2"), "旁注", "旁注"], ["", "", "", "", "", "旁注"])
    assert [(number, row["name"], row["remarks"]) for number, row in found.rows] == [(2, None, None), (3, "甲", "")]


values = (
    st.none() | st.sampled_from(["", "甲", "C-1", "/", "2017-08-04", "计"]) | st.floats(0, 99) | st.text(max_size=5)
)


@given(st.lists(st.lists(values, min_size=2, max_size=4), max_size=30))
def test_no_entry_with_a_number_is_ever_lost(rows: list[list[Any]]) -> None:
    numbered = [[at, f"C-{at}", *row] for at, row in enumerate(rows, 1)]
    assert [row["number"] for _, row in table(HEADER, *numbered).rows] == [f"C-{at}" for at in range(1, len(rows) + 1)]
