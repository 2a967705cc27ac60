"""What a clerk reads when a ledger has something wrong in it: row, column, and a sentence that says what to do."""

import asyncio
from typing import Any

import pytest

from tests.imports.conftest import Place
from tests.support.callers import CSV, XLSX
from tests.support.ledgers import FINDING, Rows, finding, workbook


def at(sheet: str, header: list[str], *rows: list[Any]) -> dict[str, Rows]:
    return {sheet: [header, *rows]}


def said(row: Any) -> list[tuple[str | None, str]]:
    return [(e["column"], e["code"]) for e in row["errors"]]


async def only_rejected(place: Place, sheets: dict[str, Rows], **query: Any) -> Any:
    [row] = await place.rejected(sheets, **query)
    return row


# The sheet


async def test_a_sheet_that_lacks_columns_is_told_once_what_is_missing_and_what_was_not_understood(desk: Place) -> None:
    rows = [[f"{desk.round}", "第一巡察组", "龙泉镇", "x", "y"]] * 3
    done = await desk.preview(at("问题台账", ["轮次编号", "组别", "被巡察单位", "天气", "心情"], *rows))
    [row] = await desk.api.rows(done)
    assert (row["row"], said(row)) == (1, [(None, "missing_columns")])
    message = row["errors"][0]["message"]
    assert all(name in message for name in ("问题类别", "问题标题", "问题表现", "发现日期", "天气、心情"))
    assert "巡察组" not in message.partition("未识别")[0]
    assert done["sheets"][0]["unknown_columns"] == ["天气", "心情"]


async def test_a_sheet_without_a_header_is_told_which_columns_were_expected(desk: Place) -> None:
    row = await only_rejected(desk, {"问题台账": [["甲", "乙"], ["丙", "丁"]]})
    assert said(row) == [(None, "no_header")]
    assert "问题标题" in row["errors"][0]["message"] and "甲" in row["errors"][0]["message"]


async def test_unknown_columns_are_named_once_and_do_no_harm(desk: Place) -> None:
    done = await desk.preview(
        at("问题台账", [*FINDING, "天气", "天气"], *[[*finding(desk.code, n), "晴", "雨"] for n in (1, 2)])
    )
    assert (done["state"], done["sheets"][0]["unknown_columns"], done["sheets"][0]["created"]) == (
        "checked",
        ["天气"],
        2,
    )


async def test_titles_totals_notes_and_blank_rows_are_no_entries_and_row_numbers_are_those_of_excel(
    desk: Place,
) -> None:
    bad = finding(desk.code, 2, 发现日期="昨天")
    rows = [
        ["龙泉市2017年问题台账"], ["填报单位：巡察办", "", "", "", "", "", "", "单位：条"], [], FINDING,
        [], finding(desk.code, 1), [], bad, ["小计", "", "", "", "", "", 2], ["合计", "", "", "", "", "", 2],
        ["注：本表一式两份"], ["填表人：甲", "", "审核人：乙"],
    ]  # fmt: skip
    done = await desk.preview({"问题台账": rows})
    assert [(r["row"], r["result"]) for r in await desk.api.rows(done)] == [(6, "created"), (8, "rejected")]


async def test_a_sheet_of_another_name_is_skipped_and_the_reason_given(desk: Place) -> None:
    done = await desk.preview({"填表说明": [["说明"]], **at("问题台账", FINDING, finding(desk.code, 1))})
    assert [(s["sheet"], s["type"], "skipped_because" in s) for s in done["sheets"]] == [
        ("填表说明", None, True), ("问题台账", "findings", False),
    ]  # fmt: skip
    assert "填表说明" in done["sheets"][0]["skipped_because"]


# The cell

