"""What the writing routes of every record type do: create, change, and one route for each action, void and correct."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Refusal
from app.http.exchange import JSON, PATCH, check_media, if_match, json_body, only, record_headers, request_context
from app.kernel import store
from app.kernel.declare.record_type import RecordType
from app.kernel.schema.validation import validated


async def create_record(t: RecordType, request: Request) -> Response:
    """Register a record; 201 with its address."""
    ctx = await request_context(request)
    only(request)
    check_media(request, JSON)
    if not ctx.right(t).creates:
        raise Refusal("forbidden")
    values = validated(ctx.runtime.schemas[t.path].create, await json_body(request), t)
    row = await store.create(ctx, t, values)
    headers = {**record_headers(t, row["version"]), "Location": f"/v1/{t.path}/{row['id']}"}
    return Response(row["document"], 201, headers, JSON)


async def change_record(t: RecordType, request: Request) -> Response:
    """Apply a merge patch (RFC 7396) to the version that If-Match names."""
    ctx = await request_context(request)
    model = ctx.runtime.schemas[t.path].change
    return await _change(ctx, t, request, "change", model, PATCH)


def action_handler(action: str) -> Callable[[RecordType, Request], Coroutine[Any, Any, Response]]:
    """The handler of one action: a transition of the type, void, or correct."""
    return partial(act_on_record, action)


async def act_on_record(action: str, t: RecordType, request: Request) -> Response:
    """Take an action on the version that If-Match names."""
    ctx = await request_context(request)
    model = ctx.runtime.schemas[t.path].actions[action]
    return await _change(ctx, t, request, action, model, JSON)


async def _change(
    ctx: store.RequestContext, t: RecordType, request: Request, action: str, model: Any, media: str
) -> Response:
    """Hand the change to the store, with the problem of If-Match or body: the store decides which refusal comes first.

    The answer is the record, or 204 if the record no longer exists for the caller after the change.
    """
    only(request)
    check_media(request, media)
    version, body, problem = None, {}, None
    try:
        version = if_match(request)
        if version is not None:
            body = validated(model, await json_body(request), t)
    except Refusal as refusal:
        problem = refusal
    asked = store.ChangeRequest(action, version, body, problem)
    row = await store.change(ctx, t, request.path_params["key"], asked)
    if row is None:
        return Response(None, 204)
    return Response(row["document"], 200, record_headers(t, row["version"]), JSON)
