"""Connections to the database: one small pool for each database role, opened when first used."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import asyncpg

from app.db.pool import Pool

# What the driver raises when the database cannot answer just now. The caller is told to try again (503).
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


class Pools(dict[str, Pool]):
    """The pools of one process, by database role: `pools[caller.database_role]`. A pool is made when first asked for.

    A connection acts as its role from its opening to its end.
    """

    def __init__(self, url: str, *, size: int = 8, prepared: bool = True) -> None:
        super().__init__()
        self._url = url
        self._size = size
        self._cache = 200 if prepared else 0

    def __missing__(self, role: str) -> Pool:
        pool = self[role] = Pool(partial(self._connect, role), self._size)
        return pool

    async def _connect(self, role: str) -> Any:
        return await asyncpg.connect(
            self._url, statement_cache_size=self._cache, server_settings=session(role), command_timeout=None
        )

    async def close(self) -> None:
        """Close every pool. Wait ten seconds for what is under way, then end its connections."""
        for pool in self.values():
            try:
                await asyncio.wait_for(pool.close(), 10)
            except TimeoutError:
                pool.terminate()
        self.clear()


def session(role: str) -> Mapping[str, str]:
    """The settings of a session. Postgres answers moments with the Shanghai offset."""
    return {"role": role, "TimeZone": "Asia/Shanghai", "application_name": "inspection-ledger", "jit": "off"}


async def connect(url: str, role: str | None = None) -> Any:
    """One connection outside the pools, for a listener or a lock that outlives a request."""
    settings = session(role) if role else {"application_name": "inspection-ledger"}
    return await asyncpg.connect(url, server_settings=settings)
