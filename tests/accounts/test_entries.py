"""What the auditor reads: every change of an account, every sign-in, and every refusal of one."""

from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.accounts.conftest import (
    FIRST_PASSWORD,
    Open,
    amend,
    bearing,
    confirmed,
    posting,
    set_own,
    settled,
    sign_in,
    token_of,
)
from tests.support.bureaus import account
from tests.support.callers import HOME, NEIGHBOUR, PASSWORD, Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.records import Maker
from tests.support.sql import owning


@pytest.fixture(scope="module")
async def auditor(service: Any, database: EmbeddedPostgres) -> Any:
    async with Api.signed_in(service, await account(database.application_url, "entries-1", "auditor", HOME)) as api:
        yield api


@pytest.fixture(scope="module")
async def next_door(service: Any, database: EmbeddedPostgres) -> Any:
    name = await account(database.application_url, "entries-2", "auditor", NEIGHBOUR)
    async with Api.signed_in(service, name) as api:
        yield api


async def changes_of(api: Api, name: str, **more: str) -> list[Any]:
    return list((await api.read("/v1/account-changes", principal=name, **more))["items"])


async def test_each_verb_is_an_entry(
    admin: Api, auditor: Api, make: Maker, anonymous: Client, database: EmbeddedPostgres
) -> None:
    unit = (await make("units"))["number"]
    body = {"username": "entered-1", "password": FIRST_PASSWORD, "role": "inspected_unit", "jurisdiction": HOME}
    await admin.write("/v1/accounts", {**body, "unit_number": unit})
    await settled(anonymous, "entered-1")
    place = "/v1/accounts/entered-1"
    await amend(admin, place, role="organisation_department")
    await amend(admin, place, role="organisation_department")  # changes nothing
    await amend(admin, place, disabled=True)
    await admin.write(f"{place}/actions/unlock", {})
    await admin.write(f"{place}/actions/set_password", {"password": "told-by-telephone-9"})
    entries = await changes_of(auditor, "entered-1")
    assert [(e["action"], e["changed"], e["maker"], e["state"], e["decided_by"]) for e in entries] == [
        ("set_password", [], "admin", "pending", None),
        ("unlock", [], "admin", "not_required", None),
        ("change", ["disabled"], "admin", "not_required", None),
        ("change", ["role"], "admin", "confirmed", "second"),
        ("change_own_password", [], "entered-1", "not_required", None),
        ("create", entries[-1]["changed"], "admin", "not_required", None),
    ]
    grant = entries[3]
    assert (grant["former"]["role"], grant["present"]["role"]) == ("inspected_unit", "organisation_department")
    assert {m for m in grant["present"] if grant["present"][m] != grant["former"][m]} == {"role"}
    assert entries[-1]["present"]["unit_number"] == unit and entries[-1]["former"] is None
    assert all(e["request_id"] and e["at"].endswith("+08:00") for e in entries)
    text = (await auditor.get("/v1/account-changes", params={"principal": "entered-1"})).text
    for secret in (FIRST_PASSWORD, PASSWORD, "told-by-telephone-9", "argon2", "digest"):
        assert secret not in text
    async with owning(database) as owner:
        kept = await owner.fetchval("select jsonb_agg(to_jsonb(c))::text from account_change c")
    assert FIRST_PASSWORD not in kept and "argon2" not in kept


async def test_systems_are_entered_too(admin: Api, auditor: Api) -> None:
    body = {"label": "系统", "role": "superior", "jurisdiction": HOME, "expires_at": "2099-12-31T00:00Z"}
    key = await admin.write("/v1/api-keys", body)
    await admin.write(f"/v1/api-keys/{key['id']}/actions/rotate", {})
    entries = await changes_of(auditor, key["id"])
    assert [(e["action"], e["kind"]) for e in entries] == [("rotate", "api_key"), ("create", "api_key")]
    assert key["key"] not in str(entries)


async def test_a_refused_change_leaves_no_entry(admin: Api, auditor: Api, opened: Open) -> None:
    made = await opened()
    before = await changes_of(auditor, made["username"])
    assert (await amend(admin, f"/v1/accounts/{made['username']}", unit_number="431382-U-none")).status_code == 422
    assert await changes_of(auditor, made["username"]) == before


