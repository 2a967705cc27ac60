"""Reads that may lag, from a replica of the database; from the primary, whenever the replica does not do.

The replica has the roles and the row security of the primary, so the caller is set the same way. What a caller may see
is decided by the primary all the same: it is asked for the caller's grants, in one statement, and the replica reads for
the caller only if it knows the same. In that statement the primary also says how far it has written. The replica does
if it has replayed that far, or something that was committed within the last so many seconds.

A read on the replica costs a statement on the primary and three more on the replica.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import asyncpg
from prometheus_client import Counter

from app.db import timeouts
from app.db.faults import DRIVER_ERRORS
from app.db.opening import STATEMENTS, session
from app.db.pool import Pool
from app.logging import log

Answer = TypeVar("Answer")
READS = Counter("ledger_lagging_reads", "Reads that may lag, by the server that answered them", ["server"])
CONNECT_SECONDS, AWAY_SECONDS = 2, 5  # to open a connection; without asking again after it failed
GRANTS = "current_setting('ledger.grants'), current_setting('ledger.scope')"
CALLER = "from (select set_caller($1) as named offset 0) caller where caller.named"
ON_PRIMARY = f"select {GRANTS}, pg_current_wal_insert_lsn()::text {CALLER}"
ON_REPLICA = f"""select {GRANTS}, pg_is_in_recovery() and (pg_last_wal_replay_lsn() >= $2::text::pg_lsn
  or now() - pg_last_xact_replay_timestamp() <= $3::float8 * interval '1 second') {CALLER}"""


class Behind(ConnectionError):
    """The replica is too far behind, is none, or does not know the caller's grants as they are now."""


class Replica:
    """The connections to the replica: a pool for each role, as for the primary."""

    def __init__(self, url: str, size: int, seconds: float) -> None:
        self._url, self._size, self._seconds = url, size, seconds
        self._pools: dict[str, Pool] = {}
        self._away_until = float("-inf")

    async def read(self, primary: Pool, role: str, context: str, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """Do `work` on a connection to the replica that acts as the role; else anew on one of the pool `primary`."""
        if time.monotonic() >= self._away_until:
            try:
                async with self._snapshot(primary, role, context) as connection:
                    found = await work(connection)
            except Behind:
                pass
            except (*DRIVER_ERRORS, TimeoutError) as problem:
                self._leave(problem)
            else:
                READS.labels("replica").inc()
                return found
        READS.labels("primary").inc()
        async with primary.acquire() as connection:
            return await work(connection)

    async def entered(self, opened: AsyncExitStack, primary: Pool, role: str, context: str) -> Any:
        """A connection to the replica as long as `opened` is; None where the primary must be read.

        For what is handed out while it is read, and can therefore not be done anew: it ends where the replica does.
        """
        if time.monotonic() < self._away_until:
            return None
        try:
            connection = await opened.enter_async_context(self._snapshot(primary, role, context))
        except Behind:
            return None
        except (*DRIVER_ERRORS, TimeoutError) as problem:
            self._leave(problem)
            return None
        READS.labels("replica").inc()
        return connection

    def _leave(self, problem: BaseException) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS
        log.warning("replica not used", problem=type(problem).__name__)

    @asynccontextmanager
    async def _snapshot(self, primary: Pool, role: str, context: str) -> AsyncIterator[Any]:
        """One snapshot of the replica: the grants that were compared are those that are read by. Raises Behind."""
        grants, scope, written = await primary.fetchrow(ON_PRIMARY, context)
        async with (
            self._pool(role).acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            known = await connection.fetchrow(ON_REPLICA, context, written, self._seconds)
            if tuple(known) != (grants, scope, True):
                raise Behind
            yield connection

    def _pool(self, role: str) -> Pool:
        if role not in self._pools:
            self._pools[role] = Pool(partial(self._connect, role), self._size)
        return self._pools[role]

    async def _connect(self, role: str) -> Any:
        settings = {**session(role), **timeouts.OF_REQUESTS}
        return await asyncpg.connect(
            self._url, timeout=CONNECT_SECONDS, server_settings=settings, statement_cache_size=STATEMENTS
        )

    async def close(self) -> None:
        """Close the connections."""
        for pool in self._pools.values():
            try:
                await asyncio.wait_for(pool.close(), CONNECT_SECONDS)
            except TimeoutError:
                pool.terminate()
