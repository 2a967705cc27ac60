"""What an auditor reads over HTTP."""

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.audit import reading
from app.audit.answers import KIND_HELP, AccessLog, RevisionMarks
from app.audit.reading import ACCESS_LOG_TRAIL, REVISION_TRAIL, Trail
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, only, request_context, service_of
from app.http.operations import problems
from app.http.paging import PAGING, documented, paged, paging
from app.kernel.personal.access_log import LOG_KINDS

router = APIRouter(tags=["85 审计"], dependencies=[Depends(bearer)])
TEXT = {"type": "string"}
COMMON: dict[str, tuple[str, dict[str, Any]]] = {
    "principal": ("账号", TEXT),
    "record_type": ("记录类型，如 clues", TEXT),
    "record_id": ("记录的标识", {"type": "string", "format": "uuid"}),
}
SINCE: dict[str, tuple[str, dict[str, Any]]] = {
    "at_from": ("不早于：日期，或带时区的时刻", {**TEXT, "examples": ["2017-08-04"]}),
    "at_to": ("不晚于（含）：日期，或带时区的时刻", {**TEXT, "examples": ["2017-08-04T18:00:00+08:00"]}),
}
KIND = {"kind": (f"方式：{KIND_HELP}", {"type": "string", "enum": list(LOG_KINDS)})}
ACTION = {"action": ("操作：create、change、void、correct、import，或操作名", TEXT)}


async def _answer(request: Request, trail: Trail) -> Response:
    ctx = await request_context(request)
    given = only(request, *trail.filters, *PAGING)
    listing = reading.wanted(ctx, trail, given, *paging(given))
    if ctx.caller.role != "auditor":
        raise Refusal("forbidden")
    items, cursor = await reading.page(ctx, trail, listing, service_of(request).keys.cursor)
    return Response(orjson.dumps({"items": items, "next_cursor": cursor}), 200, paged(request, cursor), JSON)


@router.get(
    "/v1/access-log",
    summary="访问日志：何人看过哪些人员、线索及其移交、立案、移送司法",
    operation_id="list_access_log",
    response_model=AccessLog,
    responses=problems(400, 403),
    openapi_extra=documented(**COMMON, **KIND, **SINCE, **PAGING),
)
async def list_access_log(request: Request) -> Response:
    """审计员查阅本区划的访问日志，最近的在前：查看、清单、修订史、查找、显示加密内容。不含记录内容；查阅本身也记入。"""
    return await _answer(request, ACCESS_LOG_TRAIL)


@router.get(
    "/v1/revisions",
    summary="修订目录：何人何时改过哪些记录",
    operation_id="list_revision_marks",
    response_model=RevisionMarks,
    responses=problems(400, 403),
    openapi_extra=documented(**COMMON, **ACTION, **SINCE, **PAGING),
)
async def list_revisions(request: Request) -> Response:
    """审计员查阅本区划全部记录的修订，按提交的先后，最近的在前。只有类型、标识、版本、操作、时刻和何人，没有内容。"""
    return await _answer(request, REVISION_TRAIL)
