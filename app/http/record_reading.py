"""What the reading routes of every record type do: list, get, actions, revisions, revision, diff."""

from functools import cache
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Refusal
from app.http.exchange import (
    DIFF,
    JSON,
    NOT_YET,
    kept,
    not_modified,
    only,
    query_parameters,
    record_headers,
    request_context,
    service_of,
    whole_number,
)
from app.kernel import store
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.access_log import PURPOSES
from app.kernel.sql.listing import DEFAULT_LIMIT, bad_query, listing, page_limit
from app.kernel.sql.projection import RoleView, may
from app.roles import ROLES

MAY_LIST = attrgetter("lists")


async def list_records(t: RecordType, request: Request) -> Response:
    """One page of the records that the caller sees. The joined documents are not parsed again."""
    ctx = await request_context(request)
    asked = query_parameters(request)
    wanted = listing(ctx.view, t, asked, NOT_YET)
    if not MAY_LIST(ctx.right(t)):
        raise Refusal("forbidden")
    items, cursor = await store.page(ctx, t, wanted, service_of(request).keys.cursor)
    headers = {"Cache-Control": "private, no-store", "Vary": "Authorization"}
    if cursor:
        headers["Link"] = f'<{_next_page(request, asked, cursor)}>; rel="next"'
    tail = b'],"next_cursor":' + (b"null}" if cursor is None else b'"' + cursor.encode() + b'"}')
    return Response(b"".join((b'{"items":[', items, tail)), 200, headers, JSON)


def _next_page(request: Request, asked: list[tuple[str, str]], cursor: str) -> str:
    """The address of the same list from this cursor on."""
    kept = [(name, value) for name, value in asked if name != "cursor"]
    return f"{request.scope['path']}?{urlencode([*kept, ('cursor', cursor)])}"


async def get_record(t: RecordType, request: Request) -> Response:
    """One record, or 304 if If-None-Match names its version. With a purpose, encrypted values are shown."""
    ctx = await request_context(request)
    key = request.path_params["key"]
    if request.scope["query_string"] and (purpose := _purpose(only(request, "purpose"))):
        document = await store.reveal(ctx, t, key, purpose)
        return Response(document, 200, {"Cache-Control": "no-store", "Vary": "Authorization"}, JSON)
    row = await store.get(ctx, t, key)
    headers = record_headers(t, row["version"])
    if not_modified(request, row["version"]):
        return Response(None, 304, headers)
    return Response(row["document"], 200, headers, JSON)


def _purpose(given: dict[str, str]) -> str | None:
    """Why encrypted values are to be shown; None if they are not asked for."""
    if given and given["purpose"] not in PURPOSES:
        raise bad_query("purpose", "not_a_choice", allowed=list(PURPOSES))
    return given.get("purpose")


async def list_actions(t: RecordType, request: Request) -> Response:
    """Every action of the type, and for this record and caller whether it may be taken now."""
    ctx = await request_context(request)
    only(request)
    row = await store.get(ctx, t, request.path_params["key"], None)
    items = action_items(ctx.view, t, row, ctx.runtime.schemas[t.path].actions)
    return Response(orjson.dumps({"items": items}), 200, {"Cache-Control": "private, no-store"}, JSON)


def action_items(view: RoleView, t: RecordType, row: Any, bodies: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be done with a record, and why the rest cannot."""
    state = row["state"]
    legal = t.lifecycle.actions_from(state)
    labels = {x.action: x.label for x in t.lifecycle.public} | {"void": "作废", "correct": "更正"}
    items = []
    for action, label in labels.items():
        permitted = may(view, t, row, action)
        allowed = permitted and action in legal
        reason = None if allowed else f"当前状态为“{t.lifecycle.labels[state]}”，不能{label}。"
        reason = reason if permitted else f"{ROLES[view.role].label}不能{label}这条记录。"
        schema = _body_schema(bodies[action])
        items.append({"action": action, "label": label, "allowed": allowed, "reason": reason, "body_schema": schema})
    return items


@cache
def _body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of an action's body. Made once: pydantic takes 0.2 ms for it, more than the read does."""
    return model.model_json_schema()


async def list_revisions(t: RecordType, request: Request) -> Response:
    """A page of the record's revisions, newest first."""
    ctx = await request_context(request)
    given = only(request, "limit", "cursor")
    limit = page_limit(given.get("limit", str(DEFAULT_LIMIT)))
    before = whole_number("cursor", given["cursor"]) if "cursor" in given else None
    items, cursor = await store.history(ctx, t, request.path_params["key"], before, limit)
    document = {"items": items, "next_cursor": str(cursor) if cursor else None}
    return Response(orjson.dumps(document), 200, {"Cache-Control": "private, no-store"}, JSON)


async def get_revision(t: RecordType, request: Request) -> Response:
    """One revision with the record as it was then."""
    ctx = await request_context(request)
    only(request)
    found = await store.revision(ctx, t, request.path_params["key"], _version(request))
    return Response(orjson.dumps(found), 200, {"Cache-Control": kept(t)}, JSON)


async def get_difference(t: RecordType, request: Request) -> Response:
    """What leads from one version to another as a JSON Patch (RFC 6902)."""
    ctx = await request_context(request)
    given = only(request, "from")
    version = _version(request)
    base = whole_number("from", given["from"]) if "from" in given else max(version - 1, 1)
    found = await store.difference(ctx, t, request.path_params["key"], version, base)
    return Response(orjson.dumps(found), 200, {"Cache-Control": kept(t)}, DIFF)


def _version(request: Request) -> int:
    text = request.path_params["version"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal("not_found", label="修订")
    return int(text)
