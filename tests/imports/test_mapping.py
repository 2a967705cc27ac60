"""What headings and sheets mean is proposed by a preview, said with the file, and remembered on request."""

import json
from typing import Any

import pytest

from tests.imports.conftest import NewPlace, Place
from tests.support.callers import CSV, NDJSON, OFFICE, SUPERVISION, XLSX
from tests.support.ledgers import FINDING, Rows, delimited, finding, lines, workbook

ODD = ["问题编号", "轮次编号", "组别", "被巡察单位", "问题类别", "标题文", "问题描述文字", "发现日期", "天气"]
SAID = {"标题文": "title", "问题描述文字": "description", "天气": None}


def odd(code: str, *numbers: int) -> Rows:
    """A ledger of findings with three headings that no type knows."""
    return [ODD, *([*finding(code, n), "晴"] for n in numbers)]


def told(**of_sheets: Any) -> str:
    return json.dumps(of_sheets, ensure_ascii=False)


async def refused(place: Place, sheets: dict[str, Rows], mapping: str, **query: Any) -> Any:
    """The error of an import that is refused for its mapping: at once, or once the file was looked at."""
    params = {"mapping": mapping, **query}
    answer = await place.api.post(
        "/v1/imports", params=params, content=workbook(sheets), headers={"Content-Type": XLSX}
    )
    if answer.status_code == 400:
        [error] = answer.json()["errors"]
        assert error["pointer"] == "mapping"
        return error
    done = await place.api.ended(answer.headers["location"])
    assert done["state"] == "failed", done
    return done["problem"]


async def test_a_preview_proposes_a_mapping_and_with_it_the_file_is_read(place: Place) -> None:
    sheets = {"问题台账": odd(place.code, 1, 2)}
    seen = await place.preview(sheets)
    [sheet] = seen["sheets"]
    assert (sheet["unknown_columns"], sheet["rejected"]) == (["标题文", "问题描述文字", "天气"], 1)
    assert sheet["proposed_mapping"] == SAID and seen["proposed_mapping"] == {"问题台账": SAID}
    done = await place.commit(sheets, mapping=json.dumps(seen["proposed_mapping"], ensure_ascii=False))
    [sheet] = done["sheets"]
    assert (done["state"], sheet["created"], sheet["unknown_columns"]) == ("committed", 2, [])
    assert (sheet["mapping_used"], sheet["remembered"], done["proposed_mapping"]) == (SAID, [], {})
    written = {f["title"]: f["description"] for f in await place.api.every("findings")}
    assert written == {"标题1": "表现1", "标题2": "表现2"}
    again = await place.preview(sheets)
    assert again["sheets"][0]["mapping_used"] == {}, "nobody has asked for it to be remembered"


async def test_a_sheet_of_any_name_is_what_the_mapping_says(place: Place) -> None:
    sheets = {"Sheet1": [FINDING, finding(place.code, 1)], "Sheet2": odd(place.code, 2)}
    seen = await place.preview(sheets)
    assert {name: said["@type"] for name, said in seen["proposed_mapping"].items()} == {
        "Sheet1": "findings", "Sheet2": "findings",
    }  # fmt: skip
    done = await place.commit(sheets, mapping=json.dumps(seen["proposed_mapping"], ensure_ascii=False))
    assert (done["state"], [s["created"] for s in done["sheets"]]) == ("committed", [1, 1]), done
    only = await place.preview(sheets, type="findings", mapping=told(Sheet2=SAID))
    assert {s["sheet"]: (s["type"], s["unchanged"]) for s in only["sheets"]}["Sheet2"] == ("findings", 1)


async def test_a_column_without_a_heading_is_named_by_its_letter(desk: Place) -> None:
    rows = [[*FINDING, ""], [*finding(desk.code, 1), "第三条"]]
    [sheet] = (await desk.preview({"问题台账": rows}))["sheets"]
    assert sheet["proposed_mapping"] == {"列I": None}
    seen = await desk.preview({"问题台账": rows}, mapping=told(问题台账={"列I": "basis"}))
    [row] = await desk.api.rows(seen)
    assert {"field": "basis", "from": None, "to": "第三条"} in row["changes"] and row["warnings"] == []
    [left] = await desk.api.rows(await desk.preview({"问题台账": rows}, mapping=told(问题台账={"列I": None})))
    assert left["warnings"] == [] and "basis" not in {c["field"] for c in left["changes"]}
    shorter = [FINDING, [*finding(desk.code, 1), "第三条"]]
    [row] = await desk.api.rows(await desk.preview({"问题台账": shorter}, mapping=told(问题台账={"列I": "basis"})))
    assert {"field": "basis", "from": None, "to": "第三条"} in row["changes"]


