"""An exported ledger that comes back is merged cell by cell, by the versions that it was exported from."""

from typing import Any

import pytest

from tests.imports.conftest import Place
from tests.support.callers import LOADER, NDJSON, OFFICE
from tests.support.ledgers import FINDING, finding, lines
from tests.support.sent_back import exported, exported_file, sent_back

N, V, TITLE, TEXT, BASIS = "问题编号", "版本", "问题标题", "问题表现", "问题依据"


@pytest.fixture
async def findings(place: Place) -> list[Any]:
    """Three findings of a place."""
    rows = [FINDING, *(finding(place.code, n) for n in (1, 2, 3))]
    assert (await place.commit({"问题台账": rows}))["state"] == "committed"
    return await place.api.every("findings", sort="number")


async def changed(place: Place, record: Any, path: str = "findings", **body: Any) -> None:
    answer = await place.api.change(record, path, body)
    assert answer.status_code == 200, answer.text


def codes(row: Any, what: str = "errors") -> list[tuple[str | None, str]]:
    return [(e["column"], e["code"]) for e in row[what]]


@pytest.mark.parametrize("who", [LOADER, OFFICE])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_the_sheet_changed_is_taken_and_what_the_system_changed_is_kept(
    place: Place, findings: list[Any], form: str, who: str
) -> None:
    ledger = await exported(place.api, "findings", form)
    await changed(place, findings[0], title="系统改的标题", description="系统改的表现")
    ledger.rows[0][TEXT] = "系统改的表现"  # as the system
    ledger.rows[0]["备注"] = "表里加的"
    done, rows = await sent_back(place.api, ledger, "findings", who)
    row = rows[findings[0]["number"]]
    assert (row["result"], row["errors"], row["warnings"]) == ("updated", [], [])
    assert row["changes"] == [{"field": "note", "from": None, "to": "表里加的"}]
    assert row["merged"] == {"base_version": 1, "kept": [{"field": "title", "value": "系统改的标题"}]}
    assert [rows[f["number"]]["result"] for f in findings[1:]] == ["unchanged", "unchanged"]
    done, _ = await sent_back(place.api, ledger, "findings", who, mode="commit")
    assert done["state"] == "committed"
    stored = await place.api.read(f"/v1/findings/{findings[0]['id']}")
    assert (stored["title"], stored["description"], stored["note"]) == ("系统改的标题", "系统改的表现", "表里加的")
    assert stored["version"] == 3
    done, rows = await sent_back(place.api, ledger, "findings", who)  # once more: nothing is left to do
    assert {r["result"] for r in rows.values()} == {"unchanged"}


async def test_a_cell_that_both_changed_is_rejected_with_both_values(place: Place, findings: list[Any]) -> None:
    ledger = await exported(place.api, "findings")
    more = {"amount_fen": 1_234_500, "found_on": "2017-05-15", "unit_number": f"{place.code}-U046"}
    await changed(place, findings[0], title="系统的", **more)
    ledger.rows[0] |= {
        TITLE: "表里的", "涉及金额（元）": "99.5", "发现日期": "2017-05-16", "被巡察单位": f"{place.code}-U066",
    }  # fmt: skip
    done, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    row = rows[findings[0]["number"]]
    assert row["result"] == "rejected"
    names = {"龙泉镇": 45, "龙泉镇河东村": 66, "杨柳镇": 46}
    units = [f"{name}（{place.code}-U0{n}）" for name, n in names.items()]
    shown = {e["column"]: (e["code"], e["in_base"], e["in_file"], e["in_system"]) for e in row["errors"]}
    assert shown == {
        TITLE: ("changed_by_both", "标题1", "表里的", "系统的"),
        "涉及金额（元）": ("changed_by_both", "—", "99.50元", "12,345.00元"),
        "发现日期": ("changed_by_both", "2017-05-14", "2017-05-16", "2017-05-15"),
        "被巡察单位": ("changed_by_both", *units),
    }
    assert "表里的" in row["errors"][0]["message"] and "系统的" in row["errors"][0]["message"]
    done, _ = await sent_back(place.api, ledger, "findings", OFFICE, mode="commit")
    assert done["state"] == "rejected"
    ledger.rows[0] |= {TITLE: "系统的", "涉及金额（元）": "12345", "发现日期": "2017-05-15"}
    ledger.rows[0] |= {"被巡察单位": f"{place.code}-U046", "备注": "商定"}
    done, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    assert [c["field"] for c in rows[findings[0]["number"]]["changes"]] == ["note"]


async def test_an_emptied_cell_keeps_its_value_and_is_warned_of(place: Place, findings: list[Any]) -> None:
    ledger = await exported(place.api, "findings")
    ledger.rows[1] |= {TITLE: "", TEXT: "新的表现"}
    _, rows = await sent_back(place.api, ledger, "findings")
    row = rows[findings[1]["number"]]
    assert codes(row, "warnings") == [(TITLE, "blank_keeps")] and not row["errors"]
    assert [c["field"] for c in row["changes"]] == ["description"]
    await sent_back(place.api, ledger, "findings", mode="commit")
    assert (await place.api.read(f"/v1/findings/{findings[1]['id']}"))["title"] == "标题2"


