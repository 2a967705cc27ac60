"""Which rows below a header are entries: not blank ones, totals, notes, or headers once more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.files.headers import find_table
from app.imports.files.located import Column, LocatedTable
from app.imports.files.raw import CellInDoubt, Raw

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
        ["杨柳镇小计", "", "", "", 1.0],
        ["合计（2项）", "", "", "", ""],
        ["", "杨柳镇", "", "小计", "3"],
        ["", "", "杨柳镇", "合计", 3.0],
        ["总计", CellInDoubt("formula_without_value"), "", "", ""],
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
        ["", "C-1", "小计", 5.0, ""],
        ["一、各单位合计情况", "", "", "", ""],
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


@pytest.mark.parametrize(
    "line",
    [
        ["涟源市2017年问题台账（续）"], ["续表"], ["续表2"], ["（盖章）"], ["涟源市委巡察办（盖章）"], ["2017年6月9日"],
        ["第 1 页，共 1 页"], ["第1页"], ["- 3 -"], ["——以下无正文——"], ["（以下空白）"], ["以下无正文"] * 5,
        ["", "", "", "（公章）", "2017年6月9日"], ["（未完待续）"], ["单位：万元"],
    ],
)  # fmt: skip
def test_what_a_page_has_above_and_below_is_no_entry_and_is_named(line: list[Raw]) -> None:
    found = table(HEADER, entry("C-1"), line, entry("C-2"))
    assert [number for number, _ in found.rows] == [2, 4]
    assert found.left_out == {3: "row_is_page"}


@pytest.mark.parametrize(
    "line",
    [
        ["栏次", "1", "2", "3", "4"],
        ["甲", "乙", "1", "2", "3"],
        ["甲", "乙", 1.0, 2.0, 3.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
        ["(1)", "(2)", "(3)", "(4)", ""],
    ],
)
def test_the_numbers_of_the_columns_are_no_entry(line: list[Raw]) -> None:
    found = table(HEADER, line, entry("C-1"))
    assert [number for number, _ in found.rows] == [3]
    assert found.left_out == {2: "row_is_page"}


def test_a_header_in_another_order_reorders_the_rows_below_it() -> None:
    moved: list[Raw] = ["序号", "线索编号", "移交日期", "被反映人", "备注"]
    found = table(HEADER, entry("C-1"), moved, [2.0, "C-2", "2017-08-05", "乙", ""])
    assert [(n, row["name"], row["sent_on"]) for n, row in found.rows] == [
        (2, "甲", "2017-08-04"),
        (4, "乙", "2017-08-05"),
    ]
    assert (found.left_out, found.doubts) == ({3: "row_is_header"}, {})


def test_a_header_of_other_columns_refuses_the_rows_below_it() -> None:
    other: list[Raw] = ["序号", "线索编号", "被反映人", "单位及职务", "移交日期"]
    found = table(HEADER, entry("C-1"), other, [2.0, "C-2", "乙", "局长", "2017-08-05"])
    assert [number for number, _ in found.rows] == [2, 3, 4]
    assert {row: [d.code for d in doubts] for row, doubts in found.doubts.items()} == {
        3: ["header_changes"], 4: ["header_changes"],
    }  # fmt: skip


def test_a_header_behind_a_merged_cell_is_seen_as_one() -> None:
    moved: list[Raw] = ["第一组", "线索编号", "移交日期", "被反映人", "备注"]
    found = table(["组别", *HEADER[1:]], entry("C-1"), moved, ["第一组", "C-2", "2017-08-05", "乙", ""])
    assert [number for number, _ in found.rows][-1] == 4
    assert 3 in found.left_out or found.doubts[4][0].code == "header_changes"


def test_a_text_row_longer_than_its_header_is_refused() -> None:
    found = find_table(
        enumerate([HEADER, [1.0, "C-1", "甲", "2017-08-04", "一", "二"], entry("C-2")], 1), CLUES, ragged=True
    )
    assert len(list(found.rows)) == 2  # below: a blank cell was moved beyond the header
    moved = find_table(enumerate([HEADER, [1.0, "C-1", "12", "000元", "2017-08-04", ""]], 1), CLUES, ragged=True)
    assert [len(list(moved.rows)), moved.doubts[2][0].code] == [1, "cells_beyond_header"]
    assert {row: [(d.code, d.params, d.warning) for d in doubts] for row, doubts in found.doubts.items()} == {
        2: [("cells_beyond_header", {"cells": 1}, False)],
    }  # fmt: skip


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


def test_short_rows_are_padded_and_cells_without_a_heading_warned_of_by_column() -> None:
    found = table(HEADER, [1.0, "C-1"], [*entry("C-2"), "旁注", "旁注"], ["", "", "", "", "", "旁注"])
    assert [(number, row["name"], row["remarks"]) for number, row in found.rows] == [(2, None, None), (3, "甲", "")]
    assert [(d.column, d.code, d.warning) for d in found.doubts[3]] == [
        ("列F", "no_heading", True), ("列G", "no_heading", True),
    ]  # fmt: skip
    gap = table([*HEADER[:3], "", *HEADER[3:]], [1.0, "C-1", "甲", "漏", "2017-08-04", ""])
    assert (next(gap.rows)[1]["sent_on"], [d.column for d in gap.doubts[2]]) == ("2017-08-04", ["列D"])


values = (
    st.none() | st.sampled_from(["", "甲", "C-1", "/", "2017-08-04", "计"]) | st.floats(0, 99) | st.text(max_size=5)
)


@given(st.lists(st.lists(values, min_size=2, max_size=4), max_size=30))
def test_no_entry_with_a_number_is_ever_lost(rows: list[list[Any]]) -> None:
    numbered = [[at, f"C-{at}", *row] for at, row in enumerate(rows, 1)]
    assert [row["number"] for _, row in table(HEADER, *numbered).rows] == [f"C-{at}" for at in range(1, len(rows) + 1)]
