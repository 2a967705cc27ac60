"""Changes of accounts are made once, too; and a secret is shown once, also to whoever repeats the request."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db.embedded import EmbeddedPostgres
from tests.accounts.conftest import Open, pending, sign_in
from tests.support.callers import HOME, PASSWORD, PATCH, Api
from tests.support.client import Answer, Client
from tests.support.retrying import fresh_key, keyed, refused, replayed, same
from tests.support.sql import owning

UNTIL = (now() + timedelta(days=30)).isoformat()
SYSTEM = {"label": "市大数据局", "role": "inspection_office", "jurisdiction": HOME, "expires_at": UNTIL}


async def posted(api: Client, path: str, body: Any, key: str, **rest: Any) -> Answer:
    return await api.post(path, json=body, headers=keyed(key), **rest)


async def entries(database: EmbeddedPostgres, name: str) -> list[str]:
    """The actions entered for a principal."""
    async with owning(database) as owner:
        found = await owner.fetch("select action from account_change where principal = $1 order by seq", name)
    return [row["action"] for row in found]


async def test_an_account_is_opened_once(admin: Api, database: EmbeddedPostgres) -> None:
    body = {"username": "key-opened", "password": "杨柳依依-雨雪霏霏-一", "role": "auditor", "jurisdiction": HOME}
    key = fresh_key()
    first = await posted(admin, "/v1/accounts", body, key)
    assert first.status_code == 201 and same(first, await posted(admin, "/v1/accounts", body, key)), first.text
    assert refused(await posted(admin, "/v1/accounts", body, fresh_key())) == (409, "username_taken")
    assert refused(await posted(admin, "/v1/accounts", {**body, "password": "昔我往矣-杨柳依依-一"}, key))[0] == 422
    assert await entries(database, "key-opened") == ["create"]
    async with owning(database) as owner:
        row = await owner.fetchrow("select * from idempotency_key where name = 'key-opened'")
    assert "雨雪" not in repr(dict(row)) and row["type"] == "accounts"


@pytest.mark.parametrize(("path", "member"), [("clients", "client_secret"), ("api-keys", "key")])
async def test_a_secret_is_not_shown_again(
    path: str, member: str, admin: Api, anonymous: Client, database: EmbeddedPostgres
) -> None:
    key = fresh_key()
    first = await posted(admin, f"/v1/{path}", SYSTEM, key)
    made = first.json()
    again = await posted(admin, f"/v1/{path}", SYSTEM, key)
    assert first.status_code == again.status_code == 201 and made[member]
    assert again.json() == {**made, member: None} and replayed(again)
    assert again.headers["location"] == first.headers["location"]
    place, key = f"{first.headers['location']}/actions/rotate", fresh_key()
    rotated = await posted(admin, place, {"overlap_minutes": 60}, key)
    repeat = await posted(admin, place, {"overlap_minutes": 60}, key)
    assert rotated.json()[member] not in (None, made[member])
    assert (repeat.status_code, repeat.json()[member], replayed(repeat)) == (200, None, True)
    assert await entries(database, made.get("client_id") or made["id"]) == ["create", "rotate"]


async def test_a_change_a_password_and_an_unlocking_are_made_once(
    admin: Api, opened: Open, database: EmbeddedPostgres
) -> None:
    somebody = await opened()
    place = f"/v1/accounts/{somebody['username']}"
    before = len(await entries(database, somebody["username"]))
    for path, body in (("/actions/unlock", {}), ("/actions/set_password", {"password": "昔我往矣-杨柳依依-一"})):
        key = fresh_key()
        first = await posted(admin, place + path, body, key)
        assert first.status_code == 200 and same(first, await posted(admin, place + path, body, key)), first.text
    key = fresh_key()
    headers = keyed(key, **{"Content-Type": PATCH})
    first = await admin.patch(place, content=json.dumps({"disabled": True}), headers=headers)
    assert same(first, await admin.patch(place, content=json.dumps({"disabled": True}), headers=headers))
    found = (await entries(database, somebody["username"]))[before:]
    assert found == ["unlock", "set_password", "change"]


async def test_a_second_person_decides_once(admin: Api) -> None:
    body = {
        "username": "key-decided",
        "password": "杨柳依依-雨雪霏霏-一",
        "role": "inspection_office",
        "jurisdiction": HOME,
    }
    await admin.write("/v1/accounts", body)
    (change,) = await pending(admin, "key-decided")
    place, key = f"/v1/account-changes/{change['id']}/actions/confirm", fresh_key()
    async with Api.signed_in(admin.app, "second") as other:
        first = await posted(other, place, {}, key)
        assert first.status_code == 200 and same(first, await posted(other, place, {}, key)), first.text
        assert refused(await posted(other, place, {}, fresh_key()))[0] == 409


async def test_the_own_password_is_changed_once_and_a_wrong_one_still_counts(opened: Open, anonymous: Client) -> None:
    somebody = await opened()
    token = (await sign_in(anonymous, somebody["username"], PASSWORD)).json()["access_token"]
    own = Client(anonymous.app, headers={"Authorization": f"Bearer {token}"})
    body, key = {"current_password": PASSWORD, "new_password": "今我来思-雨雪霏霏-一"}, fresh_key()
    first = await posted(own, "/v1/me/actions/set_password", body, key)
    assert first.status_code == 200 and same(first, await posted(own, "/v1/me/actions/set_password", body, key))
    wrong = {"current_password": "不是这个密码呀", "new_password": "行道迟迟-载渴载饥-一"}
    for _ in range(5):
        answer = await posted(own, "/v1/me/actions/set_password", wrong, fresh_key())
        assert refused(answer) == (422, "validation_failed")
    locked = await sign_in(anonymous, somebody["username"], "今我来思-雨雪霏霏-一")
    assert refused(locked) == (401, "bad_credentials"), "five wrong ones lock, with a key as without"


async def test_a_session_is_ended_once(opened: Open, anonymous: Client) -> None:
    somebody = await opened()
    tokens = [(await sign_in(anonymous, somebody["username"], PASSWORD)).json()["access_token"] for _ in range(2)]
    own = Client(anonymous.app, headers={"Authorization": f"Bearer {tokens[0]}"})
    sessions = (await own.get("/v1/me/sessions")).json()["items"]
    other = next(s for s in sessions if not s["current"])
    place, key = f"/v1/me/sessions/{other['id']}/actions/end", fresh_key()
    first = await posted(own, place, {}, key)
    assert first.status_code == 204 and same(first, await posted(own, place, {}, key))
    assert refused(await posted(own, place, {}, fresh_key()))[0] == 404


async def test_no_password_and_no_secret_is_kept_in_clear(admin: Api, opened: Open, database: EmbeddedPostgres) -> None:
    """Nowhere in the database, whatever was sent and answered under a key."""
    somebody = await opened()
    given = "昔我往矣-杨柳依依-七"
    place, secrets = f"/v1/accounts/{somebody['username']}/actions/set_password", [given]
    assert (await posted(admin, place, {"password": given}, fresh_key())).status_code == 200
    for path, member in (("clients", "client_secret"), ("api-keys", "key")):
        made = await posted(admin, f"/v1/{path}", SYSTEM, fresh_key())
        rotated = await posted(admin, f"{made.headers['location']}/actions/rotate", {"overlap_minutes": 5}, fresh_key())
        secrets += [made.json()[member], rotated.json()[member]]
    body = {"username": "key-in-clear", "password": given + "八", "role": "auditor", "jurisdiction": HOME}
    assert (await posted(admin, "/v1/accounts", body, fresh_key())).status_code == 201
    async with owning(database) as owner:
        own = "relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        tables = await owner.fetch(f"select oid::regclass::text as name from pg_class where {own}")
        for table in tables:
            kept = await owner.fetchval(f"select string_agg(t::text, ' ') from {table['name']} t") or ""
            assert not [secret for secret in secrets if secret in kept], table["name"]
            if table["name"] == "idempotency_key":
                assert "accounts" in kept and "clients" in kept and "api-keys" in kept
