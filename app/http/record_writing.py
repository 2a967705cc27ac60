"""What the writing routes of every record type do: create, change, and one route for each action, void and correct."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Refusal
from app.http.exchange import JSON, PATCH, check_media, if_match, json_body, only, record_headers, request_context
from app.kernel.declare.record_type import RecordType
from app.kernel.schema.validation import validated
from app.kernel.store import change, create, void
from app.kernel.store.context import RequestContext
from app.kernel.store.current import require_current


async def create_record(t: RecordType, request: Request) -> Response:
    """Register a record; 201 with its address."""
    ctx = await request_context(request)
    only(request)
    check_media(request, JSON)
    if not ctx.right(t).creates:
        raise Refusal("forbidden")
    values = validated(ctx.runtime.schemas[t.path].create, await json_body(request), t)
    row = await create.create(ctx, t, values)
    headers = {**record_headers(row["version"]), "Location": f"/v1/{t.path}/{row['id']}"}
    return Response(row["document"], 201, headers, JSON)


async def change_record(t: RecordType, request: Request) -> Response:
    """Apply a merge patch (RFC 7396) to the version that If-Match names."""
    ctx = await request_context(request)
    key, model = request.path_params["key"], ctx.runtime.schemas[t.path].change
    version, values = await checked_body(t, request, ctx, "change", model, PATCH)
    return _written(await change.change(ctx, t, key, version, values))


def action_handler(action: str) -> Callable[[RecordType, Request], Coroutine[Any, Any, Response]]:
    """The handler of one action: a transition of the type, void, or correct."""
    return partial(act_on_record, action)


async def act_on_record(action: str, t: RecordType, request: Request) -> Response:
    """Take an action on the version that If-Match names."""
    ctx = await request_context(request)
    key, model = request.path_params["key"], ctx.runtime.schemas[t.path].actions[action]
    version, body = await checked_body(t, request, ctx, action, model, JSON)
    if action == "void":
        return _written(await void.void(ctx, t, key, version, body["reason"]))
    if action == "correct":
        return _written(await change.correct(ctx, t, key, version, body))
    return _written(await change.act(ctx, t, key, action, version, body))


async def checked_body(
    t: RecordType, request: Request, ctx: RequestContext, action: str, model: Any, media: str
) -> tuple[int, dict[str, Any]]:
    """Version and body of a write.

    What is wrong with If-Match or the body is told only to a caller who sees the record, may take the action, and names
    the current version. To the others `require_current` refuses first.
    """
    key = request.path_params["key"]
    only(request)
    check_media(request, media)
    if not ctx.right(t).ever(action):
        await require_current(ctx, t, key, None, action)
    try:
        version = if_match(request)
    except Refusal:
        await create.get(ctx, t, key, None)
        raise
    if version is None:
        await require_current(ctx, t, key, None, action)
    try:
        return int(version or 0), validated(model, await json_body(request), t)
    except Refusal:
        await require_current(ctx, t, key, version, action)
        raise


def _written(row: Any) -> Response:
    """The record after a write; 204 if the write has handed it on, out of the caller's sight."""
    if row is None:
        return Response(None, 204)
    return Response(row["document"], 200, record_headers(row["version"]), JSON)
