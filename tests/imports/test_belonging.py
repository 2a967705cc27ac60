"""An import belongs to its maker in one role and place: whoever is bound otherwise afterwards finds none of it."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.imports import worker
from tests.support.bureaus import account
from tests.support.callers import CSV, HOME, NEIGHBOUR, Api
from tests.support.records import Maker

_names = itertools.count()


@pytest.fixture
async def owner(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """The superuser, whom no policy binds."""
    connection = await connect(database.superuser_url)
    yield connection
    await connection.close()


@pytest.fixture
async def clerk(service: ASGIApp, database: EmbeddedPostgres, make: Maker) -> AsyncIterator[Api]:
    """Case supervision of a unit, which imports persons."""
    unit = await make("units", kind="discipline_body")
    name = f"belongs-{next(_names)}"
    await account(database.application_url, name, "case_supervision", HOME, unit_number=unit["number"])
    async with Api.signed_in(service, name) as api:
        api.username, api.unit = name, unit
        yield api


async def bind(owner: Any, name: str, **to: Any) -> None:
    """Binds an account otherwise."""
    given = {"role": "case_supervision", "code": HOME, "unit_number": None, **to}
    await owner.execute(
        "update principal set role = $2, code = $3::text, low = $3::text, high = $3::text || ':', unit_number = $4,"
        " unit_id = null where id = $1",
        name, given["role"], given["code"], given["unit_number"],
    )  # fmt: skip


async def persons(make: Maker, count: int = 1) -> tuple[bytes, str]:
    """A ledger of new persons, and the name of the first."""
    unit = (await make.shared("units"))["number"]
    names = [f"归属{next(_names):04}" for _ in range(count)]
    return "\n".join(["姓名,单位,职务", *(f"{n},{unit},主任" for n in names)]).encode(), names[0]


async def named(owner: Any, name: str) -> int:
    """How many persons have this name."""
    return int(await owner.fetchval("select count(*) from person where name = $1", name))


async def test_another_role_or_place_finds_no_import_of_the_account_and_the_old_one_finds_it_again(
    clerk: Api, make: Maker, owner: Any
) -> None:
    text, name = await persons(make)
    checked = await clerk.import_file(text, CSV, type="persons", mode="preview")
    assert checked["state"] == "checked", checked
    assert checked["state"] == "checked", await clerk.rows(checked)
    place = f"/v1/imports/{checked['id']}"
    other = (await make("units", kind="discipline_body"))["number"]
    for to in (
        {"unit_number": other},
        {"role": "inspection_office"},
        {"role": "organisation_department", "unit_number": clerk.unit["number"]},
        {"role": "inspection_office", "code": NEIGHBOUR},
        {"role": "ledger_loader"},
    ):
        await bind(owner, clerk.username, **to)
        for method, address in (
            ("GET", place), ("GET", f"{place}/rows"), ("GET", f"{place}/workbook"), ("POST", f"{place}/actions/commit"),
        ):  # fmt: skip
            answer = await clerk.request(method, address)
            assert name not in answer.text
            # A loader of the division sees the head, as soon as the service has heard that the account is one.
            if (to.get("role"), address, answer.status_code) == ("ledger_loader", place, 200):
                assert answer.json()["sheets"][0]["sheet"] is None
                continue
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (to, address, answer.text)
    await bind(owner, clerk.username, unit_number=clerk.unit["number"])
    assert (await clerk.rows(checked))[0]["result"] == "created"
    assert (await clerk.post(f"{place}/actions/commit")).json()["state"] == "committed"
    assert await named(owner, name) == 1


async def test_the_database_shows_a_row_of_an_import_to_nobody_else(clerk: Api, make: Maker, owner: Any) -> None:
    text, _ = await persons(make)
    checked = await clerk.import_file(text, CSV, type="persons", mode="preview")
    asked = (
        f"select count(*) from import_row where import_id = '{checked['id']}' and (select set_caller($1)) is not null"
    )

    async def seen() -> int:
        async with owner.transaction():
            await owner.execute("set local role ledger_case_supervision")
            return int(await owner.fetchval(asked, f'{{"sub": "{clerk.username}"}}'))

    assert await seen() == 1
    await bind(owner, clerk.username, unit_number=(await make("units", kind="discipline_body"))["number"])
    assert await seen() == 0
    await owner.execute("update principal set disabled = true where id = $1", clerk.username)
    assert await seen() == 0


@pytest.mark.parametrize("mode", ["preview", "commit"])
@pytest.mark.parametrize("change", ["another unit", "closed"])
async def test_a_waiting_import_is_not_carried_out_by_a_right_that_its_maker_has_no_more(
    change: str, mode: str, clerk: Api, make: Maker, owner: Any, service: Any
) -> None:
    """The job waits; meanwhile its maker is bound elsewhere."""
    text, name = await persons(make)
    checked = await clerk.import_file(text, CSV, type="persons", mode="preview")
    waiting = "update import_job set state = 'received', mode = $2, finished_at = null where id = $1::text::uuid"
    await owner.execute(waiting, checked["id"], mode)
    await owner.execute("delete from import_row where import_id = $1::text::uuid", checked["id"])
    file = worker.uploads(service.state.service.settings) / checked["id"]
    file.write_bytes(text)
    if change == "closed":
        await owner.execute("update principal set disabled = true where id = $1", clerk.username)
    else:
        await bind(owner, clerk.username, unit_number=(await make("units", kind="discipline_body"))["number"])
    payload = {"import": checked["id"], "account": clerk.username, "request": "waited"}
    await worker.run_import(service.state.service, payload)
    row = await owner.fetchrow("select state, problem::text from import_job where id = $1::text::uuid", checked["id"])
    assert row["state"] == "failed" and "import_right_changed" in row["problem"]
    assert await named(owner, name) == 0 and not file.exists()
    assert not await owner.fetchval("select count(*) from import_row where import_id = $1::text::uuid", checked["id"])


async def test_a_maker_bound_elsewhere_while_the_file_is_checked_writes_nothing(
    clerk: Api, make: Maker, owner: Any, database: EmbeddedPostgres
) -> None:
    """Its place is changed by the first record that is written: whatever follows is refused, and all is undone."""
    text, name = await persons(make, 300)
    other = (await make("units", kind="discipline_body"))["number"]
    await owner.execute(
        f"""create function elsewhere() returns trigger language plpgsql security definer as $$ begin
          update principal set unit_number = '{other}', unit_id = null where id = '{clerk.username}';
          return null; end $$"""
    )
    await owner.execute(
        "create trigger elsewhere after insert on person for each statement execute function elsewhere()"
    )
    try:
        answer = await clerk.post(
            "/v1/imports", params={"mode": "commit", "type": "persons"}, content=text, headers={"Content-Type": CSV}
        )
        import_id = answer.json()["id"]
        state = await ended(owner, import_id)
    finally:
        await owner.execute("drop trigger elsewhere on person")
        await owner.execute("drop function elsewhere()")
    assert state == "failed" and await named(owner, name) == 0


async def ended(owner: Any, import_id: str) -> str:
    """The state in which an import ends: the lock of its job is free again."""
    for _ in range(1200):
        state = str(await owner.fetchval("select state from import_job where id = $1::text::uuid", import_id))
        if state not in worker.jobs.OPEN_STATES:
            return state
        await owner.fetchval("select pg_sleep(0.05)")
    raise AssertionError(state)
