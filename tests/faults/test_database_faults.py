"""What the database refuses for reasons of its own is 503, says what it is and when to come back, and passes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.faults import CODES
from tests.faults.conftest import Wired
from tests.support.callers import Api
from tests.support.records import Maker
from tests.support.sql import owning

STATES = {state: code for state, code in CODES.items() if len(state) == 5} | {"58030": "database_damaged"}
# With these the session ends: a statement that commits itself may have been carried out.
STATES |= dict.fromkeys(("57P01", "57P02", "57P03", "08006"), "outcome_unknown") | {"55P03": "locked"}
# Ends the statement that writes a note of these words with that SQLSTATE, as Postgres itself would.
PLANT = """create function planted() returns trigger language plpgsql as $$
  begin raise exception 'planted' using errcode = substr(new.note, 7); end $$;
create trigger planted before update on unit for each row when (new.note like 'plant %') execute function planted()"""
PULL = "drop trigger planted on unit; drop function planted()"
Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
async def planted(database: EmbeddedPostgres) -> AsyncIterator[None]:
    async with owning(database) as owner:
        await owner.execute(PLANT)
        yield
        await owner.execute(PULL)


@pytest.mark.parametrize("state", STATES)
async def test_a_fault_of_the_database_is_503_with_its_name_and_the_next_write_is_made(
    state: str, planted: None, make: Maker, office: Api
) -> None:
    unit = await make("units")
    answer = await office.change(unit, "units", {"note": f"plant {state}"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (503, STATES[state]), problem
    assert ("没有保存" in problem["detail"]) == (problem["code"] != "outcome_unknown")
    assert int(answer.headers["retry-after"]) > 0
    assert (await office.read(f"/v1/units/{unit['id']}"))["version"] == 1
    assert (await office.change(unit, "units", {"note": "再来"})).status_code == 200


async def test_a_mistake_of_ours_is_500_and_claims_nothing(planted: None, make: Maker, office: Api) -> None:
    unit = await make("units")
    answer = await office.change(unit, "units", {"note": "plant 39004"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (500, "internal")
    assert "没有保存" not in problem["detail"] and "请先查看" in problem["detail"]


async def test_what_cannot_be_logged_is_not_shown(office: Api, make: Maker, database: EmbeddedPostgres) -> None:
    person = await make("persons")
    place = f"/v1/persons/{person['id']}"
    assert (await office.get(place)).status_code == 200
    async with owning(database) as owner:
        await owner.execute("alter table access_log add constraint planted check (kind <> 'read') not valid")
        try:
            answer = await office.get(place)
        finally:
            await owner.execute("alter table access_log drop constraint planted")
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "access_log_failing"), problem
        assert person["name"] not in answer.text and "保存" not in answer.text
        await owner.execute("alter table access_log rename to access_log_aside")
        try:
            assert (await office.get(place)).json()["code"] == "access_log_failing"
        finally:
            await owner.execute("alter table access_log_aside rename to access_log")
    assert (await office.get(place)).status_code == 200


@asynccontextmanager
async def set_for_new_sessions(database: EmbeddedPostgres, setting: str) -> AsyncIterator[None]:
    """A setting of the logins, which their sessions have from now on."""
    logins = ("ledger_app", "ledger_app_auth", "ledger_app_jobs")
    async with owning(database) as owner:
        for login in logins:
            await owner.execute(f"alter role {login} set {setting}")
        try:
            yield
        finally:
            for login in logins:
                await owner.execute(f"alter role {login} reset {setting.split()[0]}")


async def ready(wired: Wired) -> tuple[int, str]:
    """What `/health/ready` says: its status and its code."""
    answer = await wired.anonymous.get("/health/ready")
    return answer.status_code, answer.json().get("code", "")


async def test_on_a_read_only_database_reads_go_on_and_ready_says_why_it_is_not(
    service_on_wires: Wired, make: Maker, database: EmbeddedPostgres
) -> None:
    unit = await make("units")
    office, place = service_on_wires.office, f"/v1/units/{unit['id']}"
    assert await ready(service_on_wires) == (200, "")
    async with set_for_new_sessions(database, "default_transaction_read_only = on"):
        service_on_wires.requests.break_all()
        service_on_wires.auth.break_all()
        service_on_wires.app.state.service.authenticator.invalidate_all()
        assert await eventually(ready, service_on_wires, (503, "database_read_only"))
        assert (await office.get(place)).status_code == 200
        answer = await office.change(unit, "units", {"note": "不行"})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_read_only"), answer.text
    for wire in (service_on_wires.requests, service_on_wires.auth):
        wire.break_all()
    assert await eventually(ready, service_on_wires, (200, ""))
    assert (await office.change(unit, "units", {"note": "好了"})).status_code == 200


async def eventually(asked: Callable[[Wired], Awaitable[Any]], wired: Wired, wanted: Any) -> bool:
    """Whether the answer becomes this one; bounded."""
    seen = []
    for _ in range(400):
        seen.append(await asked(wired))
        if seen[-1] == wanted:
            return True
        await asyncio.sleep(0.05)
    raise AssertionError(f"never {wanted}: {set(seen)}")


async def test_ready_says_that_the_schema_is_another_or_a_key_is_not_here(
    service_on_wires: Wired, database: EmbeddedPostgres
) -> None:
    async with owning(database) as owner:
        for change, back, code in (
            ("update alembic_version set version_num = version_num || 'x'",
             "update alembic_version set version_num = rtrim(version_num, 'x')", "schema_changed"),
            ("update service_key set key_id = key_id || 'x'",
             "update service_key set key_id = rtrim(key_id, 'x')", "key_missing"),
        ):  # fmt: skip
            await owner.execute(change)
            try:
                assert await ready(service_on_wires) == (503, code)
            finally:
                await owner.execute(back)
    assert await ready(service_on_wires) == (200, "")


@pytest.mark.parametrize(
    ("refuse", "admit", "code"),
    [
        ("connection limit 0", "connection limit -1", "too_many_connections"),
        ("nologin", "login", "database_unreachable"),
    ],
)
async def test_a_connection_that_is_refused_has_saved_nothing_and_says_why(
    refuse: str, admit: str, code: str, service_on_wires: Wired, make: Maker, database: EmbeddedPostgres
) -> None:
    unit, office = await make("units"), service_on_wires.office
    async with owning(database) as owner:
        await owner.execute(f"alter role ledger_app {refuse}")
        try:
            service_on_wires.requests.break_all()
            await asyncio.sleep(0.05)  # until the service has heard that they are closed
            answer = await office.change(unit, "units", {"note": "不行"})
            read = await office.get(f"/v1/units/{unit['id']}")
        finally:
            await owner.execute(f"alter role ledger_app {admit}")
    assert (answer.status_code, answer.json()["code"]) == (503, code), answer.text
    assert "没有保存" in answer.json()["detail"] and int(answer.headers["retry-after"]) > 0
    assert (read.status_code, read.json()["code"], "保存" in read.text) == (503, code, False)
    assert (await office.change(unit, "units", {"note": "好了"})).status_code == 200
