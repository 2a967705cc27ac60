"""The file of an import comes back as it was sent, with what is wrong beside the rejected rows, and is read again."""

import io
import zipfile
from typing import Any

import openpyxl
import orjson
import pytest
from openpyxl.styles import PatternFill

from app.imports import kept_file
from tests.imports.conftest import Place
from tests.support.callers import CSV, NDJSON, XLSX
from tests.support.ledgers import FINDING, delimited, finding, lines, workbook

PROBLEM = "错误"


async def returned(place: Place, imported: Any) -> bytes:
    answer = await place.api.get(f"/v1/imports/{imported['id']}/workbook")
    assert answer.status_code == 200, answer.text
    content: bytes = answer.content
    return content


def rows_of(place: Place) -> list[list[Any]]:
    """A ledger of findings: a title, the header, a right row, a row with two wrong cells, and another right one."""
    wrong = finding(place.code, 2, 被巡察单位="没有这个单位", 发现日期="2017-13-45")
    return [["问题台账"], FINDING, finding(place.code, 1), wrong, finding(place.code, 3)]


def read_back(content: bytes, tmp_path: Any) -> list[list[Any]]:
    from app.imports.files.readers import read_workbook

    path = tmp_path / "back.xlsx"
    path.write_bytes(content)
    [sheet] = [s for s in read_workbook(path) if s.name == "问题台账"]
    return [cells for _, cells in sheet.rows]


async def test_a_workbook_says_beside_each_rejected_row_what_is_wrong(place: Place, tmp_path: Any) -> None:
    sheets = {"问题台账": rows_of(place), "别的": [["甲", "乙"], [1, 2]]}
    sent = workbook(sheets)
    checked = await place.api.import_file(sent, XLSX, mode="preview")
    assert checked["sheets"][-1]["rejected"] == 1, checked
    back = await returned(place, checked)
    rows = read_back(back, tmp_path)
    width = len(FINDING)
    assert [row[width] if len(row) > width else "" for row in rows[1:]] == [PROBLEM, "", rows[3][width], ""]
    said = rows[3][width]
    assert "被巡察单位：" in said and "发现日期：" in said
    assert [row[:width] for row in rows[2:]] == [row[:width] for row in read_back(sent, tmp_path)[2:]]
    with zipfile.ZipFile(io.BytesIO(sent)) as before, zipfile.ZipFile(io.BytesIO(back)) as after:
        assert before.namelist() == after.namelist() or set(before.namelist()) == set(after.namelist())
        touched = {n for n in before.namelist() if before.read(n) != after.read(n)}
        assert touched == {"xl/worksheets/sheet1.xml", "xl/styles.xml"}
        assert after.read("xl/styles.xml").count(b"FFFFC7CE") == 1


async def test_mended_and_sent_again_it_is_read_and_the_column_is_not(place: Place, tmp_path: Any) -> None:
    checked = await place.api.import_file(workbook({"问题台账": rows_of(place)}), XLSX, mode="preview")
    back = await returned(place, checked)
    again = await place.api.import_file(back, XLSX, mode="preview")
    assert [s["unknown_columns"] for s in again["sheets"]] == [[]]
    assert again["sheets"][0]["rejected"] == 1
    twice = await returned(place, again)  # the column is there already, and is written anew
    assert read_back(twice, tmp_path) == read_back(back, tmp_path)
    rows = read_back(back, tmp_path)
    rows[3][:-1] = finding(place.code, 2)
    mended = workbook({"问题台账": rows})
    done = await place.api.import_file(mended, XLSX)
    assert (done["state"], done["sheets"][0]["created"]) == ("committed", 3), await place.api.rows(done, "rejected")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
async def test_a_csv_comes_back_in_its_own_characters(place: Place, encoding: str) -> None:
    sent = delimited(rows_of(place)[1:], encoding)
    checked = await place.api.import_file(sent, CSV, type="findings", mode="preview")
    back = (await returned(place, checked)).decode(encoding)
    before, after = sent.decode(encoding).split("\r\n"), back.split("\r\n")  # within a message stands a bare line feed
    assert after[0] == f'{before[0]},"{PROBLEM}"' or after[0] == f"{before[0]},{PROBLEM}"
    assert after[1] == before[1] and after[3:] == before[3:]
    assert after[2].startswith(before[2] + ',"') and "被巡察单位：" in after[2] and "发现日期：" in after[2]
    again = await place.api.import_file(back.encode(encoding), CSV, type="findings", mode="preview")
    assert again["sheets"][0]["unknown_columns"] == [] and again["sheets"][0]["rejected"] == 1
    assert (await returned(place, again)).decode(encoding) == back


async def test_ndjson_comes_back_with_errors_in_the_line(place: Place) -> None:
    right = {"round_number": place.round, "nonsense": 1}
    sent = lines([right]) + b"no json\n"
    checked = await place.api.import_file(sent, NDJSON, type="findings", mode="preview")
    first, second = (orjson.loads(line) for line in (await returned(place, checked)).splitlines())
    assert first["nonsense"] == 1 and "unknown_member" in {e["code"] for e in first["errors"]}
    assert second["line"] == "no json" and second["errors"]