async def test_a_csv_is_mapped_by_query_and_by_form(desk: Place) -> None:
    content, mapping = delimited(odd(desk.code, 1)), told(csv=SAID)
    seen = await desk.api.import_file(content, CSV, type="findings", mode="preview", mapping=mapping)
    assert seen["sheets"][0]["created"] == 1
    files = {"file": ("台账.csv", content, CSV)}
    form = {"type": "findings", "mapping": mapping, "mode": "", "jurisdiction": ""}  # an empty field is not given
    answer = await desk.api.post("/v1/imports", data=form, files=files)
    done = await desk.api.ended(answer.headers["location"])
    assert (done["sheets"][0]["created"], done["sheets"][0]["mapping_used"]) == (1, SAID)


@pytest.mark.parametrize(
    ("mapping", "code", "names"),
    [
        ("[]", "mapping_not_json", ""),
        ("{", "mapping_not_json", ""),
        ('{"问题台账": {"标题文": 1}}', "mapping_not_json", ""),
        ('{"问题台账": {"标题文": "title", "标题文": null}}', "mapping_not_json", ""),
        (told(问题=SAID | {"标题文": "titel"}), "mapping_field_unknown", "title"),
        (told(Sheet9={"@type": "finding"}), "mapping_type_unknown", "findings"),
        (told(问题台账=SAID | {"天气": "title"}), "mapping_field_twice", "title"),
        (told(别的问题=SAID), "mapping_sheet_unknown", "问题台账"),
        (told(问题台账={"标题": "title"}), "mapping_heading_unknown", "标题文"),
        (told(问题台账={"列Z": "title"}), "mapping_heading_unknown", "标题文"),
        (told(填表说明={"标题文": "title"}), "mapping_type_missing", "findings"),
    ],
)  # fmt: skip
async def test_a_mapping_of_what_is_not_there_is_refused_and_told_what_is(
    desk: Place, mapping: str, code: str, names: str
) -> None:
    sheets = {"问题台账": odd(desk.code, 1), "填表说明": [["甲", "标题文"]]}
    error = await refused(desk, sheets, mapping)
    assert error["code"] == code and names in error["message"], error


async def test_lines_and_a_second_table_of_a_csv_are_not_mapped(desk: Place) -> None:
    line = {"number": f"{desk.code}-U900", "name": "甲", "kind": "other"}
    for content, media, mapping, code in (
        (lines([line]), NDJSON, told(a={"x": "name"}), "mapping_of_lines"),
        (delimited(odd(desk.code, 1)), CSV, told(a=SAID, b=SAID), "mapping_of_one_table"),
        (delimited(odd(desk.code, 1)), CSV, told(a={"@type": "units"}), "mapping_of_one_table"),
    ):
        path = "units" if media == NDJSON else "findings"
        done = await desk.api.import_file(content, media, type=path, mode="preview", mapping=mapping)
        assert (done["state"], done["problem"]["code"]) == ("failed", code)


async def test_two_columns_for_one_field_are_not_chosen_among_in_silence(desk: Place) -> None:
    rows = [[*FINDING, "标题文"], [*finding(desk.code, 1), "另一个标题"]]
    [row] = await desk.rejected({"问题台账": rows}, mapping=told(问题台账={"标题文": "title"}))
    assert [e["code"] for e in row["errors"]] == ["column_twice"]
    said = {"标题文": "title", "问题标题": None}
    [row] = await desk.api.rows(await desk.preview({"问题台账": rows}, mapping=told(问题台账=said)))
    assert {"field": "title", "from": None, "to": "另一个标题"} in row["changes"]


async def mappings(place: Place) -> list[Any]:
    found = (await place.api.read("/v1/import-mappings", jurisdiction=place.code))["items"]
    return [(one["type"], one["mapping"], one["sheets"]) for one in found]


