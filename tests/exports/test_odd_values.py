"""What no clerk would write and a body may hold: it is read back as it is, and a spreadsheet runs none of it."""

import csv
import io
import zipfile
from typing import Any

import pytest

from app.exports.ledger_columns import ledger_columns
from app.exports.routes import MEDIA
from app.records import REGISTRY
from tests.support.callers import OFFICE, Api

DANGEROUS = [
    "=1+1", "+86 138", "-无", "@SUM(A1)", "＝HYPERLINK(“x”)", "＋1", "－1", "＠a", "'=1", "''=1", "'abc", "'",
    "#N/A", "#REF!", "1.2E+5", "12E5", "0012", "431382190001010019", "43138219000101001X", "无", "/", "——", "是",
    "2017-05-14", "2017.6.9", "1,234", "TRUE", "http://x.example/", "mailto:a@b", "a\tb", "一\n二", "一\r\n二",
    '"引"', "a,b;c", "合计", "合计：3", "小计", "注：", "填表人：王", "审核人：", "_x000D_", "_x0041_",
    "<b>&amp;</b>", "\u3000中\u3000",
    "𠮷野家", "e\u0301", "[\"a\"]", '[{"a":1}]', "姓名：张三；职务：镇长", "序号",
    "示例", "备注", "100%", "5万元", "{=1}", "-", "'无",
]  # fmt: skip


async def read_back(api: Api, path: str, form: str, who: str, **query: str) -> Any:
    """The sheet of the import of an export."""
    answer = await api.get(f"/v1/{path}/export", params={"format": form, **query}, auth=api.acting(who))
    assert answer.status_code == 200, answer.text
    done = await api.import_file(answer.content, MEDIA[form], type=path)
    assert done["state"] == "committed", [r["errors"] for r in await api.rows(done, "rejected")]
    [sheet] = [s for s in done["sheets"] if s["type"]]
    return sheet, await api.rows(done, "updated")


@pytest.fixture(scope="module")
async def odd(lianyuan: Api) -> Api:
    """Texts of every kind in every text of a type, and lists whose entries hold the separators of lists."""
    place = {"round_number": "431382-2017-01", "unit_number": "431382-U045", "team_number": "431382-2017-01-Z-001"}
    finding = {**place, "category_number": "431382-2017-01-G-006", "found_on": "2017-05-14"}
    for text in DANGEROUS:
        await lianyuan.write(
            "/v1/findings", {**finding, "title": text, "description": text, "basis": text, "note": text}
        )
    for amount, count in ((1, "exact"), (999_999_999_999_99, "about"), (12_345, "at_least")):
        households = {"value": amount % 1000, "qualifier": count}
        more = {"title": "数", "description": "数", "amount_fen": amount, "households_affected": households}
        await lianyuan.write("/v1/findings", {**finding, **more, "is_immediate": True, "conduct": ["slow", "fraud"]})
    for i, names in enumerate(
        (["甲、乙", "丙"], ["甲；乙"], ["甲\n乙", "=1"], ['["a"]'], ["1、甲", "2、乙"], ["老 名"])
    ):
        unit = {"name": f"古怪单位{i}", "kind": "other", "former_names": names}
        await lianyuan.write("/v1/units", {**unit, "credit_code": "11431382006000000W"} if i == 0 else unit)
    for i, away in enumerate((
        [{"name": "张三", "post": "镇长", "reason": "因公出差"}, {"name": "李四", "post": None, "reason": None}],
        [{"name": "张；三", "post": "职务：乙", "reason": "甲\n乙"}],
        [{"name": None, "post": None, "reason": "因公外出"}],
    )):  # fmt: skip
        held = {"round_number": place["round_number"], "unit_number": f"431382-U0{46 + i}", "held_on": f"2017-09-1{i}"}
        await lianyuan.write("/v1/feedback-sessions", {**held, "absentees": away})
    clue = {
        "round_number": place["round_number"],
        "source": "petition",
        "registered_on": "2017-05-20",
        "summary": "古怪",
    }
    for reason in ("与被反映人有亲属关系", "有；亲属：关系"):
        recusals = [{"account": "lianyuan_leaders", "reason": reason}]
        await lianyuan.write("/v1/clues", {**clue, "recusals": recusals, "summary": "古怪", "reported_name": "=某"})
    return lianyuan


