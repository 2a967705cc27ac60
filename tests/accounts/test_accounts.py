"""Accounts: who may open which, what a role must and must not be bound to, and that changes hold at once."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.accounts.binding import SUBSCRIBABLE
from app.clock import now
from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from app.roles import ROLES
from tests.accounts.conftest import Open, amend, bearing, sign_in, token_of
from tests.support.callers import HOME, NEIGHBOUR, PASSWORD, Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.records import Maker
from tests.support.sql import owning


async def bound(role: str, make: Maker) -> dict[str, Any]:
    """What a role has to be bound to."""
    given: dict[str, Any] = {"role": role, "jurisdiction": HOME}
    if ROLES[role].unit == "required":
        given["unit_number"] = (await make.shared("units"))["number"]
    if role == "inspection_team":
        given["team_number"] = (await make.shared("teams"))["number"]
    if role == "ledger_loader":
        given["expires_at"] = (now() + timedelta(days=29)).isoformat()
    return given


@pytest.mark.parametrize("role", ROLES)
async def test_an_account_of_every_role_signs_in_and_is_told_who_it_is(
    role: str, opened: Open, make: Maker, anonymous: Client
) -> None:
    given = await bound(role, make)
    made = await opened(**given)
    assert {k: made[k] for k in ("role", "jurisdiction")} == {"role": role, "jurisdiction": HOME}
    assert (made["disabled"], made["locked_until"], made["created_by"]) == (False, None, "admin")
    token = await token_of(anonymous, made["username"])
    me = (await bearing(anonymous, token)).json()
    assert (me["username"], me["role"], me["jurisdiction"]) == (made["username"], role, HOME)
    assert (me["unit_number"], me["team_number"]) == (given.get("unit_number"), given.get("team_number"))
    assert bool(me["may"]) and made["created_at"].endswith("+08:00")


async def test_a_partner_is_told_which_types_it_has_subscribed(opened: Open, anonymous: Client) -> None:
    made = await opened(role="partner_system", jurisdiction=HOME, types=["units", "findings"])
    me = (await bearing(anonymous, await token_of(anonymous, made["username"]))).json()
    assert me["types"] == ["findings", "units"]


@pytest.mark.parametrize("role", ["superior", "auditor", "ledger_loader"])
async def test_a_role_without_rights_in_the_ledger_reads_and_writes_none_of_it(
    role: str, opened: Open, make: Maker, anonymous: Client
) -> None:
    record = await make("findings")
    made = await opened(**await bound(role, make))
    token = await token_of(anonymous, made["username"])
    for t in REGISTRY:
        answer = await bearing(anonymous, token, f"/v1/{t.path}")
        assert answer.status_code == 403, (t.path, answer.text)
        checked(answer)
    assert (await bearing(anonymous, token, f"/v1/findings/{record['id']}")).status_code in (403, 404)
    counted = await bearing(anonymous, token, f"/v1/rounds/{record['round_number']}/work-list")
    assert counted.status_code == (200 if role == "superior" else 403)


@pytest.mark.parametrize("who", ["office", "anonymous"])
async def test_nobody_but_an_administrator_comes_near(who: str, request: pytest.FixtureRequest) -> None:
    api: Client = request.getfixturevalue(who)
    wanted = (403, "forbidden") if who == "office" else (401, "unauthenticated")
    for path in ("accounts", "clients", "api-keys"):
        for method, place in (
            ("GET", f"/v1/{path}"),
            ("POST", f"/v1/{path}"),
            ("GET", f"/v1/{path}/admin"),
            ("PATCH", f"/v1/{path}/no-such"),
            ("POST", f"/v1/{path}/admin/actions/unlock"),
        ):
            answer = checked(await api.request(method, place, content=b"{"))
            assert (answer.status_code, answer.json()["code"]) == wanted, place


async def refused(admin: Api, status: int = 422, **given: Any) -> set[tuple[str, str]]:
    body = {"username": "nobody-1", "password": PASSWORD, "role": "inspection_office", "jurisdiction": HOME}
    answer = checked(await admin.post("/v1/accounts", json={**body, **given}))
    assert answer.status_code == status, answer.text
    return {(e["pointer"], e["code"]) for e in answer.json()["errors"]}


async def test_what_does_not_fit_the_role_is_refused_member_by_member(
    admin: Api, make: Maker, make_next_door: Maker
) -> None:
    unit, team = await make("units"), await make("teams")
    foreign = await make_next_door("units")
    soon, late = ((now() + timedelta(days=d)).isoformat() for d in (29, 31))
    for role in ROLES:
        anywhere = role in ("administrator", "superior", "ledger_loader")
        needs: dict[str, Any] = {"role": role}
        if ROLES[role].unit == "required":
            assert ("/unit_number", "binding_missing") in await refused(admin, **needs)
            needs["unit_number"] = unit["number"]
        elif role != "partner_system":
            assert ("/unit_number", "binding_superfluous") in await refused(admin, **needs, unit_number=unit["number"])
        if role == "inspection_team":
            assert ("/team_number", "binding_missing") in await refused(admin, **needs)
            needs["team_number"] = team["number"]
        else:
            assert ("/team_number", "binding_superfluous") in await refused(admin, **needs, team_number=team["number"])
        if role == "ledger_loader":
            assert await refused(admin, **needs) == {("/expires_at", "loader_expires")}
            assert await refused(admin, **needs, expires_at=late) == {("/expires_at", "loader_expires")}
            needs["expires_at"] = soon
        if role != "partner_system":
            assert await refused(admin, **needs, types=["findings"]) == {("/types", "binding_superfluous")}
        for code in ("4313", "", "43138x", "4313820", "４３１３８２"):
            if anywhere and code in ("4313", ""):
                continue
            found = await refused(admin, **{**needs, "jurisdiction": code})
            assert found == {("/jurisdiction", "not_a_prefix" if anywhere else "not_a_jurisdiction")}, (role, code)
        assert ("/password", "password_too_short") in await refused(admin, **needs, password="short")
    for number in (foreign["number"], "431382-U-no-such"):
        assert await refused(admin, role="inspected_unit", unit_number=number) == {
            ("/unit_number", "reference_not_found")
        }
    assert await refused(admin, role="inspection_team", team_number="no-such-1") == {
        ("/team_number", "reference_not_found")
    }
    assert await refused(admin, role="chief") == {("/role", "not_a_choice")}


async def test_a_voided_or_merged_unit_takes_no_account(admin: Api, office: Api, make: Maker) -> None:
    voided, merged, heir = [await make("units") for _ in range(3)]
    await office.act(voided, "units", "void", reason="重复登记")
    await office.act(merged, "units", "merge", merged_into_number=heir["number"], on="2019-12-30", reason="撤并")
    for unit in (voided, merged):
        assert await refused(admin, role="inspected_unit", unit_number=unit["number"]) == {
            ("/unit_number", "reference_not_found")
        }


async def test_a_partner_subscribes_to_types_that_are_shared(admin: Api, opened: Open) -> None:
    made = await opened(role="partner_system", types=["units", "findings", "units"])
    assert made["types"] == ["findings", "units"]
    assert (await opened(role="partner_system", types=list(SUBSCRIBABLE)))["types"] == sorted(SUBSCRIBABLE)
    assert (await opened(role="partner_system"))["types"] is None, "subscribed to nothing"
    for name in ("clues", "clue-transfers", "case-filings", "persons", "visits", "imports", "nonsense"):
        assert await refused(admin, role="partner_system", types=["findings", name]) == {("/types", "not_a_choice")}


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("username", "Office", "bad_username"),
        ("username", "x", "bad_username"),
        ("username", 7, "not_text"),
        ("password", "1234567890", "password_obvious"),
        ("password", "aaaaaaaaaaaa", "password_obvious"),
        ("password", "x" * 201, "text_too_long"),
        ("password", "with a \x00 nul", "control_characters"),
        ("expires_at", "2027-01-31", "not_a_moment_to_come"),
        ("expires_at", "2027-01-31T18:00", "not_a_moment_to_come"),
        ("expires_at", "2017-01-31T18:00+08:00", "not_a_moment_to_come"),
        ("expires_at", 1, "not_text"),
        ("role", None, "not_text"),
        ("types", "findings", "not_a_list"),
        ("generation", 3, "unknown_member"),
        ("label", "x", "unknown_member"),
    ],
)
async def test_a_member_that_is_wrong_is_named(admin: Api, member: str, value: Any, code: str) -> None:
    assert await refused(admin, **{member: value}) == {(f"/{member}", code)}


async def test_a_member_is_called_by_its_label_and_not_by_its_description(admin: Api) -> None:
    answer = await admin.post("/v1/accounts", json={})
    messages = {e["pointer"]: e["message"] for e in answer.json()["errors"]}
    assert (messages["/jurisdiction"], messages["/role"]) == ("“区划代码”必须填写。", "“角色”必须填写。")


async def test_a_password_is_not_the_user_name(admin: Api) -> None:
    for password in ("zhang.wei-long", "zhang.wei-long2017", "gnol-iew.gnahz"):
        assert await refused(admin, username="zhang.wei-long", password=password) == {("/password", "password_obvious")}


async def test_a_user_name_is_given_once(admin: Api, opened: Open) -> None:
    made = await opened()
    assert await refused(admin, 409, username=made["username"]) == {("/username", "username_taken")}


async def test_the_list_is_paged_by_name(admin: Api, opened: Open) -> None:
    names = {(await opened())["username"] for _ in range(3)}
    found, cursor = [], ""
    while True:
        page = await admin.read("/v1/accounts", limit="2", **({"cursor": cursor} if cursor else {}))
        found += [a["username"] for a in page["items"]]
        assert len(page["items"]) <= 2
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == sorted(found) and names <= set(found) and len(found) == len(set(found))
    for query in ("?limit=0", "?limit=many", "?colour=red"):
        assert checked(await admin.get(f"/v1/accounts{query}")).status_code == 400


async def test_no_answer_holds_a_secret(admin: Api, opened: Open, database: EmbeddedPostgres) -> None:
    made = await opened()
    async with owning(database) as owner:
        digest = await owner.fetchval("select digest from principal_secret where id = $1", made["username"])
    assert digest.startswith("$argon2id$")
    for path in ("/v1/accounts", f"/v1/accounts/{made['username']}"):
        text = (await admin.get(path)).text
        assert "argon2" not in text and PASSWORD not in text and "digest" not in text


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
    async with owning(database) as owner:
        text = (
            "update principal set disabled = true where role = 'administrator' and id <> 'admin' and not disabled"
            " returning id"
        )
        await owner.fetch(text)
    soon = (now() + timedelta(days=1)).isoformat()
    others: tuple[dict[str, Any], ...] = (
        {"disabled": True}, {"role": "inspection_office", "jurisdiction": HOME}, {"jurisdiction": "43"},
        {"expires_at": soon},
    )  # fmt: skip
    for change in others:
        answer = checked(await amend(admin, "/v1/accounts/admin", **change))
        assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator"), change
    second = await opened(role="administrator", jurisdiction="", expires_at=soon)
    answer = await amend(admin, "/v1/accounts/admin", disabled=True)
    assert answer.status_code == 409, "one that will expire is no successor"
    assert (await amend(admin, f"/v1/accounts/{second['username']}", expires_at=None)).status_code == 200
    assert (await amend(admin, f"/v1/accounts/{second['username']}", disabled=True)).status_code == 200
