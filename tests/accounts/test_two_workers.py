"""Two services over one database: what is changed through one holds in the other, also while its line is cut."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from app.db.embedded import EmbeddedPostgres
from tests.accounts.conftest import Open, Serve, amend, bearing, token_of
from tests.support.callers import HOME, NEIGHBOUR, Api
from tests.support.client import Client
from tests.support.sql import owning

SECONDS = 10


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits for a notification to arrive; bounded."""
    for _ in range(SECONDS * 50):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the change was not heard")


async def listening(app: Any) -> None:
    authenticator = app.state.service.authenticator

    async def does() -> bool:
        return bool(authenticator.listening)

    await until(does)


async def test_a_change_through_one_worker_holds_in_the_other(admin: Api, opened: Open, another: Serve) -> None:
    made = await opened()
    place = f"/v1/accounts/{made['username']}"
    async with another() as app:
        other = Client(app)
        await listening(app)
        authenticator = app.state.service.authenticator
        token = await token_of(other, made["username"])
        assert (await bearing(other, token)).json()["jurisdiction"] == HOME
        assert token in authenticator.cached, "remembered"
        assert (await amend(admin, place, jurisdiction=NEIGHBOUR)).status_code == 200

        async def moved() -> bool:
            return bool((await bearing(other, token)).json()["jurisdiction"] == NEIGHBOUR)

        await until(moved)
        assert (await amend(admin, place, disabled=True)).status_code == 200

        async def refused() -> bool:
            return (await bearing(other, token)).status_code == 401

        await until(refused)


async def test_a_worker_that_cannot_listen_remembers_nothing(
    admin: Api, opened: Open, another: Serve, database: EmbeddedPostgres
) -> None:
    made = await opened()
    async with another() as app, owning(database) as owner:
        other = Client(app)
        await listening(app)
        authenticator = app.state.service.authenticator
        token = await token_of(other, made["username"])
        assert (await bearing(other, token)).status_code == 200
        listeners = (
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_notify%'"
            " and pid <> pg_backend_pid() and datname = current_database()"
        )
        assert await owner.fetch(listeners)

        async def stopped() -> bool:
            return not authenticator.listening

        await until(stopped)
        assert authenticator.cached == {}
        assert (await amend(admin, f"/v1/accounts/{made['username']}", disabled=True)).status_code == 200
        assert (await bearing(other, token)).status_code == 401, "asked of the database"
        await listening(app)
        second = await opened()
        again = await token_of(other, second["username"])
        assert (await bearing(other, again)).status_code == 200
        assert again in authenticator.cached, "listens again"


async def test_what_was_read_while_a_change_was_told_is_not_remembered(opened: Open, another: Serve) -> None:
    made = await opened()
    async with another() as app:
        other = Client(app)
        await listening(app)
        authenticator = app.state.service.authenticator
        token = await token_of(other, made["username"])
        pool = authenticator.pools["ledger_auth"]
        async with AsyncExitStack() as held:
            for _ in range(app.state.service.settings.pool_size):
                await held.enter_async_context(pool.acquire())
            asked = asyncio.create_task(bearing(other, token))
            await asyncio.sleep(0.05)  # it waits for a connection
            authenticator.invalidate(made["username"])
        assert (await asked).status_code == 200
        assert token not in authenticator.cached
