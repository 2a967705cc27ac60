"""A connection of a client: uvicorn's protocol, with limits, and with a problem document for whatever is refused.

uvicorn itself bounds no head, waits for ever for the rest of a request, and loses a body behind an offer to upgrade.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import Unreadable
from app.http.slow_clients import ANSWER, BODY, HEAD, IDLE, SENDING, UNREAD, Limits, SlowClients
from app.settings import settings

ADDRESS_BYTES, HEAD_BYTES, HEAD_FIELDS = 16 * 1024, 64 * 1024, 200
STEP_BYTES = 1024  # fewer bytes of a body are no step forward
LEAVING_SECONDS = 2  # how long a caller may go on sending what nobody reads, so that it can read the refusal
ALWAYS_ANSWERED = ("/health/live", "/health/ready")


async def _overloaded(scope: Any, receive: Any, send: Any) -> None:
    from app.http.problems import refuse_overloaded

    await refuse_overloaded(scope, receive, send)


class OneWrite:
    """A transport that holds what is written until more comes, or until the event loop turns.

    uvicorn writes the head of an answer and its body in two system calls. The second costs a tenth of a GET, and it
    wakes the client for a head without a body.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self.is_closing = transport.is_closing  # asked for at every answer: `__getattr__` would cost more

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


class Connection(HttpToolsProtocol):
    """One connection. Between requests and within a head `_in_head` holds; `received` are the bytes since then."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to read."""
        self._one_write = OneWrite(transport)
        self._received, self._in_head, self._refused, self._receiving = 0, True, False, False
        self._heads = self._body_bytes = 0
        self._why = Unreadable("malformed_request")
        self.url = b""
        super().connection_made(self._one_write)  # type: ignore[arg-type]  # it stands for one
        state: Any = self.server_state
        if not hasattr(state, "slow_clients"):
            state.slow_clients = SlowClients(Limits.of(settings()), self.connections)
        self._slow_clients: SlowClients = state.slow_clients
        self._slow_clients.entered(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left."""
        self._received_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the request was refused already."""
        rest: bytes | None = data
        while rest is not None and not self._refused:
            rest = self._read(rest)

    def _read(self, data: bytes) -> bytes | None:
        """Feed the parser. Returns what is to be read anew, because the request before it offered an upgrade."""
        self._received += len(data)
        try:
            self.parser.feed_data(data)
            if self._received > ADDRESS_BYTES:
                self._bound_unended()
        except httptools.HttpParserUpgrade as stopped:
            return self._without_upgrade(data[stopped.args[0] :])
        except (httptools.HttpParserError, Unreadable):
            self._refuse(self._why)
        if not (self._in_head or self._receiving or self._refused):
            self._receiving = True
            self._slow_clients.receiving += 1
        return None

    def _without_upgrade(self, rest: bytes) -> bytes | None:
        """The request as if it did not offer to go on in another protocol (RFC 9110 7.8), and what follows its head.

        The parser has stopped behind the head, since it takes the rest for that other protocol.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(Unreadable("method_not_allowed", method="CONNECT"))
            return None
        head = [b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())]
        head += [b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self._received = 0
        return b"".join([*head, b"\r\n", rest])

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._bound()
        if self.parser.should_upgrade():
            return  # `_without_upgrade` has it read anew
        super().on_headers_complete()
        self._in_head = False
        self._heads += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field; one that follows a body is left out. As uvicorn has it, without a call of it for each."""
        if self._in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """A part of the body: a step forward."""
        self._received = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has ended; what follows is the head of the next."""
        if self._in_head:
            return  # of a request that is read anew
        super().on_message_complete()
        self._in_head, self._received = True, 0
        self._received_whole()

    def _received_whole(self) -> None:
        if self._receiving:
            self._receiving = False
            self._slow_clients.receiving -= 1

    def _bound(self) -> None:
        """Refuse a head that is too long."""
        if len(self.url) > ADDRESS_BYTES:
            self._why = Unreadable("address_too_long", most=ADDRESS_BYTES)
        elif len(self.headers) > HEAD_FIELDS:
            self._why = Unreadable("too_many_headers", most=HEAD_FIELDS)
        elif self._received > HEAD_BYTES and sum(len(n) + len(v) for n, v in self.headers) > HEAD_BYTES:
            self._why = Unreadable("headers_too_long", most=HEAD_BYTES)
        else:
            return
        raise self._why

    def _bound_unended(self) -> None:
        """Refuse what is too long before its end has come: address, head, or what surrounds the parts of a body."""
        if self._in_head and len(self.url) > ADDRESS_BYTES:
            self._bound()
        if self._received - (len(self.url) if self._in_head else 0) > HEAD_BYTES:
            self._why = Unreadable("headers_too_long", most=HEAD_BYTES)
            raise self._why

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Serve the request, or refuse it because too many are under way. One that waits for its body is none."""
        if len(self.tasks) - self._slow_clients.receiving >= self._slow_clients.limits.requests:
            app = app if cycle.scope["path"] in ALWAYS_ANSWERED else _overloaded
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request. uvicorn sets a timer here; `slow_clients` ends idle connections instead."""
        self.server_state.total_requests += 1
        if not self._one_write.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
            elif self._refused:
                self.transport.close()

    def waiting(self) -> tuple[str, int]:
        """What this connection waits for, and a number that changes with each step forward."""
        if unsent := self._one_write.get_write_buffer_size():
            return SENDING, unsent
        if self._under_way():
            ours = self._in_head or self._refused or self.flow.read_paused
            return (ANSWER, 0) if ours else (BODY, self._body_bytes // STEP_BYTES)
        if not self._in_head:
            return UNREAD, self._heads
        return (HEAD, self._heads) if self._begun() or not self._heads else (IDLE, self._heads)

    def cut(self, waiting: str) -> None:
        """End the connection, because its client keeps the service waiting."""
        if waiting == SENDING or self._refused:
            self._one_write.abort()
        elif waiting == BODY or self._begun():
            self._refuse(Unreadable("too_slow"))
        else:
            self._one_write.close()

    def _begun(self) -> bool:
        """Whether a part of a head has come: uvicorn makes the scope of a request with its first byte."""
        return self.scope is not None and (self.cycle is None or self.scope is not self.cycle.scope)

    def _under_way(self) -> bool:
        """Whether the request that came last is not answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, why: Unreadable) -> None:
        """Read no more, and say why, after the answers that are due; then close.

        A request whose body is not read on is answered by its route, which learns of it when it reads: one that reads
        no body has perhaps done what it was asked for.
        """
        self._refused = True
        if self._under_way():
            self.cycle.keep_alive = False
            if not self._in_head:
                self.cycle.scope["unreadable"] = why  # type: ignore[typeddict-unknown-key]  # see RequestLog
                self.cycle.message_event.set()
            return
        if self._in_head:  # else it was answered before its body had come
            from app.http.problems import refused_unread

            self.transport.write(refused_unread(why.code, **why.params))
        self._one_write.send()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        asyncio.get_running_loop().call_later(LEAVING_SECONDS, self.transport.close)

    def eof_received(self) -> None:
        """The client sends no more: the transport closes after this, and what is held would be lost."""
        self._one_write.send()
        super().eof_received()
