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
from tests.support.callers import HOME, PASSWORD, Api
from tests.support.client import Answer, Client
from tests.support.databases import addresses

_names = itertools.count()
Open = Callable[..., Awaitable[Any]]
Serve = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def opened(admin: Api) -> Open:
    """Opens an account; of the inspection office of HOME unless said otherwise."""

    async def account(**given: Any) -> Any:
        username = f"somebody-{next(_names)}"
        body = {"username": username, "password": PASSWORD, "role": "inspection_office", "jurisdiction": HOME}
        return await admin.write("/v1/accounts", {**body, **given})

    return account


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
    """A PATCH of a principal."""
    return await admin.patch(place, json=changes, headers={"Content-Type": "application/merge-patch+json"})
