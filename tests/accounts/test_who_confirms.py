"""Who may confirm what another has changed of an account, and who has a hand in it."""

from tests.accounts.conftest import (
    FIRST_PASSWORD,
    IN_A_YEAR,
    Open,
    bearing,
    confirmed,
    conflict,
    decide,
    first,
    me,
    names,
    pending,
    posting,
    settled,
    token_of,
)
from tests.support.callers import HOME, NEIGHBOUR, PATCH, Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.records import Maker


async def test_the_maker_does_not_confirm_and_neither_does_the_account(
    admin: Api, opened: Open, anonymous: Client
) -> None:
    made = await first(admin, role="administrator", jurisdiction="4313")
    (entry,) = await pending(admin, made["username"])
    own = admin.headers["Authorization"].removeprefix("Bearer ")
    for verb in ("confirm", "decline"):
        assert await conflict(await decide(anonymous, own, entry, verb)) == "second_person_needed"
    await settled(anonymous, made["username"])
    answer = await decide(anonymous, await token_of(anonymous, made["username"]), entry)
    assert (checked(answer).status_code, answer.json()["code"]) == (403, "role_unconfirmed")
    assert (await pending(admin, made["username"])) == [entry]


async def test_the_makers_other_account_needs_a_second_person_first(admin: Api, anonymous: Client) -> None:
    """Bound narrower, it would be another account of the same person: it has no role before somebody else says so."""
    narrow = await first(admin, role="security_officer")
    victim = await first(admin)
    await settled(anonymous, narrow["username"])
    (entry,) = await pending(admin, victim["username"])
    answer = await decide(anonymous, await token_of(anonymous, narrow["username"]), entry)
    assert (checked(answer).status_code, answer.json()["code"]) == (403, "role_unconfirmed")


async def test_a_key_is_the_hand_of_who_opened_it(admin: Api, anonymous: Client) -> None:
    body = {"label": "脚本", "role": "administrator", "jurisdiction": "", "expires_at": IN_A_YEAR}
    key = await admin.write("/v1/api-keys", body)
    await confirmed(admin, key["id"])
    username = f"first-{next(names)}"
    account = {"username": username, "password": FIRST_PASSWORD, "role": "inspection_office", "jurisdiction": HOME}
    answer = await posting(anonymous, key["key"], "/v1/accounts", account)
    assert answer.status_code == 201, answer.text
    (entry,) = await pending(admin, username)
    assert entry["maker"] == key["id"]
    own = admin.headers["Authorization"].removeprefix("Bearer ")
    assert await conflict(await decide(anonymous, own, entry)) == "second_person_needed"
    answer = await decide(anonymous, key["key"], entry)
    assert (checked(answer).status_code, answer.json()["code"]) == (403, "forbidden"), "no system confirms"
    assert (await decide(anonymous, await token_of(anonymous, "second"), entry)).status_code == 200


async def test_a_security_officer_confirms_and_does_nothing_else(
    admin: Api, opened: Open, make: Maker, anonymous: Client
) -> None:
    officer = await opened(role="security_officer")
    token = await token_of(anonymous, officer["username"])
    made, elsewhere = await first(admin), await first(admin, jurisdiction=NEIGHBOUR)
    (entry,), (foreign,) = [await pending(admin, a["username"]) for a in (made, elsewhere)]
    listed = (await bearing(anonymous, token, "/v1/account-changes", params={"state": "pending"})).json()["items"]
    assert entry in listed and foreign not in listed
    absent = {**foreign, "id": "00000000-0000-4000-8000-000000000000"}
    answers = [checked(await decide(anonymous, token, e)) for e in (foreign, absent, {"id": "x"})]
    assert {(a.status_code, a.json()["detail"]) for a in answers} == {(404, answers[0].json()["detail"])}
    assert (await decide(anonymous, token, entry)).json()["decided_by"] == officer["username"]
    for path in ("/v1/accounts", "/v1/access-log", "/v1/sign-ins", "/v1/findings", "/v1/clues"):
        assert checked(await bearing(anonymous, token, path)).status_code == 403, path
    assert (await me(anonymous, token))["may"] == {"account-changes": ["list", "confirm", "decline"]}