CELLS: list[tuple[str, Any, str, str]] = [
    ("问题编号", 4.31382201701e17, "number_ruined_by_excel", "设为文本格式"),
    ("问题编号", "4.31382E+17", "number_ruined_by_excel", "设为文本格式"),
    ("问题编号", "第三号", "not_a_number", "编号为 3 至 64 位"),
    ("发现日期", "2017年5月", "day_needed", "请补上日"),
    ("发现日期", "2017.06", "day_needed", "请补上日"),
    ("反馈日期", "2017.06", "day_missing", "不知道的留空"),
    ("发现日期", "2017-02-30", "no_such_day", "2017 年 2 月没有 30 日"),
    ("发现日期", "5/6/17", "not_a_date", "2017-08-04"),
    ("发现日期", "已发现", "not_a_date", "2017-08-04"),
    ("发现日期", "#N/A", "error_cell", "改正公式"),
    ("发现日期", "", "required", "“发现日期”必须填写"),
    ("问题标题", "/", "required", "“问题标题”必须填写"),
    ("问题标题", "长" * 201, "text_too_long", "201 字，最多 200 字"),
    ("问题标题", "铃\x07响", "control_characters", "控制字符"),
    ("被巡察单位", "", "required", "“被巡察单位”必须填写"),
    ("被巡察单位", "龙泉", "reference_not_found", "没有找到所填的被巡察单位"),
    ("被巡察单位", "龙泉镇、杨柳镇", "reference_not_found", "没有找到所填的被巡察单位"),
    ("组别", "第三巡察组", "reference_not_found", "没有找到所填的巡察组"),
    ("问题类别", "重点1", "reference_not_found", "没有找到所填的问题类别"),
    ("轮次编号", "1999-01", "reference_not_found", "没有找到所填的巡察轮次"),
    ("是否立行立改", "也许", "not_yes_or_no", "请填“是”或“否”"),
    ("涉及户数", "许多户", "not_a_count", "300余"),
    ("涉及金额", "5", "unit_missing", "金额（万元）"),
    ("涉及金额", "五万", "not_an_amount", "不是金额"),
    ("涉及金额", "0.001元", "fraction_of_fen", "细于一分"),
    ("行为表现", "慢作为、懒作为", "not_a_label", "可选范围"),
]


@pytest.mark.parametrize(("column", "cell", "code", "words"), CELLS)
async def test_a_cell_that_cannot_be_read_names_its_column_and_says_what_to_do(
    desk: Place, column: str, cell: Any, code: str, words: str
) -> None:
    extra = [] if column in FINDING else [column]
    row = await only_rejected(desk, at("问题台账", [*FINDING, *extra], finding(desk.code, 1, **{column: cell})))
    assert said(row) == [(column, code)]
    assert words in row["errors"][0]["message"]
    assert (row["record_id"], row["changes"]) == (None, [])


async def test_an_unknown_label_comes_with_the_allowed_ones(desk: Place) -> None:
    row = await only_rejected(desk, at("问题台账", [*FINDING, "行为表现"], [*finding(desk.code, 1), "懒作为"]))
    assert row["errors"][0]["allowed"] == ["优亲厚友", "雁过拔毛", "强占掠夺", "乱作为", "不作为", "慢作为", "弄虚作假"]


async def test_every_fault_of_a_row_is_told_at_once(desk: Place) -> None:
    row = await only_rejected(
        desk, at("问题台账", FINDING, finding(desk.code, 1, 问题标题="", 发现日期="x", 被巡察单位="无此单位"))
    )
    assert sorted(said(row), key=str) == [
        ("发现日期", "not_a_date"), ("被巡察单位", "reference_not_found"), ("问题标题", "required"),
    ]  # fmt: skip


async def test_a_form_that_broke_off_is_not_called_json(desk: Place) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await desk.api.post("/v1/imports", content=b"no part of a form", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_form"), answer.text
    assert "JSON" not in answer.json()["detail"]


async def test_every_sheet_that_the_caller_may_not_import_is_named(place: Place) -> None:
    office = place.api.acting("office")
    sheets = {name: [["编号"], ["x"]] for name in ("人员", "问责", "单位名录")}
    sent = await place.api.post("/v1/imports", content=workbook(sheets), headers={"Content-Type": XLSX}, auth=office)
    assert sent.status_code == 202, sent.text
    for _ in range(200):
        found = (await place.api.get(sent.headers["location"], auth=office)).json()
        if found["state"] == "failed":
            break
        await asyncio.sleep(0.05)
    assert found["problem"]["code"] == "import_not_permitted" and "人员、问责，" in found["problem"]["message"], found
    refused = await place.api.post(f"{sent.headers['location']}/actions/commit", auth=office)
    assert "状态为“已失败”" in refused.json()["detail"]
    named = await place.api.post("/v1/imports?type=persons", content=b"x", headers={"Content-Type": CSV}, auth=office)
    assert (named.status_code, named.json()["code"]) == (403, "import_not_permitted")
    assert "人员" in named.json()["detail"]
