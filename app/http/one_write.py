"""Sends an answer by one system call. uvicorn imports this file before the application, so it imports nothing of ours.

uvicorn writes the head of an answer and its body in two system calls. The second costs a tenth of a GET, and it wakes
the client for a head without a body.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ADDRESS_BYTES, HEAD_BYTES = 16 * 1024, 64 * 1024
LEAVING_SECONDS = 2  # how long a caller may go on sending what nobody reads, so that it can read the refusal


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


async def _overloaded(scope: Any, receive: Any, send: Any) -> None:
    from app.http.problems import refuse_overloaded

    await refuse_overloaded(scope, receive, send)


class TooLong(Exception):
    """An address, or header fields, of more bytes than are read."""


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol over OneWrite. What cannot be read as a request is refused with a problem document, too.

    uvicorn itself bounds neither address nor header fields: a caller without a token could fill the memory.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._one_write = OneWrite(transport)
        self._received, self._in_head, self._refused = 0, True, False
        self._why, self._most = "malformed_request", 0
        self.url = b""
        super().connection_made(self._one_write)  # type: ignore[arg-type]  # it stands for one

    def data_received(self, data: bytes) -> None:
        """Read on, unless the request was refused already."""
        if self._refused:
            return
        self._received += len(data)
        super().data_received(data)
        if self._in_head and not self._refused:
            try:
                self._bound(self._received)
            except TooLong:
                self.send_400_response("")

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._bound(sum(len(name) + len(value) for name, value in self.headers) if self._received > HEAD_BYTES else 0)
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has ended; what follows is the head of the next."""
        super().on_message_complete()
        self._in_head, self._received = True, 0

    def _bound(self, fields: int) -> None:
        if len(self.url) > ADDRESS_BYTES:
            self._why, self._most = "address_too_long", ADDRESS_BYTES
            raise TooLong
        if fields > HEAD_BYTES:
            self._why, self._most = "headers_too_long", HEAD_BYTES
            raise TooLong

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Serve the request, or refuse it because too many connections are open."""
        super()._start_asgi_task(cycle, _overloaded if app is service_unavailable else app)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, then close. uvicorn would say it in plain text."""
        from app.http.problems import refused_unread

        self._refused = True
        self.transport.write(refused_unread(self._why, self._most))
        self._one_write.send()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        asyncio.get_running_loop().call_later(LEAVING_SECONDS, self.transport.close)

    def eof_received(self) -> None:
        """The client sends no more: the transport closes after this, and what is held would be lost."""
        self._one_write.send()
        super().eof_received()
