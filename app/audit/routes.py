"""What an auditor reads over HTTP."""

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.audit import reading
from app.audit.answers import (
    KIND_HELP,
    METHOD_HELP,
    OUTCOME_HELP,
    STATE_HELP,
    AccessLog,
    AccountChanges,
    RevisionMarks,
    SignIns,
)
from app.audit.reading import ACCESS_LOG_TRAIL, ACCOUNT_CHANGE_TRAIL, REVISION_TRAIL, SIGN_IN_TRAIL, Trail
from app.auth.entry_tables import CHANGE_STATES, METHODS, OUTCOMES
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
OF_CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "principal": ("账号、客户端或接口密钥", TEXT),
    "maker": ("何人所改", TEXT),
    "action": ("操作：create、change、set_password、change_own_password、unlock、rotate、confirm", TEXT),
    "state": (STATE_HELP, {"type": "string", "enum": list(CHANGE_STATES)}),
    "without_home_unit": (
        "true：只列没有写明本人所在单位的人员账号，每个账号只列最近一次改动",
        {"type": "string", "enum": ["true", "false"]},
    ),
}
OF_SIGN_INS: dict[str, tuple[str, dict[str, Any]]] = {
    "principal": ("账号或客户端", TEXT),
    "method": (METHOD_HELP, {"type": "string", "enum": list(METHODS)}),
    "outcome": (OUTCOME_HELP, {"type": "string", "enum": list(OUTCOMES)}),
}
ACTION = {"action": ("操作：create、change、void、correct、import，或操作名", TEXT)}


async def _answer(request: Request, trail: Trail) -> Response:
    ctx = await request_context(request)
    given = only(request, *trail.filters, *PAGING)
    listing = reading.wanted(ctx, trail, given, *paging(given))
    if ctx.caller.role not in trail.readers:
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


@router.get(
    "/v1/account-changes",
    summary="账号改动：何人把哪个账号改成什么，谁确认",
    operation_id="list_account_changes",
    response_model=AccountChanges,
    responses=problems(400, 403),
    openapi_extra=documented(**OF_CHANGES, **SINCE, **PAGING),
)
async def list_account_changes(request: Request) -> Response:
    """审计员查阅涉及本区划的账号、客户端和接口密钥的每一次改动；系统管理员和安全管理员查阅管理范围以内的，以便确认。

    没有密码和密钥。state=pending 的待第二人确认；without_home_unit=true 列出没有写明本人所在单位的账号。
    """
    return await _answer(request, ACCOUNT_CHANGE_TRAIL)


@router.get(
    "/v1/sign-ins",
    summary="登录记录：何人何时从何处登录，或被拒绝",
    operation_id="list_sign_ins",
    response_model=SignIns,
    responses=problems(400, 403),
    openapi_extra=documented(**OF_SIGN_INS, **SINCE, **PAGING),
)
async def list_sign_ins(request: Request) -> Response:
    """审计员查阅涉及本区划的账号的登录，被拒绝的也在内，并写明真实原因。没有这个账号的，不记所填的用户名：那可能是填错了的密码。"""
    return await _answer(request, SIGN_IN_TRAIL)