async def test_lines_come_back_to_the_byte_but_for_what_is_wrong_with_them(place: Place) -> None:
    number = f"{place.round}-F-0900"
    rest = f'"round_number" : "{place.round}", "team_number": "{place.round}-Z-001",  "unit_number":"{place.code}-U045"'
    rest += (
        f', "category_number": "{place.round}-G-001", "title": "\\u9898", "description":"述", "found_on":"2017-05-14"'
    )
    right = "\ufeff{ " + rest + f', "number":"{number}", "amount_fen" : 1200 }}  \r\n'
    wrong = "{ " + rest + ', "nonsense" : 1.50, "nonsense2": "\\u4e00:\\"errors\\"" } \n'
    twice = '{"title":"甲","title":"乙"}\r\n'
    empty = "{}"
    sent = (right + wrong + "\n" + twice + empty).encode()
    checked = await place.api.import_file(sent, NDJSON, type="findings", mode="preview")
    assert checked["sheets"][0]["rejected"] == 3, (checked, await place.api.rows(checked))
    back = await returned(place, checked)
    first, second, blank, third, last = back.splitlines(keepends=True)
    assert first == right.encode() and blank == b"\n"
    assert second.startswith(wrong.rstrip(" \n}").encode() + b',"errors":[') and second.endswith(b"]} \n")
    assert third.startswith('{"title":"甲","title":"乙","errors":['.encode()) and third.endswith(b"}\r\n")
    assert last.startswith(b'{"errors":[') and last.endswith(b"]}\n")
    again = await place.api.import_file(back, NDJSON, type="findings", mode="preview")
    assert await returned(place, again) == back
    mended = back.replace(b', "nonsense" : 1.50', b"").replace(b', "nonsense2": "\\u4e00:\\"errors\\""', b"")
    again = await place.api.import_file(mended, NDJSON, type="findings", mode="preview")
    assert again["sheets"][0]["rejected"] == 2, await place.api.rows(again, "rejected")
    lines_back = (await returned(place, again)).splitlines(keepends=True)
    assert lines_back[1].decode() == "{ " + rest + "} \n"


async def test_an_import_without_a_rejected_row_has_no_such_file_and_keeps_none(place: Place) -> None:
    done = await place.api.import_file(workbook({"问题台账": [FINDING, finding(place.code, 1)]}), XLSX)
    answer = await place.api.get(f"/v1/imports/{done['id']}/workbook")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_rejected")
    answer = await place.api.get("/v1/imports/01a20750-5957-777f-ae32-d19df7930829/workbook")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = await place.api.get("/v1/imports/nonsense/workbook")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_formats_without_content_do_not_push_the_column_out_of_sight(place: Place, tmp_path: Any) -> None:
    book, width = openpyxl.load_workbook(io.BytesIO(workbook({"问题台账": rows_of(place)}))), len(FINDING)
    for column in range(width + 1, 600):  # a row that is coloured to its end
        book["问题台账"].cell(2, column).fill = PatternFill("solid", "FFEEEEEE")
    book.save(sent := io.BytesIO())
    checked = await place.api.import_file(sent.getvalue(), XLSX, mode="preview")
    back = await returned(place, checked)
    assert read_back(back, tmp_path)[1][width] == PROBLEM
    again = await place.api.import_file(back, XLSX, mode="preview")
    assert (again["state"], again["sheets"][0]["rejected"]) == ("checked", 1), again


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_what_is_wrong_with_the_header_stands_in_the_heading(place: Place, form: str, tmp_path: Any) -> None:
    rows = [["甲", "乙", "丙"], ["1", "2", "3"]]
    sent = workbook({"问题台账": rows}) if form == "xlsx" else delimited(rows, "utf-8")
    query = {} if form == "xlsx" else {"type": "findings"}
    checked = await place.api.import_file(sent, XLSX if form == "xlsx" else CSV, mode="preview", **query)
    back = await returned(place, checked)
    said = str(read_back(back, tmp_path)[0][3]) if form == "xlsx" else back.decode().splitlines()[0]
    assert f"{PROBLEM}（没有找到表头" in said, said
    rows = [[*FINDING, f"{PROBLEM}（没有找到表头。应有的列：问题（标题）。）"], [*finding(place.code, 2), ""]]
    again = await place.api.import_file(workbook({"问题台账": rows}), XLSX, mode="preview")
    sheet = again["sheets"][0]
    assert (sheet["created"], sheet["unknown_columns"]) == (1, []), "the heading is passed over"


async def test_a_file_whose_keeping_breaks_off_is_not_given_back_in_part(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = kept_file._parts

    def breaking(path: Any) -> Any:
        yield next(parts(path))
        raise OSError("the disk is gone")

    monkeypatch.setattr(kept_file, "_parts", breaking)
    failed = await place.api.import_file(workbook({"问题台账": rows_of(place)}), XLSX, mode="preview")
    assert failed["state"] == "failed", failed
    answer = await place.api.get(f"/v1/imports/{failed['id']}/workbook")
    assert (answer.status_code, answer.json()["code"]) in {(410, "file_not_kept"), (409, "nothing_rejected")}
