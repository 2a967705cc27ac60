"""Ends connections whose client keeps the service waiting, and makes room for others. See decision 37.

One look a second at every connection of the process costs some microseconds each; a request pays nothing, and spares
the timer that uvicorn sets and cancels for each answer.
"""

import asyncio
import resource
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from prometheus_client import Counter

from app.settings import Settings

CUT = Counter("ledger_connections_cut", "Connections ended because the client kept the service waiting", ["waiting"])
# What a connection waits for. In all but the last two it is the client's turn.
IDLE, HEAD, BODY, UNREAD, SENDING, ANSWER = "request", "head", "body", "end of a body", "reader", "answer"
FILES_BESIDE = 200  # open files of a process that are no connections of clients: database, uploads, logs
SHED = 20  # of so many connections that wait for their client one is ended, where there are too many


class Watched(Protocol):
    """What is looked at of a connection: `seen` is what the last look saw, `since` when it saw that first."""

    seen: tuple[str, int]
    since: float

    def waiting(self) -> tuple[str, int]:
        """What the connection waits for, and a number that changes with each step forward."""
        ...

    def cut(self, waiting: str) -> None:
        """End the connection, with a word if one can be said."""
        ...


@dataclass(frozen=True)
class Limits:
    """Seconds for each thing that is waited for, connections, and requests under way at once."""

    seconds: dict[str, float]
    connections: int
    requests: int

    @classmethod
    def of(cls, options: Settings) -> "Limits":
        """The limits of a process: never more connections than it may have open files."""
        head, body, idle = options.head_seconds, options.body_seconds, options.keep_alive_seconds
        seconds = {IDLE: idle, HEAD: head, BODY: body, UNREAD: body, SENDING: body}
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        connections = min(options.connections, max(files - FILES_BESIDE, FILES_BESIDE))
        return cls(seconds, connections, options.requests_at_once)


class SlowClients:
    """Looks at the connections of one process. `receiving` counts the requests whose body is still on its way."""

    def __init__(self, limits: Limits, connections: Collection[Any]) -> None:
        self.limits, self.receiving = limits, 0
        self._connections = connections
        self._every = min(limits.seconds.values()) / 10
        self._looking = False

    def entered(self, connection: Watched) -> None:
        """A new connection: it has as long for its first head as for any. Room is made if there are too many."""
        loop = asyncio.get_running_loop()
        connection.seen, connection.since = (HEAD, 0), loop.time()
        if len(self._connections) > self.limits.connections:
            self._make_room()
        if not self._looking:
            self._looking = True
            loop.call_later(self._every, self._look)

    def _look(self) -> None:
        """End every connection that has not gone a step forward for too long, and look again later."""
        now = asyncio.get_running_loop().time()
        for connection in tuple(self._connections):
            waiting = connection.waiting()
            if waiting != connection.seen:
                connection.seen, connection.since = waiting, now
            elif now - connection.since >= self.limits.seconds.get(waiting[0], float("inf")):
                self._cut(connection, waiting[0])
        self._looking = bool(self._connections)
        if self._looking:
            asyncio.get_running_loop().call_later(self._every, self._look)

    def _make_room(self) -> None:
        """End those that wait for their client longest; several at once, because to find them costs a look at all."""
        idle = [c for c in self._connections if c.waiting()[0] not in (SENDING, ANSWER)]
        idle.sort(key=lambda connection: connection.since)
        for connection in idle[: 1 + len(idle) // SHED]:
            self._cut(connection, connection.waiting()[0])

    def _cut(self, connection: Watched, waiting: str) -> None:
        CUT.labels(waiting).inc()
        connection.cut(waiting)
