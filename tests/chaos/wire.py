"""The wire between service and Postgres: passes everything on, sees commits, and lets a fault fall exactly there."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

# The end of a message ReadyForQuery outside, and inside, a transaction.
IDLE, IN_TRANSACTION = b"Z\x00\x00\x00\x05I", b"Z\x00\x00\x00\x05T"
COMMIT = b"COMMIT;"
# The statement that commits was passed on, and Postgres has not answered; it has answered, and the service is not told.
BEFORE, AFTER = "before the commit is answered", "before the service is told"


@dataclass
class Aim:
    """A fault that waits for a write: struck at the n-th commit whose statement holds the mark."""

    mark: bytes
    moment: str
    strike: Callable[[], None]
    skip: int  # how many such commits pass unharmed
    delay: float  # seconds between passing the statement on and striking
    hit: asyncio.Event = field(default_factory=asyncio.Event)

    def fire(self) -> None:
        """Strike, once."""
        if not self.hit.is_set():
            self.hit.set()
            self.strike()


@dataclass(eq=False)
class Line:
    """One connection of the service."""

    inner: asyncio.StreamWriter  # to Postgres
    outer: asyncio.StreamWriter  # to the service
    in_transaction: bool = False
    marked: bool = False  # a write with the mark is in the transaction that is open
    committing: bool = False  # the statement that commits it was passed on

    def cut(self) -> None:
        """End it without a word to either side."""
        for writer in (self.inner, self.outer):
            with suppress(Exception):
                writer.transport.abort()


class Wire:
    """A TCP proxy. `target` is the port of Postgres, and may be another one for the connections to come."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, 0
        self.aim: Aim | None = None
        self._lines: dict[Line, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and cut what is open."""
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()

    def cut(self) -> None:
        """Cut every connection that is open."""
        for line in list(self._lines):
            line.cut()

    async def _joined(self, reader: asyncio.StreamReader, outer: asyncio.StreamWriter) -> None:
        try:
            answers, inner = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            outer.transport.abort()
            return
        line = Line(inner, outer)
        self._lines[line] = None
        for passing in (self._pass_in(line, reader), self._pass_out(line, answers)):
            task = asyncio.create_task(passing)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_in(self, line: Line, reader: asyncio.StreamReader) -> None:
        """From the service to Postgres."""
        try:
            while chunk := await reader.read(1 << 18):
                aim = self.aim
                if aim and aim.mark in chunk:
                    line.marked = True
                line.inner.write(chunk)
                await line.inner.drain()
                if aim and line.marked and (not line.in_transaction or COMMIT in chunk):
                    self._committing(line, aim)
        except OSError:
            pass
        finally:
            self._leave(line)

    def _committing(self, line: Line, aim: Aim) -> None:
        if aim.skip:
            aim.skip -= 1
            line.marked = False
            return
        line.committing = True
        if aim.moment == BEFORE:
            asyncio.get_running_loop().call_later(aim.delay, aim.fire)

    async def _pass_out(self, line: Line, answers: asyncio.StreamReader) -> None:
        """From Postgres to the service."""
        try:
            while chunk := await answers.read(1 << 18):
                if chunk.endswith((IDLE, IN_TRANSACTION)):
                    line.in_transaction = chunk.endswith(IN_TRANSACTION)
                    if self.aim and self.aim.moment == AFTER and line.committing and not line.in_transaction:
                        self.aim.fire()
                        line.cut()  # so that whoever was left alive is not told either
                        return
                    line.committing, line.marked = False, line.marked and line.in_transaction
                line.outer.write(chunk)
                await line.outer.drain()
        except OSError:
            pass
        finally:
            self._leave(line)

    def _leave(self, line: Line) -> None:
        self._lines.pop(line, None)
        for writer in (line.inner, line.outer):
            with suppress(Exception):
                writer.close()