async def test_rows_are_added_to_an_exported_sheet_and_a_version_that_never_was_is_named(
    place: Place, findings: list[Any]
) -> None:
    ledger = await exported(place.api, "findings")
    new = {**ledger.rows[0], N: "", V: "", TITLE: "加的一行", TEXT: "加的一行"}
    copied = {**ledger.rows[0], N: "", TITLE: "抄的一行", TEXT: "抄的一行"}
    unknown = {**ledger.rows[0], N: f"{place.round}-F-0777"}
    for row, version in zip(ledger.rows, ("2", "0", "一"), strict=True):
        row[V] = version
    ledger.rows += [new, copied, unknown]
    _, by_number = await sent_back(place.api, ledger, "findings", OFFICE)
    assert codes(by_number[findings[0]["number"]]) == [(V, "version_unknown")]
    assert codes(by_number[findings[1]["number"]]) == [(V, "version_unknown")]
    assert codes(by_number[findings[2]["number"]]) == [(V, "not_a_whole_number")]
    assert codes(by_number[unknown[N]]) == [(V, "version_of_no_record")]
    ledger.rows = [new, copied]
    done, _ = await sent_back(place.api, ledger, "findings", OFFICE, mode="commit")
    assert done["state"] == "committed" and done["sheets"][0]["created"] == 2


async def test_a_unit_that_was_renamed_or_voided_since_is_no_change(place: Place, findings: list[Any]) -> None:
    unit = (await place.api.every("units", q=f"{place.code}-U045"))[0]
    ledger = await exported(place.api, "findings", "xlsx")
    assert ledger.rows[0]["被巡察单位"] == "龙泉镇"
    assert (await place.api.act(unit, "units", "rename", name="龙泉街道", reason="撤镇设街道")).status_code == 200
    ledger.rows[0][TITLE] = "表里改的"
    _, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    assert [c["field"] for c in rows[findings[0]["number"]]["changes"]] == ["title"]
    assert [rows[f["number"]]["result"] for f in findings[1:]] == ["unchanged", "unchanged"]
    await place.api.write("/v1/units", {"name": "龙泉镇", "kind": "township_street"})  # another takes the old name
    _, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    assert {tuple(codes(r)) for r in rows.values()} == {(("被巡察单位", "name_moved_on"),)}
    for row in ledger.rows:
        row["被巡察单位"] = f"{place.code}-U045"
    _, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    assert [rows[f["number"]]["result"] for f in findings] == ["updated", "unchanged", "unchanged"]


async def test_teams_that_swapped_their_names_are_not_taken_for_one_another(place: Place, findings: list[Any]) -> None:
    first, second = await place.api.every("teams", sort="number")
    ledger = await exported(place.api, "findings", "xlsx")
    await changed(place, first, "teams", name="暂名")
    await changed(place, second, "teams", name="第一巡察组")
    _, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    assert {tuple(codes(r)) for r in rows.values()} == {(("巡察组", "name_moved_on"),)}
    second = await place.api.read(f"/v1/teams/{second['id']}")
    await changed(place, second, "teams", name="第三巡察组")
    _, rows = await sent_back(place.api, ledger, "findings", OFFICE)  # nobody has the name: nobody else is meant
    assert {r["result"] for r in rows.values()} == {"unchanged"}


async def test_a_record_whose_reference_moved_and_was_voided_is_left_alone(place: Place, findings: list[Any]) -> None:
    gone = await place.api.write("/v1/units", {"name": "临时单位", "kind": "other"})
    await changed(place, findings[0], basis="依据", unit_number=gone["number"])
    sheets = [await exported(place.api, "findings", form) for form in ("csv", "xlsx")]
    now = await place.api.read(f"/v1/findings/{findings[0]['id']}")
    await changed(place, now, unit_number=f"{place.code}-U045")
    assert (await place.api.act(gone, "units", "void", reason="误录")).status_code == 200
    for sheet in sheets:
        _, rows = await sent_back(place.api, sheet, "findings", OFFICE)
        assert rows[findings[0]["number"]]["result"] == "unchanged", rows[findings[0]["number"]]