async def test_an_auditor_reads_of_accounts_that_reach_into_its_division(
    admin: Api, auditor: Api, next_door: Api, opened: Open
) -> None:
    here, there = await opened(), await opened(jurisdiction=NEIGHBOUR)
    above, away = await opened(role="superior", jurisdiction="4313"), await opened(role="superior", jurisdiction="44")
    for api, seen, unseen in ((auditor, here, there), (next_door, there, here)):
        assert await changes_of(api, seen["username"]) and await changes_of(api, above["username"])
        assert not await changes_of(api, unseen["username"]) and not await changes_of(api, away["username"])
        assert await changes_of(api, "admin"), "who reaches everywhere"


async def test_of_an_account_that_moved_each_side_reads_its_own(
    admin: Api, auditor: Api, next_door: Api, opened: Open, make: Maker, make_next_door: Maker
) -> None:
    one, other = await make("units"), await make_next_door("units")
    made = await opened(role="inspected_unit", unit_number=one["number"])
    place = f"/v1/accounts/{made['username']}"
    assert (await amend(admin, place, jurisdiction=NEIGHBOUR, unit_number=other["number"])).status_code == 200
    (left, *_), (came, *_) = [await changes_of(api, made["username"]) for api in (auditor, next_door)]
    assert left["id"] == came["id"]
    assert (left["former"]["unit_number"], left["present"]) == (one["number"], None)
    assert (came["former"], came["present"]["unit_number"]) == (None, other["number"])
    assert len(await changes_of(next_door, made["username"])) == 1, "what was before is not theirs"


async def test_only_who_audits_or_confirms_reads_them(
    office: Api, loader: Api, superior: Api, anonymous: Client, auditor: Api
) -> None:
    for api in (office.acting("office"), office.acting("supervision")):
        for path in ("/v1/account-changes", "/v1/sign-ins"):
            assert checked(await office.get(path, auth=api)).status_code == 403
    for caller in (loader, superior):
        for path in ("/v1/account-changes", "/v1/sign-ins"):
            assert checked(await caller.get(path)).status_code == 403
    assert checked(await anonymous.get("/v1/sign-ins")).status_code == 401
    for query in ("?colour=red", "?state=open", "?at_from=x", "?without_home_unit=yes", "?principal=A%20B"):
        assert checked(await auditor.get(f"/v1/account-changes{query}")).status_code == 400, query


async def test_reading_them_is_entered_in_the_access_log(auditor: Api) -> None:
    await auditor.read("/v1/account-changes")
    await auditor.read("/v1/sign-ins")
    log = (await auditor.read("/v1/access-log", principal="entries-1", limit="2"))["items"]
    assert [e["kind"] for e in log] == ["sign_ins", "account_changes"]


async def test_sign_ins_and_their_refusals_are_entered_with_the_true_reason(
    admin: Api, auditor: Api, opened: Open, service: Any, database: EmbeddedPostgres
) -> None:
    api = Client(service, host="10.9.8.7")
    name = (await opened())["username"]
    assert (await sign_in(api, name)).status_code == 200
    for _ in range(5):
        await sign_in(api, name, "wrong-password-1")
    await sign_in(api, name)
    await admin.write(f"/v1/accounts/{name}/actions/unlock", {})
    await amend(admin, f"/v1/accounts/{name}", disabled=True)
    await sign_in(api, name)
    await amend(admin, f"/v1/accounts/{name}", disabled=False)
    async with owning(database) as owner:
        await owner.execute("update principal set expires_at = now() - interval '1 day' where id = $1", name)
    await sign_in(api, name)
    items = (await auditor.read("/v1/sign-ins", principal=name))["items"]
    mine = [e for e in items if e["address"] == "10.9.8.7"]
    assert [e["outcome"] for e in mine] == ["expired", "disabled", "locked", *["wrong_secret"] * 5, "accepted"]
    assert {e["method"] for e in mine} == {"password"} and all(e["request_id"] for e in mine)
    assert "wrong-password-1" not in str(items)


async def test_a_wrong_current_password_is_entered(auditor: Api, opened: Open, anonymous: Client) -> None:
    name = (await opened())["username"]
    await set_own(anonymous, await token_of(anonymous, name), "wrong-password-1", "a-new-pass-phrase")
    (entry, *_) = (await auditor.read("/v1/sign-ins", principal=name))["items"]
    assert (entry["method"], entry["outcome"]) == ("set_password", "wrong_secret")


