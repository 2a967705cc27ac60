"""From uvicorn to the handler of a record's route: the layers in the order in which a request meets them.

Application → RequestLog → Shortcut → the handler, or FastAPI's layers and then the handler. See
docs/decisions/0011-past-the-framework.md.
"""

import asyncio
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from select import PIPE_BUF
from typing import Any

import orjson
from fastapi import FastAPI
from prometheus_client import Counter, Histogram
from starlette.requests import Request

from app.clock import SHANGHAI
from app.db.outcome import SAVED
from app.errors import Refusal
from app.http.problems import refuse_at_the_end
from app.http.record_routes import RecordRoute
from app.http.routing import DirectRoutes

ANSWERED = Counter("ledger_requests", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "ledger_request_seconds", "Time to answer", ["method"], buckets=(0.005, 0.02, 0.1, 0.5, 2, 10)
)
STDERR, NOWHERE = 2, -1
EXPORT = "export"  # stands where the key of a record does, and has a route of its own
NOT_GUESSED = (b"x-content-type-options", b"nosniff")
NOT_STORED = ((b"cache-control", b"no-store"),)  # unless the answer says how it may be stored
GIVEN_ID = re.compile(rb"(?!.*[0-9]{15})[0-9A-Za-z-]{8,64}")  # none that could be the number of a person


class Application:
    """The application as uvicorn calls it: a request goes straight to RequestLog, past FastAPI's telemetry."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._outermost = app.middleware_stack = app.build_middleware_stack()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["app"] = self._app
            await self._outermost(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _log_file(access_log: str) -> int:
    """Where access lines go: '-' is standard error, 'off' nowhere, else a file to which every worker appends."""
    if access_log in ("-", "off"):
        return STDERR if access_log == "-" else NOWHERE
    return os.open(access_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _between(path: str) -> str:
    """An address with `*` in the place of its third segment: /v1/attachments/*/content."""
    segments = path.split("/")
    return "/".join((*segments[:3], "*", *segments[4:])) if len(segments) > 4 else path


class RequestLog:
    """Request id, body limit, access line and metrics of every request (measured 10 to 20 µs).

    The request id is made here, so that nobody chooses under which id a deed is logged. An id that the caller sent
    follows it after a dot. The line holds no query and no key of a record. The body limit stands here and not in
    FastAPI, whose own limit lies outside of every exception handler and answers in plain text.
    """

    def __init__(self, app: Any, access_log: str = "-", limit: int = 2**20, limits: Mapping[str, int] = {}) -> None:
        self.app = app
        self._limit, self._limits = limit, limits
        self._log = _log_file(access_log)
        self._counters: dict[tuple[str, str, int], Any] = {}
        self._timers: dict[str, Any] = {}
        self._lines: list[bytes] = []

    def _limit_of(self, path: str) -> int:
        """The bytes that a body may have: of an address by itself, or of all that begin and end alike (a, *, b)."""
        return self._limits.get(path) or self._limits.get(_between(path), self._limit)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"")
        SAVED.set(False)
        request_id = os.urandom(16).hex() + (f".{given.decode()}" if GIVEN_ID.fullmatch(given) else "")
        scope["request_id"] = request_id
        status, answered = 500, False

        async def send_with_id(message: Any) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                headers = message.get("headers", ())
                kept = () if b"cache-control" in dict(headers) else NOT_STORED
                message["headers"] = [*headers, *kept, NOT_GUESSED, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, self._limited(scope, receive), send_with_id)
        except asyncio.CancelledError:  # the service ends, and has waited long enough for this request
            if not answered:
                await refuse_at_the_end(scope, receive, send_with_id)
        except Exception:
            if not answered:
                raise
            # Starlette raises again what was answered with 500 and logged; uvicorn would print it with its words.
        finally:
            self._record(scope, status, time.perf_counter() - started, request_id)

    def _limited(self, scope: Any, receive: Any) -> Any:
        """A `receive` that refuses with `too_large` a body over the limit; one that declares more is not read.

        It also refuses a body that the connection does not read on (`Connection`), whether malformed or too slow.
        """
        most, received = self._limit_of(scope["path"]), 0
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")

        async def receive_limited() -> Any:
            nonlocal received
            if declared.isdigit() and int(declared[:20]) > most:
                raise Refusal("too_large", most=most)
            message = await receive()
            if "unreadable" in scope:
                raise Refusal(scope["unreadable"].code, **scope["unreadable"].params)
            received += len(message.get("body", b""))
            if received > most:
                raise Refusal("too_large", most=most)
            return message

        return receive_limited

    def _record(self, scope: Any, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", "")
        key = (scope["method"], route, status)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = ANSWERED.labels(*map(str, key))
        counter.inc()
        timer = self._timers.get(scope["method"])
        if timer is None:
            timer = self._timers[scope["method"]] = REQUEST_SECONDS.labels(scope["method"])
        timer.observe(seconds)
        if self._log >= 0:
            line = {
                "at": datetime.now(SHANGHAI).isoformat(),
                "request": request_id,
                "method": scope["method"],
                "route": route,
            }
            line |= {"status": status, "ms": round(seconds * 1000, 2)}
            if not self._lines:  # the lines of requests that end in one turn of the event loop are written together
                asyncio.get_running_loop().call_soon(self._write)
            self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _write(self) -> None:
        """Write whole lines, no more than a pipe takes at once, so that no line of another process falls into one."""
        lines, self._lines = self._lines, []
        chunk = b""
        for line in lines:
            if len(chunk) + len(line) > PIPE_BUF:
                self._write_chunk(chunk)
                chunk = b""
            chunk += line
        self._write_chunk(chunk)

    def _write_chunk(self, chunk: bytes) -> None:
        with suppress(OSError):  # a full disk or a reader that left is no reason to fail a request
            os.write(self._log, chunk)


class Shortcut:
    """Calls the handler of `/v1/{type}` and `/v1/{type}/{key}` straight from a dictionary.

    What FastAPI and Starlette put around a route (telemetry, exit stack, two body limits, exception layers, pattern
    matching) is about a third of the cost of a GET. Every other request takes that way, to the same route at its end.
    """

    def __init__(self, app: Any, exception_handlers: Mapping[Any, Any], direct: DirectRoutes) -> None:
        self.app = app
        self._exception_handlers = exception_handlers
        self._direct = direct

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        route = self._route(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await route.handler(request)
        except Exception as problem:
            handlers = self._exception_handlers
            answer = next(handlers[kind] for kind in type(problem).__mro__ if kind in handlers)
            response = await answer(request, problem)
        await response(scope, receive, send)

    def _route(self, scope: Any) -> RecordRoute | None:
        path: str = scope["path"]
        if not path.startswith("/v1/"):
            return None
        segment, slash, key = path[4:].partition("/")
        own = self._direct.get(segment)
        if own is None or "/" in key or (slash and not key) or key == EXPORT:
            return None
        scope["path_params"] = {"key": key} if key else {}
        return own.get((scope["method"], bool(key)))
