"""What a corrected calendar or rule moves, and what it leaves; what the night's run mends and escalates."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.deadlines.conftest import Keep
from tests.deadlines.test_obligations import due, opinion
from tests.support.bureaus import account, bureau
from tests.support.callers import NDJSON, SUPERVISION, Api
from tests.support.ledgers import lines
from tests.support.records import Maker
from tests.support.sql import owning

PLACE = "431321"  # a division of its own: what is entered for it moves nothing elsewhere


@pytest.fixture(scope="module")
async def bureau_of_moves(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    async with bureau(service, database.application_url, "moves", PLACE) as api:
        yield api


@pytest.fixture
def there(bureau_of_moves: Api) -> Maker:
    return Maker(bureau_of_moves)


@pytest.fixture(scope="module")
async def its_admin(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    name = await account(database.application_url, "moves_admin", "administrator", PLACE)
    async with Api.signed_in(service, name) as api:
        yield api


async def holidays(admin: Api, *days: str, kind: str = "holiday") -> None:
    body = {"days": [{"day": d, "kind": kind, "name": "县庆日"} for d in days], "source": "示府发〔2017〕9号"}
    answer = await admin.post("/v1/calendar-days", json=body | {"reason": "本地的节日"})
    assert answer.status_code == 201, answer.text


async def rule(admin: Api, **given: Any) -> Any:
    body = {
        "rule": "rectification",
        "amount": 2,
        "unit": "month",
        "roll": True,
        "citation": "示〔1〕",
        "reason": "本地规定",
    }
    answer = await admin.post("/v1/deadline-policies", json=body | given)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_local_holiday_moves_what_runs_there_and_nothing_that_is_done_or_elsewhere(
    there: Maker, make: Maker, its_admin: Api, keep: Keep
) -> None:
    running, done = await opinion(there, "2026-06-14"), await opinion(there, "2026-06-14")
    own_day = await opinion(there, "2026-06-14", due_on="2026-12-14")
    elsewhere = await opinion(make, "2026-06-14")
    office = there.api
    accepted = await office.act(
        done, "rectification-opinions", "accept", responsible_person="王某", due_on="2026-12-14", measures=["清退"]
    )
    [closed] = await due(office, done)
    await office.act(accepted.json(), "rectification-opinions", "complete", on="2026-11-19", result="已清退")
    before = {
        r["id"]: await due(r_api, r) for r_api, r in ((office, running), (office, own_day), (make.api, elsewhere))
    }
    assert [items[0]["due_on"] for items in before.values()] == ["2026-12-14"] * 3
    await holidays(its_admin, "2026-12-14", "2026-12-15")
    await keep()
    [moved] = await due(office, running)
    assert (moved["id"], moved["due_on"]) == (before[running["id"]][0]["id"], "2026-12-16")
    [event] = (await office.read(f"/v1/deadlines/{moved['id']}"))["history"]
    assert (event["kind"], event["cause"], event["due_before"], event["due_after"]) == (
        "moved", "calendar", "2026-12-14", "2026-12-16",
    )  # fmt: skip
    assert await due(office, own_day) == before[own_day["id"]]
    assert await due(make.api, elsewhere) == before[elsewhere["id"]]
    assert (await office.read(f"/v1/deadlines/{closed['id']}"))["due_on"] == "2026-12-14"
    await holidays(its_admin, "2026-12-14", "2026-12-15", kind="ordinary")
    await keep()
    assert [d["due_on"] for d in await due(office, running)] == ["2026-12-14"]


async def test_a_year_that_becomes_known_makes_a_provisional_day_a_firm_one(
    there: Maker, admin: Api, keep: Keep, database: EmbeddedPostgres
) -> None:
    made = await there("findings", found_on="2026-11-02")
    fed_back = await there.api.act(made, "findings", "feed_back", on="2026-11-30")
    assert fed_back.status_code == 200, fed_back.text
    told = await there("rectification-opinions", finding_number=made["number"])
    [found] = await due(there.api, told)
    assert (found["due_on"], found["provisional"]) == ("2027-05-31", True)
    body = {
        "year": 2027, "source": "国办发明电〔2026〕7号",
        "days": [{"day": f"2027-05-{n}", "kind": "holiday", "name": "假日"} for n in (31,)],
    }  # fmt: skip
    answer = await admin.post("/v1/calendar-days", json=body)
    assert (answer.status_code, answer.json()["known"]) == (201, True), answer.text
    await keep()
    [firm] = await due(there.api, told)
    assert (firm["id"], firm["due_on"], firm["provisional"]) == (found["id"], "2027-06-01", False)
    async with owning(database) as owner:  # other tests look beyond what is known
        await owner.execute("delete from calendar_year where year = 2027")
        await owner.execute("delete from calendar_day where day >= '2027-01-01' and not shipped")


async def test_a_rule_of_the_place_goes_before_that_of_the_country_by_the_day_of_the_trigger(
    there: Maker, its_admin: Api, keep: Keep
) -> None:
    early, late = await opinion(there, "2025-03-31"), await opinion(there, "2025-04-01")
    entered = await rule(its_admin, valid_from="2025-04-01", amount=10, unit="working_day")
    await keep("policy")
    assert [d["due_on"] for d in await due(there.api, early)] == ["2025-09-30"]
    [found] = await due(there.api, late)
    assert (found["due_on"], found["citation"]) == ("2025-04-16", "示〔1〕")
    again = await rule(its_admin, valid_from="2025-04-01", amount=11, unit="working_day")
    await keep("policy")
    assert [d["due_on"] for d in await due(there.api, late)] == ["2025-04-17"]
    rules = await its_admin.read("/v1/deadline-policies", rule="rectification", replaced="true")
    old = next(item for item in rules["items"] if item["id"] == entered["id"])
    assert old["replaced_at"] and old["replaced_why"] == "本地规定"
    answer = await its_admin.post(f"/v1/deadline-policies/{again['id']}/actions/withdraw", json={"reason": "有误"})
    assert answer.status_code == 200, answer.text
    await keep("policy")
    assert [d["due_on"] for d in await due(there.api, late)] == ["2025-10-09"]
    whole = await there.api.read(f"/v1/deadlines/{found['id']}")
    assert [event["cause"] for event in whole["history"]] == ["policy"] * 3
    assert (await its_admin.get("/v1/deadlines")).status_code == 403


async def test_what_the_country_holds_is_not_an_administrators_of_one_place(its_admin: Api, admin: Api) -> None:
    national = (await admin.read("/v1/deadline-policies", rule="adjudication"))["items"][0]
    answer = await its_admin.post(f"/v1/deadline-policies/{national['id']}/actions/withdraw", json={"reason": "试"})
    assert (answer.status_code, answer.json()["code"]) == (403, "jurisdiction_beyond")
    for place, pointer in (
        ("", "/jurisdiction"),
        ("4313", "/jurisdiction"),
        ("431382", "/jurisdiction"),
        ("43132", "/jurisdiction"),
    ):
        body = {"jurisdiction": place, "days": [{"day": "2026-12-30", "kind": "holiday", "name": "日"}], "source": "文"}
        answer = await its_admin.post("/v1/calendar-days", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text
    body = {"year": 2031, "days": [{"day": "2031-01-01", "kind": "holiday", "name": "日"}], "source": "文"}
    answer = await its_admin.post("/v1/calendar-days", json=body)
    assert answer.json()["errors"][0]["code"] == "year_of_whole_country"
    body = {"days": [{"day": "2026-12-30", "kind": "holiday", "name": "日"}] * 2, "source": "文"}
    answer = await its_admin.post("/v1/calendar-days", json=body)
    assert answer.json()["errors"][0]["pointer"] == "/days/1/day"


async def test_each_step_is_raised_once_however_many_ask_and_none_that_was_passed_over(
    there: Maker, keep: Keep
) -> None:
    made = await opinion(there, due_on="2026-11-10")
    [found] = await due(there.api, made)
    for day, level in (
        (date(2026, 11, 6), None),
        (date(2026, 11, 7), 1),
        (date(2026, 11, 12), 2),
        (date(2026, 11, 13), 2),
    ):
        await asyncio.gather(*(keep("calendar", day) for _ in range(3)))
        assert [d["level"] for d in await due(there.api, made)] == [level], day
    await keep("calendar", date(2026, 12, 10))
    whole = await there.api.read(f"/v1/deadlines/{found['id']}")
    assert [(s["level"], s["reached_on"], s["letter"]) for s in whole["escalations"]] == [
        (1, "2026-11-07", "reminder"), (2, "2026-11-11", "supervision"), (3, "2026-12-10", "talk"),
    ]  # fmt: skip
    old = await opinion(there, due_on="2017-07-31")
    await keep("calendar", date(2026, 12, 10))
    [late] = await due(there.api, old)
    whole = await there.api.read(f"/v1/deadlines/{late['id']}")
    assert [s["level"] for s in whole["escalations"]] == [3]


async def test_what_was_missed_is_found_at_night(there: Maker, keep: Keep, database: EmbeddedPostgres) -> None:
    gone, made = await opinion(there), await opinion(there)
    [kept], [closed] = await due(there.api, gone), await due(there.api, made)
    async with owning(database) as owner:
        await owner.execute("delete from obligation where id = $1::text::uuid", kept["id"])
        await owner.execute("update obligation set since = since - 1 where id = $1::text::uuid", closed["id"])
    assert (await keep("calendar", date(2026, 12, 1)))["mended"] >= 2
    assert [d["due_on"] for d in await due(there.api, gone)] == [kept["due_on"]]
    assert [d["since"] for d in await due(there.api, made)] == [closed["since"]]
    assert (await keep("calendar", date(2026, 12, 1)))["mended"] == 0


async def test_an_old_ledger_opens_what_its_own_columns_show_open(there: Maker, service: ASGIApp) -> None:
    office = there.api
    finding = await there("findings", found_on="2017-05-02")
    await office.act(finding, "findings", "feed_back", on="2017-06-09")
    base = {
        "round_number": finding["round_number"],
        "finding_number": finding["number"],
        "unit_number": finding["unit_number"],
    }
    rows = [
        {**base, "number": f"{finding['round_number']}-R-7{n:03}", "text": f"意见{n}", "kind": "specific", **more}
        for n, more in enumerate(({"due_on": "2017-08-08"}, {}, {"completed_on": "2017-07-19", "due_on": "2017-08-08"}))
    ]
    done = await office.import_file(lines(rows), NDJSON, type="rectification-opinions")
    assert done["state"] == "committed", done
    found = {
        d["record_number"][-4:]: d["due_on"]
        for d in await all_of(office, due_on_from="2017-08-08", due_on_to="2017-08-09")
    }
    assert {n: found.get(n) for n in ("7000", "7001", "7002")} == {
        "7000": "2017-08-08",
        "7001": "2017-08-09",
        "7002": None,
    }
    finished = [{**rows[n], "completed_on": "2017-08-01"} for n in (0, 1)]
    done = await office.import_file(lines(finished), NDJSON, type="rectification-opinions")
    assert done["state"] == "committed", done
    left = {d["record_number"][-4:] for d in await all_of(office, due_on_from="2017-08-08", due_on_to="2017-08-09")}
    assert not left & {"7000", "7001", "7002"}


async def test_many_rows_at_once_open_what_each_would_alone(there: Maker) -> None:
    office, days = there.api, ("2017-04-24", "2017-05-08", "2018-02-09")
    around = await there("rounds", starts_on="2017-04-10")
    base = {"round_number": around["number"], "matter": "清退违规收费", "lead_unit_number": office.unit["number"]}
    made = {}
    for day in days:
        body = {**base, "notified_on": day}
        made[day] = (await due(office, await office.write("/v1/immediate-rectifications", body)))[0]["due_on"]
    rows = [{**base, "number": f"{around['number']}-L-7{n:03}", "notified_on": days[n % 3]} for n in range(30)]
    done = await office.import_file(lines(rows), NDJSON, type="immediate-rectifications")
    assert done["state"] == "committed", done
    found = [d for d in await all_of(office, rule="immediate_rectification") if "-L-7" in d["record_number"]]
    assert len(found) == 30
    assert {d["since"]: d["due_on"] for d in found} == made and len({*made.values()}) == 3


async def all_of(api: Api, **params: str) -> list[Any]:
    """Every item of the list, two to a page."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = await api.read("/v1/deadlines", limit=2, **params, **cursor)
        found += page["items"]
        if page["next_cursor"] is None:
            days = [(item["due_on"], item["id"]) for item in found]
            assert days == sorted(days) and len({*days}) == len(days)
            return found
        cursor = {"cursor": page["next_cursor"]}


