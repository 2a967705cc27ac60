"""From a record type to its routes. A newcomer reads this file once; no type has routes of its own shape.

FastAPI gets routes with full types, from which the document is made; behind them stand the direct handlers of
`record_handlers`. A dictionary on the first path segment stands before the router, because Starlette tries routes one
by one (measured: 300 routes cost 350 µs a request). A test holds document and handlers together.

This file has no postponed annotations: FastAPI reads the signatures that are built here.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Header, Path, Query
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import create_model
from starlette.responses import Response
from starlette.routing import Router

from app.http import operations
from app.http.answers import ActionList, PageOf, Revision, RevisionList
from app.http.dependencies import bearer
from app.http.problems import MEDIA, Problem
from app.http.record_handlers import DIFF, PATCH, Handler, handlers
from app.kernel import query
from app.kernel.record_type import RecordType
from app.kernel.schemas import Schemas

KEY = Annotated[str, Path(description="记录的标识（id）或编号（number）", max_length=64)]
IF_MATCH = Annotated[str, Header(alias="If-Match", description='依据的版本号，如 "1"', examples=['"1"'])]
LIMIT = Annotated[int, Query(description="每页条数", ge=1, le=query.MOST)]
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


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals a route documents."""
    texts = {
        400: "请求不可解析，或查询参数有误", 401: "未登录", 403: "无权", 404: "没有找到", 409: "与当前状态或现有记录冲突",
        412: "记录已被他人改动", 413: "内容过大", 415: "内容类型不对", 422: "填写有误", 428: "缺少 If-Match", 503: "服务正忙",
    }  # fmt: skip
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {s: {"description": texts[s], "content": {MEDIA: schema}} for s in (*statuses, 401, 503)}


def _list_parameters(t: RecordType) -> dict[str, Any]:
    known = query.parameter_help(t)
    kind = list[str] | None
    found: dict[str, Any] = {n: (Annotated[kind, Query(description=text)], None) for n, text in known.items()}
    sorts = "、".join(t.sorts)
    found["q"] = (Annotated[str | None, Query(description="在编号、文字和备注中查找，两个字也能查到", max_length=100)], None)
    found["sort"] = (Annotated[str | None, Query(description=f"排序：{sorts}；前加 - 为倒序，逗号分隔")], None)
    found["limit"], found["cursor"] = (LIMIT, query.LIMIT), (CURSOR, None)
    return found


def _answers(t: RecordType, schemas: Schemas) -> dict[str, Any]:
    """The successful answers of a type's routes."""
    record: Any = schemas.read
    page = create_model(f"{schemas.read.__name__}Page", __base__=PageOf[record], __doc__=f"{t.label}清单的一页。")
    patch = {"type": "array", "description": "依次执行的改动", "items": {"$ref": "#/components/schemas/PatchStep"}}
    return {
        "record": {"model": record, "description": t.label, "headers": operations.ETAG},
        "created": {"model": record, "description": f"已登记的{t.label}", "headers": operations.ETAG | operations.LOCATION},
        "page": {"model": page, "description": f"一页{t.label}", "headers": operations.LINK},
        "actions": {"model": ActionList, "description": "全部操作"},
        "history": {"model": RevisionList, "description": "一页修订"},
        "revision": {"model": Revision, "description": "这一版"},
        "diff": {"description": "JSON Patch", "content": {DIFF: {"schema": patch}}},
        "unchanged": {"description": "没有改动"},
    }


READING, WRITING = problems(400, 404, 409), problems(400, 404, 409, 412, 413, 415, 422, 428)


