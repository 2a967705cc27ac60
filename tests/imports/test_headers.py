"""Sheets as people keep them: where the table is, which column is which, and which rows are entries."""

from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from app.imports.files.headers import SEARCHED_ROWS, find_table
from app.imports.files.headings import fold, folded_names, unit_of
from app.imports.files.located import Column, LocatedTable, NoHeader, OtherHeadings
from app.imports.files.raw import Raw
from app.imports.files.readers import read_workbook

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


def entry(number: str) -> list[Raw]:
    return [1.0, number, "甲", "2017-08-04", ""]


# Names of columns


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("移交日期", "移交日期"),
        (" 移 交　日 期 ", "移交日期"),
        ("移交\n日期", "移交日期"),
        ("移交日期*", "移交日期"),
        ("※移交日期：", "移交日期"),
        ("移交时间", "移交日期"),
        ("移交的时间", "移交日期"),
        ("移交日期（年月日）", "移交日期"),
        ("移交日期(填（必）写)", "移交日期"),
        ("移交日期（未完", "移交日期"),
        ("3.移交日期", "移交日期"),
        ("三、移交日期", "移交日期"),
        ("办理情况", "办理"),
        ("班子成员应到数", "班子成员应到"),
        ("涉案金额（万元）", "涉案金额"),
        ("涉案金额/万元", "涉案金额"),
        ("责任单位/人", "责任单位/人"),
        ("ＩＤ", "id"),
        ("情况", "情况"),
        ("数", "数"),
        ("（元）", ""),
    ],
)
def test_a_label_is_known_however_a_clerk_varies_it(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text(max_size=300))
def test_folding_never_fails_and_leaves_no_space(text: str) -> None:
    assert fold(text) == "".join(fold(text).split())


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("金额（万元）", "万元"),
        ("金额（单位：元）", "元"),
        ("金额【亿元】*", "亿元"),
        ("金额/万元", "万元"),
        ("走访贫困户（户）", "户"),
        ("谈话(人次)", "人次"),
        ("（收缴）金额（万元）", "万元"),
        ("金额", None),
        ("完成时限（年月日）", None),
    ],
)
def test_a_heading_names_its_unit(heading: str, unit: str | None) -> None:
    assert unit_of(heading) == unit


def test_two_columns_that_answer_to_one_heading_are_an_error_naming_both() -> None:
    with pytest.raises(ValueError, match=r"办理时间.*handled_on.*concluded_on"):
        folded_names([Column("handled_on", ("办理日期",)), Column("concluded_on", ("办结日期", "办理时间"))])
    assert folded_names([Column("a", ("办理日期", "办理时间"))]) == {"办理日期": "a"}


# Where the header is


def test_titles_and_a_unit_line_may_stand_above_the_header() -> None:
    found = table(
        ["涟源市2017年问题线索台账"] * 5,
        ["填报单位：市委巡察办", "", "", "", "单位：万元"],
        [],
        ["序号", "线索编号", "被反映人", "移交日期", "涉案金额"],
        [1.0, "C-1", "甲", "2017-08-04", 2.7],
    )
    assert (found.header_row, found.units["amount"]) == (4, "万元")
    assert list(found.rows) == [(5, {"number": "C-1", "name": "甲", "sent_on": "2017-08-04", "amount": 2.7})]


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("填报单位：市委巡察办    单位：万元", "万元"),
        ("填报单位：市委巡察办单位：万元", "万元"),
        ("金额单位:元", "元"),
        ("台账（单位：人、万元）", "万元"),
        ("填报单位：元江县", None),
        ("单位：条", None),
        ("单位：元；上年单位：万元", None),
    ],
)
def test_a_money_unit_stated_above_holds_for_columns_without_their_own(line: str, unit: str | None) -> None:
    found = table([line], ["线索编号", "被反映人", "移交日期", "涉案金额", "涉及户数（户）"])
    assert found.units.get("amount") == unit
    assert found.units["households"] == "户"


def test_the_own_unit_of_a_column_comes_first() -> None:
    assert table(["单位：元"], ["线索编号", "被反映人", "涉案金额（万元）"]).units["amount"] == "万元"


def test_headings_are_reported_as_they_are_written() -> None:
    found = table(["线索\n编号*", "姓 名", "移交时间", "涉案 金额(元)", "经办意见", "经办意见", None])
    assert found.headings == {"number": "线索 编号*", "name": "姓 名", "sent_on": "移交时间", "amount": "涉案 金额(元)"}
    assert found.positions == {"number": 0, "name": 1, "sent_on": 2, "amount": 3}
    assert found.unknown == ["经办意见"]


