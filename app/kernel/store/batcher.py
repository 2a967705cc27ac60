"""Writes of one kind that arrive while one is under way are carried out together, by one statement; reads likewise.

A write of one record costs Postgres some four times what a row of many costs it: planning, look-ups, triggers and
the flush to disk are paid once a statement. Who comes alone does not wait for company: a write that finds its kind idle
goes at once. Those of one kind are by one caller, with the same members; so row security, which decides by the
statement, decides for each as if it stood alone. See docs/decisions/0017-writing-together.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg

# A server that has gone away: whether the statement was carried out is not known.
GONE = (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError)
MOST = 50  # rows of one statement: what a pool of connections sends at once, and no lock is held for long
# Statements under way in one process. More of them only wait for one another in Postgres, at a third of its time; and
# writes that are held up there leave half of a pool to those who read.
MAX_CONCURRENT = 4
LOCK_WAIT = 0.2  # seconds after which a statement that waits for a lock is left to itself
RETURN = 0.001  # seconds in which those that were answered together are expected back

Together = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


@dataclass(slots=True)
class _Waiting:
    """One write or read in line: what is written, of which record, and who waits for what became of it."""

    write: Any
    record_id: str
    outcome: asyncio.Future[Any]


@dataclass(slots=True)
class _Line:
    """What of one kind waits for the next statement."""

    writes: list[_Waiting] = field(default_factory=list)
    expected: int = 0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def join(self, waiting: _Waiting) -> None:
        self.writes.append(waiting)
        if len(self.writes) >= self.expected:
            self.complete.set()

    async def fill(self, expected: int) -> None:
        """Waits until so many are in line, for as long as those take to return that were answered together.

        Without it they part for good: one that comes first goes alone, the others after it, and it waits for them.
        """
        if expected > 1 and len(self.writes) < expected:
            self.expected = expected
            self.complete.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(RETURN):
                    await self.complete.wait()


class Batcher:
    """The lines of writes of one process, a line for each kind; of each kind one statement is under way.

    One that is held up does not hold up the others: after a moment the next goes beside it.
    """

    def __init__(self, max_concurrent: int = MAX_CONCURRENT, lock_wait: float = LOCK_WAIT) -> None:
        self._slots = asyncio.Semaphore(max_concurrent)
        self._lock_wait = lock_wait
        self._lines: dict[Hashable, _Line] = {}
        self._at_work: set[asyncio.Task[None]] = set()

    async def submit(self, kind: Hashable, write: Any, record_id: str, together: Together) -> Any:
        """What became of this write: the answer of `together` in its place, or what it raised.

        Whatever is raised is of this write alone: where Postgres refuses many, each is tried by itself. Of one record
        there is never more than one write in a statement.
        """
        waiting = _Waiting(write, record_id, asyncio.get_running_loop().create_future())
        line = self._lines.get(kind)
        if line is None:
            line = self._lines[kind] = _Line()
            self._begin(self._work(kind, line, together))
        line.join(waiting)
        return await waiting.outcome

    def _begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return task

    async def _work(self, kind: Hashable, line: _Line, together: Together) -> None:
        """Carries out what is in line until nothing is. A caller that has gone away leaves its write to be done."""
        try:
            while line.writes:
                async with self._slots:
                    batch = _taken(line.writes)
                    await asyncio.wait({self._begin(self._settle(batch, together))}, timeout=self._lock_wait)
                await line.fill(len(batch))
        finally:
            del self._lines[kind]
            # Nobody is left if it ended by itself.
            _fail(line.writes, asyncpg.InterfaceError("the service is stopping"))

    async def _settle(self, batch: list[_Waiting], together: Together) -> None:
        try:
            answers = await together([waiting.write for waiting in batch])
        except asyncpg.PostgresError as problem:
            # A refusal of the server's has undone the whole statement; with the connection lost, nobody knows.
            if len(batch) == 1 or isinstance(problem, GONE):
                _fail(batch, problem)
            else:
                for waiting in batch:
                    self._begin(self._settle([waiting], together))
        except BaseException as problem:
            _fail(batch, problem)
            if not isinstance(problem, Exception):
                raise
        else:
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.outcome.done():
                    waiting.outcome.set_result(answer)


def _taken(line: list[_Waiting]) -> list[_Waiting]:
    """Takes from the line what goes together, in the order of the records, in which every process locks them."""
    taken: dict[str, _Waiting] = {}
    for waiting in line:
        if len(taken) < MOST:
            taken.setdefault(waiting.record_id, waiting)
    line[:] = [waiting for waiting in line if taken.get(waiting.record_id) is not waiting]
    return [taken[record_id] for record_id in sorted(taken)]


def _fail(batch: list[_Waiting], problem: BaseException) -> None:
    for waiting in batch:
        if not waiting.outcome.done():
            waiting.outcome.set_exception(problem)
