"""Sends an answer by one system call. uvicorn imports this file before the application, so it imports nothing of ours.

uvicorn writes the head of an answer and its body in two system calls. The second costs a tenth of a GET, and it wakes
the client for a head without a body.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWrite:
    """A transport that holds what is written until more comes, or until the event loop turns."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send this with what is held; if nothing is held, hold it."""
        if not self._held:
            self._held.append(data)
            self._loop.call_soon(self.send)
            return
        self._held.append(data)
        self.send()

    def close(self) -> None:
        """Close, after sending what is held."""
        self.send()
        self._transport.close()

    def send(self) -> None:
        """Send what is held, unless the client has left."""
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.writelines(held)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol over OneWrite."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._one_write = OneWrite(transport)
        super().connection_made(self._one_write)  # type: ignore[arg-type]  # it stands for one

    def eof_received(self) -> None:
        """The client sends no more: the transport closes after this, and what is held would be lost."""
        self._one_write.send()
        super().eof_received()