def test_a_missing_column_is_named_as_people_name_it() -> None:
    assert table(["单位及职务", "备注", "姓名"]).missing == ["线索编号", "移交日期"]


def doubted(found: LocatedTable) -> dict[int, list[tuple[str | None, str, bool]]]:
    """What is to be said of the rows, once they have been read."""
    list(found.rows)
    return {row: [(d.column, d.code, d.warning) for d in doubts] for row, doubts in found.doubts.items()}


def test_two_columns_of_one_meaning_refuse_the_rows_in_which_the_second_says_something_else() -> None:
    found = table(
        ["线索编号", "被反映人", "备注", "备注"],
        ["C-1", "甲", "先", "后"], ["C-2", "甲", "", "后"], ["C-3", "甲", "先", ""], ["C-4", "甲", "先", "先"],
    )  # fmt: skip
    assert doubted(found) == {row: [("备注", "column_twice", False)] for row in (2, 3)}
    assert found.unknown == []


def test_two_columns_in_different_units_are_never_taken_for_one() -> None:
    found = table(["线索编号", "被反映人", "涉案金额（元）", "涉案金额（万元）"], ["C-1", "甲", 5.0, 5.0])
    assert doubted(found) == {2: [("涉案金额（万元）", "column_twice", False)]}


def test_a_heading_written_exactly_comes_before_one_that_only_resembles_it() -> None:
    columns = (*CLUES[:3], Column("result", ("办理情况",)))
    found = table(["线索编号", "被反映人", "单位及职务", "办理", "办理情况"], columns=columns)
    assert found.positions["result"] == 4


def test_a_heading_that_yields_means_its_column_only_where_no_other_does() -> None:
    columns = (*CLUES[:3], Column("concluded_on", ("结案日期", "审结日期"), yielding=("审结日期",)))
    both = table(
        ["线索编号", "被反映人", "审结时间", "结案时间"], ["C-1", "甲", "2017-08-01", "2017-08-04"], columns=columns
    )
    assert (both.positions["concluded_on"], both.not_kept, doubted(both)) == (3, ["审结时间"], {})
    alone = table(["线索编号", "被反映人", "审结时间"], columns=columns)
    assert alone.positions["concluded_on"] == 2


@pytest.mark.parametrize(
    ("upper", "lower", "position"),
    [
        (["涉案金额（万元）", "涉案金额（万元）"], ["其中：扶贫资金", "合计"], 3),
        (["涉案金额（万元）", "涉案金额（万元）"], ["小计", "其中：扶贫资金"], 2),
        (["涉案金额（万元）", ""], ["其中：扶贫资金", "合计"], 3),  # a csv has no merged cells
    ],
)
def test_of_a_group_with_a_total_the_total_is_the_column(upper: list[Raw], lower: list[Raw], position: int) -> None:
    found = table(["线索编号", "被反映人", *upper], ["", "", *lower], ["C-1", "甲", 1.0, 5.0])
    assert (found.header_row, found.positions["amount"], found.units["amount"]) == (2, position, "万元")
    assert [number for number, _ in found.rows] == [3]


def test_the_particulars_of_somebody_else_are_not_those_of_the_record() -> None:
    others = OtherHeadings(frozenset(), {"反映人": frozenset({"工作单位", "职务", "性别"})})
    columns = (*CLUES[:2], Column("unit", ("工作单位",)), Column("post", ("职务",)))
    rows = [
        ["反映人", "性别", "工作单位", "职务", "线索编号", "被反映人", "工作单位", "职务"],
        ["丙", "男", "甲局", "科员", "C-1", "甲", "乙局", "局长"],
    ]
    found = find_table(enumerate(rows, 1), columns, others)
    assert [row for _, row in found.rows] == [{"number": "C-1", "name": "甲", "unit": "乙局", "post": "局长"}]
    assert (found.not_kept, found.doubts) == (["反映人", "性别", "工作单位", "职务"], {})
    rows = [
        ["反映人", "", "线索编号", "被反映人", "被反映人"],
        ["姓名", "职务", "", "姓名", "职务"],
        ["丙", "科员", "C-1", "甲", "局长"],
    ]
    found = find_table(enumerate(rows, 1), (*columns[:1], Column("name", ("被反映人姓名", "姓名")), columns[3]), others)
    assert [row for _, row in found.rows] == [{"number": "C-1", "name": "甲", "post": "局长"}]


def test_a_sheet_of_a_number_and_one_column_is_a_table() -> None:
    found = table(["线索编号", "移交时间"], ["C-1", "2017-08-04"])
    assert (found.missing, [row for _, row in found.rows]) == (
        ["被反映人"],
        [{"number": "C-1", "sent_on": "2017-08-04"}],
    )


