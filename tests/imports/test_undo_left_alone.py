"""What an undo leaves alone: what others have changed or built upon since, with all that hangs together with it."""

from typing import Any

from tests.imports.conftest import Place
from tests.imports.test_undo import content
from tests.support.callers import CSV, NDJSON, OFFICE, SUPERVISION
from tests.support.ledgers import FINDING, finding, lines


def codes(items: list[Any]) -> dict[str, str | None]:
    """By number why a record was left alone; null where it was put back."""
    return {item["number"]: item["code"] for item in items}


async def as_office(place: Place, rows: list[Any]) -> Any:
    """The import of findings by the office, which is told who has changed a record."""
    api, office = place.api, place.api.acting(OFFICE)
    text = "\n".join(",".join(map(str, row)) for row in [FINDING, *rows])
    query = {"mode": "commit", "type": "findings"}
    headers = {"Content-Type": CSV}
    sent = await api.post("/v1/imports", params=query, content=text.encode(), headers=headers, auth=office)
    assert sent.status_code == 202, sent.text
    while True:
        found = (await api.get(sent.headers["location"], auth=office)).json()
        if found["state"] == "committed":
            return found
        assert found["state"] in ("received", "checking", "committing"), found


async def test_what_somebody_has_changed_since_stays_and_is_named_with_its_version_and_by_whom(place: Place) -> None:
    api, office = place.api, place.api.acting(OFFICE)
    imported = await as_office(place, [finding(place.code, 1), finding(place.code, 2)])
    first = await api.read(f"/v1/findings/{place.round}-F-0001")
    changed = (await api.change(first, "findings", {"title": "改过的标题"})).json()
    address = f"/v1/imports/{imported['id']}"
    undone = (await api.post(f"{address}/actions/undo", auth=office)).json()
    assert undone["state"] == "undone", undone
    assert (undone["undo"]["records"], undone["undo"]["left_alone"]) == (1, 1)
    assert content(await api.read(f"/v1/findings/{first['id']}")) == content(changed)
    assert (await api.read(f"/v1/findings/{place.round}-F-0002"))["state"] == "voided"
    [left] = (await api.get(f"{address}/undo?result=left_alone", auth=office)).json()["items"]
    assert (left["number"], left["row"], left["code"]) == (f"{place.round}-F-0001", 2, "undo_changed_since")
    assert (left["version"], left["by"], left["by_role"]) == (2, api.names[OFFICE], "inspection_office")
    assert "没有动" in left["message"]
    [done] = (await api.get(f"{address}/undo?result=done", auth=office)).json()["items"]
    assert (done["number"], done["code"], done["version"]) == (f"{place.round}-F-0002", None, None)


async def test_where_nothing_can_be_undone_the_import_stays_committed_and_says_so(place: Place) -> None:
    imported = await place.commit({"问题台账": [FINDING, finding(place.code, 1)]})
    record = await place.api.read(f"/v1/findings/{place.round}-F-0001")
    await place.api.change(record, "findings", {"title": "改过的标题"})
    undone = await place.api.undo(imported)
    assert (undone["state"], undone["problem"]["code"]) == ("committed", "undo_nothing")
    assert (undone["undo"]["records"], undone["undo"]["left_alone"]) == (0, 1)
    voided = await place.api.act(
        await place.api.read(f"/v1/findings/{record['id']}"), "findings", "void", reason="重复"
    )
    assert voided.status_code == 200
    assert (await place.api.undo(imported))["undo"]["left_alone"] == 1


async def test_what_live_records_refer_to_stays_and_so_does_what_it_refers_to_itself(place: Place) -> None:
    code, r = place.code, place.round
    imported = await place.commit(
        {
            "巡察组": [["轮次编号", "组别", "组长"], [r, "第八巡察组", "组长戊08"], [r, "第九巡察组", "组长己09"]],
            "问题台账": [FINDING, finding(code, 1, 组别="第八巡察组"), finding(code, 2, 组别="第九巡察组")],
        }
    )
    opinion = {"round_number": r, "finding_number": f"{r}-F-0001", "unit_number": f"{code}-U045", "text": "整改"}
    made = await place.api.write("/v1/rectification-opinions", opinion)
    undone = await place.api.undo(imported)
    assert (undone["undo"]["records"], undone["undo"]["left_alone"]) == (2, 2)
    teams = {t["name"]: t for t in await place.api.every("teams", round_number=r)}
    told = codes(await place.api.undone(undone))
    assert told[f"{r}-F-0001"] == told[teams["第八巡察组"]["number"]] == "undo_referred_to"
    assert told[f"{r}-F-0002"] is None and "第九巡察组" not in teams
    assert (await place.api.act(made, "rectification-opinions", "void", reason="重复")).status_code == 200
    assert (await place.api.undo(imported, "redo"))["undo"]["left_alone"] == 0
    again = await place.api.undo(imported)  # now nothing refers to it any more
    assert (again["undo"]["records"], again["undo"]["left_alone"]) == (4, 0)


