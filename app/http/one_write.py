"""An answer leaves by one system call.

uvicorn writes the head of an answer and its body one after the other, and each is a call of its own: the second costs
a tenth of a GET, and whoever waits is woken for a head without a body.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWrite:
    """A transport that holds back what is written until more comes, or until the event loop turns."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends what is held with this; by itself, it is held."""
        if not self._held:
            self._held.append(data)
            self._loop.call_soon(self._send)
            return
        self._held.append(data)
        self._send()

    def close(self) -> None:
        """Nothing that was written is lost."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._transport.writelines(held)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol over such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(OneWrite(transport))  # type: ignore[arg-type]  # it stands for one
