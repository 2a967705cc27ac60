"""From a record type to its routes. A newcomer reads this file once; no type has routes of its own shape.

Routes are served by the direct handlers of `record_handlers`; what the document says of them is in `record_document`.
A dictionary on the first path segment stands before the router, because Starlette tries routes one by one (measured:
300 routes cost 350 µs a request).
"""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Route, Router

from app.http.record_handlers import Handler, handlers
from app.kernel.declare.record_type import RecordType

# Method and path of every handler that is no action of the type.
PLACES = {
    "create": ("POST", ""),
    "list": ("GET", ""),
    "get": ("GET", "/{key}"),
    "change": ("PATCH", "/{key}"),
    "actions": ("GET", "/{key}/actions"),
    "revisions": ("GET", "/{key}/revisions"),
    "revision": ("GET", "/{key}/revisions/{version}"),
    "diff": ("GET", "/{key}/revisions/{version}/diff"),
}


def place(handler: str) -> tuple[str, str]:
    """Method and path, behind that of the type, under which a handler is reached."""
    return PLACES.get(handler) or ("POST", f"/{{key}}/actions/{handler}")


class DirectRoute(Route):
    """A route without anything between the router and its handler."""

    def __init__(self, path: str, method: str, handler: Handler) -> None:
        super().__init__(path, handler, methods=[method], include_in_schema=False)
        self.methods = {method}  # no HEAD beside GET: it is answered 405
        self.method, self.handler = method, handler


def add_records(app: FastAPI, types: Iterable[RecordType]) -> dict[str, dict[tuple[str, bool], tuple[Handler, Any]]]:
    """Registers the routes of every record type, and puts the dictionary in front of the router.

    Comes after every other router: what stands there under a type's path (the work list of a round) joins the type's
    group, in front of its `{key}` routes. Gives what the shortcut needs.
    """
    others = [(route, _segments(route)) for route in app.router.routes]
    routers: dict[str, Any] = {}
    direct: dict[str, dict[tuple[str, bool], tuple[Handler, Any]]] = {}
    for t in types:
        own = []
        for name, handler in handlers(t).items():
            method, path = place(name)
            own.append(DirectRoute(f"/v1/{t.path}{path}", method, handler))
        app.router.routes.extend(own)
        direct[t.path] = _direct(t.path, own)
        routers[t.path] = _router([route for route, segments in others if t.path in segments], own)
    everything = app.router.middleware_stack

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        router = routers.get(path[4:].partition("/")[0]) if path.startswith("/v1/") else None
        await (router or everything)(scope, receive, send)

    app.router.middleware_stack = dispatch
    return direct


def _direct(path: str, own: list[DirectRoute]) -> dict[tuple[str, bool], tuple[Handler, Any]]:
    """The handlers of a collection and of a single record, for the shortcut."""
    single = {f"/v1/{path}": False, f"/v1/{path}/{{key}}": True}
    return {(r.method, single[r.path]): (r.handler, r) for r in own if r.path in single}


def _segments(route: Any) -> set[str]:
    """The first path segments behind /v1/ of a route, or of all the routes of an included router."""
    paths = [context.path or "" for context in iter_route_contexts([route])]
    return {path[4:].partition("/")[0] for path in paths if path.startswith("/v1/")}


def _router(others: list[Any], own: list[DirectRoute]) -> Any:
    """A small router of one type, the busiest of its routes first."""
    busiest = sorted(own, key=lambda r: (r.path.count("/"), r.path))
    return Router(routes=[*others, *busiest], redirect_slashes=False)
