"""Connections: one pool for each database role. A pool resets nothing when a connection comes back.

Lending therefore costs the event loop no work: asyncpg's own pool makes a task of every return and a proxy of every
loan, 35 of the 57 µs that a smallest query takes in Python (docs/decisions/0012-own-pool.md). The service never sets
anything for a session, so a connection that is idle outside a transaction is as good as new. Any other is closed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import asyncpg

from app.db import faults, timeouts
from app.db.logins import Logins

WAIT_SECONDS = 20
CONNECT_SECONDS = 10
STATEMENTS = 200  # that a connection keeps prepared
# A task that finds AT_WORK connections lent waits up to MOMENT (seconds) for one of them before it takes another. Fewer
# sessions do the same work faster, because each has caches of its own: a list cost the processor 1.1 ms with eight
# connections at work, 0.84 ms with two.
AT_WORK, MOMENT = 2, 0.05


class Pool:
    """At most `size` connections, opened when first needed and lent to one task at a time, the last returned first.

    While AT_WORK connections are lent, a task waits up to MOMENT for one to come back; a statement that takes longer
    delays nobody further.
    """

    def __init__(self, connect: Callable[[], Awaitable[Any]], size: int) -> None:
        self._connect = connect
        self.size, self.kinds = size, dict[str, asyncio.Semaphore]()  # of `acquire_share`
        self._free_places = size
        self._idle: list[Any] = []
        self._lent: dict[Any, float] = {}  # connection -> since when
        self._opening, self._closing, self._last = 0, False, asyncio.Event()
        self._waiting: deque[asyncio.Future[Any]] = deque()

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
        """A connection. The caller must call `give_back`. Raises TimeoutError where none comes free in time."""
        self._must_be_open()
        loop = asyncio.get_running_loop()
        connection = await self._awaited(MOMENT) if self._at_work(loop.time()) >= AT_WORK else None
        if connection is None:
            connection = self._warmest()
        if connection is None:
            connection = await self._another()
        self._lent.setdefault(connection, loop.time())
        return connection

    def _must_be_open(self) -> None:
        if self._closing:
            raise asyncpg.InterfaceError("the pool is closed")

    def _at_work(self, now: float) -> int:
        """How many were lent less than MOMENT ago. One that is out for longer is not expected back soon."""
        return self._opening + sum(now - since < MOMENT for since in self._lent.values())

    def _warmest(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._free_places += 1
        return None

    async def _another(self) -> Any:
        """A new connection while fewer than `size` are open, else the next that comes back. Raises TimeoutError."""
        now = asyncio.get_running_loop().time
        until = now() + WAIT_SECONDS
        while not self._free_places:
            if connection := await self._awaited(until - now()):
                return connection
            if now() >= until:
                raise TimeoutError
        self._must_be_open()
        self._free_places -= 1
        self._opening += 1
        try:
            return await self._connect()
        except BaseException:
            self._pass_on(None)
            raise
        finally:
            self._opening -= 1

    async def _awaited(self, seconds: float) -> Any:
        """The next connection that comes back within so many seconds; None if none does, or if one was closed."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(waiter)
        timer = loop.call_later(seconds, _time_out, waiter)
        try:
            return await waiter
        except BaseException:
            # A connection came just as the task gave up.
            if waiter.done() and not waiter.cancelled() and waiter.result():
                self.give_back(waiter.result())
            raise
        finally:
            timer.cancel()

    def give_back(self, connection: Any, sound: bool = True) -> None:
        """Take a connection back. One that is not idle outside a transaction is closed, and another may be opened."""
        self._lent.pop(connection, None)
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
        """Give a connection to the task that waits longest, else keep it. None stands for one that was closed."""
        if connection is None:
            self._free_places += 1
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                if connection is not None:  # lent from now on, although the task that waits for it runs a little later
                    self._lent[connection] = waiter.get_loop().time()
                waiter.set_result(connection)
                return
        if connection is not None:
            self._idle.append(connection)

    async def close(self) -> None:
        """Close the idle connections, and wait until those that are lent have come back and are closed, too."""
        self._closing = True
        while self._idle:
            await self._idle.pop().close()
        if self._lent:
            await self._last.wait()

    def terminate(self) -> None:
        """Close every connection at once."""
        for connection in (*self._idle, *self._lent):
            connection.terminate()


def _time_out(waiter: "asyncio.Future[Any]") -> None:
    if not waiter.done():
        waiter.set_result(None)


class Loan:
    """One connection for the length of a block."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Any:
        self._connection = await self._pool.lend()
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # A task that was cancelled may have left its statement running, and a driver that lost its place is no use.
        broken = kind is not None and issubclass(kind, (asyncio.CancelledError, asyncpg.InternalClientError))
        self._pool.give_back(self._connection, not broken)


class Pools(dict[str, Pool]):
    """The pools of one process, by database role: `pools[caller.database_role]`. A pool is made when first asked for.

    A connection acts as its role from its opening to its end.
    """

    def __init__(self, logins: Logins, *, size: int = 8) -> None:
        super().__init__()
        self.logins = logins
        self._size = size

    def __missing__(self, role: str) -> Pool:
        pool = self[role] = Pool(partial(self.connect, role), self._size)
        return pool

    async def connect(self, role: str) -> Any:
        """A new connection, which the caller closes. What Postgres refuses meanwhile is a fault of the database."""
        try:
            return await asyncpg.connect(
                self.logins.of(role),
                statement_cache_size=STATEMENTS,
                server_settings={**session(role), **timeouts.OF_REQUESTS},
                command_timeout=None,
                timeout=CONNECT_SECONDS,
            )
        except asyncpg.PostgresError as problem:
            if faults.code_of(problem):
                raise
            raise ConnectionError("refused") from problem

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
