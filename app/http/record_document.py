"""What the document says of a record type's routes: FastAPI's own routes with full types, which serve nobody.

Made when the document is first asked for: two thirds of a second of processor time, which a start need not wait for.
A test holds document and handlers together.

This file has no postponed annotations: FastAPI reads the signatures that are built here.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Header, Path, Query
from pydantic import create_model
from starlette.responses import Response
from starlette.routing import BaseRoute

from app.http import operations
from app.http.answers import ActionList, PageOf, Revision, RevisionList
from app.http.dependencies import bearer
from app.http.operations import problems
from app.http.record_handlers import DIFF, PATCH
from app.http.record_router import place
from app.kernel.declare.record_type import RecordType
from app.kernel.schema.models import Schemas
from app.kernel.sql import listing

KEY = Annotated[str, Path(description="记录的标识（id）或编号（number）", max_length=64)]
IF_MATCH = Annotated[str, Header(alias="If-Match", description='依据的版本号，如 "1"', examples=['"1"'])]
LIMIT = Annotated[int, Query(description="每页条数", ge=1, le=listing.MOST)]
PURPOSE = Annotated[
    Literal["handling", "verification", "supervision", "correction"] | None,
    Query(description=operations.PURPOSE),
]
CURSOR = Annotated[str | None, Query(description="下一页的游标，取自上一页的 next_cursor")]
VERSION = Annotated[int, Path(description="版本号", ge=1)]
BASE = Annotated[int | None, Query(alias="from", ge=1, description="与哪一版相比，默认上一版")]
KEYWORD = inspect.Parameter.KEYWORD_ONLY


def _endpoint(name: str, doc: str, parameters: dict[str, Any]) -> Callable[..., Any]:
    async def endpoint(**_: Any) -> Response:
        raise AssertionError("the handler of the route that is served answers")

    endpoint.__name__, endpoint.__doc__ = name, doc
    signature = [
        inspect.Parameter(n, KEYWORD, annotation=p[0], default=p[1] if len(p) > 1 else inspect.Parameter.empty)
        for n, p in parameters.items()
    ]
    endpoint.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # what FastAPI reads
    return endpoint


def _list_parameters(t: RecordType) -> dict[str, Any]:
    known = listing.parameter_help(t)
    kind = list[str] | None
    found: dict[str, Any] = {n: (Annotated[kind, Query(description=text)], None) for n, text in known.items()}
    search = Query(description="在编号、文字和备注中查找，两个字也能查到", max_length=100)
    order = Query(description=f"排序：{'、'.join(t.sorts)}；前加 - 为倒序，逗号分隔")
    found |= {"q": (Annotated[str | None, search], None), "sort": (Annotated[str | None, order], None)}
    return found | {"limit": (LIMIT, listing.LIMIT), "cursor": (CURSOR, None)}


def _answers(t: RecordType, schemas: Schemas) -> dict[str, Any]:
    """The successful answers of a type's routes."""
    record: Any = schemas.read
    page = create_model(f"{schemas.read.__name__}Page", __base__=PageOf[record], __doc__=f"{t.label}清单的一页。")
    patch = {"type": "array", "description": "依次执行的改动", "items": {"$ref": "#/components/schemas/PatchStep"}}
    located = operations.ETAG | operations.LOCATION
    return {
        "record": {"model": record, "description": t.label, "headers": operations.ETAG},
        "created": {"model": record, "description": f"已登记的{t.label}", "headers": located},
        "page": {"model": page, "description": f"一页{t.label}", "headers": operations.LINK},
        "actions": {"model": ActionList, "description": "全部操作"},
        "history": {"model": RevisionList, "description": "一页修订"},
        "revision": {"model": Revision, "description": "这一版"},
        "diff": {"description": "JSON Patch", "content": {DIFF: {"schema": patch}}},
        "unchanged": {"description": "没有改动"},
        "gone": {"description": "已办，记录不再归当前账号经手"},
    }


CREATING, LISTING = problems(400, 403, 409, 413, 415, 422), problems(400, 403)
READING, WRITING = problems(400, 404, 409), problems(400, 403, 404, 409, 412, 413, 415, 422, 428)
VERSIONED = {"key": (KEY,), "version": (VERSION,)}
Make = Callable[..., dict[str, Any]]
READS = ("get", "actions", "revisions", "revision", "diff")  # whoever sees a record reads all of it


