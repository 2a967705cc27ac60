"""A file becomes a plan, and the plan is carried out exactly, once, or not at all."""

import asyncio
from typing import Any

from tests.imports.conftest import NewPlace, Place
from tests.support.callers import CSV, Api
from tests.support.ledgers import FINDING, Rows, delimited, finding, register, workbook


def findings(code: str, *numbers: int, **cells: Any) -> dict[str, Rows]:
    return {"问题台账": [FINDING, *[finding(code, n, **cells) for n in numbers]]}


async def numbers(place: Place, path: str = "findings") -> list[str]:
    return sorted(record["number"][-4:] for record in await place.api.every(path))


async def versions(place: Place, number: str, path: str = "findings") -> list[int]:
    return [r["version"] for r in (await place.api.read(f"/v1/{path}/{number}/revisions"))["items"]]


async def test_one_wrong_row_and_nothing_is_written(place: Place) -> None:
    sheets = {"问题台账": [FINDING, finding(place.code, 1), finding(place.code, 2, 发现日期="x")]}
    done = await place.commit(sheets)
    assert (done["state"], done["sheets"][0]["created"], done["sheets"][0]["rejected"]) == ("rejected", 1, 1)
    assert await numbers(place) == []
    assert (await place.api.post(f"/v1/imports/{done['id']}/actions/commit")).status_code == 409


async def test_skip_rows_writes_the_others(place: Place) -> None:
    sheets = {
        "问题台账": [FINDING, finding(place.code, 1), finding(place.code, 2, 发现日期="x"), finding(place.code, 3)]
    }
    done = await place.commit(sheets, on_error="skip_rows")
    assert (done["state"], done["sheets"][0]["rejected"]) == ("committed", 1)
    assert await numbers(place) == ["0001", "0003"]
    [row] = await place.api.rows(done, "rejected")
    assert row["record_id"] is None


async def test_a_row_that_leans_on_a_skipped_one_is_skipped_as_well(place: Place) -> None:
    clue = ["线索编号", "轮次编号", "线索来源", "主要问题", "登记日期", "关联问题编号"]
    r = place.round
    rows = [[f"{r}-C-{n:04}", r, "信访举报", "问题", "2017-05-20", f"{r}-F-{n:04}"] for n in (1, 2)]
    bad = {
        "问题台账": [FINDING, finding(place.code, 1, 发现日期="x"), finding(place.code, 2)],
        "问题线索台账": [clue, *rows],
    }
    done = await place.commit(bad, on_error="skip_rows")
    assert done["state"] == "committed"
    assert (await numbers(place), await numbers(place, "clues")) == (["0002"], ["0002"])


async def test_a_preview_writes_nothing_and_its_commit_writes_exactly_what_it_showed(place: Place) -> None:
    seen = await place.preview(findings(place.code, 1, 2))
    assert (seen["state"], await numbers(place)) == ("checked", [])
    planned = await place.api.rows(seen)
    answer = await place.api.post(f"/v1/imports/{seen['id']}/actions/commit")
    assert (answer.status_code, answer.json()["state"]) == (200, "committed")
    written = {record["number"]: record["id"] for record in await place.api.every("findings")}
    assert written == {row["number"]: row["record_id"] for row in planned}


