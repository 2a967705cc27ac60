"""From an address to its route, past the one-by-one search of Starlette (300 routes cost 350 µs a request).

A dictionary on the first path segment stands before the router and leads to a small router for each record type.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Router

from app.http.record_routes import RecordRoute, record_routes
from app.kernel.declare.record_type import RecordType
from app.kernel.schema.models import Schemas

# type -> (method, whether the path has a key) -> route: the collection and the single record, for the shortcut
DirectRoutes = Mapping[str, Mapping[tuple[str, bool], RecordRoute]]


def add_records(app: FastAPI, types: Iterable[RecordType], schemas: Mapping[str, Schemas]) -> DirectRoutes:
    """Add the routes of every record type to the application, and put the dictionary in front of its router.

    Call it after every other router was included: a route of another router under a type's path (the work list of a
    round) joins the small router of that type, in front of its `{key}` routes. Returns the routes for the shortcut.
    """
    others = [(route, _segments(route)) for route in app.router.routes]
    routers: dict[str, Any] = {}
    direct: dict[str, dict[tuple[str, bool], RecordRoute]] = {}
    for t in types:
        own = record_routes(t, schemas[t.path])
        app.router.routes.extend(own)
        short = {f"/v1/{t.path}": False, f"/v1/{t.path}/{{key}}": True}
        direct[t.path] = {(r.operation.method, short[r.path]): r for r in own if r.path in short}
        routers[t.path] = _router([route for route, segments in others if t.path in segments], own)
    everything = app.router.middleware_stack

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        router = routers.get(path[4:].partition("/")[0]) if path.startswith("/v1/") else None
        await (router or everything)(scope, receive, send)

    app.router.middleware_stack = dispatch
    return direct


def _segments(route: Any) -> set[str]:
    """The first path segments behind /v1/ of a route, or of all the routes of an included router."""
    paths = [context.path or "" for context in iter_route_contexts([route])]
    return {path[4:].partition("/")[0] for path in paths if path.startswith("/v1/")}


def _router(others: list[Any], own: list[RecordRoute]) -> Any:
    """The small router of one type, its shortest paths first, because they are the busiest."""
    busiest = sorted(own, key=lambda route: (route.path.count("/"), route.path))
    return Router(routes=[*others, *busiest], redirect_slashes=False)


class HeadMiddleware:
    """Answers HEAD as GET without the body, on every route (RFC 9110)."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Any) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        as_get = {**scope, "method": "GET"}
        try:
            await self.app(as_get, receive, send_without_body)
        finally:
            scope["route"] = as_get.get("route")