async def test_lines_of_ndjson_are_merged_too(place: Place, findings: list[Any]) -> None:
    content = await exported_file(place.api, "findings", "ndjson")
    await changed(place, findings[0], title="系统改的")
    number = findings[0]["number"]
    more = lines([{"number": number, "version": 1, "title": "标题1", "basis": "表里"}])
    _, rows = await sent_back(place.api, content, "findings", OFFICE, media=NDJSON)
    assert {r["result"] for r in rows.values()} == {"unchanged"} and not any(r["warnings"] for r in rows.values())
    _, rows = await sent_back(place.api, more, "findings", OFFICE, media=NDJSON)
    assert [c["field"] for c in rows[number]["changes"]] == ["basis"]
    both = lines([{"number": number, "version": 1, "title": "表里改的", "description": None}])
    _, rows = await sent_back(place.api, both, "findings", OFFICE, media=NDJSON)
    assert codes(rows[number]) == [("title", "changed_by_both")]
    assert codes(rows[number], "warnings") == [("description", "blank_keeps")]
    for version in (0, True, "1", 1.5):
        wrong = lines([{"number": number, "version": version, "title": "表里改的"}])
        _, rows = await sent_back(place.api, wrong, "findings", OFFICE, media=NDJSON)
        assert codes(rows[number]) == [("version", "not_a_whole_number")]


async def test_a_loader_is_not_shown_what_a_starred_member_held(place: Place) -> None:
    ledger = await exported(place.api, "teams")
    team = (await place.api.every("teams", sort="number"))[0]
    await changed(place, team, "teams", head_name="系统改的组长", head_post="系统改的职务")
    ledger.rows[0] |= {"组长": "表里改的组长", "组长职务": "表里改的职务"}
    ledger.rows[1]["组长"] = "另一组长"
    for who, told in ((LOADER, False), (OFFICE, True)):
        _, rows = await sent_back(place.api, ledger, "teams", who)
        by_column = {e["column"]: e for e in rows[team["number"]]["errors"]}
        assert ("系统改的组长" in str(by_column["组长"])) == told
        assert by_column["组长"]["code"] == ("changed_by_both" if told else "changed_by_both_unseen")
        assert by_column["组长职务"]["in_system"] == "系统改的职务"
        other = next(r for number, r in rows.items() if number != team["number"])
        assert other["changes"] == [
            {"field": "head_name", "from": "组长乙02" if told else None, "to": "另一组长"}
        ]  # fmt: skip


async def test_what_is_no_number_is_refused_as_ever(place: Place, findings: list[Any]) -> None:
    ledger = await exported(place.api, "findings")
    for row, number in zip(ledger.rows, ("编号\x01", "x" * 200, "\ud7ff"), strict=True):
        row[N] = number
    _, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    assert {tuple(codes(r)) for r in rows.values()} == {((N, "not_a_number"),)}
    line = b'{"number": "\\u0000", "version": 1, "title": "x"}\n{"number": 5, "version": 1}\n{"version": 1}\n'
    _, rows = await sent_back(place.api, line, "findings", OFFICE, media=NDJSON)
    assert all(r["result"] == "rejected" for r in rows.values())


async def test_an_edited_round_keeps_its_number_beside_an_untouched_one(place: Place) -> None:
    second = {"year": 2018, "sequence": 1, "kind": "routine", "theme": "甲", "starts_on": "2018-03-01"}
    await place.api.write("/v1/rounds", second)
    ledger = await exported(place.api, "rounds", "xlsx")
    ledger.rows[1]["主题"] = "改过的主题"
    done, rows = await sent_back(place.api, ledger, "rounds", OFFICE, mode="commit")
    assert done["state"] == "committed", rows
    assert [rows[row["轮次编号"]]["result"] for row in ledger.rows] == ["unchanged", "updated"]
    assert (await place.api.read(f"/v1/rounds/{place.code}-2018-01"))["theme"] == "改过的主题"


async def test_a_target_that_becomes_another_is_told_of_its_double(place: Place) -> None:
    code, r = place.code, place.round
    units = [f"{code}-U045", f"{code}-U046"]
    for unit in units:
        body = {"round_number": r, "team_number": f"{r}-Z-001", "unit_number": unit}
        await place.api.write("/v1/targets", body)
    ledger = await exported(place.api, "targets")
    ledger.rows[0]["被巡察单位"] = units[1]
    _, rows = await sent_back(place.api, ledger, "targets", OFFICE)
    assert [(e["code"]) for e in rows[f"{r}-D-001"]["errors"]] == ["key_in_use"], rows
    for row in ledger.rows:
        row["对象编号"] = ""
    gone = await place.api.read(f"/v1/targets/{r}-D-002")
    await changed(place, gone, "targets", note="系统改的")
    ledger.rows[0]["被巡察单位"] = units[0]
    _, rows = await sent_back(place.api, ledger, "targets", OFFICE)
    found = {row["result"]: codes(row) for row in rows.values()}
    assert found["rejected"] == [("对象编号", "version_without_number")] and found["unchanged"] == [], found


async def test_a_sheet_without_versions_is_imported_as_ever(place: Place, findings: list[Any]) -> None:
    ledger = await exported(place.api, "findings")
    await changed(place, findings[0], title="系统改的")
    ledger.headings.remove(V)
    _, rows = await sent_back(place.api, ledger, "findings", OFFICE)
    row = rows[findings[0]["number"]]
    assert row["changes"] == [{"field": "title", "from": "系统改的", "to": "标题1"}] and row["merged"] is None
