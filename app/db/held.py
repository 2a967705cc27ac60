"""One open transaction in the place of a pool: what is lent is always the same connection.

Code that borrows connections, and knows of no transaction around it, so becomes part of one.
"""

from typing import Any

import asyncpg

from app.db.pool import Loan, Pool, Pools


class HeldPool(Pool):
    """A pool of one connection, which is in a transaction. Each loan is a savepoint: two round trips more."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def acquire(self) -> Loan:
        """`async with pool.acquire() as connection`: it waits for nobody."""
        return _Savepoint(self._connection)


class _Savepoint(Loan):
    """A loan that ends as one of autocommitted statements does.

    What the database refuses is undone, and the transaction goes on. What the borrower refuses leaves what its
    statements have written: the log entry of a read, a failed sign-in that counts.
    """

    __slots__ = ("_savepoint",)

    def __init__(self, connection: Any) -> None:
        self._connection, self._savepoint = connection, connection.transaction()

    async def __aenter__(self) -> Any:
        await self._savepoint.start()
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, asyncpg.PostgresError | asyncpg.InterfaceError):
            if not self._connection.is_closed():
                await self._savepoint.rollback()
        elif kind is None or issubclass(kind, Exception):
            await self._savepoint.commit()


class HeldPools(Pools):
    """The pools of a process, but that of one role, in whose place stands a connection in a transaction."""

    def __init__(self, pools: Pools, role: str, connection: Any) -> None:
        dict.__init__(self, {role: HeldPool(connection)})
        self._pools, self.logins, self.opening = pools, pools.logins, pools.opening

    def __missing__(self, role: str) -> Pool:
        return self._pools[role]
