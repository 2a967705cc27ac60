"""From a record type to its routes. A newcomer reads this file once; no type has routes of its own shape.

FastAPI gets routes with full types, from which the document is made; behind them stand the direct handlers of
`record_handlers`. A dictionary on the first path segment stands before the router, because Starlette tries routes one
by one (measured: 300 routes cost 350 µs a request). A test holds document and handlers together.

This file has no postponed annotations: FastAPI reads the signatures that are built here.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Body, Depends, FastAPI, Header, Path, Query
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import create_model
from starlette.responses import Response
from starlette.routing import Router

from app.http import operations
from app.http.answers import ActionList, PageOf, Revision, RevisionList
from app.http.dependencies import bearer
from app.http.problems import MEDIA
from app.http.record_handlers import DIFF, PATCH, Handler, handlers
from app.kernel import query
from app.kernel.record_type import RecordType
from app.kernel.schemas import Schemas

KEY = Annotated[str, Path(description="记录的标识（id）或编号（number）", max_length=64)]
IF_MATCH = Annotated[str, Header(alias="If-Match", description='依据的版本号，如 "1"', examples=['"1"'])]
LIMIT = Annotated[int, Query(description="每页条数", ge=1, le=query.MOST)]
PURPOSE = Annotated[
    Literal["handling", "verification", "supervision", "correction"] | None,
    Query(description=operations.PURPOSE),
]
CURSOR = Annotated[str | None, Query(description="下一页的游标，取自上一页的 next_cursor")]
VERSION = Annotated[int, Path(description="版本号", ge=1)]
BASE = Annotated[int | None, Query(alias="from", ge=1, description="与哪一版相比，默认上一版")]
KEYWORD = inspect.Parameter.KEYWORD_ONLY


class DirectRoute(APIRoute):
    """A route whose endpoint is for the document, and whose work is done by its `handler`."""

    def get_route_handler(self) -> Handler:
        handler: Handler = self.endpoint.handler  # type: ignore[attr-defined]  # set by `_endpoint`
        return handler


def _endpoint(name: str, doc: str, handler: Handler, parameters: dict[str, Any]) -> Callable[..., Any]:
    async def endpoint(**_: Any) -> Response:
        raise AssertionError("the handler answers")

    endpoint.__name__, endpoint.__doc__ = name, doc
    endpoint.handler = handler  # type: ignore[attr-defined]  # read by DirectRoute
    signature = [
        inspect.Parameter(n, KEYWORD, annotation=p[0], default=p[1] if len(p) > 1 else inspect.Parameter.empty)
        for n, p in parameters.items()
    ]
    endpoint.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # what FastAPI reads
    return endpoint


REFUSED = {
    400: "请求不可解析，或查询参数有误",
    401: "未登录",
    403: "无权",
    404: "没有找到",
    409: "与当前状态或现有记录冲突",
    410: "已按保存期限清除",
    412: "记录已被他人改动",
    413: "内容过大",
    415: "内容类型不对",
    422: "填写有误",
    428: "缺少 If-Match",
    429: "请求过于频繁",
    503: "服务正忙",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals a route documents."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {s: {"description": REFUSED[s], "content": {MEDIA: schema}} for s in (*statuses, 401, 429, 503)}


def _list_parameters(t: RecordType) -> dict[str, Any]:
    known = query.parameter_help(t)
    kind = list[str] | None
    found: dict[str, Any] = {n: (Annotated[kind, Query(description=text)], None) for n, text in known.items()}
    search = Query(description="在编号、文字和备注中查找，两个字也能查到", max_length=100)
    order = Query(description=f"排序：{'、'.join(t.sorts)}；前加 - 为倒序，逗号分隔")
    found |= {"q": (Annotated[str | None, search], None), "sort": (Annotated[str | None, order], None)}
    return found | {"limit": (LIMIT, query.LIMIT), "cursor": (CURSOR, None)}


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
    do: dict[str, Handler],
    method: str,
    path: str,
    handler: str,
    summary: str,
    doc: str,
    parameters: dict[str, Any],
    answers: dict[Any, Any],
    name: str = "",
) -> dict[str, Any]:
    """One route, as arguments for `add_api_route`. `name` differs from the handler's where that is no verb."""
    named = f"{name or handler}_{t.name}"
    verb = "get" if handler in READS else handler
    roles = t.access.roles(verb, (x.action for x in t.lifecycle.public))
    return {
        "path": f"/v1/{t.path}{path}",
        "endpoint": _endpoint(named, operations.permitted(doc, roles), do[handler], parameters),
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
    one, key, seen = "/{key}", {"key": (KEY,)}, {200: given["record"], 304: given["unchanged"], **READING}
    created, page = {201: given["created"], **CREATING}, {200: given["page"], **LISTING}
    changed, actions = {200: given["record"], **WRITING}, {200: given["actions"], **READING}
    doc, possible = operations.creating(t), f"{t.label}可执行的操作"
    return [
        make("POST", "", "create", f"登记{t.label}", doc, body, created),
        make("GET", "", "list", f"查{t.label}清单", operations.LIST, _list_parameters(t), page),
        make("GET", one, "get", f"查一条{t.label}", operations.GET, {**key, "purpose": (PURPOSE, None)}, seen),
        make("PATCH", one, "change", f"修改{t.label}", operations.CHANGE, change, changed),
        make("GET", f"{one}/actions", "actions", possible, operations.ACTIONS, key, actions, "list_actions_of"),
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
        found.append(
            make("POST", f"/{{key}}/actions/{action}", action, f"{t.label}：{label}", doc, parameters, answers)
        )
    return found


def _history_routes(make: Make, t: RecordType, given: dict[str, Any]) -> list[dict[str, Any]]:
    place, one = "/{key}/revisions", "/{key}/revisions/{version}"
    paging = {"key": (KEY,), "limit": (LIMIT, query.LIMIT), "cursor": (CURSOR, None)}
    base = {**VERSIONED, "from_": (BASE, None)}
    history, revision, diff = ({200: given[name], **READING} for name in ("history", "revision", "diff"))
    every, each, apart = f"{t.label}的历次修订", f"{t.label}的某一版", f"{t.label}两版的差异"
    return [
        make("GET", place, "revisions", every, operations.REVISIONS, paging, history, "list_revisions_of"),
        make("GET", one, "revision", each, operations.REVISION, VERSIONED, revision, "get_revision_of"),
        make("GET", f"{one}/diff", "diff", apart, operations.DIFF, base, diff),
    ]


def routes_of(t: RecordType, schemas: Schemas) -> list[dict[str, Any]]:
    """Every route of a type, as arguments for `add_api_route`, in the order of a clerk's work."""
    make, given = partial(_make, t, handlers(t)), _answers(t, schemas)
    records, actions = _record_routes(make, t, schemas, given), _action_routes(make, t, schemas, given)
    return [*records, *actions, *_history_routes(make, t, given)]


def add_records(app: FastAPI, types: Any, schemas: Any) -> dict[str, dict[tuple[str, bool], tuple[Handler, Any]]]:
    """Registers the routes of every record type, and puts the dictionary in front of the router.

    Comes after every other router: what stands there under a type's path (the work list of a round) joins the type's
    group, in front of its `{key}` routes. Gives what the shortcut needs.
    """
    others = [(route, _segments(route)) for route in app.router.routes]
    routers: dict[str, Any] = {}
    direct: dict[str, dict[tuple[str, bool], tuple[Handler, Any]]] = {}
    for t in types:
        own: list[Any] = []
        for arguments in routes_of(t, schemas[t.path]):
            app.router.add_api_route(route_class_override=DirectRoute, dependencies=[Depends(bearer)], **arguments)
            own.append(app.router.routes[-1])
        direct[t.path] = _direct(t.path, own)
        routers[t.path] = _router([route for route, segments in others if t.path in segments], own)
    everything = app.router.middleware_stack

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        router = routers.get(path[4:].partition("/")[0]) if path.startswith("/v1/") else None
        await (router or everything)(scope, receive, send)

    app.router.middleware_stack = dispatch
    return direct


def _direct(path: str, own: list[Any]) -> dict[tuple[str, bool], tuple[Handler, Any]]:
    """The handlers of a collection and of a single record, for the shortcut."""
    single = {f"/v1/{path}": False, f"/v1/{path}/{{key}}": True}
    return {(m, single[r.path]): (r.endpoint.handler, r) for r in own if r.path in single for m in r.methods}


def _segments(route: Any) -> set[str]:
    """The first path segments behind /v1/ of a route, or of all the routes of an included router."""
    paths = [context.path or "" for context in iter_route_contexts([route])]
    return {path[4:].partition("/")[0] for path in paths if path.startswith("/v1/")}


def _router(others: list[Any], own: list[Any]) -> Any:
    """A small router of one type, the busiest of its routes first."""
    busiest = sorted(own, key=lambda r: (r.path.count("/"), r.path))
    return Router(routes=[*others, *busiest], redirect_slashes=False)