async def test_who_had_a_hand_in_what_waits_is_no_second_person(
    admin: Api, opened: Open, make: Maker, anonymous: Client
) -> None:
    """One grants, another mends the unit: neither has seen the whole as somebody who only looks."""
    other = await opened(role="administrator", jurisdiction="")
    theirs = await token_of(anonymous, other["username"])
    unit = await make("units")
    made = await first(admin, role="handling_department", unit_number=unit["number"])
    place = f"/v1/accounts/{made['username']}"
    body = {"home_unit_number": (await make("units"))["number"]}
    headers = {"Authorization": f"Bearer {theirs}", "Content-Type": PATCH}
    assert (await anonymous.patch(place, json=body, headers=headers)).status_code == 200
    (entry,) = await pending(admin, made["username"])
    own = admin.headers["Authorization"].removeprefix("Bearer ")
    for token in (own, theirs):
        assert await conflict(await decide(anonymous, token, entry)) == "second_person_needed"
    assert (await decide(anonymous, await token_of(anonymous, "second"), entry)).status_code == 200


async def test_who_knows_the_password_is_no_second_person(
    admin: Api, opened: Open, make: Maker, anonymous: Client
) -> None:
    made = await first(admin, role="inspected_unit", unit_number=(await make("units"))["number"])
    assert made["confirmation"] is None
    other = await opened(role="administrator", jurisdiction="")
    theirs = await token_of(anonymous, other["username"])
    place = f"/v1/accounts/{made['username']}"
    headers = {"Authorization": f"Bearer {theirs}", "Content-Type": PATCH}
    granted = await anonymous.patch(place, json={"role": "handling_department"}, headers=headers)
    assert granted.json()["confirmation"] == "pending"
    (entry,) = await pending(admin, made["username"])
    own = admin.headers["Authorization"].removeprefix("Bearer ")
    assert await conflict(await decide(anonymous, own, entry)) == "second_person_needed", "admin has set the password"
    await settled(anonymous, made["username"])
    headers = {**headers, "Authorization": f"Bearer {theirs}"}
    again = await anonymous.patch(place, json={"home_unit_number": (await make("units"))["number"]}, headers=headers)
    assert again.json()["confirmation"] == "pending"
    (entry,) = await pending(admin, made["username"])
    assert await conflict(await decide(anonymous, own, entry)) == "second_person_needed", "part of what waits since"
    assert (await decide(anonymous, await token_of(anonymous, "second"), entry)).status_code == 200


async def test_a_password_that_a_key_has_set_is_known_to_who_opened_the_key(
    admin: Api, opened: Open, make: Maker, anonymous: Client
) -> None:
    body = {"label": "脚本", "role": "administrator", "jurisdiction": "", "expires_at": IN_A_YEAR}
    key = await admin.write("/v1/api-keys", body)
    await confirmed(admin, key["id"])
    username = f"first-{next(names)}"
    unit = (await make("units"))["number"]
    account = {"username": username, "password": FIRST_PASSWORD, "role": "inspected_unit", "jurisdiction": HOME}
    assert (await posting(anonymous, key["key"], "/v1/accounts", {**account, "unit_number": unit})).status_code == 201
    other = await opened(role="administrator", jurisdiction="")
    headers = {"Authorization": f"Bearer {await token_of(anonymous, other['username'])}", "Content-Type": PATCH}
    place = f"/v1/accounts/{username}"
    granted = await anonymous.patch(place, json={"role": "handling_department"}, headers=headers)
    assert granted.json()["confirmation"] == "pending"
    (entry,) = await pending(admin, username)
    own = admin.headers["Authorization"].removeprefix("Bearer ")
    assert await conflict(await decide(anonymous, own, entry)) == "second_person_needed"
    assert (await decide(anonymous, await token_of(anonymous, "second"), entry)).status_code == 200
