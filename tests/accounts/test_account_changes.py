"""What is changed of an account holds with the next request, also for tokens already issued."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from starlette.types import ASGIApp

from app.clock import now
from app.db.embedded import EmbeddedPostgres
from tests.accounts.conftest import Open, amend, bearing, sign_in, token_of
from tests.support.bureaus import LIGHT
from tests.support.callers import HOME, NEIGHBOUR, PASSWORD, Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.records import Maker
from tests.support.sql import owning


async def test_disabling_holds_at_once_for_a_token_already_issued(admin: Api, opened: Open, anonymous: Client) -> None:
    made = await opened()
    place = f"/v1/accounts/{made['username']}"
    token = await token_of(anonymous, made["username"])
    assert (await bearing(anonymous, token)).status_code == 200
    assert (await amend(admin, place, disabled=True)).json()["disabled"] is True
    answer = checked(await bearing(anonymous, token))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert (await sign_in(anonymous, made["username"])).status_code == 401
    assert (await amend(admin, place, disabled=False)).status_code == 200
    assert (await bearing(anonymous, token)).status_code == 401, "enabled again, it has to sign in anew"
    assert (await bearing(anonymous, await token_of(anonymous, made["username"]))).status_code == 200


async def test_another_role_division_or_unit_holds_at_once(
    admin: Api, opened: Open, make: Maker, make_next_door: Maker, anonymous: Client
) -> None:
    made = await opened()
    place = f"/v1/accounts/{made['username']}"
    token = await token_of(anonymous, made["username"])
    mine, foreign = await make("findings"), await make_next_door("findings")
    assert (await bearing(anonymous, token, f"/v1/findings/{mine['id']}")).status_code == 200
    assert (await amend(admin, place, jurisdiction=NEIGHBOUR)).status_code == 200
    assert (await bearing(anonymous, token, f"/v1/findings/{mine['id']}")).status_code == 404
    assert (await bearing(anonymous, token, f"/v1/findings/{foreign['id']}")).status_code == 200
    first, second = await make("units"), await make("units")
    changed = await amend(admin, place, role="inspected_unit", jurisdiction=HOME, unit_number=first["number"])
    assert changed.status_code == 200, changed.text
    assert (await bearing(anonymous, token)).json()["unit_number"] == first["number"]
    assert (await bearing(anonymous, token, f"/v1/findings/{foreign['id']}")).status_code in (403, 404)
    assert (await amend(admin, place, unit_number=second["number"])).status_code == 200
    assert (await bearing(anonymous, token)).json()["unit_number"] == second["number"]
    wrong = checked(await amend(admin, place, role="inspection_office"))
    assert {(e["pointer"], e["code"]) for e in wrong.json()["errors"]} == {("/unit_number", "binding_superfluous")}
    assert (await amend(admin, place, role="inspection_office", unit_number=None)).status_code == 200
    assert (await bearing(anonymous, token)).json()["unit_number"] is None


async def test_a_division_changed_without_its_unit_is_refused(admin: Api, opened: Open, make: Maker) -> None:
    made = await opened(role="inspected_unit", unit_number=(await make("units"))["number"])
    answer = checked(await amend(admin, f"/v1/accounts/{made['username']}", jurisdiction=NEIGHBOUR))
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/unit_number", "reference_not_found")]


async def test_an_account_ends_when_it_expires(
    admin: Api, opened: Open, anonymous: Client, database: EmbeddedPostgres
) -> None:
    made = await opened(expires_at=(now() + timedelta(minutes=10)).isoformat())
    answer = (await sign_in(anonymous, made["username"])).json()
    assert 500 < answer["expires_in"] <= 600, "a token does not outlive its account"
    async with owning(database) as owner:
        text = "update principal set expires_at = now() - interval '1 second' where id = $1"
        await owner.execute(text, made["username"])
    assert (await sign_in(anonymous, made["username"])).status_code == 401
    renewed = await amend(admin, f"/v1/accounts/{made['username']}", expires_at=None)
    assert renewed.json()["expires_at"] is None
    assert (await bearing(anonymous, answer["access_token"])).status_code == 200


async def test_a_new_password_ends_the_tokens_of_the_former_one(admin: Api, opened: Open, anonymous: Client) -> None:
    made = await opened()
    token = await token_of(anonymous, made["username"])
    place = f"/v1/accounts/{made['username']}/actions/set_password"
    weak = checked(await admin.post(place, json={"password": made["username"]}))
    assert weak.status_code == 422
    await admin.write(place, {"password": "another-password-2"})
    assert (await bearing(anonymous, token)).status_code == 401
    assert (await sign_in(anonymous, made["username"])).status_code == 401
    assert (await sign_in(anonymous, made["username"], "another-password-2")).status_code == 200


async def test_an_administrator_of_a_province_manages_only_what_lies_within(
    admin: Api, opened: Open, service: ASGIApp
) -> None:
    chief = await opened(role="administrator", jurisdiction="4313")
    inside, outside = await opened(), await opened(jurisdiction="440100")
    whole = await opened(role="superior", jurisdiction="43")
    async with Api.signed_in(service, chief["username"]) as api:
        found = await api.read("/v1/accounts", limit="200")
        assert found["items"] and all(a["jurisdiction"].startswith("4313") for a in found["items"])
        assert (await api.get(f"/v1/accounts/{inside['username']}")).status_code == 200
        assert (await amend(api, f"/v1/accounts/{inside['username']}", disabled=True)).status_code == 200
        for account in (outside, whole):
            place = f"/v1/accounts/{account['username']}"
            absent = checked(await api.get("/v1/accounts/nobody-at-all")).json()
            for answer in (await api.get(place), await amend(api, place, disabled=True)):
                assert checked(answer).status_code == 404
                assert answer.json()["detail"] == absent["detail"]
        for code in ("", "43", "4301", "440100"):
            body = {"username": "beyond-1", "password": PASSWORD, "role": "administrator", "jurisdiction": code}
            answer = checked(await api.post("/v1/accounts", json=body))
            assert answer.json()["errors"][0]["code"] == "jurisdiction_outside", code
        moved = checked(await amend(api, f"/v1/accounts/{inside['username']}", jurisdiction="440100"))
        assert moved.json()["errors"][0]["code"] == "jurisdiction_outside"
        assert (await amend(api, f"/v1/accounts/{chief['username']}", jurisdiction="")).status_code == 422


async def test_the_last_administrator_of_the_whole_stays(admin: Api, opened: Open, database: EmbeddedPostgres) -> None:
    soon = (now() + timedelta(days=1)).isoformat()
    successor = await opened(role="administrator", jurisdiction="", expires_at=soon)
    place = f"/v1/accounts/{successor['username']}"
    others: tuple[dict[str, Any], ...] = (
        {"disabled": True}, {"role": "inspection_office", "jurisdiction": HOME}, {"jurisdiction": "43"},
        {"expires_at": soon},
    )  # fmt: skip
    async with alone(database, "admin", successor["username"]):
        for change in others:
            answer = checked(await amend(admin, "/v1/accounts/admin", **change))
            assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator"), change
        told = await admin.post("/v1/accounts/admin/actions/set_password", json={"password": "told-to-admin-17"})
        assert checked(told).json()["code"] == "last_administrator", "nobody could confirm it"
        assert (await amend(admin, place, expires_at=None)).status_code == 200, "one that expires is no successor"
        await admin.write(f"{place}/actions/set_password", {"password": "told-to-the-successor"})
        answer = checked(await amend(admin, "/v1/accounts/admin", disabled=True))
        assert answer.json()["code"] == "last_administrator", "nor is one who waits to be confirmed"
        async with owning(database) as owner:
            await owner.execute("update principal set withheld_by = null where id = $1", successor["username"])
        answer = await admin.post("/v1/accounts/admin/actions/set_password", json={"password": "told-to-admin-17"})
        assert answer.status_code == 200, answer.text
        async with owning(database) as owner:  # the password of the other tests
            await owner.execute(
                "update principal set withheld_by = null, must_change_password = false where id = 'admin'"
            )
            await owner.execute("update principal_secret set digest = $1 where id = 'admin'", LIGHT)
        admin.headers["Authorization"] = f"Bearer {await token_of(Client(admin.app), 'admin')}"
        assert (await amend(admin, place, disabled=True)).status_code == 200


@asynccontextmanager
async def alone(database: EmbeddedPostgres, *names: str) -> AsyncIterator[None]:
    """No other administrators than these while the block lasts."""
    text = (
        "update principal set disabled = true where role = 'administrator' and id <> all ($1) and not disabled"
        " returning id"
    )
    async with owning(database) as owner:
        out = [r["id"] for r in await owner.fetch(text, list(names))]
        try:
            yield
        finally:
            await owner.execute("update principal set disabled = false where id = any ($1)", out)