def _make(
    t: RecordType,
    handler: str,
    summary: str,
    doc: str,
    parameters: dict[str, Any],
    answers: dict[Any, Any],
    name: str = "",
) -> dict[str, Any]:
    """One route, as arguments for `add_api_route`. `name` differs from the handler's where that is no verb."""
    named, (method, path) = f"{name or handler}_{t.name}", place(handler)
    verb = "get" if handler in READS else handler
    roles = t.access.roles(verb, (x.action for x in t.lifecycle.public))
    return {
        "path": f"/v1/{t.path}{path}",
        "endpoint": _endpoint(named, operations.permitted(doc, roles), parameters),
        "openapi_extra": {"x-roles": roles},
        "methods": [method],
        "summary": summary,
        "operation_id": named,
        "status_code": next(iter(answers)),
        "responses": answers,
        "response_model": None,
        "tags": [t.tag],
    }


def _record_routes(make: Make, t: RecordType, schemas: Schemas, given: dict[str, Any]) -> list[dict[str, Any]]:
    create_body: Any = schemas.create
    change_body: Any = schemas.change
    body = {"body": (Annotated[create_body, Body(openapi_examples=operations.create_examples(t))],)}
    patch = Annotated[change_body, Body(media_type=PATCH, openapi_examples=operations.change_examples(t))]
    change = {"key": (KEY,), "body": (patch,), "if_match": (IF_MATCH,)}
    key, seen = {"key": (KEY,)}, {200: given["record"], 304: given["unchanged"], **READING, **problems(403)}
    created, page = {201: given["created"], **CREATING}, {200: given["page"], **LISTING}
    changed, actions = {200: given["record"], **WRITING}, {200: given["actions"], **READING}
    doc, possible = operations.creating(t), f"{t.label}可执行的操作"
    return [
        make("create", f"登记{t.label}", doc, body, created),
        make("list", f"查{t.label}清单", operations.LIST, _list_parameters(t), page),
        make("get", f"查一条{t.label}", operations.GET, {**key, "purpose": (PURPOSE, None)}, seen),
        make("change", f"修改{t.label}", operations.CHANGE, change, changed),
        make("actions", possible, operations.ACTIONS, key, actions, "list_actions_of"),
    ]


def _action_routes(make: Make, t: RecordType, schemas: Schemas, given: dict[str, Any]) -> list[dict[str, Any]]:
    actions = {x.action: (x.label, operations.acting(t, x)) for x in t.lifecycle.public}
    actions |= {"correct": ("更正", operations.CORRECT), "void": ("作废", operations.VOID)}
    found = []
    for action, (label, doc) in actions.items():
        model: Any = schemas.actions[action]
        body = Annotated[model, Body(openapi_examples=operations.action_examples(t, action))]
        parameters = {"key": (KEY,), "body": (body,), "if_match": (IF_MATCH,)}
        answers = {200: given["record"], 204: given["gone"], **WRITING}
        found.append(make(action, f"{t.label}：{label}", doc, parameters, answers))
    return found


def _history_routes(make: Make, t: RecordType, given: dict[str, Any]) -> list[dict[str, Any]]:
    paging = {"key": (KEY,), "limit": (LIMIT, listing.LIMIT), "cursor": (CURSOR, None)}
    base = {**VERSIONED, "from_": (BASE, None)}
    history, revision, diff = ({200: given[name], **READING} for name in ("history", "revision", "diff"))
    every, each, apart = f"{t.label}的历次修订", f"{t.label}的某一版", f"{t.label}两版的差异"
    return [
        make("revisions", every, operations.REVISIONS, paging, history, "list_revisions_of"),
        make("revision", each, operations.REVISION, VERSIONED, revision, "get_revision_of"),
        make("diff", apart, operations.DIFF, base, diff),
    ]


def routes_of(t: RecordType, schemas: Schemas) -> list[dict[str, Any]]:
    """Every route of a type, as arguments for `add_api_route`, in the order of a clerk's work."""
    make, given = partial(_make, t), _answers(t, schemas)
    records, actions = _record_routes(make, t, schemas, given), _action_routes(make, t, schemas, given)
    return [*records, *actions, *_history_routes(make, t, given)]


def documented(types: Iterable[RecordType], schemas: Mapping[str, Schemas]) -> list[BaseRoute]:
    """The routes of every record type as the document tells them."""
    router = APIRouter(dependencies=[Depends(bearer)])
    for t in types:
        for arguments in routes_of(t, schemas[t.path]):
            router.add_api_route(**arguments)
    return router.routes
