"""The token endpoint: what it takes, how it refuses, and what repeated failures lead to."""

import asyncio
import runpy
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from app.auth import passwords
from app.db.embedded import EmbeddedPostgres
from tests.accounts.conftest import Open, amend, sign_in
from tests.support.callers import HOME, PASSWORD, Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.sql import owning

FORM = "application/x-www-form-urlencoded"
GOOD = {"grant_type": "password", "username": "office", "password": PASSWORD}
pytestmark = pytest.mark.usefixtures("office")  # whose accounts are named here


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({**GOOD, "grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({**GOOD, "grant_type": ""}, "unsupported_grant_type"),
        ({**GOOD, "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "office"}, "invalid_request"),
        ({"grant_type": "password", "password": PASSWORD}, "invalid_request"),
        ({**GOOD, "username": ""}, "invalid_request"),
        ({**GOOD, "username": "off\x00ice"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_request"),
        ("username=office&username=admin&password=x", "invalid_request"),
        ("username=%FF&password=x", "invalid_request"),
        (b"username=\xff\xfe", "invalid_request"),
        ("&".join(f"a{n}=1" for n in range(50)), "invalid_request"),
        ("", "invalid_request"),
    ],
)
async def test_a_request_that_is_not_understood_says_so(form: Any, error: str, anonymous: Client) -> None:
    sent: dict[str, Any] = {"data": form} if isinstance(form, dict) else {"content": form}
    answer = checked(await anonymous.post("/v1/oauth/token", headers={"Content-Type": FORM}, **sent))
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic b2ZmaWNl", "Bearer abc", "Basic " + "QUFB" * 999, "Basic /w=="]
)
async def test_a_client_header_that_is_not_understood_says_so(header: str, anonymous: Client) -> None:
    answer = await anonymous.post(
        "/v1/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert checked(answer).json()["error"] == "invalid_request"


async def test_a_client_names_itself_once(anonymous: Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    answer = await anonymous.post("/v1/oauth/token", data=form, headers={"Authorization": "Basic eDp5"})
    assert checked(answer).json()["error"] == "invalid_request"


async def test_passwords_do_not_go_into_addresses_or_json(anonymous: Client) -> None:
    answer = await anonymous.post("/v1/oauth/token", params=GOOD, headers={"Content-Type": FORM})
    assert (checked(answer).status_code, answer.json()["error"]) == (400, "invalid_request")
    assert checked(await anonymous.post("/v1/oauth/token", json=GOOD)).status_code == 415
    assert checked(await anonymous.get("/v1/oauth/token", params=GOOD)).status_code == 405


async def test_a_token_is_not_kept_by_caches(anonymous: Client, opened: Open) -> None:
    answer = await sign_in(anonymous, (await opened())["username"])
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert answer.json()["token_type"] == "Bearer" and answer.json()["expires_in"] == 3600


async def fails(api: Client, username: str, times: int) -> None:
    answers = await asyncio.gather(*(sign_in(api, username, f"wrong-{n}-password") for n in range(times)))
    assert {a.status_code for a in answers} == {401}


def test_an_unknown_account_is_checked_against_a_hash_that_costs_what_others_cost() -> None:
    own = runpy.run_path(passwords.__file__)  # as a service has it: see `cheap_passwords`
    ours = PasswordHasher().hash(PASSWORD)
    assert extract_parameters(own["_decoy"]) == extract_parameters(ours)
    assert extract_parameters(own["_hasher"].hash(PASSWORD)) == extract_parameters(ours)
    with pytest.raises(VerifyMismatchError):
        own["_hasher"].verify(own["_decoy"], PASSWORD)


async def test_every_reason_is_answered_alike(
    admin: Api, opened: Open, anonymous: Client, database: EmbeddedPostgres
) -> None:
    plain, disabled, expired, locked = [(await opened())["username"] for _ in range(4)]
    await amend(admin, f"/v1/accounts/{disabled}", disabled=True)
    async with owning(database) as owner:
        await owner.execute("update principal set expires_at = now() - interval '1 day' where id = $1", expired)
    for _ in range(5):
        await fails(anonymous, locked, 1)
    attempts = [
        (plain, "wrong-password"), ("nobody-at-all", PASSWORD), (disabled, PASSWORD), (expired, PASSWORD),
        (locked, PASSWORD), ("not a user name", PASSWORD), ("x" * 5000, PASSWORD), (plain, PASSWORD + "x" * 5000),
        ("'; drop table principal; --", PASSWORD), ("admin%", PASSWORD),
    ]  # fmt: skip
    answers = [checked(await sign_in(anonymous, *attempt)) for attempt in attempts]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_grant"
    assert len({str({k: v for k, v in a.json().items() if k != "instance"}) for a in answers}) == 1
    assert len({str(sorted(k for k in a.headers)) for a in answers}) == 1


async def test_repeated_failures_lock_and_the_administrator_unlocks(
    admin: Api, opened: Open, anonymous: Client
) -> None:
    name = (await opened())["username"]
    await fails(anonymous, name, 1)
    for _ in range(3):
        await fails(anonymous, name, 1)
    assert (await sign_in(anonymous, name)).status_code == 200, "four do not lock, and a success forgets them"
    for _ in range(5):
        await fails(anonymous, name, 1)
    assert (await sign_in(anonymous, name)).status_code == 401, "locked for the right password, too"
    assert (await admin.read(f"/v1/accounts/{name}"))["locked_until"] is not None
    unlocked = await admin.write(f"/v1/accounts/{name}/actions/unlock", {})
    assert unlocked["locked_until"] is None
    assert (await sign_in(anonymous, name)).status_code == 200


async def test_failures_are_counted_however_many_come_at_once(opened: Open, anonymous: Client) -> None:
    name = (await opened())["username"]
    await fails(anonymous, name, 8)
    assert (await sign_in(anonymous, name)).status_code == 401


async def test_a_lock_ends_by_itself_and_old_failures_are_forgotten(
    opened: Open, anonymous: Client, database: EmbeddedPostgres
) -> None:
    name = (await opened())["username"]
    await fails(anonymous, name, 5)
    async with owning(database) as owner:
        text = "update principal_secret set locked_until = now() - interval '1 second' where id = $1"
        await owner.execute(text, name)
    await fails(anonymous, name, 1)
    assert (await sign_in(anonymous, name)).status_code == 200, "counting begins anew"
    await fails(anonymous, name, 4)
    async with owning(database) as owner:
        text = "update principal_secret set failing_since = failing_since - interval '16 minutes' where id = $1"
        await owner.execute(text, name)
    await fails(anonymous, name, 1)
    assert (await sign_in(anonymous, name)).status_code == 200


async def test_a_lock_does_not_end_tokens_and_a_new_password_ends_the_lock(
    admin: Api, opened: Open, anonymous: Client
) -> None:
    name = (await opened())["username"]
    token = (await sign_in(anonymous, name)).json()["access_token"]
    await fails(anonymous, name, 5)
    me = await anonymous.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.status_code == 200, "whoever knows the user name could otherwise throw a clerk out"
    await admin.write(f"/v1/accounts/{name}/actions/set_password", {"password": "another-password-2"})
    assert (await sign_in(anonymous, name, "another-password-2")).status_code == 200


async def test_a_client_is_locked_by_failures_as_well(admin: Api, anonymous: Client) -> None:
    body = {"label": "协作系统", "role": "inspection_office", "jurisdiction": HOME, "expires_at": "2099-12-31T00:00Z"}
    client = await admin.write("/v1/clients", body)
    form = {"grant_type": "client_credentials", "client_id": client["client_id"]}
    for secret in ("wrong",) * 5:
        answer = checked(await anonymous.post("/v1/oauth/token", data={**form, "client_secret": secret}))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    right = {**form, "client_secret": client["client_secret"]}
    assert (await anonymous.post("/v1/oauth/token", data=right)).status_code == 401
    await admin.write(f"/v1/clients/{client['client_id']}/actions/unlock", {})
    assert (await anonymous.post("/v1/oauth/token", data=right)).status_code == 200
