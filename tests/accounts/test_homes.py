"""Where the person of an account belongs, and what an account is granted beside its role."""

from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.accounts.conftest import Open, amend
from tests.support.callers import HOME, NEIGHBOUR, PASSWORD, Api
from tests.support.problems import checked
from tests.support.records import Maker
from tests.support.sql import owning


async def errors(admin: Api, **given: Any) -> set[tuple[str, str]]:
    body = {"username": "nobody-1", "password": PASSWORD, "role": "inspection_office", "jurisdiction": HOME}
    answer = checked(await admin.post("/v1/accounts", json={**body, **given}))
    assert answer.status_code == 422, answer.text
    return {(e["pointer"], e["code"]) for e in answer.json()["errors"]}


async def stored(database: EmbeddedPostgres, username: str) -> Any:
    async with owning(database) as owner:
        return await owner.fetchval("select home_unit_id::text from principal where id = $1", username)


async def test_an_account_belongs_to_its_unit_unless_another_is_named(
    admin: Api, opened: Open, make: Maker, database: EmbeddedPostgres
) -> None:
    own, other, third = [await make("units") for _ in range(3)]
    made = await opened(role="inspected_unit", unit_number=own["number"])
    place = f"/v1/accounts/{made['username']}"
    assert made["home_unit_number"] == own["number"] and await stored(database, made["username"]) == own["id"]
    moved = (await amend(admin, place, unit_number=other["number"])).json()
    assert moved["home_unit_number"] == other["number"], "it follows"
    named = (await amend(admin, place, home_unit_number=third["number"])).json()
    assert named["home_unit_number"] == third["number"]
    assert await stored(database, made["username"]) == third["id"]
    moved = (await amend(admin, place, unit_number=own["number"])).json()
    assert moved["home_unit_number"] == third["number"], "named, it stays"
    there = {"unit_number": third["number"], "home_unit_number": third["number"]}
    assert (await amend(admin, place, **there)).json()["home_unit_number"] == third["number"]
    both = (await amend(admin, place, unit_number=other["number"], home_unit_number=third["number"])).json()
    assert both["home_unit_number"] == third["number"], "named as it was before, it stays, too"
    assert await stored(database, made["username"]) == third["id"]
    await amend(admin, place, unit_number=own["number"])
    assert (await amend(admin, place, home_unit_number=None)).json()["home_unit_number"] == own["number"]


async def test_who_comes_from_a_unit_to_the_office_is_of_that_unit_still(
    admin: Api, opened: Open, make: Maker, make_next_door: Maker, database: EmbeddedPostgres
) -> None:
    unit, foreign = await make("units"), await make_next_door("units")
    made = await opened(role="inspected_unit", unit_number=unit["number"])
    place = f"/v1/accounts/{made['username']}"
    changed = (await amend(admin, place, role="inspection_office", unit_number=None)).json()
    assert (changed["unit_number"], changed["home_unit_number"]) == (None, unit["number"])
    moved = (await amend(admin, place, jurisdiction=NEIGHBOUR)).json()
    assert moved["home_unit_number"] is None and await stored(database, made["username"]) is None
    moved = (await amend(admin, place, home_unit_number=foreign["number"])).json()
    assert moved["home_unit_number"] == foreign["number"]
    assert await stored(database, made["username"]) == foreign["id"]


async def test_a_home_must_be_a_live_unit_of_the_division(
    admin: Api, office: Api, opened: Open, make: Maker, make_next_door: Maker
) -> None:
    voided, foreign = await make("units"), await make_next_door("units")
    assert (await office.act(voided, "units", "void", reason="重复登记")).status_code == 200
    for number in (voided["number"], foreign["number"], "431382-U-no-such"):
        assert await errors(admin, home_unit_number=number) == {("/home_unit_number", "reference_not_found")}
    unit = await make("units")
    needs = {"role": "administrator", "jurisdiction": "4313"}
    assert await errors(admin, **needs, home_unit_number=unit["number"]) == {
        ("/home_unit_number", "binding_superfluous")
    }
    made = await opened(home_unit_number=unit["number"])
    assert (await office.act(unit, "units", "void", reason="重复登记")).status_code == 200
    renamed = await amend(admin, f"/v1/accounts/{made['username']}", role="leading_group")
    assert renamed.status_code == 200, "kin is found through the register, whatever became of the unit"


async def test_a_grant_is_for_accounts_of_a_discipline_body(admin: Api, opened: Open, make: Maker) -> None:
    plain, body = await make("units"), await make("units", kind="discipline_body")
    role = {"role": "case_supervision", "grants": ["own_cadres"]}
    assert await errors(admin, **role, unit_number=plain["number"]) == {("/grants", "grant_needs_discipline_body")}
    assert await errors(admin, grants=["own_cadres"]) == {("/grants", "binding_superfluous")}
    unknown = {"role": "case_supervision", "unit_number": body["number"], "grants": ["everything"]}
    assert await errors(admin, **unknown) == {("/grants", "not_a_choice")}
    made = await opened(**role, unit_number=body["number"])
    assert made["grants"] == ["own_cadres"]
    place = f"/v1/accounts/{made['username']}"
    left = checked(await amend(admin, place, unit_number=plain["number"]))
    assert [e["code"] for e in left.json()["errors"]] == ["grant_needs_discipline_body"]
    assert (await amend(admin, place, grants=None)).json()["grants"] == []
    assert (await amend(admin, place, grants=["own_cadres"])).json()["grants"] == ["own_cadres"]


@pytest.mark.parametrize("path", ["clients", "api-keys"])
async def test_systems_have_neither(path: str, admin: Api, make: Maker) -> None:
    unit = await make("units", kind="discipline_body")
    for more in ({"home_unit_number": unit["number"]}, {"grants": ["own_cadres"]}):
        bound = {"role": "case_supervision", "jurisdiction": HOME, "unit_number": unit["number"]}
        answer = checked(
            await admin.post(f"/v1/{path}", json={"label": "系统", "expires_at": "2099-12-31T00:00Z", **bound, **more})
        )
        assert [e["code"] for e in answer.json()["errors"]] == ["unknown_member"]
