"""Of several servers the primary is found and followed; a former one that lives on is left at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.db import outcome
from app.db.address import taken_apart
from app.db.context import AUTH_ROLE
from app.db.embedded import EmbeddedPostgres, embedded_postgres
from app.db.faults import DRIVER_ERRORS, OutcomeUnknown, code_of
from app.db.logins import Logins
from app.db.pool import Pool, Pools
from app.db.primary import NoPrimary, Primary, of_primary
from tests.cli.running import free_port
from tests.conftest import Prepared
from tests.support.standby import empty_home, following, own_place


@dataclass
class Pair:
    """A primary, and a standby that follows it; and a login's address that names both, and one that is away."""

    first: EmbeddedPostgres
    second: str

    @property
    def hosts(self) -> tuple[str, str]:
        """The host of each."""
        one, two = (taken_apart(url).hosts[0] for url in (self.first.superuser_url, self.second))
        return one, two

    def address(self, login: str = "") -> str:
        """All three hosts, that of the first primary first, where whoever does not ask would find it."""
        one, two = self.hosts
        url = login or self.first.superuser_url
        return f"{url.rpartition('@')[0]}@{one},127.0.0.1:{free_port()},{two}/ledger?target_session_attrs=primary"


@pytest.fixture(scope="module")
async def pair(prepared: Prepared, folder: Path) -> AsyncIterator[Pair]:
    """Two servers of these tests alone. The last tests promote the standby, and both live on."""
    place = own_place(folder)
    home = empty_home(place / "standby")
    with (
        embedded_postgres(prepared(place / "first"), durable=False) as first,
        following(first, place / "first", home, free_port(), {}) as second,
    ):
        yield Pair(first, second)


async def promoted(pair: Pair) -> None:
    """The standby becomes a primary, if it is none yet; the first lives on, and takes itself for one."""
    connection = await asyncpg.connect(pair.second)
    if await connection.fetchval("select pg_is_in_recovery()"):
        assert await connection.fetchval("select pg_promote()")
    await connection.close()


async def until(connection: Any, sql: str) -> None:
    """Wait until the statement says so."""
    while not await connection.fetchval(sql):  # noqa: ASYNC110  # what happens in Postgres sends no event
        await asyncio.sleep(0.02)


@asynccontextmanager
async def waiting_for_nobody(pair: Pair) -> AsyncIterator[Any]:
    """Commits wait for a synchronous standby that never comes. Gives the superuser's connection.

    The servers of tests are started without `synchronous_commit`; what is set for a login goes before that.
    """
    owner = await asyncpg.connect(pair.first.superuser_url)
    await owner.execute("alter role ledger_app_auth set synchronous_commit = on")
    for names in ("nobody", ""):
        await owner.execute(f"alter system set synchronous_standby_names = '{names}'")
        await owner.execute("select pg_reload_conf()")
        await until(owner, f"select current_setting('synchronous_standby_names') = '{names}'")
        if names:
            yield owner
    await owner.close()


async def port_of(connection: Any) -> int:
    found: int = await connection.fetchval("select inet_server_port()")
    return found


async def test_a_connection_whose_server_has_become_read_only_is_not_lent_again(pair: Pair) -> None:
    pools = Pools(pair.first.logins)
    pool = pools[AUTH_ROLE]
    async with pool.acquire() as connection:
        before = await connection.fetchval("select pg_backend_pid()")
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with pool.acquire() as connection, connection.transaction(readonly=True):
            await connection.execute("create temporary table t ()")
    async with pool.acquire() as connection:
        assert await connection.fetchval("select pg_backend_pid()") != before
    await pools.close()


async def write(pool: Pool) -> None:
    """A transaction that is in the log, and leaves nothing."""
    async with pool.acquire() as connection, outcome.Transaction(connection):
        await connection.execute("select pg_logical_emit_message(true, 'test', 'x')")


async def test_a_commit_whose_wait_for_the_standby_was_cancelled_is_not_called_done(pair: Pair) -> None:
    pools = Pools(pair.first.logins)
    async with waiting_for_nobody(pair) as owner:
        writing = asyncio.create_task(write(pools[AUTH_ROLE]))
        await until(owner, "select exists (select from pg_stat_activity where wait_event = 'SyncRep')")
        await owner.fetch("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")
        with pytest.raises(OutcomeUnknown):
            await writing
    await write(pools[AUTH_ROLE])
    await pools.close()


async def test_a_commit_that_stays_unanswered_is_called_unknown(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.pool.COMMIT_SECONDS", 0.5)
    pools = Pools(pair.first.logins)
    async with waiting_for_nobody(pair):
        with pytest.raises(OutcomeUnknown):
            await write(pools[AUTH_ROLE])
    await pools.close()


async def test_a_former_primary_that_lives_on_is_left_with_all_that_is_under_way_there(pair: Pair) -> None:
    one, two = (int(host.rpartition(":")[2]) for host in pair.hosts)
    assert (await of_primary(pair.address())).endswith(f":{one}/ledger")
    logins = Logins(*(pair.address(getattr(pair.first.logins, kind)) for kind in ("requests", "auth", "jobs")))
    pools = Pools(Logins(logins.requests, logins.requests, logins.requests))
    role = "ledger_system"
    apart = await pools.opening.apart(role)
    async with pools[role].acquire() as connection:
        assert await port_of(connection) == await port_of(apart) == one
        waits = asyncio.create_task(connection.execute("select pg_sleep(600)"))
        await asyncio.sleep(0)
        await promoted(pair)
        await pools.opening.primary.look()
        with pytest.raises(DRIVER_ERRORS) as told:
            await waits
        assert code_of(told.value) == "database_unreachable"
    assert apart.is_closed()
    async with pools[role].acquire() as connection:
        assert await port_of(connection) == two
    assert (await of_primary(pair.address())).endswith(f":{two}/ledger")
    await pools.close()


async def test_a_timeline_that_was_seen_is_never_left_for_a_lower_one(pair: Pair) -> None:
    primary = Primary(taken_apart(pair.address()))
    await promoted(pair)
    assert await primary.known() == pair.hosts[1]
    connection = await asyncpg.connect(pair.second)
    await connection.execute("alter system set default_transaction_read_only = on")
    await connection.execute("select pg_reload_conf()")
    await until(connection, "select current_setting('transaction_read_only')::bool")
    await primary.look()  # the first takes writes, and is a former primary
    with pytest.raises(NoPrimary) as told:
        await primary.known()
    assert code_of(told.value) == "database_unreachable"
    await connection.close()
    primary.close()
