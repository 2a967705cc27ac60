"""What is due, each with every day of its period; extensions and pauses; a calculator."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from app.deadlines import actions, detail, listing
from app.deadlines import bodies as b
from app.deadlines.answers import RULE_HELP, DeadlineCalculation, ObligationRead, Obligations
from app.deadlines.rules import LABELS
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, json_body, only, request_context, service_of
from app.http.idempotency import once
from app.http.operations import body_of, problems
from app.http.paging import PAGING, PRIVATE, documented, paged, paging
from app.kernel.schema.calls import ADMINISTRATOR, PEOPLE
from app.kernel.sql.listing import bad_query
from app.kernel.store import RequestContext

TAG = "83 期限"
router = APIRouter(tags=[TAG], dependencies=[Depends(bearer)])
STATUS_HELP = "，".join(f"{status} {label}" for status, label in listing.STATUSES.items())
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "status": (f"{STATUS_HELP}；不填为全部未了事项", {"type": "string", "enum": list(listing.STATUSES)}),
    "record_type": ("记录类型，如 rectification-opinions", {"type": "string"}),
    "record_id": ("记录的标识", {"type": "string", "format": "uuid"}),
    "record_number": ("记录的编号", {"type": "string"}),
    "rule": (f"期限规则：{RULE_HELP}", {"type": "string", "enum": list(LABELS)}),
    "due_on_from": ("到期日不早于", {"type": "string", "format": "date"}),
    "due_on_to": ("到期日不晚于（含）", {"type": "string", "format": "date"}),
}
ObligationId = Annotated[str, Path(description="未了事项的标识")]
ACTION_REFUSALS = problems(400, 403, 404, 409, 413, 415, 422)


async def reader(request: Request, *more: str) -> RequestContext:
    """The context of a caller for whom records may exist. Refuses with `forbidden`."""
    ctx = await request_context(request)
    if ctx.caller.role not in (*PEOPLE, *more):
        raise Refusal("forbidden")
    return ctx


@router.get(
    "/v1/deadlines", summary="未了事项：何时到期，是否超期、临期、搁置", operation_id="list_deadlines",
    response_model=Obligations, responses=problems(400, 403), openapi_extra=documented(**PARAMETERS, **PAGING),
)  # fmt: skip
async def list_deadlines(request: Request) -> Response:
    """当前账号看得到的记录尚未了结的事项，先到期的在前：依据哪条规则、哪一条款，还剩几天，红黄绿灯。"""
    ctx = await reader(request)
    given = only(request, *PARAMETERS, *PAGING)
    wanted = listing.wanted(ctx, given, *paging(given))
    items, cursor = await listing.page(ctx, wanted, service_of(request).keys.cursor)
    return Response(orjson.dumps({"items": items, "next_cursor": cursor}), 200, paged(request, cursor), JSON)


@router.get(
    "/v1/deadlines/calculate", summary="推算一个期限", operation_id="calculate_deadline",
    response_model=DeadlineCalculation, responses=problems(400, 403),
    openapi_extra=documented(
        rule=(f"期限规则：{RULE_HELP}", {"type": "string", "enum": list(LABELS)}),
        **{"from": ("起算日，当日不计", {"type": "string", "format": "date", "examples": ["2017-06-12"]})},
        jurisdiction=("区划代码；管多个区划的须写明", {"type": "string", "pattern": "^[0-9]{6}$"}),
    ),
)  # fmt: skip
async def calculate(request: Request) -> Response:
    """不涉及任何记录：按起算日适用的规则和本地日历推算到期日，列出每一天计不计，为什么。"""
    ctx = await reader(request, ADMINISTRATOR)
    given = only(request, "rule", "from", "jurisdiction")
    for name in ("rule", "from"):
        if name not in given:
            raise bad_query(name, "required", label=name)
    if given["rule"] not in LABELS:
        raise bad_query("rule", "not_a_choice", allowed=list(LABELS))
    place = given.get("jurisdiction", ctx.caller.code or "")
    if len(place) != 6 or not (place.isascii() and place.isdigit()):
        raise bad_query("jurisdiction", "not_a_jurisdiction")
    if not ctx.caller.covers(place):
        raise bad_query("jurisdiction", "jurisdiction_outside")
    since = listing.query_day("from", given["from"])
    if not 1949 <= since.year <= 2200:
        raise bad_query("from", "out_of_range", least=1949, most=2200)
    found = await detail.calculate(ctx, place, given["rule"], since)
    return Response(orjson.dumps(found), 200, PRIVATE, JSON)


@router.get(
    "/v1/deadlines/{id}", summary="查一件未了事项", operation_id="get_deadline",
    response_model=ObligationRead, responses=problems(400, 403, 404),
)  # fmt: skip
async def get_deadline(request: Request, id: ObligationId) -> Response:
    """连同所依据的规则、逐日计算、延期和暂停的经过、已升到的催办；已了结的也能查到。"""
    ctx = await reader(request)
    only(request)
    return Response(orjson.dumps(await detail.read(ctx, id)), 200, PRIVATE, JSON)


def _acting(action: str, label: str, body: type[BaseModel], doc: str, **examples: Any) -> None:
    @router.post(
        f"/v1/deadlines/{{id}}/actions/{action}", summary=label, operation_id=f"{action}_deadline", description=doc,
        response_model=ObligationRead, responses=ACTION_REFUSALS, openapi_extra=body_of(body, JSON, **examples),
        dependencies=[REPEATABLE],
    )  # fmt: skip
    async def take(request: Request, id: ObligationId) -> Response:
        ctx = await reader(request)
        only(request)
        sent = await json_body(request, JSON)
        async with once(request, ctx, ctx.caller.database_role, sent) as attempt:
            if not attempt.found:
                await actions.act(attempt.ctx, id, action, body, sent)
            attempt.wrote(200, "deadlines", id)
        return Response(orjson.dumps(await detail.read(ctx, id)), 200, {**PRIVATE, **attempt.headers}, JSON)


_acting(
    "extend", "批准延期", b.DeadlineExtension,
    "由办理此类记录的机关登记：延至何日、谁批准、为什么。规则定有延长的限度和次数的，不得超过；延期以后不再随日历移动。",
    延期={"until": "2017-09-08", "approver": "市委巡察工作领导小组组长", "reason": "资金追缴须待法院裁定"},
)  # fmt: skip
_acting(
    "pause", "暂停计时", b.ClockPause, "暂停的日子不计入期间；已经超期的不能暂停。暂停期间不催办，剩余天数停在当天。",
    暂停={"reason": "等待上级批复"},
)  # fmt: skip
_acting("resume", "恢复计时", b.ClockResumption, "暂停了几天，到期日就顺延几天（工作日按工作日计）。", 恢复={})
