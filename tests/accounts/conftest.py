"""Principals for one test, opened over the API, and services beside the shared one."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.main import create_app
from app.settings import Settings
from tests.support.callers import HOME, PASSWORD, PATCH, Api
from tests.support.client import Answer, Client
from tests.support.databases import addresses
from tests.support.problems import checked

names = itertools.count()
Open = Callable[..., Awaitable[Any]]
Serve = Callable[..., AbstractAsyncContextManager[Any]]


IN_A_YEAR = "2099-12-31T00:00Z"
FIRST_PASSWORD = "told-by-the-administrator"


@pytest.fixture
def opened(admin: Api) -> Open:
    """Opens an account, of the inspection office of HOME unless said otherwise.

    It is told a password, confirmed by the second administrator, and has a password of its own.
    """

    async def account(**given: Any) -> Any:
        username = f"somebody-{next(names)}"
        body = {"username": username, "password": FIRST_PASSWORD, "role": "inspection_office", "jurisdiction": HOME}
        made = await admin.write("/v1/accounts", {**body, **given})
        await confirmed(admin, made["username"])
        await settled(Client(admin.app), made["username"])
        return await admin.read(f"/v1/accounts/{made['username']}")

    return account


async def settled(api: Client, username: str, told: str = FIRST_PASSWORD, own: str = PASSWORD) -> None:
    """The person sets a password of the own."""
    token = (await sign_in(api, username, told)).json()["access_token"]
    answer = await set_own(api, token, told, own)
    assert answer.status_code == 200, answer.text


async def set_own(api: Client, token: str, current: str, new: str) -> Answer:
    """The answer to changing the own password."""
    body = {"current_password": current, "new_password": new}
    return await posting(api, token, "/v1/me/actions/set_password", body)


async def posting(api: Client, token: str, path: str, body: Any) -> Answer:
    """The answer to a POST with this token."""
    return await api.post(path, json=body, headers={"Authorization": f"Bearer {token}".encode()})


async def pending(admin: Api, name: str) -> list[Any]:
    """What waits for a second person of this principal."""
    found = await admin.read("/v1/account-changes", principal=name, state="pending")
    return list(found["items"])


async def first(admin: Api, role: str = "inspection_office", **given: Any) -> Any:
    """What one administrator alone has opened."""
    body = {
        "username": f"first-{next(names)}",
        "password": FIRST_PASSWORD,
        "role": role,
        "jurisdiction": HOME,
        **given,
    }
    return await admin.write("/v1/accounts", body)


async def decide(api: Client, token: str, entry: Any, verb: str = "confirm") -> Answer:
    """The answer to confirming or declining a change."""
    return await posting(api, token, f"/v1/account-changes/{entry['id']}/actions/{verb}", {})


async def conflict(answer: Answer) -> str:
    """The code of an answer that must be 409."""
    assert checked(answer).status_code == 409, answer.text
    return str(answer.json()["code"])


async def me(api: Client, token: str) -> Any:
    """Who the caller is."""
    return (await bearing(api, token)).json()


async def confirmed(admin: Api, name: str) -> None:
    """The second administrator confirms what waits, if anything does."""
    for entry in await pending(admin, name):
        api = Client(admin.app)
        answer = await posting(
            api, await token_of(api, "second"), f"/v1/account-changes/{entry['id']}/actions/confirm", {}
        )
        assert answer.status_code == 200, answer.text


@pytest.fixture
def another(database: EmbeddedPostgres, folder: Path) -> Serve:
    """Starts one more service over the same database: its application, and how to reach it."""

    @asynccontextmanager
    async def serving(**options: Any) -> AsyncIterator[Any]:
        chosen = {**addresses(database.application_url), "data_dir": folder / "data", "access_log": "off"}
        app = create_app(Settings(**{**chosen, **options}))
        async with app.router.lifespan_context(app):
            yield app

    return serving


async def sign_in(api: Client, username: str, password: str = PASSWORD) -> Answer:
    """The answer of the token endpoint."""
    form = {"grant_type": "password", "username": username, "password": password}
    return await api.post("/v1/oauth/token", data=form)


async def bearing(api: Client, token: str, path: str = "/v1/me", **more: Any) -> Answer:
    """The answer to a GET with this token."""
    return await api.get(path, headers={"Authorization": f"Bearer {token}".encode()}, **more)


async def token_of(api: Client, username: str) -> str:
    """A token of this account."""
    answer = await sign_in(api, username)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def amend(admin: Api, place: str, **changes: Any) -> Answer:
    """A PATCH of a principal, which the second administrator confirms where that is needed."""
    answer = await admin.patch(place, json=changes, headers={"Content-Type": PATCH})
    if answer.status_code == 200 and answer.json()["confirmation"] == "pending":
        await confirmed(admin, place.rpartition("/")[2])
    return answer
