"""The routes of an undo: undo an import, redo it, read what became of each record."""

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import REPEATABLE, key_of, language, only, request_context
from app.http.idempotency import once
from app.http.operations import problems
from app.http.paging import PAGING, documented
from app.imports import jobs
from app.imports.commit import left
from app.imports.models import ImportRead, UndoPage
from app.imports.routes import IMPORT_ID
from app.imports.rows.answers import logged_types
from app.imports.undo import job, report
from app.kernel.personal import access_log
from app.kernel.sql import listing

RESULTS = {"result": ("done 已撤销（或已恢复），left_alone 没有动", {"type": "string"})}
# How long a request waits for the end of its job, and how often it looks: most are done by then.


def router() -> APIRouter:
    """The routes."""
    made = APIRouter(tags=["00 导入台账"], dependencies=[Depends(bearer)])
    for action, path, label in ((undo, "undo", "撤销一次导入"), (redo, "redo", "恢复撤销的导入")):
        made.add_api_route(
            f"/v1/imports/{{import_id}}/actions/{path}", action, methods=["POST"], summary=label,
            response_model=ImportRead, dependencies=[REPEATABLE],
            responses={202: {"model": ImportRead, "description": "正在进行"}, **problems(404, 409, 422)},
        )  # fmt: skip
    made.add_api_route(
        "/v1/imports/{import_id}/undo",
        records,
        methods=["GET"],
        summary="查撤销的逐条结果",
        response_model=UndoPage,
        responses=problems(400, 404, 410),
        openapi_extra=documented(**RESULTS, **PAGING),
    )
    return made


def _answer(document: Any, status: int = 200, **headers: str) -> Response:
    headers = {"Cache-Control": "private, no-store", **headers}
    return Response(orjson.dumps(document, default=str), status, headers, "application/json")


def _language(request: Request) -> str:
    return language(request.headers.get("accept-language", ""))


async def undo(request: Request, import_id: IMPORT_ID) -> Response:
    """新建的记录作废，改动的记录还原，都留修订记录；此后他人又改动、或已被引用的不动，逐条列出。撤销后可以恢复（redo）。"""
    return await _begun(request, import_id, "undo")


async def redo(request: Request, import_id: IMPORT_ID) -> Response:
    """把撤销前的内容和编号恢复回来；撤销后他人又改动的不动，逐条列出。恢复后可以再次撤销。"""
    return await _begun(request, import_id, "redo")


async def _begun(request: Request, import_id: str, action: str) -> Response:
    ctx = await request_context(request)
    only(request)
    key_of(request)  # a bad one is told before anything is looked up
    import_id = str((await jobs.head(ctx, import_id))["id"])
    async with once(request, ctx, ctx.caller.database_role, None) as attempt:
        if not attempt.found:
            await job.begin(attempt.ctx, import_id, action)
        attempt.wrote(202, "imports", import_id)
    row = await left(ctx, import_id, job.BACK_TO)
    status = 202 if row["state"] in job.BACK_TO else 200
    document = jobs.document(row, _language(request))
    return _answer(document, status, Location=f"/v1/imports/{import_id}", **attempt.headers)


async def records(request: Request, import_id: IMPORT_ID) -> Response:
    """最近一次撤销或恢复时，每条记录怎样了；没有动的写明原因。只有导入人可以查看。"""
    ctx = await request_context(request)
    given = only(request, *RESULTS, *PAGING)
    row = await jobs.read(ctx, import_id)
    jobs.require_rows(row)
    if given.get("result", "done") not in ("done", "left_alone"):
        raise listing.bad_query("result", "not_a_choice", allowed=["done", "left_alone"])
    most, after = listing.page_limit(given.get("limit", str(listing.DEFAULT_LIMIT))), given.get("cursor", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise Refusal("bad_cursor")
    sql, arguments = access_log.with_log_entries_by_type(
        ctx.caller, logged_types(ctx, row), most, report.records_sql(ctx),
        (ctx.context(), row["id"], int(after), given.get("result"), most + 1),
    )  # fmt: skip
    async with ctx.connection() as connection:
        page = await connection.fetch(sql, *arguments)
    items = [report.document(r, _language(request)) for r in page[:most]]
    return _answer({"items": items, "next_cursor": str(page[most - 1]["n"]) if len(page) > most else None})
