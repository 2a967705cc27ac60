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
from starlette.responses import Response
from starlette.routing import Router

from app.http.dependencies import bearer
from app.http.problems import MEDIA, Problem
from app.http.record_handlers import DIFF, PATCH, Handler, handlers
from app.kernel import query
from app.kernel.record_type import RecordType
from app.kernel.schemas import Schemas
from app.http.answers import ActionList, PageOf, Revision, RevisionList

KEY = Annotated[str, Path(description="记录的标识（id）或编号（number）", max_length=64)]
IF_MATCH = Annotated[str, Header(alias="If-Match", description='依据的版本号，如 "1"', examples=['"1"'])]
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


def _examples(t: RecordType) -> dict[str, Any]:
    return {name: {"summary": name, "value": dict(value)} for name, value in t.examples.items()}


def _list_parameters(t: RecordType) -> dict[str, Any]:
    known = query.parameter_help(t)
    kind = list[str] | None
    found: dict[str, Any] = {n: (Annotated[kind, Query(description=text)], None) for n, text in known.items()}
    sorts = "、".join(t.sorts)
    found["q"] = (Annotated[str | None, Query(description="在编号、文字和备注中查找，两个字也能查到", max_length=100)], None)
    found["sort"] = (Annotated[str | None, Query(description=f"排序：{sorts}；前加 - 为倒序，逗号分隔")], None)
    found["limit"] = (Annotated[int, Query(description="每页条数", ge=1, le=query.MOST)], query.LIMIT)
    found["cursor"] = (Annotated[str | None, Query(description="下一页的游标，取自上一页的 next_cursor")], None)
    return found


def routes_of(t: RecordType, schemas: Schemas) -> list[dict[str, Any]]:
    """Every route of a type, as arguments for `add_api_route`, in the order of a clerk's work."""
    do, one, path = handlers(t), f"/v1/{t.path}/{{key}}", f"/v1/{t.path}"
    tag, slug = {"tags": [t.tag]}, t.name
    etag = {"headers": {"ETag": {"description": "版本号", "schema": {"type": "string"}}}}
    create_body: Any = schemas.create
    record: Any = schemas.read
    change_body: Any = schemas.change
    body = Annotated[create_body, Body(openapi_examples=_examples(t))]
    patch = Annotated[change_body, Body(media_type=PATCH)]
    read = {"model": schemas.read, "description": t.label, **etag}
    key = {"key": (KEY,)}

    def route(path: str, method: str, name: str, summary: str, handler: str, parameters: Any, answers: Any) -> dict[str, Any]:
        endpoint = _endpoint(f"{name}_{slug}", t.help, do[handler], parameters)
        status = next(iter(answers))
        return {
            "path": path, "endpoint": endpoint, "methods": [method], "summary": summary, "operation_id": f"{name}_{slug}",
            "status_code": status, "responses": answers, "response_model": None, **tag,
        }  # fmt: skip

    found = [
        route(path, "POST", "create", f"登记{t.label}", "create", {"body": (body,)}, {201: read, **problems(400, 409, 413, 415, 422)}),
        route(path, "GET", "list", f"查{t.label}清单", "list", _list_parameters(t), {200: {"model": PageOf[record], "description": "一页"}, **problems(400)}),
        route(one, "GET", "get", f"查一条{t.label}", "get", key, {200: read, 304: {"description": "未改动"}, **problems(400, 404, 409)}),
        route(one, "PATCH", "change", f"修改{t.label}", "change", {**key, "body": (patch,), "if_match": (IF_MATCH,)}, {200: read, **problems(400, 404, 409, 412, 413, 415, 422, 428)}),
        route(f"{one}/actions", "GET", "list_actions_of", f"{t.label}可执行的操作", "actions", key, {200: {"model": ActionList, "description": "操作"}, **problems(400, 404)}),
    ]  # fmt: skip
    labels = {x.action: x.label for x in t.lifecycle.public} | {"correct": "更正", "void": "作废"}
    for action, label in labels.items():
        parameters = {**key, "body": (Annotated[schemas.actions[action], Body()],), "if_match": (IF_MATCH,)}
        answers = {200: read, **problems(400, 404, 409, 412, 413, 415, 422, 428)}
        entry = route(f"{one}/actions/{action}", "POST", action, f"{t.label}：{label}", action, parameters, answers)
        found.append(entry)
    history = f"{one}/revisions"
    found += [
        route(history, "GET", "list_revisions_of", f"{t.label}的历次修订", "revisions", {**key, "limit": (Annotated[int, Query(ge=1, le=query.MOST)], query.LIMIT), "cursor": (Annotated[str | None, Query()], None)}, {200: {"model": RevisionList, "description": "修订"}, **problems(400, 404)}),
        route(f"{history}/{{version}}", "GET", "get_revision_of", f"{t.label}的某一版", "revision", {**key, "version": (Annotated[int, Path(ge=1)],)}, {200: {"model": Revision, "description": "修订"}, **problems(400, 404)}),
        route(f"{history}/{{version}}/diff", "GET", "diff", f"{t.label}两版的差异", "diff", {**key, "version": (Annotated[int, Path(ge=1)],), "from_": (Annotated[int | None, Query(alias="from", ge=1, description="与哪一版相比，默认上一版")], None)}, {200: {"description": "RFC 6902", "content": {DIFF: {"schema": {"type": "array", "items": {"type": "object"}}}}}, **problems(400, 404)}),
    ]  # fmt: skip
    return found


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
