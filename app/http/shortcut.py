"""The busiest requests answered straight from a dictionary, in front of every layer they do not need.

A record's own routes go through no dependency, no response model and no middleware but `Recorded`: what FastAPI and
Starlette put around a route (telemetry, exit stack, two body limits, exception layers, pattern matching) is about a
third of the cost of a GET. Whatever is not found here takes the ordinary way, with the same handler at its end.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request

from app.http.record_handlers import Handler


class Served:
    """The application as the server calls it: a request goes straight to the outermost layer of ours."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._outermost = app.middleware_stack = app.build_middleware_stack()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["app"] = self._app
            await self._outermost(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Shortcut:
    """Knows `/v1/{type}` and `/v1/{type}/{key}` for every type; `handlers` maps type and (method, has key)."""

    def __init__(
        self, app: Any, service: Any, handlers: Mapping[str, Mapping[tuple[str, bool], tuple[Handler, Any]]]
    ) -> None:
        self.app = app
        self._service = service
        self._handlers = handlers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        found = self._found(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if found is None:
            await self.app(scope, receive, send)
            return
        handler, scope["route"] = found
        request = Request(scope, receive, send)
        try:
            response = await handler(request)
        except Exception as problem:
            known = self._service.exception_handlers
            answer = next(known[kind] for kind in type(problem).__mro__ if kind in known)
            response = await answer(request, problem)
        await response(scope, receive, send)

    def _found(self, scope: Any) -> tuple[Handler, Any] | None:
        path: str = scope["path"]
        if not path.startswith("/v1/"):
            return None
        segment, slash, key = path[4:].partition("/")
        own = self._handlers.get(segment)
        if own is None or "/" in key or (slash and not key):
            return None
        scope["path_params"] = {"key": key} if key else {}
        return own.get((scope["method"], bool(key)))
