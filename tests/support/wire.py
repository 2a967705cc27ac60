"""A server on a real socket in the test's own event loop, and clients that send bytes as they please."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from uvicorn.lifespan.off import LifespanOff

from app.http.connection import Connection
from app.http.slow_clients import ANSWER, Limits, SlowClients

PATIENCE = 60  # seconds after which a test gives up; none counts them


@dataclass
class Told:
    """One answer, as it came over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Any:
        """The problem document that it is."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem = orjson.loads(self.body)
        assert problem["status"] == self.status
        assert problem["instance"] == f"urn:request:{self.headers['x-request-id']}"
        return problem


class RawClient:
    """A connection on which a test writes bytes and reads answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, *parts: bytes) -> None:
        """Send each part by itself: the server sees the parts before the last one without it."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            for _ in range(3 if len(parts) > 1 else 0):
                await asyncio.sleep(0)

    async def told(self) -> Told:
        """The next answer."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            status, *fields = head.strip().split("\r\n")
            headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
            code = int(status.split()[1])
            length = 0 if code in (204, 304) else int(headers["content-length"])
            return Told(code, headers, await self.reader.readexactly(length))

    async def ended(self) -> bytes:
        """What comes until the server closes the connection."""
        async with asyncio.timeout(PATIENCE):
            said = b""
            with suppress(ConnectionError):
                while piece := await self.reader.read(2**16):
                    said += piece
            return said


class Serving:
    """A running server, and the clients that were opened to it."""

    def __init__(self, port: int, server: uvicorn.Server) -> None:
        self.port, self.server, self.ended = port, server, False
        self._clients: list[RawClient] = []

    @property
    def connections(self) -> set[Any]:
        """What the server holds open."""
        return self.server.server_state.connections

    async def client(self, **options: Any) -> RawClient:
        """A new connection."""
        made = RawClient(*await asyncio.open_connection("127.0.0.1", self.port, **options))
        self._clients.append(made)
        return made

    async def end(self) -> None:
        """End the server in order, as a signal does."""
        if not self.ended:
            self.ended = True
            await self.server.shutdown()

    def left(self) -> None:
        """All clients leave."""
        for client in self._clients:
            client.writer.transport.abort()


@asynccontextmanager
async def serving(app: Any, limits: Limits | None = None, grace: int = 5) -> AsyncIterator[Serving]:
    """Serve an application with our protocol for the length of the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            http=Connection,
            lifespan="off",
            ws="none",
            access_log=False,
            server_header=False,
            log_level="critical",
            timeout_graceful_shutdown=grace,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = LifespanOff(config)
        if limits:
            state: Any = server.server_state
            state.slow_clients = SlowClients(limits, state.connections)
        await server.startup(sockets=[listener])
        running = Serving(listener.getsockname()[1], server)
        try:
            yield running
        finally:
            running.left()
            await running.end()


def limits(connections: int = 1000, requests: int = 1000, **seconds: float) -> Limits:
    """Limits that nobody reaches but in what is named, by what is waited for: `head=0.2`."""
    waited_for = {"request": 60.0, "head": 60.0, "body": 60.0, "end of a body": 60.0, "reader": 60.0}
    assert set(seconds) <= set(waited_for) and ANSWER not in waited_for
    return Limits({**waited_for, **seconds}, connections, requests)
