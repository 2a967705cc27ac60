"""Two pairs of eyes: what opens clues, or decides on accounts, holds once a second person has confirmed it."""

import asyncio
from typing import Any

import pytest

from app.accounts.second_person import SENSITIVE
from app.db.embedded import EmbeddedPostgres
from app.roles import ROLES
from tests.accounts.conftest import (
    FIRST_PASSWORD,
    IN_A_YEAR,
    Open,
    Serve,
    amend,
    bearing,
    confirmed,
    conflict,
    decide,
    first,
    me,
    names,
    pending,
    posting,
    set_own,
    settled,
    sign_in,
    token_of,
)
from tests.accounts.test_accounts import bound
from tests.support.callers import HOME, NEIGHBOUR, PASSWORD, PATCH, Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.records import Maker
from tests.support.sql import owning


def test_these_roles_are_opened_by_two() -> None:
    """By hand, from the contract: whose cells of clues are not M, · or never; and who decides on accounts."""
    assert {
        "inspection_office", "inspection_team", "leading_group", "case_supervision", "handling_department",
        "organisation_department", "administrator", "security_officer",
    } == SENSITIVE  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_that_reads_clues_waits_for_a_second_person(
    role: str, admin: Api, make: Maker, anonymous: Client
) -> None:
    made = await first(admin, **await bound(role, make))
    waits = role in SENSITIVE
    assert made["confirmation"] == ("pending" if waits else None)
    entries = await pending(admin, made["username"])
    assert len(entries) == waits
    await settled(anonymous, made["username"])
    token = await token_of(anonymous, made["username"])
    own = await me(anonymous, token)
    assert (own["role"], own["confirmation"]) == ((None, "pending") if waits else (role, None))
    assert bool(own["may"]) is not waits
    answer = await bearing(anonymous, token, "/v1/findings")
    assert (answer.json().get("code") == "role_unconfirmed") is waits, answer.text
    if waits:
        assert entries[0]["present"]["role"] == role and entries[0]["former"] is None
        await confirmed(admin, made["username"])
        own = await me(anonymous, token)
        assert (own["role"], own["confirmation"], bool(own["may"])) == (role, None, True)
        again = (await bearing(anonymous, token, "/v1/findings")).json()
        assert again.get("code") != "role_unconfirmed", "with the token it has"


async def test_an_unconfirmed_role_is_none_for_the_database_either(
    admin: Api, make: Maker, database: EmbeddedPostgres
) -> None:
    await make("findings")
    made = await first(admin)
    see = "select set_caller($1), (select count(*) from finding where jurisdiction = $2) as seen"
    async with owning(database) as owner, owner.transaction():
        await owner.execute("set local role ledger_inspection_office")
        caller = f'{{"sub": "{made["username"]}"}}'
        await owner.fetch("select set_caller($1)", caller)
        assert await owner.fetchval("select count(*) from finding") == 0
        await owner.fetch("select set_caller($1)", '{"sub": "office"}')
        assert await owner.fetchval("select count(*) from finding") > 0, see


async def test_declined_it_stays_without_a_role(admin: Api, anonymous: Client) -> None:
    made = await first(admin)
    (entry,) = await pending(admin, made["username"])
    second = await token_of(anonymous, "second")
    assert (await decide(anonymous, second, entry, "decline")).json()["state"] == "declined"
    for verb in ("confirm", "decline"):
        assert await conflict(await decide(anonymous, second, entry, verb)) == "change_not_pending"
    place = f"/v1/accounts/{made['username']}"
    assert (await admin.read(place))["confirmation"] == "declined"
    answer = await admin.patch(place, json={"disabled": True}, headers={"Content-Type": PATCH})
    assert answer.json()["confirmation"] == "declined", "what opens nothing confirms nothing"
    assert (await amend(admin, place, disabled=False, role="leading_group")).status_code == 200
    assert (await admin.read(place))["confirmation"] is None, "the next grant was confirmed"