async def test_clients_are_entered_when_they_fetch_tokens(admin: Api, auditor: Api, anonymous: Client) -> None:
    body = {"label": "系统", "role": "superior", "jurisdiction": HOME, "expires_at": "2099-12-31T00:00Z"}
    client = await admin.write("/v1/clients", body)
    form = {"grant_type": "client_credentials", "client_id": client["client_id"]}
    for secret in ("wrong", client["client_secret"]):
        await anonymous.post("/v1/oauth/token", data={**form, "client_secret": secret})
    entries = (await auditor.read("/v1/sign-ins", principal=client["client_id"]))["items"]
    assert [(e["method"], e["outcome"]) for e in entries] == [
        ("client_credentials", "accepted"), ("client_credentials", "wrong_secret"),
    ]  # fmt: skip


async def test_what_was_typed_for_a_name_that_nobody_has_is_kept_nowhere(
    auditor: Api, next_door: Api, service: Any, database: EmbeddedPostgres, capfd: pytest.CaptureFixture[str]
) -> None:
    api = Client(service, host="10.9.8.6")
    typed = ("my-password-in-the-wrong-box", "Office", "不是用户名", "office ")
    for name in typed:
        assert (await sign_in(api, name, "some-password-3")).status_code == 401
    for reader in (auditor, next_door):
        items = (await reader.read("/v1/sign-ins", outcome="unknown_name"))["items"]
        mine = [e for e in items if e["address"] == "10.9.8.6"]
        assert [e["principal"] for e in mine] == [None] * len(typed), "that it was tried, and from where"
    async with owning(database) as owner:
        kept = await owner.fetchval("select jsonb_agg(to_jsonb(s))::text from sign_in s where address = '10.9.8.6'")
    logged = "".join(capfd.readouterr())
    for name in typed[:1] + typed[2:3]:
        assert name not in kept and name not in logged


async def test_an_auditor_reads_no_sign_in_of_another_division(auditor: Api, next_door: Api, opened: Open) -> None:
    name = (await opened(jurisdiction=NEIGHBOUR))["username"]
    assert not (await auditor.read("/v1/sign-ins", principal=name))["items"]
    assert (await next_door.read("/v1/sign-ins", principal=name))["items"]


async def test_entries_of_sign_ins_stay_as_they_are(database: EmbeddedPostgres) -> None:
    async with owning(database) as owner:
        for text in ("update sign_in set outcome = 'accepted'", "delete from sign_in", "truncate sign_in"):
            with pytest.raises(Exception, match="never"):
                await owner.execute(text)


async def test_accounts_of_persons_without_a_home_are_listed(
    admin: Api, auditor: Api, opened: Open, make: Maker
) -> None:
    without, bound = await opened(), await opened(home_unit_number=(await make("units"))["number"])
    gone = await opened()
    await amend(admin, f"/v1/accounts/{gone['username']}", disabled=True)
    body = {"label": "系统", "role": "superior", "jurisdiction": HOME, "expires_at": "2099-12-31T00:00Z"}
    system = (await admin.write("/v1/api-keys", body))["id"]

    async def listed() -> list[str]:
        return [e["principal"] for e in await auditor.every("account-changes", without_home_unit="true")]

    names = await listed()
    assert names.count(without["username"]) == 1, "its newest entry"
    assert not {bound["username"], gone["username"], system, "admin"} & {*names}
    await amend(admin, f"/v1/accounts/{without['username']}", home_unit_number=(await make("units"))["number"])
    assert without["username"] not in await listed()


async def test_pages_follow_one_another(admin: Api, auditor: Api, opened: Open) -> None:
    made = await opened()
    for on in (True, False, True):
        await amend(admin, f"/v1/accounts/{made['username']}", disabled=on)
    whole = await changes_of(auditor, made["username"])
    assert await auditor_pages(auditor, made["username"]) == whole and len(whole) == 5
    await confirmed(admin, made["username"])


async def auditor_pages(auditor: Api, name: str) -> list[Any]:
    found, cursor = [], ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = await auditor.read("/v1/account-changes", principal=name, limit="2", **more)
        found += page["items"]
        if not (cursor := page["next_cursor"]):
            return found


async def test_the_administrator_reads_what_is_within_reach(service: Any, opened: Open, anonymous: Client) -> None:
    chief = await opened(role="administrator", jurisdiction="4313")
    inside, outside = await opened(), await opened(jurisdiction="440100")
    token = await token_of(anonymous, chief["username"])
    for made, seen in ((inside, True), (outside, False)):
        answer = await bearing(anonymous, token, "/v1/account-changes", params={"principal": made["username"]})
        assert bool(answer.json()["items"]) is seen
    assert checked(await bearing(anonymous, token, "/v1/sign-ins")).status_code == 403
    assert (await posting(anonymous, token, "/v1/me/sessions/x/actions/end", {})).status_code == 404