async def test_the_list_is_in_the_order_of_the_days_and_refuses_what_it_does_not_know(
    there: Maker, its_admin: Api
) -> None:
    assert SUPERVISION in there.api.names
    every = await all_of(there.api)
    overdue = await all_of(there.api, status="overdue")
    assert overdue and {d["id"] for d in overdue} == {d["id"] for d in every if d["light"] == "red"}
    assert {d["id"] for d in await all_of(there.api, status="idle")} <= {d["id"] for d in every}
    for params, name in (
        ({"status": "late"}, "status"), ({"rule": "x"}, "rule"), ({"record_type": "units"}, "record_type"),
        ({"due_on_from": "2017"}, "due_on_from"), ({"record_id": "x"}, "record_id"), ({"colour": "red"}, "colour"),
    ):  # fmt: skip
        answer = await there.api.get("/v1/deadlines", params=params)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, name), answer.text


async def test_the_service_moves_what_runs_by_itself(there: Maker, its_admin: Api) -> None:
    made = await opinion(there, "2026-06-21")
    assert [d["due_on"] for d in await due(there.api, made)] == ["2026-12-21"]
    await holidays(its_admin, "2026-12-21")
    async with asyncio.timeout(60):
        while [d["due_on"] for d in await due(there.api, made)] != ["2026-12-22"]:  # noqa: ASYNC110  # a job sends no event
            await asyncio.sleep(0.2)
    await holidays(its_admin, "2026-12-21", kind="ordinary")
