"""Connections: one small pool for each class of caller, opened when first used."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import asyncpg

from app.db.context import Caller
from app.db.pool import Pool

# What the driver raises when the database cannot answer just now: the caller is told to try again, nothing is lost.
UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.AdminShutdownError,
    ConnectionError,
    TimeoutError,
)


class Pools:
    """The pools of one process. `of(caller)` picks the pool by the caller's class and nothing else."""

    def __init__(self, url: str, *, size: int = 8, prepared: bool = True) -> None:
        self._url = url
        self._size = size
        self._cache = 200 if prepared else 0
        self._pools: dict[str, Pool] = {}

    def role(self, role: str) -> Pool:
        """The pool whose connections act as this database role."""
        pool = self._pools.get(role)
        if pool is None:
            pool = self._pools[role] = Pool(partial(self._connect, role), self._size)
        return pool

    def of(self, caller: Caller) -> Pool:
        """The pool for this caller's class."""
        return self.role(caller.database_role)

    async def _connect(self, role: str) -> Any:
        return await asyncpg.connect(
            self._url, statement_cache_size=self._cache, server_settings=session(role), command_timeout=None
        )

    async def close(self) -> None:
        """Closes every pool; waits for what is under way, but not for ever."""
        for pool in self._pools.values():
            try:
                await asyncio.wait_for(pool.close(), 10)
            except TimeoutError:
                pool.terminate()
        self._pools.clear()


def session(role: str) -> Mapping[str, str]:
    """What a connection is told when it opens. Moments are answered with the Shanghai offset."""
    return {"role": role, "TimeZone": "Asia/Shanghai", "application_name": "inspection-ledger", "jit": "off"}


async def connect(url: str, role: str | None = None) -> Any:
    """One connection outside the pools, for a listener or a lock that outlives a request."""
    settings = session(role) if role else {"application_name": "inspection-ledger"}
    return await asyncpg.connect(url, server_settings=settings)
