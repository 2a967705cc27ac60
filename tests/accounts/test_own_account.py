"""What everyone does with the own account: the password, and the sessions."""

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.accounts.conftest import (
    FIRST_PASSWORD,
    Open,
    Serve,
    bearing,
    posting,
    set_own,
    settled,
    sign_in,
    token_of,
)
from tests.support.callers import HOME, PASSWORD, Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.records import Maker
from tests.support.sql import owning

ANOTHER = "a-pass-phrase-of-my-own"


async def told(admin: Api, make: Maker, username: str) -> None:
    """An account that nobody has to confirm, with the password that the administrator gave it."""
    unit = await make.shared("units")
    body = {"username": username, "password": FIRST_PASSWORD, "role": "inspected_unit", "jurisdiction": HOME}
    await admin.write("/v1/accounts", {**body, "unit_number": unit["number"]})


async def codes(answer: Any) -> set[tuple[str, str]]:
    assert checked(answer).status_code == 422, answer.text
    return {(e["pointer"], e["code"]) for e in answer.json()["errors"]}


async def test_a_password_that_another_has_set_is_changed_before_anything_else(
    admin: Api, make: Maker, anonymous: Client
) -> None:
    await told(admin, make, "told-1")
    token = (await sign_in(anonymous, "told-1", FIRST_PASSWORD)).json()["access_token"]
    me = (await bearing(anonymous, token)).json()
    assert (me["must_change_password"], me["role"]) == (True, "inspected_unit")
    paths = [f"/v1/{t.path}" for t in REGISTRY] + [
        "/v1/imports/x", "/v1/work-lists", "/v1/access-log", "/v1/accounts", "/v1/mean",
    ]  # fmt: skip
    for path in paths:
        answer = checked(await bearing(anonymous, token, path))
        wanted = (404, "no_such_path") if path == "/v1/mean" else (403, "password_must_change")
        assert (answer.status_code, answer.json()["code"]) == wanted, path
    answer = checked(await posting(anonymous, token, "/v1/findings", {"nonsense": 1}))
    assert answer.json()["code"] == "password_must_change"
    assert (await bearing(anonymous, token, "/v1/me/sessions")).status_code == 200
    assert (await set_own(anonymous, token, FIRST_PASSWORD, ANOTHER)).json()["must_change_password"] is False
    assert (await bearing(anonymous, token, "/v1/findings")).status_code == 200, "with the token it has"
    assert (await admin.read("/v1/accounts/told-1"))["must_change_password"] is False


async def test_a_new_own_password_ends_every_other_session_and_not_this_one(opened: Open, anonymous: Client) -> None:
    name = (await opened())["username"]
    here, there = await token_of(anonymous, name), await token_of(anonymous, name)
    for token in (here, there):
        assert (await bearing(anonymous, token)).status_code == 200
    assert (await set_own(anonymous, here, PASSWORD, ANOTHER)).status_code == 200
    assert (await bearing(anonymous, here)).status_code == 200
    assert checked(await bearing(anonymous, there)).status_code == 401
    assert (await sign_in(anonymous, name)).status_code == 401
    assert (await sign_in(anonymous, name, ANOTHER)).status_code == 200


async def test_what_is_no_new_password_is_refused(opened: Open, anonymous: Client) -> None:
    name = (await opened())["username"]
    token = await token_of(anonymous, name)
    for new, code in (
        ("short", "password_too_short"), ("1234567890", "password_obvious"), (f"{name}2017", "password_obvious"),
        ("woaini1314", "password_obvious"), ("P@ssw0rd123", "password_obvious"), ("巡察办" * 4, "password_obvious"),
        ("x" * 201, "text_too_long"), (PASSWORD, "password_unchanged"),
    ):  # fmt: skip
        assert await codes(await set_own(anonymous, token, PASSWORD, new)) == {("/new_password", code)}, new
    assert await codes(await set_own(anonymous, token, "not-the-password", ANOTHER)) == {
        ("/current_password", "password_wrong")
    }
    assert await codes(await posting(anonymous, token, "/v1/me/actions/set_password", {"new_password": ANOTHER})) == {
        ("/current_password", "required")
    }
    for phrase in ("correct horse battery", "梧桐更兼细雨到黄昏点点滴滴", "lower case only words"):
        assert (await set_own(anonymous, token, PASSWORD, phrase)).status_code == 200, "no character is asked for"
        assert (await set_own(anonymous, token, phrase, PASSWORD)).status_code == 200