async def test_a_plan_is_committed_once_even_by_two_at_the_same_moment(place: Place) -> None:
    seen = await place.preview(findings(place.code, 1))
    path = f"/v1/imports/{seen['id']}/actions/commit"
    answers = await asyncio.gather(*(place.api.post(path) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    again = (await place.api.post(path)).json()
    assert again["code"] == "import_state" and "“已写入”" in again["detail"], again
    assert await versions(place, f"{place.round}-F-0001") == [1]


async def test_a_record_that_moved_since_the_preview_stops_the_whole_plan(place: Place) -> None:
    await place.commit(findings(place.code, 1))
    changed = findings(place.code, 2)["问题台账"][1:]
    seen = await place.preview({"问题台账": [FINDING, finding(place.code, 1, 问题标题="改过"), *changed]})
    record = await place.api.read(f"/v1/findings/{place.round}-F-0001")
    assert (await place.api.change(record, "findings", {"basis": "别人先改"})).status_code == 200
    answer = await place.api.post(f"/v1/imports/{seen['id']}/actions/commit")
    assert (answer.status_code, answer.json()["code"]) == (412, "plan_moved")
    named = {"sheet": "问题台账", "row": 2, "type": "findings", "number": f"{place.round}-F-0001"}
    assert answer.json()["moved"] == [named]
    receipt = await place.api.read(f"/v1/imports/{seen['id']}")
    assert (receipt["state"], receipt["problem"]["code"]) == ("checked", "plan_moved")
    assert receipt["problem"]["moved"] == [named]
    assert await numbers(place) == ["0001"]
    assert (await place.api.read(f"/v1/findings/{place.round}-F-0001"))["title"] == "标题1"


async def test_a_number_taken_since_the_preview_stops_the_whole_plan(place: Place) -> None:
    seen = await place.preview(findings(place.code, 1, 2))
    await place.commit(findings(place.code, 2))
    answer = await place.api.post(f"/v1/imports/{seen['id']}/actions/commit")
    assert (answer.status_code, answer.json()["code"]) == (412, "plan_moved")
    assert [(m["row"], m["number"][-4:]) for m in answer.json()["moved"]] == [(3, "0002")]
    assert await numbers(place) == ["0002"]


async def test_a_record_voided_since_the_preview_is_not_referred_to(place: Place) -> None:
    seen = await place.preview(findings(place.code, 1, 被巡察单位="杨柳镇"))
    unit = await place.api.read(f"/v1/units/{place.code}-U046")
    assert (await place.api.act(unit, "units", "void", reason="撤销")).status_code == 200
    answer = await place.api.post(f"/v1/imports/{seen['id']}/actions/commit")
    assert (answer.status_code, await numbers(place)) == (412, [])
    assert [m["row"] for m in answer.json()["moved"]] == [2]


async def test_a_voided_record_is_not_brought_back_by_its_number(place: Place) -> None:
    await place.commit(findings(place.code, 1))
    record = await place.api.read(f"/v1/findings/{place.round}-F-0001")
    assert (await place.api.act(record, "findings", "void", reason="重复")).status_code == 200
    [row] = await place.rejected(findings(place.code, 1))
    assert [e["code"] for e in row["errors"]] == ["record_voided_imported"]


async def test_a_blank_cell_never_clears_a_value(place: Place) -> None:
    header = [*FINDING, "定性依据", "涉及户数", "行为表现", "备注"]
    await place.commit({"问题台账": [header, [*finding(place.code, 1), "第三条", "300余户", "慢作为", "注"]]})
    for blanks in (["", "", "", ""], ["/", "—", "-", "无"]):
        done = await place.commit({"问题台账": [header, [*finding(place.code, 1), *blanks]]})
        assert done["sheets"][0]["unchanged"] == 1
    record = await place.api.read(f"/v1/findings/{place.round}-F-0001")
    assert (record["basis"], record["conduct"], record["note"]) == ("第三条", ["slow"], "注")
    assert record["households_affected"] == {"value": 300, "qualifier": "at_least"}
    assert await versions(place, record["number"]) == [1]


async def test_an_import_moves_a_state_only_forwards(place: Place) -> None:
    header = [*FINDING, "反馈日期"]
    number = f"{place.round}-F-0001"
    await place.commit(findings(place.code, 1))
    done = await place.commit({"问题台账": [header, [*finding(place.code, 1), "2017-06-09"]]})
    [row] = await place.api.rows(done)
    assert {"field": "state", "from": "registered", "to": "fed_back"} in row["changes"]
    record = await place.api.read(f"/v1/findings/{number}")
    assert (record["state"], record["fed_back_on"]) == ("fed_back", "2017-06-09")
    back = await place.commit(findings(place.code, 1))
    assert (back["sheets"][0]["unchanged"], await versions(place, number)) == (1, [2, 1])
    assert (await place.api.read(f"/v1/findings/{number}"))["state"] == "fed_back"


async def test_absence_from_a_file_closes_nothing(place: Place) -> None:
    await place.commit(findings(place.code, 1, 2))
    await place.commit(findings(place.code, 2))
    assert await versions(place, f"{place.round}-F-0001") == [1]


async def test_a_transfer_makes_its_clues_transferred_and_a_draft_does_not(place: Place) -> None:
    r = place.round
    clue = ["线索编号", "轮次编号", "线索来源", "主要问题", "登记日期", "办结日期"]
    transfer = ["移交编号", "轮次编号", "移交渠道", "移交单位", "接收单位", "线索编号", "移交日期"]
    clues = [[f"{r}-C-{n:04}", r, "信访举报", "问题", "2017-05-20", "2017-07-01" if n == 3 else ""] for n in (1, 2, 3)]
    rows = [
        [f"{r}-T-001", r, "纪检机关", "市委巡察办", "市纪律检查委员会", f"{r}-C-0001，{r}-C-0003", "2017-06-11"],
        [f"{r}-T-002", r, "组织部门", "市委巡察工作领导小组办公室", "市委组织部", f"{r}-C-0002", ""],
    ]
    done = await place.commit({"线索移交": [transfer, *rows], "问题线索台账": [clue, *clues]})
    assert done["state"] == "committed"
    found = {c["number"][-1]: (c["state"], c["holder_unit_number"]) for c in await place.api.every("clues")}
    holder = f"{place.code}-U001"
    assert found == {"1": ("transferred", holder), "2": ("registered", None), "3": ("concluded", holder)}
    assert {t["number"][-1]: t["state"] for t in await place.api.every("clue-transfers")} == {"1": "sent", "2": "draft"}


async def test_rows_without_a_number_are_numbered_after_the_highest_given_one(place: Place) -> None:
    rows = [finding(place.code, 7), finding(place.code, 1, 问题编号=""), finding(place.code, 2, 问题编号="")]
    await place.commit({"问题台账": [FINDING, *rows]})
    assert {f["title"]: f["number"][-4:] for f in await place.api.every("findings")} == {
        "标题7": "0007",
        "标题1": "0008",
        "标题2": "0009",
    }
    again = await place.commit({"问题台账": [FINDING, *rows]})
    assert again["sheets"][0]["unchanged"] == 3


async def test_an_import_and_its_rows_are_visible_to_its_maker_alone(
    place: Place, new_place: NewPlace, admin: Api, loader: Api, neighbour: Api
) -> None:
    seen = await place.preview(findings(place.code, 1))
    other = await new_place()
    for stranger in (other.api, neighbour, loader, admin):
        for path in ("", "/rows"):
            answer = await stranger.get(f"/v1/imports/{seen['id']}{path}")
            head = stranger is loader and not path  # of every division: it may undo it, and sees file, state and counts
            assert answer.status_code == (200 if head else 404)
        assert (await stranger.post(f"/v1/imports/{seen['id']}/actions/commit")).status_code == 404
    assert await numbers(place) == []


async def test_a_caller_of_many_jurisdictions_writes_where_the_file_says(place: Place, loader: Api) -> None:
    code, r = place.code, place.round
    by_numbers = await loader.import_file(workbook(findings(code, 1)), mode="preview")
    assert (by_numbers["jurisdiction"], by_numbers["sheets"][0]["created"]) == (code, 1)
    by_round = await loader.import_file(workbook({"巡察轮次": register(code)["巡察轮次"]}), mode="preview")
    assert (by_round["jurisdiction"], by_round["sheets"][0]["unchanged"]) == (code, 1)
    target = delimited([["轮次编号", "组别", "被巡察单位"], [r, "第一巡察组", "龙泉镇"]])
    params = {"type": "targets"}
    unsaid = await loader.post("/v1/imports", params=params, content=target, headers={"Content-Type": CSV})
    assert (unsaid.status_code, unsaid.json()["code"]) == (422, "jurisdiction_required")
    two = workbook({"问题台账": [FINDING, finding(code, 1), finding("431399", 2)]})
    assert (
        await loader.post(
            "/v1/imports",
            content=two,
            headers={"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        )
    ).status_code == 422
    named = await loader.import_file(target, CSV, mode="preview", jurisdiction=code, **params)
    assert named["sheets"][0]["created"] == 1


async def test_a_caller_of_one_jurisdiction_cannot_write_into_another(place: Place, new_place: NewPlace) -> None:
    other = await new_place()
    answer = await place.api.post(
        "/v1/imports", params={"jurisdiction": other.code, "type": "units"}, content=b"x", headers={"Content-Type": CSV}
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "jurisdiction_outside")


async def test_a_ledger_of_another_jurisdiction_is_not_taken_into_the_own_one_unseen(
    place: Place, new_place: NewPlace
) -> None:
    other = await new_place()
    done = await other.commit(register(place.code))
    assert done["state"] == "rejected"
    assert await other.api.every("units") == []
