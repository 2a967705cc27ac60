"""A pool of connections that have nothing to reset, so that lending and taking back is no work for the event loop.

asyncpg's own pool makes a task of every return and a proxy of every loan: 35 of the 57 µs that a smallest query takes
in Python (docs/decisions/0012-own-pool.md). Nothing of a session is ever set by us, so a connection that is idle,
outside a transaction, is as good as new; any other is thrown away.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

WAIT_SECONDS = 20


class Pool:
    """At most `size` connections, opened when first needed and lent to one task at a time, the warmest first."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], size: int) -> None:
        self._connect = connect
        self._free_places = size
        self._idle: list[Any] = []
        self._lent: set[Any] = set()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._closing = False
        self._last = asyncio.Event()

    def acquire(self) -> "Loan":
        """`async with pool.acquire() as connection`. Raises TimeoutError where none comes free in time."""
        return Loan(self)

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        async with self.acquire() as connection:
            rows: list[Any] = await connection.fetch(query, *arguments)
            return rows

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> str:
        async with self.acquire() as connection:
            status: str = await connection.execute(query, *arguments)
            return status

    async def lend(self) -> Any:
        """A connection; `give_back` must follow."""
        if self._closing:
            raise asyncpg.InterfaceError("the pool is closed")
        connection = self._warmest()
        if connection is None and self._free_places:
            self._free_places -= 1
            connection = await self._opened()
        elif connection is None:
            connection = await self._awaited()
        self._lent.add(connection)
        return connection

    def _warmest(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._free_places += 1
        return None

    async def _opened(self) -> Any:
        """A new connection in a place that is taken already."""
        try:
            return await self._connect()
        except BaseException:
            self._pass_on(None)
            raise

    async def _awaited(self) -> Any:
        turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            passed = await asyncio.wait_for(turn, WAIT_SECONDS)
        except BaseException:
            if turn.done() and not turn.cancelled():  # its turn came in the moment in which it gave up
                self._pass_on(turn.result())
            raise
        return passed if passed is not None else await self._opened()

    def give_back(self, connection: Any, sound: bool = True) -> None:
        """Takes a connection back. One that is not idle outside a transaction is ended and makes room for another."""
        self._lent.discard(connection)
        if self._closing and not self._lent:
            self._last.set()
        if connection.is_closed():
            self._pass_on(None)
        elif not sound or self._closing or connection.is_in_transaction():
            connection.terminate()
            self._pass_on(None)
        else:
            self._pass_on(connection)

    def _pass_on(self, connection: Any) -> None:
        """To who waits longest, else onto the pile; None is the place of a connection that is no more."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._free_places += 1
        else:
            self._idle.append(connection)

    async def close(self) -> None:
        """Ends the idle connections in good order; those that are lent end when they come back."""
        self._closing = True
        while self._idle:
            await self._idle.pop().close()
        if self._lent:
            await self._last.wait()

    def terminate(self) -> None:
        """Ends every connection at once."""
        for connection in (*self._idle, *self._lent):
            connection.terminate()


class Loan:
    """One connection for the length of a block."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        self._connection = await self._pool.lend()
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # A task that was cancelled may have left its query running.
        self._pool.give_back(self._connection, kind is None or not issubclass(kind, asyncio.CancelledError))