async def test_a_session_left_open_does_not_guess_the_password(opened: Open, anonymous: Client) -> None:
    name = (await opened())["username"]
    token = await token_of(anonymous, name)
    for n in range(5):
        assert (await set_own(anonymous, token, f"wrong-{n}-password", ANOTHER)).status_code == 422
    assert await codes(await set_own(anonymous, token, PASSWORD, ANOTHER)) == {("/current_password", "password_wrong")}
    assert (await sign_in(anonymous, name)).status_code == 401, "it counts like a sign-in, and locks"
    assert (await bearing(anonymous, token)).status_code == 200


async def test_an_administrators_password_is_not_overwritten_by_one_under_way(
    admin: Api, opened: Open, anonymous: Client
) -> None:
    """Either comes second: both lock the account, and the own change holds only for the password it has checked."""
    for n in range(4):
        name = (await opened())["username"]
        token = await token_of(anonymous, name)
        place = f"/v1/accounts/{name}/actions/set_password"
        own, given = await asyncio.gather(
            set_own(anonymous, token, PASSWORD, ANOTHER), admin.post(place, json={"password": f"told-by-phone-{n}"})
        )
        assert given.status_code == 200 and own.status_code in (200, 401, 422), own.text
        assert (await sign_in(anonymous, name, f"told-by-phone-{n}")).status_code == 200
        assert (await admin.read(f"/v1/accounts/{name}"))["must_change_password"] is True


async def test_the_own_sessions_are_seen_and_ended(opened: Open, service: ASGIApp) -> None:
    desk, phone, other = (Client(service, host=f"10.1.0.{n}") for n in (1, 2, 3))
    name, stranger = (await opened())["username"], (await opened())["username"]
    here, there = await token_of(desk, name), await token_of(phone, name)
    foreign = await token_of(other, stranger)
    listed = (await bearing(desk, here, "/v1/me/sessions")).json()["items"]
    assert [(s["address"], s["current"]) for s in listed][:2] == [("10.1.0.2", False), ("10.1.0.1", True)]
    (theirs,) = [s for s in (await bearing(other, foreign, "/v1/me/sessions")).json()["items"] if s["current"]]
    assert theirs["id"] not in {s["id"] for s in listed}
    for id in (theirs["id"], "x", "0" * 36, "{" + listed[0]["id"][:34] + "}"):
        answer = checked(await posting(desk, here, f"/v1/me/sessions/{id}/actions/end", {}))
        assert answer.status_code == 404
    assert (await bearing(other, foreign)).status_code == 200, "nobody ends another's"
    assert (await posting(desk, here, f"/v1/me/sessions/{listed[0]['id']}/actions/end", {})).status_code == 204
    assert checked(await bearing(phone, there)).status_code == 401
    assert (await posting(desk, here, f"/v1/me/sessions/{listed[0]['id']}/actions/end", {})).status_code == 404
    assert (await posting(desk, here, f"/v1/me/sessions/{listed[1]['id']}/actions/end", {})).status_code == 204
    assert (await bearing(desk, here)).status_code == 401, "also this one"


async def test_a_system_has_no_sessions_and_no_password(admin: Api, anonymous: Client) -> None:
    body = {"label": "系统", "role": "auditor", "jurisdiction": HOME, "expires_at": "2099-12-31T00:00Z"}
    key = (await admin.write("/v1/api-keys", body))["key"]
    assert (await bearing(anonymous, key)).json()["idle_minutes"] is None
    assert checked(await bearing(anonymous, key, "/v1/me/sessions")).status_code == 403
    assert checked(await set_own(anonymous, key, key, ANOTHER)).status_code == 403


