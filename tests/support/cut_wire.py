"""A way to Postgres that a test cuts at a chosen message: before the server has it, or before it is answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

READY = b"Z\x00\x00\x00\x05"  # ReadyForQuery: the answer is whole with the letter that follows
SYNC = b"S\x00\x00\x00\x04"


@dataclass
class Cut:
    """Where the way is cut: at the client's n-th message from now, and whether the server carries it out first.

    Messages without the words of `holding` are not counted.
    """

    nth: int
    carried_out: bool
    holding: bytes = b""
    message: bytes = b""  # what was cut, once it was

    @property
    def made(self) -> bool:
        """Whether so many messages came."""
        return self.nth == 0


@dataclass
class Wire:
    """The proxy: its address in the place of the server's, and the cut that a test has asked for."""

    url: str
    port: int = 0
    cut: Cut | None = None
    pairs: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def address(self) -> str:
        """The server's address by way of this proxy."""
        place = urlsplit(self.url)
        return self.url.replace(f"@{place.hostname}:{place.port}", f"@127.0.0.1:{self.port}")

    def break_all(self) -> None:
        """Cut every connection now."""
        for writer in self.pairs:
            writer.transport.abort()

    async def carry(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it, or the cut comes."""
        place = urlsplit(self.url)
        server, forth = await asyncio.open_connection(place.hostname, place.port)
        self.pairs |= {back, forth}
        dropping = asyncio.Event()

        async def answers() -> None:
            tail = b""
            while data := await server.read(1 << 16):
                tail = (tail + data)[-6:]
                if not dropping.is_set():
                    back.write(data)
                elif tail[:5] == READY or not (self.cut and _ends_whole(self.cut.message)):
                    return

        async def questions() -> None:
            listens = False
            while data := await client.read(1 << 16):
                listens |= b"LISTEN" in data
                if not listens and self._falls_on(data):
                    if not (self.cut and self.cut.carried_out):
                        return
                    dropping.set()
                forth.write(data)

        with suppress(ConnectionError):
            tasks = {asyncio.create_task(answers()), asyncio.create_task(questions())}
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.pairs -= {back, forth}
        for writer in (back, forth):
            writer.transport.abort()

    def _falls_on(self, data: bytes) -> bool:
        if self.cut is None or self.cut.made or self.cut.holding not in data:
            return False
        self.cut.nth -= 1
        if self.cut.made:
            self.cut.message = data
        return self.cut.made


def _ends_whole(message: bytes) -> bool:
    """Whether the server's answer ends with ReadyForQuery. That to a step of a sign-in or a preparation does not."""
    return message[:1] == b"Q" or message.endswith(SYNC)


@asynccontextmanager
async def wired(url: str) -> AsyncIterator[Wire]:
    """A way to the server of this address."""
    wire = Wire(url)
    server: Any = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        wire.break_all()
