"""Batches: requests of one kind that arrive while a statement of that kind is under way share the next statement.

A write of one record costs Postgres about four times what a row of many costs: planning, look-ups, triggers and the
flush to disk are paid once a statement. A request that finds nothing of its kind under way is sent at once and alone.
One kind is one caller with the same members, so row security, which decides per statement, decides for each request as
if it stood alone (docs/decisions/0017-batches.md).
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson

from app.db import faults

MAX_BATCH = 50  # rows of one statement: as many as a client's connections send at once, and few enough to lock briefly
# Batches under way in one process. More of them only wait for one another in Postgres, at a third of its time; and
# writes that wait for a lock leave half of a pool to readers.
MAX_CONCURRENT = 4
LOCK_WAIT = 0.2  # seconds after which the next batch is sent beside one that waits for a lock
RETURN_WAIT = 0.001  # seconds in which the callers of the last batch are expected to ask again

Run = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class WriteItem:
    """One record of a batch as it is to be written. `version` is the version that a change starts from."""

    record_id: str
    request: str
    values: dict[str, Any]
    number: str | None = None
    version: int = 1

    @property
    def text(self) -> str:
        """The values as the statement takes them."""
        return orjson.dumps(self.values).decode()


@dataclass(slots=True)
class _Request:
    """One request in line: what it asks, of which record, and the future that its caller awaits."""

    item: Any
    record_id: str
    outcome: asyncio.Future[Any]


@dataclass(slots=True)
class _Line:
    """The requests of one kind that wait for the next batch."""

    requests: list[_Request] = field(default_factory=list)
    expected: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def join(self, request: _Request) -> None:
        self.requests.append(request)
        if len(self.requests) >= self.expected:
            self.complete.set()

    async def fill(self, expected: int) -> None:
        """Wait up to 1 ms for the callers of the last batch to send their next request.

        Otherwise closed-loop clients fall out of step: the first to return is sent alone and the others queue behind
        it.
        """
        if expected > 1 and len(self.requests) < expected:
            self.expected = expected
            self.complete.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(RETURN_WAIT):
                    await self.complete.wait()


class Batcher:
    """The lines of one process, one for each kind. Of each kind one batch is under way, or one beside a stuck one."""

    def __init__(self, max_concurrent: int = MAX_CONCURRENT, lock_wait: float = LOCK_WAIT) -> None:
        self._slots = asyncio.Semaphore(max_concurrent)
        self._lock_wait = lock_wait
        self._lines: dict[Hashable, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, kind: Hashable, item: Any, record_id: str, run: Run) -> Any:
        """Send `item` with others of its kind; return what `run` answered in its place, or raise what became of it.

        An error belongs to this item alone: where Postgres refuses a batch, each item is tried by itself. A batch never
        holds two items of one record.
        """
        request = _Request(item, record_id, asyncio.get_running_loop().create_future())
        line = self._lines.get(kind)
        if line is None:
            line = self._lines[kind] = _Line()
            self._start(self._work_off(kind, line, run))
        line.join(request)
        return await request.outcome

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work_off(self, kind: Hashable, line: _Line, run: Run) -> None:
        """Send batches until the line is empty. A caller that has gone away leaves its request to be carried out."""
        try:
            while line.requests:
                async with self._slots:
                    batch = _take_batch(line.requests)
                    await asyncio.wait({self._start(self._settle(batch, run))}, timeout=self._lock_wait)
                await line.fill(len(batch))
        finally:
            del self._lines[kind]
            # The line is empty unless this task was cancelled.
            _fail(line.requests, asyncpg.InterfaceError("the service is stopping"))

    async def _settle(self, batch: list[_Request], run: Run) -> None:
        try:
            answers = await run([request.item for request in batch])
        except asyncpg.PostgresError as problem:
            # A refusal of the server's has undone the whole statement. A fault of the database is the same for each
            # item, but for a lock or a deadlock, which one of them may have met.
            if len(batch) == 1 or faults.code_of(problem) not in (None, faults.BUSY):
                _fail(batch, problem)
            else:
                for request in batch:
                    self._start(self._settle([request], run))
        except BaseException as problem:
            _fail(batch, problem)
            if not isinstance(problem, Exception):
                raise
        else:
            for request, answer in zip(batch, answers, strict=True):
                if not request.outcome.done():
                    request.outcome.set_result(answer)


class Unbatched(Batcher):
    """In the place of a batcher, for a request that has a transaction of its own: it shares no statement."""

    async def submit(self, kind: Hashable, item: Any, record_id: str, run: Run) -> Any:
        """Run the statement of this one item, on the connection that `run` borrows."""
        (answer,) = await run([item])
        return answer


def _take_batch(line: list[_Request]) -> list[_Request]:
    """Take the next batch out of the line, in the order of identifiers, in which every process locks its rows."""
    taken: dict[str, _Request] = {}
    for request in line:
        if len(taken) < MAX_BATCH:
            taken.setdefault(request.record_id, request)
    line[:] = [request for request in line if taken.get(request.record_id) is not request]
    return [taken[record_id] for record_id in sorted(taken)]


def _fail(batch: list[_Request], problem: BaseException) -> None:
    for request in batch:
        if not request.outcome.done():
            request.outcome.set_exception(problem)
