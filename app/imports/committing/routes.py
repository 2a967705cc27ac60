"""`POST /v1/imports/{id}/actions/commit` and `…/resume`: both answer at once, and a job goes on."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, check_media, json_body, language, only, request_context, service_of
from app.http.idempotency import once
from app.http.operations import problems
from app.imports import interrupted, jobs, worker
from app.imports.commit import answered
from app.imports.committing import begin
from app.imports.models import CommitOrder, ImportRead
from app.imports.routes import IMPORT_ID
from app.kernel.schema.validation import validated
from app.kernel.store import RequestContext

ORDER = {
    "requestBody": {
        "required": False,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/CommitOrder"},
                "examples": {"记住": {"summary": "记住列名的对应", "value": {"remember": True}}},
            }
        },
    }
}

STILL: dict[str, Any] = {"description": "还在写入；到 Location 所指处查看", "model": ImportRead}


def router() -> APIRouter:
    """Both routes."""
    made = APIRouter(tags=["00 导入台账"], dependencies=[Depends(bearer)])
    for name, path, summary, refused, extra in (
        (commit, "commit", "提交预览过的导入", (400, 403, 404, 409, 410, 412, 415, 422), ORDER),
        (resume, "resume", "接着办中断的导入", (400, 403, 404, 409, 410, 412), None),
    ):
        made.add_api_route(
            f"/v1/imports/{{import_id}}/actions/{path}", name, methods=["POST"], summary=summary,
            response_model=ImportRead, openapi_extra=extra, dependencies=[REPEATABLE],
            responses={202: STILL, **problems(*refused)},
        )  # fmt: skip
    return made


async def commit(request: Request, import_id: IMPORT_ID) -> Response:
    """照预览的结果写入，只能一次；预览之后有记录改动过的，退回 412 并指明是哪些行。

    一秒之内写完的答 200，否则答 202，写入在后台继续；到 Location 所指处查看。提交时服务中断过的，再提交即可。
    """
    ctx, row = await _found(request, import_id)
    order = await _order(request)
    sent = order.get("mapping")
    if sent is not None and not _is_used(sent, row):
        raise Refusal("mapping_not_checked")
    return await _carried_on(request, ctx, row, order)


async def resume(request: Request, import_id: IMPORT_ID) -> Response:
    """服务中断而失败的导入（import_interrupted）凭标识接着办：检查完了的照检查的结果写入，没有检查完的从收到的文件重新检查。"""
    ctx, row = await _found(request, import_id)
    return await _carried_on(request, ctx, row, {}, again=True)


async def _found(request: Request, import_id: str) -> tuple[RequestContext, Any]:
    ctx = await request_context(request)
    only(request)
    return ctx, await jobs.read(ctx, import_id)


async def _order(request: Request) -> dict[str, Any]:
    """What the body says; nothing without one."""
    if not (await request.body()).strip():
        return {}
    check_media(request, JSON)
    return validated(CommitOrder, await json_body(request))


def _is_used(sent: Mapping[str, Mapping[str, str | None]], row: Any) -> bool:
    """Whether the plan was checked with this mapping: as it was sent, or with what is remembered beside."""
    return sent == (orjson.loads(row["mapping"]) if row["mapping"] else {}) or sent == jobs.used_mapping(row)


async def _carried_on(
    request: Request, ctx: RequestContext, row: Any, order: Mapping[str, Any], again: bool = False
) -> Response:
    """Begin what is asked for, unless the same request has begun it before; answer within a second."""
    import_id = str(row["id"])
    async with once(request, ctx, ctx.caller.database_role, dict(order)) as attempt:
        if not attempt.found:
            await _begin(request, attempt.ctx, row, order, again)
        attempt.wrote(200, "imports", import_id)
    if attempt.found and _came_to_nothing(row):  # it was begun, and undone by a fault or a record that moved
        await _begin(request, ctx, row, order, again)
    row = await answered(ctx, import_id)
    tongue = language(request.headers.get("accept-language", ""))
    headers = {"Cache-Control": "private, no-store", **attempt.headers}
    status = 200
    if row["state"] in jobs.OPEN_STATES:
        status, headers["Location"] = 202, f"/v1/imports/{import_id}"
    return Response(orjson.dumps(jobs.document(row, tongue), default=str), status, headers, JSON)


def _came_to_nothing(row: Any) -> bool:
    return row["state"] == "checked" or begin.is_interrupted(row)


async def _begin(request: Request, ctx: RequestContext, row: Any, order: Mapping[str, Any], again: bool) -> None:
    service, import_id = service_of(request), str(row["id"])
    if again and not begin.is_interrupted(row):
        raise Refusal("import_not_interrupted", state=jobs.STATES[row["state"]], state_code=row["state"])
    if again and not row["checked_at"]:
        jobs.require_rows(row)
        await interrupted.put_back(ctx, import_id, worker.uploads(service.settings) / import_id)
        async with worker.queueing(service, ctx, import_id) as connection:
            await begin.begin_again(ctx, connection, import_id)
        return
    begin.require_committable(row)
    async with worker.queueing(service, ctx, import_id) as connection:
        await begin.begin_commit(ctx, connection, import_id, bool(order.get("remember")), jobs.rows_of(row))
