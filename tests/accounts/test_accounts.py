"""Accounts: who may open which, and what a role must and must not be bound to."""

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.binding import SUBSCRIBABLE
from app.clock import now
from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from app.roles import ROLES
from tests.accounts.conftest import Open, bearing, token_of
from tests.support.callers import HOME, PASSWORD, Api
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