async def test_what_it_referred_to_before_is_voided_by_now(place: Place) -> None:
    code = place.code
    await place.commit({"问题台账": [FINDING, finding(code, 1, 被巡察单位="杨柳镇")]})
    imported = await place.commit({"问题台账": [["问题编号", "被巡察单位"], [f"{place.round}-F-0001", "市财政局"]]})
    unit = await place.api.read(f"/v1/units/{code}-U046")
    answer = await place.api.act(unit, "units", "void", reason="登记有误")
    assert answer.status_code == 200, answer.text
    undone = await place.api.undo(imported)
    assert codes(await place.api.undone(undone)) == {f"{place.round}-F-0001": "undo_refers_to_voided"}


async def test_a_natural_key_that_was_entered_anew_is_not_restored(place: Place) -> None:
    rows = [
        ["轮次编号", "组别", "组长"],
        [place.round, "第八巡察组", "组长戊08"],
        [place.round, "第九巡察组", "组长己09"],
    ]
    imported = await place.commit({"巡察组": rows})
    await place.api.undo(imported)
    again = await place.commit({"巡察组": rows[:2]})
    assert again["sheets"][0]["created"] == 1
    redone = await place.api.undo(imported, "redo")
    assert (redone["state"], redone["undo"]["records"], redone["undo"]["left_alone"]) == ("committed", 1, 1)
    assert [i["code"] for i in await place.api.undone(redone, "left_alone")] == ["undo_key_taken"]


async def transfers(place: Place) -> tuple[Any, Any, Any]:
    """A clue that was there, and an import of a clue and of a transfer of both; the second clue."""
    old, new, r, code = f"{place.round}-C-0800", f"{place.round}-C-0900", place.round, place.code
    body = {"round_number": r, "source": "inspection", "summary": "线索", "registered_on": "2017-05-14"}
    await place.api.import_file(lines([{"number": old, **body}]), NDJSON, type="clues")
    clue = (await place.api.get(f"/v1/clues/{old}", auth=place.api.acting(OFFICE))).json()
    transfer = {
        "number": f"{r}-T-900", "round_number": r, "route": "discipline", "from_unit_number": f"{code}-U003",
        "to_unit_number": f"{code}-U001", "clue_numbers": [old, new], "sent_on": "2017-06-11",
    }  # fmt: skip
    file = lines([{"type": "clues", "number": new, **body}, {"type": "clue-transfers", **transfer}])
    imported = await place.api.import_file(file, NDJSON)
    assert imported["state"] == "committed", [r["errors"] for r in await place.api.rows(imported)]
    return clue, imported, await place.api.read(f"/v1/clues/{new}")


async def test_a_transfer_is_undone_with_what_it_made_of_its_clues(place: Place) -> None:
    clue, imported, new = await transfers(place)
    moved = await place.api.read(f"/v1/clues/{clue['id']}")
    assert (moved["state"], new["state"]) == ("transferred", "transferred")
    undone = await place.api.undo(imported)
    assert {k: undone["undo"][k] for k in ("records", "followed", "left_alone")} == {
        "records": 2, "followed": 1, "left_alone": 0,
    }  # fmt: skip
    back = (await place.api.get(f"/v1/clues/{clue['id']}", auth=place.api.acting(OFFICE))).json()
    assert content(back) == content(clue)
    await place.api.undo(imported, "redo")
    assert content(await place.api.read(f"/v1/clues/{clue['id']}")) == content(moved)


async def test_a_transfer_whose_clue_was_worked_on_since_stays_with_all_that_it_moved(place: Place) -> None:
    clue, imported, new = await transfers(place)
    body = {"handling": "talk_inquiry", "on": "2017-06-28"}
    handled = await place.api.act(await place.api.read(f"/v1/clues/{clue['id']}"), "clues", "set_handling", **body)
    assert handled.status_code == 200, handled.text
    undone = await place.api.undo(imported)
    assert undone["state"] == "committed", undone
    told = codes(await place.api.undone(undone))
    assert told == {new["number"]: "undo_cause_left", f"{place.round}-T-900": "undo_effect_changed"}
    kept = await place.api.get(f"/v1/clues/{new['id']}", auth=place.api.acting(SUPERVISION))
    assert kept.json()["state"] == "transferred"
