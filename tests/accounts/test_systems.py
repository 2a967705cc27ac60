"""Clients and API keys: shown once, kept as digests, exchanged without cutting a running system off."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db.embedded import EmbeddedPostgres
from tests.accounts.conftest import amend, bearing, confirmed, sign_in
from tests.support.callers import HOME, Api
from tests.support.client import Answer, Client
from tests.support.problems import checked
from tests.support.sql import owning

IN_A_YEAR = (now() + timedelta(days=365)).isoformat()
OFFICE = {"label": "市大数据局", "role": "inspection_office", "jurisdiction": HOME, "expires_at": IN_A_YEAR}


async def by_secret(api: Client, client: Any, secret: str, **more: str) -> Answer:
    form = {"grant_type": "client_credentials", "client_id": client["client_id"], "client_secret": secret, **more}
    return await api.post("/v1/oauth/token", data=form)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def test_a_client_fetches_tokens_by_body_and_by_header(admin: Api, anonymous: Client) -> None:
    client = await admin.write("/v1/clients", OFFICE)
    secret = client["client_secret"]
    header = await anonymous.post(
        "/v1/oauth/token", data={"grant_type": "client_credentials"}, headers=basic(client["client_id"], secret)
    )
    for answer in (await by_secret(anonymous, client, secret), header):
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
        payload = answer.json()["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        assert {"iss", "aud", "exp", "iat", "jti", "sub", "client_id"} <= set(claims)
        assert claims["sub"] == claims["client_id"] == client["client_id"]
        me = (await bearing(anonymous, answer.json()["access_token"])).json()
        assert (me["username"], me["jurisdiction"]) == (client["client_id"], HOME)


async def test_a_secret_is_shown_once_and_never_kept(admin: Api, database: EmbeddedPostgres) -> None:
    client = await admin.write("/v1/clients", OFFICE)
    key = await admin.write("/v1/api-keys", OFFICE)
    for path, made, secret in (
        (f"/v1/clients/{client['client_id']}", client, client["client_secret"]),
        (f"/v1/api-keys/{key['id']}", key, key["key"]),
    ):
        again = await admin.get(path)
        assert secret not in again.text and made["label"] in again.text
        listed = await admin.get(path.rpartition("/")[0], params={"limit": "200"})
        assert secret not in listed.text and again.json() in listed.json()["items"]
        async with owning(database) as owner:
            kept = await owner.fetchval(
                "select jsonb_agg(to_jsonb(s) || to_jsonb(p))::text from principal_secret s join principal p using (id)"
            )
        assert secret not in kept
    assert key["key"].startswith(key["prefix"]) and key["prefix"] in (await admin.get("/v1/api-keys?limit=200")).text


async def test_a_running_system_is_not_cut_off_by_an_exchange(admin: Api, anonymous: Client) -> None:
    client = await admin.write("/v1/clients", OFFICE)
    place = f"/v1/clients/{client['client_id']}/actions/rotate"
    first = client["client_secret"]
    token = (await by_secret(anonymous, client, first)).json()["access_token"]
    second = (await admin.write(place, {"overlap_minutes": 10}))["client_secret"]
    for secret in (first, second):
        assert (await by_secret(anonymous, client, secret)).status_code == 200
    assert (await bearing(anonymous, token)).status_code == 200
    third = (await admin.write(place, {}))["client_secret"]
    assert [(await by_secret(anonymous, client, s)).status_code for s in (first, second, third)] == [401, 200, 200]
    last = (await admin.write(place, {"overlap_minutes": 0}))["client_secret"]
    assert [(await by_secret(anonymous, client, s)).status_code for s in (second, third, last)] == [401, 401, 200]
    assert (await bearing(anonymous, token)).status_code == 401, "exchanged at once, its tokens end"


async def test_the_former_secret_ends_with_the_overlap(
    admin: Api, anonymous: Client, database: EmbeddedPostgres
) -> None:
    client, key = await admin.write("/v1/clients", OFFICE), await admin.write("/v1/api-keys", OFFICE)
    await admin.write(f"/v1/clients/{client['client_id']}/actions/rotate", {"overlap_minutes": 5})
    new = (await admin.write(f"/v1/api-keys/{key['id']}/actions/rotate", {"overlap_minutes": 5}))["key"]
    async with owning(database) as owner:
        await owner.execute(
            "update principal_secret set former_until = now() - interval '1 second' where id = any($1)",
            [client["client_id"], key["id"]],
        )
    assert (await by_secret(anonymous, client, client["client_secret"])).status_code == 401
    assert (await bearing(anonymous, key["key"])).status_code == 401
    assert (await bearing(anonymous, new)).status_code == 200


async def test_a_key_works_at_once_until_it_is_exchanged_disabled_or_expired(
    admin: Api, anonymous: Client, database: EmbeddedPostgres
) -> None:
    made = await admin.write("/v1/api-keys", OFFICE)
    place = f"/v1/api-keys/{made['id']}"
    key = made["key"]
    await confirmed(admin, made["id"])
    assert (await bearing(anonymous, key, "/v1/findings")).status_code == 200
    new = (await admin.write(f"{place}/actions/rotate", {"overlap_minutes": 5}))["key"]
    assert [(await bearing(anonymous, k)).status_code for k in (key, new)] == [200, 200]
    newest = (await admin.write(f"{place}/actions/rotate", {"overlap_minutes": 0}))["key"]
    assert [(await bearing(anonymous, k)).status_code for k in (key, new, newest)] == [401, 401, 200]
    await amend(admin, place, disabled=True)
    assert (await bearing(anonymous, newest)).status_code == 401
    await amend(admin, place, disabled=False)
    assert (await bearing(anonymous, newest)).status_code == 200
    await amend(admin, place, expires_at=(now() + timedelta(days=1)).isoformat())
    assert (await bearing(anonymous, newest)).status_code == 200
    async with owning(database) as owner:
        await owner.execute("update principal set expires_at = now() - interval '1 second' where id = $1", made["id"])
    for _ in range(200):
        if (await bearing(anonymous, newest)).status_code == 401:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("an expired key is refused as soon as the change is heard")


async def test_a_key_that_was_changed_in_any_place_is_refused(admin: Api, anonymous: Client) -> None:
    key = (await admin.write("/v1/api-keys", OFFICE))["key"]
    for at in (0, 8, 15, 16, 30, len(key) - 1):
        other = key[:at] + ("x" if key[at] != "x" else "y") + key[at + 1 :]
        assert checked(await bearing(anonymous, other)).status_code == 401, at
    for other in (key[:-1], key + "0", "ledger_", "ledger_" + "é" * 60, key.upper()):
        assert checked(await bearing(anonymous, other)).status_code == 401


async def test_a_key_goes_into_no_other_place(admin: Api, anonymous: Client) -> None:
    key = (await admin.write("/v1/api-keys", OFFICE))["key"]
    assert (await anonymous.get("/v1/me", headers={"X-API-Key": key})).status_code == 401
    assert (await anonymous.get("/v1/me", params={"access_token": key})).status_code == 401
    assert (await anonymous.get("/v1/me", headers=basic("key", key))).status_code == 401


async def test_each_kind_comes_in_by_its_own_grant_only(admin: Api, anonymous: Client) -> None:
    client, key = await admin.write("/v1/clients", OFFICE), await admin.write("/v1/api-keys", OFFICE)
    assert (await sign_in(anonymous, client["client_id"], client["client_secret"])).status_code == 401
    assert (await sign_in(anonymous, key["id"], key["key"])).status_code == 401
    assert (await by_secret(anonymous, {"client_id": key["id"]}, key["key"])).status_code == 401
    assert (await by_secret(anonymous, {"client_id": "office"}, "test-password-1")).status_code == 401
    for path in (f"/v1/accounts/{client['client_id']}", f"/v1/clients/{key['id']}", "/v1/api-keys/office"):
        assert checked(await admin.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["clients", "api-keys"])
async def test_the_rules_of_roles_hold_for_systems_too(admin: Api, path: str) -> None:
    partner = {"label": "政务数据共享平台", "role": "partner_system", "jurisdiction": HOME, "expires_at": IN_A_YEAR}
    made = await admin.write(f"/v1/{path}", {**partner, "types": ["findings"]})
    assert made["types"] == ["findings"]
    for wrong in ({"types": ["clues"]}, {"jurisdiction": "4313"}, {"team_number": "431382-1"}, {"label": ""}, {"x": 1}):
        assert checked(await admin.post(f"/v1/{path}", json={**partner, **wrong})).status_code == 422, wrong
    for body in ({"overlap_minutes": -1}, {"overlap_minutes": 10**9}, {"overlap_minutes": "60"}, {"other": 1}):
        name = made.get("client_id") or made["id"]
        assert checked(await admin.post(f"/v1/{path}/{name}/actions/rotate", json=body)).status_code == 422, body


@pytest.mark.parametrize("path", ["clients", "api-keys"])
async def test_every_system_expires(admin: Api, path: str) -> None:
    without = {name: value for name, value in OFFICE.items() if name != "expires_at"}
    answer = checked(await admin.post(f"/v1/{path}", json=without))
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/expires_at", "required")]
    made = await admin.write(f"/v1/{path}", OFFICE)
    place = f"/v1/{path}/{made.get('client_id') or made['id']}"
    answer = checked(await amend(admin, place, expires_at=None))
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/expires_at", "system_expires")]
    assert (await amend(admin, place, disabled=True)).status_code == 200
