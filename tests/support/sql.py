"""The database itself, past the service: connections of any role, with or without a caller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.db.context import SYSTEM_ROLE, Caller
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from tests.support.callers import HOME, NEIGHBOUR

OFFICE = Caller("office", "inspection_office", HOME)
NEXT_DOOR = Caller("neighbour", "inspection_office", NEIGHBOUR)


async def named(connection: Any, caller: Caller, action: str = "raw", **more: Any) -> None:
    """Names the caller of this transaction, as the caller guard does for a statement."""
    await connection.execute("select set_caller($1)", caller.context("test-request", action, **more))


async def as_system(connection: Any, caller: Caller, action: str = "raw") -> None:
    """Goes on as the system role, on behalf of this caller, until the transaction ends."""
    await connection.execute("select become_system($1)", caller.context("test-request", action))


@asynccontextmanager
async def acting(database: EmbeddedPostgres, caller: Caller = OFFICE, role: str = "") -> AsyncIterator[Any]:
    """A transaction of the application as this caller, by default with its own database role; it is committed."""
    system = role == SYSTEM_ROLE
    connection = await connect(database.application_url, caller.database_role if system or not role else role)
    try:
        async with connection.transaction():
            await (as_system if system else named)(connection, caller)
            yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def owning(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """A connection of the superuser, whom no policy binds."""
    connection = await connect(database.superuser_url)
    try:
        yield connection
    finally:
        await connection.close()


class Undone(Exception):
    """Ends a transaction whose changes are not to be kept."""


@asynccontextmanager
async def undone(connection: Any) -> AsyncIterator[None]:
    """A transaction that is rolled back."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def waits_or_ends(watch: Any, task: "asyncio.Task[Any]") -> None:
    """Returns when the task has ended, or some statement waits for a lock."""
    while not task.done():
        waiting = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        if await watch.fetchval(waiting):
            return
        await asyncio.sleep(0.005)