async def test_what_was_changed_again_is_confirmed_as_it_is_now(admin: Api, make: Maker, anonymous: Client) -> None:
    one, other = await make("units"), await make("units")
    made = await first(admin, role="handling_department", unit_number=one["number"])
    (before,) = await pending(admin, made["username"])
    place = f"/v1/accounts/{made['username']}"
    answer = await admin.patch(place, json={"unit_number": other["number"]}, headers={"Content-Type": PATCH})
    assert answer.json()["confirmation"] == "pending"
    second = await token_of(anonymous, "second")
    assert await conflict(await decide(anonymous, second, before)) == "change_not_pending", "it is not what was seen"
    (after,) = await pending(admin, made["username"])
    assert (after["former"]["unit_number"], after["present"]["unit_number"]) == (one["number"], other["number"])
    assert (await decide(anonymous, second, after)).status_code == 200
    assert (await admin.read(place))["confirmation"] is None


async def test_a_password_set_by_another_takes_the_role_until_it_is_confirmed(
    admin: Api, opened: Open, anonymous: Client
) -> None:
    made = await opened()
    token = await token_of(anonymous, made["username"])
    assert (await bearing(anonymous, token, "/v1/findings")).status_code == 200
    place = f"/v1/accounts/{made['username']}/actions/set_password"
    answered = await admin.write(place, {"password": "told-by-telephone-7"})
    assert (answered["confirmation"], answered["must_change_password"]) == ("pending", True)
    assert (await bearing(anonymous, token)).status_code == 401
    token = (await sign_in(anonymous, made["username"], "told-by-telephone-7")).json()["access_token"]
    assert (await set_own(anonymous, token, "told-by-telephone-7", "my-own-pass-phrase")).status_code == 200
    assert checked(await bearing(anonymous, token, "/v1/findings")).json()["code"] == "role_unconfirmed"
    await confirmed(admin, made["username"])
    assert (await bearing(anonymous, token, "/v1/findings")).status_code == 200


@pytest.mark.parametrize("path", ["clients", "api-keys"])
async def test_a_systems_secret_is_known_to_who_exchanged_it(path: str, admin: Api, anonymous: Client) -> None:
    body = {"label": "系统", "role": "inspection_office", "jurisdiction": HOME, "expires_at": IN_A_YEAR}
    made = await admin.write(f"/v1/{path}", body)
    name = made.get("client_id") or made["id"]
    place = f"/v1/{path}/{name}"
    assert made["confirmation"] == "pending"
    await confirmed(admin, name)
    assert (await admin.read(place))["confirmation"] is None
    assert (await admin.write(f"{place}/actions/rotate", {}))["confirmation"] == "pending"
    await confirmed(admin, name)
    assert (await admin.write(f"{place}/actions/unlock", {}))["confirmation"] is None


@pytest.mark.parametrize("member", ["unit_number", "home_unit_number", "grants", "jurisdiction", "role"])
async def test_every_member_that_may_open_a_clue_waits(
    member: str, admin: Api, opened: Open, make: Maker, make_next_door: Maker
) -> None:
    body = await make("units", kind="discipline_body")
    made = await opened(role="case_supervision", unit_number=body["number"])
    changes: dict[str, Any] = {
        "unit_number": {"unit_number": (await make("units"))["number"]},
        "home_unit_number": {"home_unit_number": (await make("units"))["number"]},
        "grants": {"grants": ["own_cadres"]},
        "jurisdiction": {"jurisdiction": NEIGHBOUR, "unit_number": (await make_next_door("units"))["number"]},
        "role": {"role": "organisation_department"},
    }
    headers = {"Content-Type": PATCH}
    place = f"/v1/accounts/{made['username']}"
    for change in ({"expires_at": IN_A_YEAR}, {"disabled": True}, {"disabled": False}):
        answer = await admin.patch(place, json=change, headers=headers)
        assert answer.json()["confirmation"] is None, "it opens nothing that was not open"
    answer = await admin.patch(place, json=changes[member], headers=headers)
    assert answer.status_code == 200 and answer.json()["confirmation"] == "pending", answer.text
    back = await admin.patch(place, json={"role": "inspected_unit", "grants": []}, headers=headers)
    assert back.json()["confirmation"] is None, "the role of a unit needs nobody else"
    assert await pending(admin, made["username"]) == []