def routes_of(t: RecordType, schemas: Schemas) -> list[dict[str, Any]]:
    """Every route of a type, as arguments for `add_api_route`, in the order of a clerk's work."""
    do, given, path = handlers(t), _answers(t, schemas), f"/v1/{t.path}"
    one, key = f"{path}/{{key}}", {"key": (KEY,)}
    create_body: Any = schemas.create
    change_body: Any = schemas.change
    body = Annotated[create_body, Body(openapi_examples=operations.create_examples(t))]
    patch = Annotated[change_body, Body(media_type=PATCH, openapi_examples=operations.change_examples(t))]

    def route(
        path: str, method: str, name: str, summary: str, handler: str, parameters: Any, answers: Any, doc: str
    ) -> dict[str, Any]:
        return {
            "path": path, "endpoint": _endpoint(f"{name}_{t.name}", doc, do[handler], parameters), "methods": [method],
            "summary": summary, "operation_id": f"{name}_{t.name}", "status_code": next(iter(answers)), "responses": answers,
            "response_model": None, "tags": [t.tag],
        }  # fmt: skip

    found = [
        route(path, "POST", "create", f"登记{t.label}", "create", {"body": (body,)}, {201: given["created"], **problems(400, 409, 413, 415, 422)}, operations.creating(t)),
        route(path, "GET", "list", f"查{t.label}清单", "list", _list_parameters(t), {200: given["page"], **problems(400)}, operations.LIST),
        route(one, "GET", "get", f"查一条{t.label}", "get", key, {200: given["record"], 304: given["unchanged"], **READING}, operations.GET),
        route(one, "PATCH", "change", f"修改{t.label}", "change", {**key, "body": (patch,), "if_match": (IF_MATCH,)}, {200: given["record"], **WRITING}, operations.CHANGE),
        route(f"{one}/actions", "GET", "list_actions_of", f"{t.label}可执行的操作", "actions", key, {200: given["actions"], **READING}, operations.ACTIONS),
    ]  # fmt: skip
    actions = {x.action: (x.label, operations.acting(t, x)) for x in t.lifecycle.public}
    actions |= {"correct": ("更正", operations.CORRECT), "void": ("作废", operations.VOID)}
    for action, (label, doc) in actions.items():
        act_body: Any = schemas.actions[action]
        act = Annotated[act_body, Body(openapi_examples=operations.action_examples(t, action))]
        parameters = {**key, "body": (act,), "if_match": (IF_MATCH,)}
        answers = {200: given["record"], **WRITING}
        found.append(route(f"{one}/actions/{action}", "POST", action, f"{t.label}：{label}", action, parameters, answers, doc))
    history, version = f"{one}/revisions", {**key, "version": (VERSION,)}
    return found + [
        route(history, "GET", "list_revisions_of", f"{t.label}的历次修订", "revisions", {**key, "limit": (LIMIT, query.LIMIT), "cursor": (CURSOR, None)}, {200: given["history"], **READING}, operations.REVISIONS),
        route(f"{history}/{{version}}", "GET", "get_revision_of", f"{t.label}的某一版", "revision", version, {200: given["revision"], **READING}, operations.REVISION),
        route(f"{history}/{{version}}/diff", "GET", "diff", f"{t.label}两版的差异", "diff", {**version, "from_": (BASE, None)}, {200: given["diff"], **READING}, operations.DIFF),
    ]  # fmt: skip


def add_records(app: FastAPI, types: Any, schemas: Any) -> None:
    """Registers the routes of every record type, and puts the dictionary in front of the router.

    Comes after every other router: what stands there under a type's path (the work list of a round) joins the type's
    group, in front of its `{key}` routes.
    """
    others = [(route, _segments(route)) for route in app.router.routes]
    routers: dict[str, Any] = {}
    for t in types:
        own: list[Any] = []
        for arguments in routes_of(t, schemas[t.path]):
            app.router.add_api_route(route_class_override=DirectRoute, dependencies=[Depends(bearer)], **arguments)
            own.append(app.router.routes[-1])
        routers[t.path] = _router([route for route, segments in others if t.path in segments], own)
    everything = app.router.middleware_stack

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        router = routers.get(path[4:].partition("/")[0]) if path.startswith("/v1/") else None
        await (router or everything)(scope, receive, send)

    app.router.middleware_stack = dispatch


def _segments(route: Any) -> set[str]:
    """The first path segments behind /v1/ of a route, or of all the routes of an included router."""
    paths = [context.path or "" for context in iter_route_contexts([route])]
    return {path[4:].partition("/")[0] for path in paths if path.startswith("/v1/")}


def _router(others: list[Any], own: list[Any]) -> Any:
    """A small router of one type, the busiest of its routes first."""
    busiest = sorted(own, key=lambda r: (r.path.count("/"), r.path))
    return Router(routes=[*others, *busiest], redirect_slashes=False)
