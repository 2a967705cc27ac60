"""What the writing routes of every record type do: create, change, and one route for each action, void and correct."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Refusal
from app.http.exchange import (
    JSON,
    PATCH,
    check_media,
    if_match,
    json_body,
    key_of,
    only,
    record_headers,
    request_context,
)
from app.http.idempotency import once
from app.kernel import store
from app.kernel.declare.record_type import RecordType
from app.kernel.schema.validation import validated

NO_MORE: Mapping[str, str] = {}


async def create_record(t: RecordType, request: Request) -> Response:
    """Register a record; 201 with its address."""
    ctx = await request_context(request)
    only(request)
    key = key_of(request)
    check_media(request, JSON)
    if not ctx.right(t).creates:
        raise Refusal("forbidden")
    body = await json_body(request)
    values = validated(ctx.runtime.schemas[t.path].create, body, t)
    if key is None:
        return _created(t, await store.create(ctx, t, values))
    async with once(request, ctx, ctx.caller.database_role, body) as attempt:
        found = attempt.found
        row = await (store.get(ctx, t, found.name) if found else store.create(attempt.ctx, t, values))
        attempt.wrote(201, t.path, str(row["id"]))
    return _created(t, row, attempt.headers)


def _created(t: RecordType, row: Any, more: Mapping[str, str] = NO_MORE) -> Response:
    headers = {**record_headers(t, row["version"]), "Location": f"/v1/{t.path}/{row['id']}", **more}
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
    key = key_of(request)
    check_media(request, media)
    version, sent, body, problem = None, None, {}, None
    try:
        version = if_match(request)
        if version is not None:
            sent = await json_body(request)
            body = validated(model, sent, t)
    except Refusal as refusal:
        problem = refusal
    name, asked = request.path_params["key"], store.ChangeRequest(action, version, body, problem)
    if key is None or version is None or problem:  # what is refused in any case was never carried out
        return _changed(t, await store.change(ctx, t, name, asked))
    async with once(request, ctx, ctx.caller.database_role, [version, sent]) as attempt:
        if attempt.found:
            row = await store.get(ctx, t, attempt.found.name) if attempt.found.status == 200 else None
        else:
            row = await store.change(attempt.ctx, t, name, asked)
        attempt.wrote(204 if row is None else 200, t.path, name if row is None else str(row["id"]))
    return _changed(t, row, attempt.headers)


def _changed(t: RecordType, row: Any, more: Mapping[str, str] = NO_MORE) -> Response:
    if row is None:
        return Response(None, 204, more)
    return Response(row["document"], 200, {**record_headers(t, row["version"]), **more}, JSON)