async def test_pending_then_disabled_then_enabled_it_waits_still(admin: Api, anonymous: Client) -> None:
    made = await first(admin)
    (entry,) = await pending(admin, made["username"])
    place, headers = f"/v1/accounts/{made['username']}", {"Content-Type": PATCH}
    for disabled in (True, False):
        answer = await admin.patch(place, json={"disabled": disabled}, headers=headers)
        assert answer.json()["confirmation"] == "pending"
    assert await admin.patch(place, json={"disabled": True}, headers=headers)
    assert (await decide(anonymous, await token_of(anonymous, "second"), entry)).status_code == 200
    assert (await sign_in(anonymous, made["username"], FIRST_PASSWORD)).status_code == 401, "disabled, confirmed or not"


async def test_of_two_who_decide_at_once_one_decides(admin: Api, opened: Open, anonymous: Client) -> None:
    other = await opened(role="administrator", jurisdiction="")
    tokens = [await token_of(anonymous, name) for name in ("second", other["username"])]
    for _ in range(5):
        made = await first(admin)
        (entry,) = await pending(admin, made["username"])
        verbs = ("confirm", "decline")
        answers = await asyncio.gather(*(decide(anonymous, t, entry, v) for t, v in zip(tokens, verbs, strict=True)))
        assert sorted(a.status_code for a in answers) == [200, 409]
        won = next(a.json() for a in answers if a.status_code == 200)
        now = await admin.read(f"/v1/accounts/{made['username']}")
        assert now["confirmation"] == (None if won["state"] == "confirmed" else "declined")


async def test_a_change_and_a_confirmation_at_once_leave_nothing_unseen(
    admin: Api, make: Maker, anonymous: Client
) -> None:
    """Whoever comes second sees what the first did: never a role for a unit that nobody has confirmed."""
    second = await token_of(anonymous, "second")
    one, other = await make("units"), await make("units")
    for _ in range(8):
        made = await first(admin, role="handling_department", unit_number=one["number"])
        (entry,) = await pending(admin, made["username"])
        place = f"/v1/accounts/{made['username']}"
        change = admin.patch(place, json={"unit_number": other["number"]}, headers={"Content-Type": PATCH})
        changed, decided = await asyncio.gather(change, decide(anonymous, second, entry))
        assert changed.status_code == 200 and decided.status_code in (200, 409), decided.text
        assert (await admin.read(place))["confirmation"] == "pending"
        (waiting,) = await pending(admin, made["username"])
        assert waiting["present"]["unit_number"] == other["number"]


async def test_the_database_keeps_a_decision(admin: Api, database: EmbeddedPostgres) -> None:
    made = await first(admin)
    (entry,) = await pending(admin, made["username"])
    decide_as = "update account_change set state = 'confirmed', decided_by = $2, decided_at = now() where id = $1"
    async with owning(database) as owner:
        for name in ("admin", made["username"]):
            with pytest.raises(Exception, match="ck_account_change_second"):
                await owner.execute(decide_as, entry["id"], name)
        await owner.execute(decide_as, entry["id"], "second")
        for text in ("update account_change set state = 'declined'", "delete from account_change"):
            with pytest.raises(Exception, match="decided once"):
                await owner.execute(f"{text} where id = $1", entry["id"])
        with pytest.raises(Exception, match="decided once"):
            await owner.execute("update account_change set maker = 'nobody' where id = $1", entry["id"])


async def test_waived_it_holds_at_once_and_everybody_is_told(another: Serve, make: Maker) -> None:
    async with another(account_confirmation="waived") as app:
        api = Client(app)
        token = await token_of(api, "admin")
        username = f"first-{next(names)}"
        body = {"username": username, "password": FIRST_PASSWORD, "role": "inspection_office", "jurisdiction": HOME}
        answer = await posting(api, token, "/v1/accounts", body)
        assert (answer.status_code, answer.json()["confirmation"]) == (201, None)
        listed = (await bearing(api, token, "/v1/account-changes", params={"principal": username})).json()["items"]
        assert [(e["action"], e["state"], e["decided_by"]) for e in listed] == [("create", "unconfirmed", None)]
        await settled(api, username, FIRST_PASSWORD, PASSWORD)
        own = await me(api, await token_of(api, username))
        assert (own["role"], own["account_confirmation"]) == ("inspection_office", "waived")
        assert (await bearing(api, await token_of(api, username), "/v1/findings")).status_code == 200