async def idle(database: EmbeddedPostgres, name: str, minutes: float) -> None:
    """As if the sessions of this account had last been used so many minutes ago."""
    async with owning(database) as owner:
        text = "update session set last_seen_at = now() - $2 * interval '1 minute' where principal = $1"
        await owner.execute(text, name, minutes)


async def test_a_session_that_was_idle_for_too_long_has_ended(
    opened: Open, another: Serve, database: EmbeddedPostgres
) -> None:
    name = (await opened())["username"]
    async with another(idle_minutes=10) as app:
        api = Client(app)
        token = await token_of(api, name)
        assert (await bearing(api, token)).json()["idle_minutes"] == 10
        for minutes, status in ((9.9, 200), (11.1, 401), (0, 401)):
            await idle(database, name, minutes)
            app.state.service.authenticator.invalidate_all()  # what it has seen within the last minute
            assert (await bearing(api, token)).status_code == status, minutes
        assert (await bearing(api, await token_of(api, name))).status_code == 200


async def test_one_worker_sees_that_a_session_is_in_use_in_the_other(
    opened: Open, another: Serve, database: EmbeddedPostgres, anonymous: Client, service: Any
) -> None:
    name = (await opened())["username"]
    async with another() as app:
        other = Client(app)
        token = await token_of(other, name)
        assert (await bearing(other, token)).status_code == 200
        await idle(database, name, 29)
        service.state.service.authenticator.invalidate_all()
        assert (await bearing(anonymous, token)).status_code == 200, "in use here"
        async with owning(database) as owner:
            ago = await owner.fetchval(
                "select min(now() - last_seen_at) < interval '1 minute' from session where principal = $1", name
            )
        assert ago, "and written down for the other"


async def test_a_system_is_never_idle(admin: Api, another: Serve, database: EmbeddedPostgres) -> None:
    body = {"label": "系统", "role": "auditor", "jurisdiction": HOME, "expires_at": "2099-12-31T00:00Z"}
    client = await admin.write("/v1/clients", body)
    form = {"grant_type": "client_credentials", "client_id": client["client_id"]}
    async with another(idle_minutes=1) as app:
        api = Client(app)
        answer = await api.post("/v1/oauth/token", data={**form, "client_secret": client["client_secret"]})
        async with owning(database) as owner:
            assert await owner.fetchval("select count(*) from session where principal = $1", client["client_id"]) == 0
        app.state.service.authenticator.invalidate_all()
        assert (await bearing(api, answer.json()["access_token"])).status_code == 200


@pytest.mark.parametrize("verb", ["disable", "set_password"])
async def test_what_ends_the_tokens_ends_the_sessions(
    verb: str, admin: Api, opened: Open, anonymous: Client, database: EmbeddedPostgres
) -> None:
    name = (await opened())["username"]
    await token_of(anonymous, name)
    place = f"/v1/accounts/{name}"
    if verb == "disable":
        headers = {"Content-Type": "application/merge-patch+json"}
        assert (await admin.patch(place, json={"disabled": True}, headers=headers)).status_code == 200
    else:
        await admin.write(f"{place}/actions/set_password", {"password": "told-by-telephone-8"})
    async with owning(database) as owner:
        going = await owner.fetchval("select count(*) from session where principal = $1 and ended_at is null", name)
    assert going == 0


async def test_own_settled_accounts_are_not_asked_again(admin: Api, make: Maker, anonymous: Client) -> None:
    """Neither those of the command line nor those whose password is their own."""
    await told(admin, make, "told-2")
    await settled(anonymous, "told-2")
    assert (await bearing(anonymous, await token_of(anonymous, "told-2"))).json()["must_change_password"] is False
    assert (await bearing(anonymous, await token_of(anonymous, "office"))).json()["must_change_password"] is False
