"""The pool, on real connections: what comes back sound is lent again, anything else is not."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest

from app.db import pool as pools
from app.db import timeouts
from app.db.embedded import EmbeddedPostgres
from app.db.faults import DRIVER_ERRORS, code_of
from app.db.pool import Pool, Pools
from tests.support import databases

SIZE = 3


@pytest.fixture
def url(cluster: EmbeddedPostgres) -> str:
    """A database that nobody copies: a statement that was left behind holds its database for as long as it sleeps."""
    return databases.beside(cluster.superuser_url, "postgres")


@pytest.fixture
async def pool(url: str) -> AsyncIterator[Pool]:
    made = Pool(partial(asyncpg.connect, url), SIZE)
    yield made
    await made.close()


async def backend(connection: Any) -> int:
    found: int = await connection.fetchval("select pg_backend_pid() from pg_sleep(0.001)")
    return found


async def test_many_tasks_share_few_connections_and_no_two_at_once(pool: Pool) -> None:
    held: set[int] = set()
    seen: set[int] = set()

    async def work() -> None:
        async with pool.acquire() as connection:
            process = await backend(connection)
            assert process not in held
            held.add(process)
            seen.add(process)
            await asyncio.sleep(0)
            held.remove(process)

    await asyncio.gather(*(work() for _ in range(60)))
    assert pools.AT_WORK <= len(seen) <= SIZE


async def test_two_are_enough_for_what_is_done_in_a_moment(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "MOMENT", 10)  # so that no busy machine makes a moment of more
    seen = await asyncio.gather(*(pool.fetchval("select pg_backend_pid()") for _ in range(60)))
    assert len(set(seen)) == pools.AT_WORK


async def test_what_takes_long_holds_up_nobody_for_longer_than_a_moment(pool: Pool) -> None:
    slow = [asyncio.create_task(pool.execute("select pg_sleep(30)")) for _ in range(pools.AT_WORK)]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        assert [await pool.fetchval("select 1") for _ in range(5)] == [1] * 5
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_one_after_another_use_the_same_connection(pool: Pool) -> None:
    assert len({await pool.fetchval("select pg_backend_pid()") for _ in range(5)}) == 1


async def test_a_connection_left_in_a_transaction_is_not_lent_again(pool: Pool) -> None:
    async with pool.acquire() as connection:
        first = await backend(connection)
        await connection.execute("begin")
    async with pool.acquire() as connection:
        assert await backend(connection) != first
        assert not connection.is_in_transaction()


async def test_a_cancelled_task_leaves_no_query_behind(pool: Pool) -> None:
    async def slow() -> None:
        await pool.execute("select pg_sleep(60)")

    tasks = [asyncio.create_task(slow()) for _ in range(SIZE)]
    await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [await pool.fetchval("select 1") for _ in range(SIZE + 1)] == [1] * (SIZE + 1)


async def test_a_connection_that_the_server_ended_is_replaced(pool: Pool, url: str) -> None:
    first = await pool.fetchval("select pg_backend_pid()")
    owner = await asyncpg.connect(url)
    await owner.execute("select pg_terminate_backend($1, 5000)", first)
    await owner.close()
    await asyncio.sleep(0.05)
    assert await pool.fetchval("select pg_backend_pid()") != first


@pytest.mark.parametrize("turns", range(4))
async def test_a_connection_that_the_server_ended_this_moment_is_told_as_unavailable(
    turns: int, pool: Pool, url: str
) -> None:
    """The driver learns it in two turns of the event loop: that an error came, and that nothing more will come."""
    first = await pool.fetchval("select pg_backend_pid()")
    owner = await asyncpg.connect(url)
    await owner.execute("select pg_terminate_backend($1)", first)
    time.sleep(0.3)  # noqa: ASYNC251  # both wait to be read
    for _ in range(turns):
        await asyncio.sleep(0)
    try:
        await pool.fetchval("select 1")
    except DRIVER_ERRORS as problem:
        assert code_of(problem) in ("database_unreachable", "database_stopping")
    assert await pool.fetchval("select pg_backend_pid()") != first
    await owner.close()


async def test_who_waits_too_long_is_told_and_takes_no_place(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "WAIT_SECONDS", 0.05)
    loans = [pool.acquire() for _ in range(SIZE)]
    for loan in loans:
        await loan.__aenter__()
    with pytest.raises(TimeoutError):
        await pool.fetchval("select 1")
    for loan in loans:
        await loan.__aexit__(None)
    async with pool.acquire(), pool.acquire(), pool.acquire() as third:
        assert await third.fetchval("select 1") == 1


async def test_a_database_that_cannot_be_reached_uses_up_no_place() -> None:
    pool = Pool(partial(asyncpg.connect, "postgresql://nobody@127.0.0.1:1/none"), 1)
    for _ in range(3):
        with pytest.raises(OSError):
            await pool.fetchval("select 1")


async def test_closing_waits_for_what_is_lent(pool: Pool) -> None:
    async with pool.acquire() as connection:
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0.01)
        assert not closing.done()
        assert await connection.fetchval("select 1") == 1
    await closing
    with pytest.raises(asyncpg.InterfaceError):
        await pool.fetchval("select 1")


async def test_a_request_cannot_hold_a_session_for_ever_and_an_import_may_take_longer(
    database: EmbeddedPostgres,
) -> None:
    shown = "select current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
    own = Pools(database.logins, size=1)
    for role in ("ledger_inspection_office", "ledger_auth", "ledger_figures"):
        assert tuple(await own[role].fetchrow(shown)) == ("1min", "1min")
    async with own["ledger_importing"].acquire() as connection:
        async with connection.transaction():
            await connection.execute(timeouts.OF_IMPORTS)
            assert tuple(await connection.fetchrow(shown)) == ("30min", "30min")
        assert tuple(await connection.fetchrow(shown)) == ("1min", "1min")
    await own.close()
