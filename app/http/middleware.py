"""One pure ASGI layer around everything: request id, body limit, access line, metrics (measured 10 to 20 µs a request).

FastAPI's own limit stands outside of every exception handler and answers in plain text; ours is refused as all else is.
"""

import asyncio
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from select import PIPE_BUF
from typing import Any

import orjson
from prometheus_client import Counter, Histogram

from app.clock import now
from app.errors import Refusal

ANSWERED = Counter("ledger_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("ledger_request_seconds", "Time to answer", ["method"], buckets=(0.005, 0.02, 0.1, 0.5, 2, 10))
STDERR, NOWHERE = 2, -1
GIVEN_ID = re.compile(rb"(?!.*[0-9]{15})[0-9A-Za-z-]{8,64}")  # none that could be the number of a person


def _opened(access_log: str) -> int:
    """Where the lines go: '-' is standard error, 'off' nowhere, else a file that every worker appends to."""
    if access_log in ("-", "off"):
        return STDERR if access_log == "-" else NOWHERE
    return os.open(access_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


class Recorded:
    """Gives each request an id, writes one line about it, counts it. The line holds no query and no key of a record."""

    def __init__(self, app: Any, access_log: str = "-", limit: int = 2**20, limits: Mapping[str, int] = {}) -> None:
        self.app = app
        self._limit, self._limits = limit, limits
        self._log = _opened(access_log)
        self._counters: dict[tuple[str, str, int], Any] = {}
        self._timers: dict[str, Any] = {}
        self._lines: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"")
        request_id = given.decode() if GIVEN_ID.fullmatch(given) else os.urandom(16).hex()
        scope["request_id"] = request_id
        status, answered = 500, False

        async def sending(message: Any) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, self._limited(scope, receive), sending)
        except Exception:
            if not answered:
                raise
            # Starlette raises again what was answered with 500 and logged; the server would print it with its words.
        finally:
            self._record(scope, status, time.perf_counter() - started, request_id)

    def _limited(self, scope: Any, receive: Any) -> Any:
        """Receives no more than the path takes; where more is declared, nothing."""
        most, received = self._limits.get(scope["path"], self._limit), 0
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")

        async def receiving() -> Any:
            nonlocal received
            if declared.isdigit() and int(declared[:20]) > most:
                raise Refusal("too_large", most=most)
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise Refusal("too_large", most=most)
            return message

        return receiving

    def _record(self, scope: Any, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", "") or scope.get("ledger_route", "")
        key = (scope["method"], route, status)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = ANSWERED.labels(*map(str, key))
        counter.inc()
        timer = self._timers.get(scope["method"])
        if timer is None:
            timer = self._timers[scope["method"]] = SECONDS.labels(scope["method"])
        timer.observe(seconds)
        if self._log >= 0:
            line = {"at": now().isoformat(), "request": request_id, "method": scope["method"], "route": route}
            line |= {"status": status, "ms": round(seconds * 1000, 2)}
            if not self._lines:  # those of requests that end together are written together
                asyncio.get_running_loop().call_soon(self._write)
            self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        piece = b""
        for line in lines:
            if len(piece) + len(line) > PIPE_BUF:
                self._put(piece)
                piece = b""
            piece += line
        self._put(piece)

    def _put(self, piece: bytes) -> None:
        """Whole lines, no more than a pipe takes at once: those of other processes fall between them, not into them."""
        with suppress(OSError):  # a full disk or a reader that left is no reason to fail a request
            os.write(self._log, piece)


class Headed:
    """Answers HEAD as GET without the body, on every route (RFC 9110)."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def sending(message: Any) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        inner = {**scope, "method": "GET"}
        try:
            await self.app(inner, receive, sending)
        finally:
            scope["route"] = inner.get("route")
