"""Shares of a pool: what is asked of one kind of record never takes all connections.

While a table is locked, as by a migration or by a person with psql, whoever reads it waits and keeps a connection for
as long. A quarter of each pool is left to those who read other tables. Costs a semaphore's counting: below 1 µs.
"""

import asyncio
from typing import Any

from app.db.pool import WAIT_SECONDS, Loan, Pool


def acquire(pool: Pool, kind: str) -> "SharedLoan":
    """`async with acquire(pool, kind) as connection`, as `pool.acquire()`, and counted as one of its kind."""
    share = pool.kinds.get(kind)
    if share is None:
        share = pool.kinds[kind] = asyncio.Semaphore(max(1, pool.size - pool.size // 4))
    return SharedLoan(pool, share)


class SharedLoan(Loan):
    """One connection for the length of a block, of which its kind has a share."""

    __slots__ = ("_share",)

    def __init__(self, pool: Pool, share: asyncio.Semaphore) -> None:
        super().__init__(pool)
        self._share = share

    async def __aenter__(self) -> Any:
        if self._share.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._share.acquire()
        else:
            await self._share.acquire()
        try:
            return await super().__aenter__()
        except BaseException:
            self._share.release()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        await super().__aexit__(kind, *rest)
        self._share.release()