def test_a_type_of_two_columns_needs_both() -> None:
    columns = (Column("code", ("编码",)), Column("name", ("名称",)))
    assert table(["编码", "名称"], columns=columns).header_row == 1
    with pytest.raises(NoHeader):
        table(["编码", "其他"], columns=columns)


def test_the_header_is_looked_for_in_the_first_twenty_rows() -> None:
    above: list[list[Raw]] = [[f"说明{at}"] for at in range(SEARCHED_ROWS)]
    assert table(*above[1:], HEADER).header_row == SEARCHED_ROWS
    with pytest.raises(NoHeader):
        table(*above, HEADER)


def test_without_a_header_the_nearest_row_is_told() -> None:
    with pytest.raises(NoHeader) as missing:
        table(["台账"], ["序号", "线索编号", "姓名", "处理", "结果"], ["1", "C-1", "甲", "", ""])
    found = missing.value
    assert (found.row, found.recognised, found.unrecognised) == (2, ["线索编号", "姓名"], ["处理", "结果"])
    with pytest.raises(NoHeader) as missing:
        table()
    assert (missing.value.row, missing.value.recognised, missing.value.unrecognised) == (None, [], [])


def test_the_row_that_names_most_columns_is_the_header() -> None:
    form: list[Raw] = ["线索编号", "C", "被反映人", "甲", "备注", "无"]
    full: list[Raw] = ["线索编号", "被反映人", "单位及职务", "移交日期", "涉案金额", "涉及户数", "备注"]
    assert table(form, ["", ""], full).header_row == 3


def test_a_fuller_header_further_down_does_not_swallow_the_rows_between() -> None:
    found = table(HEADER, entry("C-1"), entry("C-2"), [*HEADER, "涉案金额"], entry("C-3"))
    assert found.header_row == 1
    assert [number for number, _ in found.rows] == [2, 3, 5]


# Two header rows


def two_rows(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("线索")
        sheet.merge_range("A1:G1", "2017年问题线索台账")
        for column, name in zip("ABC", ["序号", "线索编号", "被反映人"], strict=True):
            sheet.merge_range(f"{column}2:{column}3", name)
        sheet.merge_range("D2:E2", "移交")
        sheet.merge_range("F2:G2", "涉案（万元）")
        sheet.write_row("D3", ["日期", "经办", "金额", "备注"])
        sheet.write_row("A4", [1, "C-1", "甲", "2017-08-04", "乙", 2.7, "丙"])
    return path


def test_a_group_and_its_lower_heading_are_read_together(tmp_path: Path) -> None:
    [sheet] = read_workbook(two_rows(tmp_path / "a.xlsx"))
    found = find_table(sheet.rows, CLUES)
    assert found.header_row == 3
    assert found.headings == {
        "number": "线索编号",
        "name": "被反映人",
        "sent_on": "移交日期",
        "amount": "涉案（万元）金额",
        "remarks": "备注",
    }
    assert (found.unknown, found.units["amount"]) == (["移交经办"], "万元")
    row = {"number": "C-1", "name": "甲", "sent_on": "2017-08-04", "amount": 2.7, "remarks": "丙"}
    assert list(found.rows) == [(4, row)]


def test_groups_that_lost_their_merging_reach_to_the_right() -> None:
    found = table(
        ["序号", "线索编号", "移交", "", "备注"],
        ["", "", "日期", "姓名", ""],
        ["1", "C-1", "2017-08-04", "甲", "乙"],
    )
    assert (found.header_row, found.positions) == (2, {"number": 1, "sent_on": 2, "name": 3, "remarks": 4})
    assert [number for number, _ in found.rows] == [3]


def test_the_first_entry_is_not_taken_for_a_second_header_row() -> None:
    found = table(HEADER, [1.0, "C-1", "备注", "2017-08-04", ""], [2.0, "C-2", "乙", "2017-08-05", "姓名"])
    assert (found.header_row, len(list(found.rows))) == (1, 2)


def test_lower_headings_that_are_all_unknown_are_no_entry(tmp_path: Path) -> None:
    upper: list[Raw] = ["线索编号", "被反映人", "移交日期", "处理", "处理"]
    lower: list[Raw] = ["线索编号", "被反映人", "移交日期", "甲项", "乙项"]  # merged downwards, so filled
    found = table(upper, lower, ["C-1", "甲", "2017-08-04", "", ""])
    assert [number for number, _ in found.rows] == [3]


# Which rows are entries