async def test_what_is_remembered_is_used_said_and_forgotten(place: Place) -> None:
    seen = await place.preview({"我的表": odd(place.code, 1)}, mapping=told(我的表=SAID | {"@type": "findings"}))
    answer = await place.api.post(f"/v1/imports/{seen['id']}/actions/commit", json={"remember": True})
    assert (answer.status_code, answer.json()["state"]) == (200, "committed"), answer.text
    assert await mappings(place) == [("findings", SAID, ["我的表"])]
    later = await place.preview({"我的表（2）": odd(place.code, 2)})
    [sheet] = later["sheets"]
    assert (sheet["created"], sheet["remembered"], sheet["type_remembered"]) == (1, list(SAID), True)
    other = SAID | {"问题描述文字": "basis", "标题文": "description", "天气": "title"}
    [sheet] = (await place.preview({"问题台账": odd(place.code, 3)}, mapping=told(问题台账=other)))["sheets"]
    assert (sheet["mapping_used"], sheet["remembered"]) == (other, []), "what is sent goes before"
    [one] = (await place.api.read("/v1/import-mappings", jurisdiction=place.code))["items"]
    for status in (204, 404):
        assert (await place.api.delete(f"/v1/import-mappings/{one['id']}")).status_code == status
    [sheet] = (await place.preview({"我的表（2）": odd(place.code, 2)}))["sheets"]
    assert (sheet["rejected"], sheet["mapping_used"]) == (1, {}), "it is asked for again"


async def test_an_import_that_writes_nothing_remembers_nothing(place: Place) -> None:
    rows = [*odd(place.code, 1), [*finding(place.code, 2, 发现日期="x"), "雨"]]
    for mode in ("commit", "preview"):
        done = await place.commit({"问题台账": rows}, mode=mode, mapping=told(问题台账=SAID), remember="true")
        assert done["state"] in ("rejected", "checked") and await mappings(place) == []
    letter = {**SAID, "列J": "basis"}
    with_letter = [[*ODD, ""], [*finding(place.code, 3), "晴", "第三条"]]
    done = await place.commit({"问题台账": with_letter}, mapping=told(问题台账=letter), remember="true")
    assert done["state"] == "committed"
    assert await mappings(place) == [("findings", SAID, [])], "a letter says nothing of the next file"


async def test_a_mapping_is_known_to_whoever_imports_the_type_there(place: Place, new_place: NewPlace) -> None:
    await place.commit({"问题台账": odd(place.code, 1)}, mapping=told(问题台账=SAID), remember="true")
    office, supervision = place.api.acting(OFFICE), place.api.acting(SUPERVISION)
    at = "/v1/import-mappings"
    [one] = (await place.api.get(at, auth=office)).json()["items"]
    assert (one["type"], one["made_by_role"]) == ("findings", "ledger_loader")
    assert (await place.api.get(at, auth=supervision)).json()["items"] == [], "it imports no findings"
    assert (await place.api.delete(f"{at}/{one['id']}", auth=supervision)).status_code == 404
    assert (await place.api.get(at, auth=place.api.acting("leaders"))).status_code == 403
    stranger = await new_place()
    assert (await stranger.api.get(at)).json()["items"] == []
    assert (await stranger.api.delete(f"{at}/{one['id']}")).status_code == 404
    assert (await place.api.delete(f"{at}/{one['id']}", auth=office)).status_code == 204


async def test_a_commit_takes_no_other_mapping_than_was_checked(place: Place) -> None:
    mapping = {"问题台账": SAID}
    seen = await place.preview({"问题台账": odd(place.code, 1)}, mapping=json.dumps(mapping))
    path = f"/v1/imports/{seen['id']}/actions/commit"
    other = await place.api.post(path, json={"mapping": {"问题台账": SAID | {"天气": "basis"}}})
    assert (other.status_code, other.json()["code"]) == (409, "mapping_not_checked")
    for body, code in (({"remember": 1}, "not_yes_no"), ({"forget": True}, "unknown_member")):
        answer = await place.api.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    answer = await place.api.post(path, json={"mapping": mapping, "remember": False})
    assert (answer.status_code, answer.json()["state"]) == (200, "committed")


async def test_a_returned_file_is_marked_where_the_mapping_has_read_it(place: Place) -> None:
    rows = [*odd(place.code, 1), [*finding(place.code, 2, 发现日期="x"), "雨"]]
    done = await place.commit({"我的表": rows}, mapping=told(我的表=SAID | {"@type": "findings"}))
    assert (done["state"], (await place.api.get(f"/v1/imports/{done['id']}/workbook")).status_code) == ("rejected", 200)