@pytest.mark.parametrize("form", MEDIA)
@pytest.mark.parametrize("path", ["findings", "units", "feedback-sessions"])
async def test_it_is_read_back_as_it_is(odd: Api, path: str, form: str) -> None:
    sheet, updated = await read_back(odd, path, form, OFFICE)
    assert sheet["unchanged"] == sheet["rows"], [r["changes"] for r in updated]


@pytest.mark.parametrize("form", MEDIA)
async def test_a_clue_with_recusals_is_read_back_as_it_is(odd: Api, form: str) -> None:
    sheet, updated = await read_back(odd, "clues", form, OFFICE, state="registered")
    assert sheet["unchanged"] == sheet["rows"], [r["changes"] for r in updated]


async def test_no_cell_of_a_csv_begins_a_formula_or_loses_a_digit(odd: Api) -> None:
    answer = await odd.get("/v1/findings/export", params={"format": "csv"}, auth=odd.acting(OFFICE))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    cells = {cell for row in rows[1:] for cell in row}
    assert not {cell for cell in cells if cell[:1] in set("=+-@＝＋－＠\t\r\n")}
    assert "'431382190001010019" in cells and "'0012" in cells
    assert "9999999999.99" in {c.lstrip("'") for c in cells} or "999999999999.99" in cells


async def test_every_cell_of_a_text_in_a_workbook_is_a_text(odd: Api, tmp_path: Any) -> None:
    answer = await odd.get("/v1/findings/export", params={"format": "xlsx"}, auth=odd.acting(OFFICE))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "<hyperlink" not in sheet
    assert "<t>=1+1</t>" in sheet.replace(' xml:space="preserve"', "")


async def test_the_printed_sheet_is_laid_out_for_the_office(odd: Api) -> None:
    answer = await odd.get("/v1/findings/export", params={"format": "xlsx"}, auth=odd.acting(OFFICE))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet, whole = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/workbook.xml").decode()
    assert 'orientation="landscape"' in sheet and 'paperSize="9"' in sheet and 'fitToHeight="0"' in sheet
    assert "_xlnm.Print_Titles" in whole and 'name="问题台账"' in whole
    for text in ("问题台账", "填报单位：巡察办（431382）", "序号", "合计", "制表人："):
        assert text in sheet, text


def test_every_field_that_an_import_reads_has_a_column_or_is_sealed() -> None:
    for t in REGISTRY:
        members = {c.member for c in ledger_columns(t)}
        for f in t.fields:
            if f.copied or not f.in_ledger:
                assert not members & set(f.members), (t.path, f.name)
            elif not t.sealed or f not in t.sealed:
                assert members & set(f.members), (t.path, f.name)


async def test_a_printed_ledger_names_units_teams_and_categories_where_only_one_is_meant(odd: Api) -> None:
    finding = (await odd.get("/v1/findings/431382-2017-01-F-0001", auth=odd.acting(OFFICE))).json()
    register = {path: {r["number"]: r["name"] for r in await odd.every(path)} for path in ("units", "teams")}
    query = {"format": "xlsx", "unit_number": finding["unit_number"]}
    answer = await odd.get("/v1/findings/export", params=query, auth=odd.acting(OFFICE))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert register["units"][finding["unit_number"]] in sheet and finding["unit_number"] not in sheet
    assert register["teams"][finding["team_number"]] in sheet and finding["team_number"] not in sheet
    same = [await odd.write("/v1/units", {"name": "同名单位", "kind": "other"}) for _ in range(2)]
    below = await odd.write("/v1/units", {"name": "下属单位", "kind": "other", "parent_number": same[0]["number"]})
    query = {"format": "xlsx", "q": below["number"]}
    answer = await odd.get("/v1/units/export", params=query, auth=odd.acting(OFFICE))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        assert same[0]["number"] in book.read("xl/worksheets/sheet1.xml").decode()
