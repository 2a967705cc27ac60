"""What stands in a file and is not stored as it reads on the page is said: rejected, or warned of by name."""

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from tests.imports.conftest import Place
from tests.support.callers import CSV
from tests.support.ledgers import FINDING, delimited, finding, workbook

MONEY = [*FINDING, "涉及金额（万元）"]


def errors(row: Any) -> list[tuple[str | None, str]]:
    return [(e["column"], e["code"]) for e in row["errors"]]


def warnings(row: Any) -> list[tuple[str | None, str]]:
    return [(w["column"], w["code"]) for w in row["warnings"]]


def edited(rows: list[list[Any]], edit: Any, sheet: str = "问题台账") -> bytes:
    """A workbook as openpyxl writes it, after `edit` of its sheet and itself."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    edit(page, book)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


async def checked(place: Place, content: bytes, **query: Any) -> tuple[Any, list[Any]]:
    done = await place.api.import_file(content, mode="preview", **query)
    assert done["state"] == "checked", done
    return done, await place.api.rows(done)


async def stored(place: Place, content: bytes, path: str = "findings", **query: Any) -> list[Any]:
    """The records of an import, in the order of its rows."""
    done = await place.api.import_file(content, **query)
    assert done["state"] == "committed", [errors(row) for row in await place.api.rows(done)]
    return [await place.api.read(f"/v1/{path}/{row['number']}") for row in await place.api.rows(done)]


# Cells that do not hold what they show


async def test_a_formula_that_nobody_has_computed_is_no_blank_cell(desk: Place) -> None:
    def edit(page: Any, _: Any) -> None:
        page["I2"], page["I3"] = "=1+1", '=IF(1=1,"","x")'

    _, rows = await checked(desk, edited([MONEY, finding(desk.code, 1), finding(desk.code, 2)], edit))
    assert [errors(row) for row in rows] == [[("涉及金额（万元）", "formula_without_value")]] * 2


async def test_an_amount_or_a_count_of_several_rows_is_no_amount_of_each(desk: Place) -> None:
    visit = ["轮次编号", "组别", "走访单位", "走访日期", "走访贫困户（户）", "谈话（人次）"]
    rows = [[desk.round, "第一巡察组", unit, "2017-06-02", "", ""] for unit in ("龙泉镇", "杨柳镇", "市财政局")]
    rows[0][4:] = [300, "500余"]
    content = edited([visit, *rows], lambda page, _: [page.merge_cells("E2:E4"), page.merge_cells("F2:F4")], "走访谈话")
    _, found = await checked(desk, content)
    assert [errors(row) for row in found] == [[(visit[4], "merged_figure"), (visit[5], "merged_figure")]] * 3
    across = edited(
        [[*FINDING, "涉及户数", "涉及金额（万元）"], [*finding(desk.code, 1), 5]],
        lambda page, _: page.merge_cells("I2:J2"),
    )
    assert {code for _, code in errors((await checked(desk, across))[1][0])} == {"merged_figure"}


async def test_a_merged_year_or_name_belongs_to_every_row(empty: Place) -> None:
    header = ["年度", "轮次", "巡察类型", "主题", "开始日期", "行政区划代码"]
    rows = [[2017, 1, "专项", "甲", date(2017, 4, 10), empty.code], ["", 2, "", "乙", date(2017, 9, 10), empty.code]]
    content = edited(
        [header, *rows], lambda page, _: [page.merge_cells("A2:A3"), page.merge_cells("C2:C3")], "巡察轮次"
    )
    found = await stored(empty, content, "rounds")
    assert [(r["year"], r["sequence"], r["kind"]) for r in found] == [(2017, 1, "special"), (2017, 2, "special")]


@pytest.mark.parametrize(
    ("value", "shown", "fen"),
    [
        (5, "General", 5_000_000), (1234.5, "#,##0.00", 1_234_500_000), (5, '0.00"万元"', 5_000_000),
        (5, '0"元"', 500), (5.678, "0.0", 5_678_000), (5, "¥#,##0.00;(¥#,##0.00)", 5_000_000),
        (5, "_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * \"-\"??_ ;_ @_ ", 5_000_000), (5, "#,##0;-#,##0;", 5_000_000),
    ],
)  # fmt: skip
async def test_an_amount_is_read_as_its_number_format_shows_it(place: Place, value: Any, shown: str, fen: int) -> None:
    def edit(page: Any, _: Any) -> None:
        page["I2"] = value
        page["I2"].number_format = shown

    [record] = await stored(place, edited([MONEY, finding(place.code, 1)], edit))
    assert record["amount_fen"] == fen


@pytest.mark.parametrize("shown", ["0.00,", '0!.0,"万"', "0%", ";;;", '"约"', "0.0,,", '[>=100]0.0,"千";0', "0-00"])
async def test_a_number_format_that_shows_another_figure_refuses_the_cell(desk: Place, shown: str) -> None:
    def edit(page: Any, _: Any) -> None:
        page["I2"] = 123450
        page["I2"].number_format = shown

    _, [row] = await checked(desk, edited([MONEY, finding(desk.code, 1)], edit))
    assert errors(row) == [("涉及金额（万元）", "number_format")]


async def test_a_day_is_read_as_its_format_shows_it(desk: Place) -> None:
    def edit(page: Any, _: Any) -> None:
        for row, shown in ((2, 'yyyy"年"m"月"'), (3, "mmm-yy"), (4, 'yyyy"年"m"月"d"日"'), (5, "m/d/yy")):
            page.cell(row, 8, date(2017, 6, 1)).number_format = shown

    _, rows = await checked(desk, edited([FINDING, *(finding(desk.code, n) for n in range(1, 5))], edit))
    assert [errors(row) for row in rows] == [[("发现日期", "day_needed")]] * 2 + [[], []]


async def test_serials_are_those_of_the_workbook(place: Place) -> None:
    def edit(page: Any, book: Any) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        page["H2"] = 41433

    [old] = await stored(place, edited([FINDING, finding(place.code, 1)], edit))
    [new] = await stored(place, edited([FINDING, finding(place.code, 2, 发现日期=42895)], lambda *_: None))
    text = delimited([FINDING, finding(place.code, 3, 发现日期="42895")])
    [saved] = await stored(place, text, media=CSV, type="findings")
    assert [r["found_on"] for r in (old, new, saved)] == ["2017-06-09"] * 3


async def test_texts_that_programs_mark_for_excel_are_read_without_the_mark(place: Place) -> None:
    row = finding(place.code, 1, 问题标题='="0012"', 备注='=""')
    row[0] = f'="{row[0]}"'
    [record] = await stored(place, delimited([[*FINDING, "备注"], row]), media=CSV, type="findings")
    assert (record["title"], record["note"], record["number"]) == ("0012", None, row[0][2:-1])


# Columns


async def test_a_comma_without_quotes_is_found_out(desk: Place) -> None:
    text = delimited([[*MONEY, "备注"], [*finding(desk.code, 1), "x", "y"]]).replace(b",x,y", b",12,000.00,y")
    _, [row] = await checked(desk, text, media=CSV, type="findings")
    assert errors(row) == [(None, "cells_beyond_header")]
    assert "多出 1 格" in row["errors"][0]["message"]


async def test_values_without_a_heading_are_named_by_their_column(desk: Place) -> None:
    rows = [
        [*FINDING, "", "备注"],
        [
            *finding(desk.code, 1),
            "漏",
            "说明",
        ],
        finding(desk.code, 2),
    ]
    _, found = await checked(desk, workbook({"问题台账": rows}))
    assert [warnings(row) for row in found] == [[("列I", "no_heading")], []]
    assert [row["result"] for row in found] == ["created", "created"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden", "visible"])
async def test_a_hidden_sheet_is_imported_and_named(desk: Place, state: str) -> None:
    def edit(page: Any, book: Any) -> None:
        book.create_sheet("说明")
        page.sheet_state = state

    done, rows = await checked(desk, edited([FINDING, finding(desk.code, 1)], edit))
    warned = next(s["warnings"] for s in done["sheets"] if s["type"])
    assert [w["code"] for w in warned] == ([] if state == "visible" else ["hidden_sheet"])
    assert [row["result"] for row in rows] == ["created"] and all("隐藏" in w["message"] for w in warned)


async def test_hidden_rows_are_imported_and_named(desk: Place) -> None:
    def edit(page: Any, _: Any) -> None:
        page.row_dimensions[3].hidden = True

    _, rows = await checked(desk, edited([FINDING, finding(desk.code, 1), finding(desk.code, 2)], edit))
    assert [warnings(row) for row in rows] == [[], [(None, "hidden_row")]]


async def test_a_total_of_a_group_is_the_amount_and_a_second_column_of_it_is_refused(place: Place) -> None:
    def edit(page: Any, _: Any) -> None:
        page.merge_cells("I1:J1")

    group = [[*FINDING, "涉及金额（万元）", ""], [""] * 8 + ["其中：扶贫资金", "合计"], [*finding(place.code, 1), 1, 5]]
    [record] = await stored(place, edited(group, edit))
    assert record["amount_fen"] == 5_000_000
    twice = [[*FINDING, "反馈日期", "反馈日期"], [*finding(place.code, 2), "", "2017-06-09"]]
    _, [row] = await checked(place, workbook({"问题台账": twice}))
    assert errors(row) == [("反馈日期", "column_twice")]


async def test_a_summary_table_is_refused_as_such(desk: Place) -> None:
    header = ["轮次", "被巡察党组织名称", "巡察反馈问题应整改数", "已整改数", "完成率", "整改不力问责人员数"]
    text = delimited([header, [desk.round, "龙泉镇", 10, 9, "90%", 0]])
    _, [row] = await checked(desk, text, media=CSV, type="findings")
    assert errors(row) == [(None, "summary_table")]


async def test_rows_whose_number_exists_need_no_other_column(place: Place) -> None:
    await stored(place, workbook({"问题台账": [FINDING, finding(place.code, 1), finding(place.code, 2)]}))
    number = f"{place.round}-F-0001"
    [record] = await stored(
        place, delimited([["问题编号", "定性依据"], [number, "第三条"]]), media=CSV, type="findings"
    )
    assert (record["basis"], record["title"]) == ("第三条", "标题1")
    rows = [["问题编号", "定性依据"], [number, "第四条"], [f"{place.round}-F-0009", "x"]]
    _, [known, new] = await checked(place, delimited(rows), media=CSV, type="findings")
    assert (known["result"], new["result"], errors(new)) == ("updated", "rejected", [(None, "missing_columns")])
    _, [sheet] = await checked(place, delimited([rows[0], rows[2], rows[2]]), media=CSV, type="findings")
    assert (sheet["row"], errors(sheet)) == (1, [(None, "missing_columns")])
    _, [unit] = await checked(place, "单位名称,单位类型\n新设镇,乡镇街道\n".encode(), media=CSV, type="units")
    assert unit["result"] == "created"


# Sheets


@pytest.mark.parametrize(
    "name",
    [
        "问题台帐",
        "2017年问题台账",
        "2017年度发现问题",
        "附件1：问题台账",
        "附件2-问题清单",
        "问题台账（第一轮）",
        "问题台账 (2)",
        "2.问题台账",
        "第一轮问题台账",
    ],
)
async def test_a_sheet_is_known_by_the_names_that_people_give_it(desk: Place, name: str) -> None:
    done, _ = await checked(desk, edited([FINDING, finding(desk.code, 1)], lambda *_: None, name.replace("：", "_")))
    assert [(s["type"], s["created"]) for s in done["sheets"]] == [("findings", 1)]


async def test_a_sheet_of_no_name_is_read_if_the_caller_says_what_it_is(desk: Place) -> None:
    sheets = {"说明": [["x"]], "Sheet1": [FINDING, finding(desk.code, 1)]}
    done, _ = await checked(desk, workbook(sheets), type="findings")
    assert [(s["sheet"], s["created"]) for s in done["sheets"]] == [("说明", 0), ("Sheet1", 1)]


async def test_a_ledger_under_another_name_is_not_passed_over(place: Place) -> None:
    sheets = {"问题台账": [FINDING, finding(place.code, 1)], "Sheet2": [FINDING, finding(place.code, 2)]}
    done = await place.commit(sheets)
    rows = await place.api.rows(done)
    assert (done["state"], [errors(r) for r in rows]) == ("rejected", [[], [(None, "sheet_not_named")]])
    assert "Sheet2" in rows[1]["errors"][0]["message"] and "问题台账" in rows[1]["errors"][0]["message"]
    done = await place.commit(sheets, on_error="skip_rows")
    assert (done["state"], [s["created"] for s in done["sheets"]]) == ("committed", [1, 0])


async def test_an_empty_sheet_says_nothing(place: Place) -> None:
    done = await place.commit(
        {"问题台账": [FINDING, finding(place.code, 1)], "回头看": [], "立行立改": [["立行立改台账"]]}
    )
    assert (done["state"], [(s["rows"], s["rejected"]) for s in done["sheets"]]) == (
        "committed", [(1, 0), (0, 0), (0, 0)],
    )  # fmt: skip


async def test_what_is_left_out_of_a_sheet_is_named_row_by_row(desk: Place) -> None:
    rows = [
        FINDING,
        finding(desk.code, 1),
        ["龙泉镇小计", "", "", 1],
        ["问题台账（续）"],
        finding(desk.code, 2),
        ["合计（2项）"],
        ["（盖章）"],
    ]
    done, found = await checked(desk, workbook({"问题台账": rows}))
    assert [row["row"] for row in found] == [2, 5]
    assert [one["row"] for one in done["sheets"][0]["left_out"]] == [3, 4, 6, 7]
    assert "合计" in done["sheets"][0]["left_out"][0]["message"]


# Rows that concern one another


async def test_units_that_stand_above_each_other_are_found_in_the_preview(desk: Place) -> None:
    header = ["单位编码", "单位名称", "单位类型", "上级单位"]
    rows = [
        ["A-U91", "甲村91", "村组", "乙镇91"],
        ["A-U92", "乙镇91", "乡镇街道", "丙局91"],
        ["A-U93", "丙局91", "市直部门", "甲村91"],
    ]
    _, found = await checked(desk, workbook({"单位名录": [header, *rows]}))
    assert [errors(row) for row in found] == [[("上级单位", "circle")]] * 3
    assert all("第 2、3、4 行" in row["errors"][0]["message"] for row in found)


async def test_units_that_differ_in_what_nobody_sees_are_not_joined(desk: Place) -> None:
    rows = [["新镇71", "乡镇街道"], ["新 镇71", "乡镇街道"], ["新镇71\u200b", "乡镇街道"]]
    _, found = await checked(desk, workbook({"单位名录": [["单位名称", "单位类型"], *rows]}))
    assert [errors(row) for row in found] == [[("单位名称", "row_twice")] * 2] * 3


async def test_one_record_on_two_sheets_is_told_with_the_sheet(desk: Place) -> None:
    sheets = {name: [FINDING, finding(desk.code, 1)] for name in ("问题台账", "2.问题台账")}
    _, rows = await checked(desk, workbook(sheets))
    assert [errors(row) for row in rows] == [[("问题编号", "row_twice_on_sheet")]] * 2
    assert "“2.问题台账”第 2 行" in rows[0]["errors"][0]["message"]


async def test_columns_that_contradict_one_another_are_warned_of(place: Place) -> None:
    await stored(place, workbook({"问题台账": [FINDING, finding(place.code, 1)]}))
    header = ["轮次编号", "问题编号", "整改单位", "整改意见", "整改进展", "完成日期", "是否销号", "销号日期"]
    base = [place.round, f"{place.round}-F-0001", "龙泉镇"]
    cells = [
        ["整改中", "", "是", ""], ["未启动", "2017-07-01", "", ""], ["", "2017-07-01", "否", "2017-07-02"],
        ["", "2099-01-01", "", ""], ["", "2017-03-01", "", ""], ["", "2006-07-01", "", ""],
        ["已完成", "2017-07-01", "是", "2017-07-02"],
    ]  # fmt: skip
    rows = [[*base, f"意见{n}", *row] for n, row in enumerate(cells)]
    _, found = await checked(place, workbook({"整改意见台账": [header, *rows]}))
    assert [warnings(row) for row in found] == [
        [("整改进展", "columns_contradict")], [("整改进展", "columns_contradict")],
        [("销号日期", "columns_contradict")],
        [("完成日期", "day_in_future")], [("完成日期", "day_before")],
        [("完成日期", "day_outside_round"), ("完成日期", "day_before")], [],
    ]  # fmt: skip


async def test_of_a_secret_text_no_import_tells_that_something_like_it_is_registered(place: Place) -> None:
    """Who guessed half of what a clue says would learn that it is there, and its number."""
    rows = [
        ["轮次编号", "线索来源", "主要问题", "登记日期"],
        [place.round, "信访举报", "反映其套取补贴资金3万元", "2017-05-20"],
    ]
    done = await place.api.import_file(delimited(rows), CSV, type="clues")
    assert done["state"] == "committed", done
    rows[1][2] = "反映其套取补贴资金5万元"
    _, [again] = await checked(place, delimited(rows), media=CSV, type="clues")
    assert (again["result"], warnings(again)) == ("created", [])


async def test_a_corrected_row_without_a_number_may_be_the_record_of_before(place: Place) -> None:
    rows = [FINDING[1:], finding(place.code, 1, 问题表现="抽查发现涉及3户")[1:]]
    [first] = await stored(place, delimited(rows), media=CSV, type="findings")
    rows[1][6 - 1] = "抽查发现涉及5户"
    _, [again] = await checked(place, delimited(rows), media=CSV, type="findings")
    assert (again["result"], warnings(again)) == ("created", [(None, "may_be_registered")])
    assert first["number"] in again["warnings"][0]["message"]


async def test_spaces_within_a_name_are_set_for_alignment(desk: Place) -> None:
    header = ["轮次编号", "线索来源", "人员编号", "被反映人", "主要问题", "登记日期"]
    row = [desk.round, "巡察移交", f"{desk.code}-P001", "干　部 甲01", "反映其问题", "2017-05-20"]
    _, [clue] = await checked(desk, workbook({"问题线索台账": [header, row]}))
    assert (clue["result"], errors(clue)) == ("created", [])
