"""The work calendar and the deadline rules over HTTP. What they change of running periods is moved by a job."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from app.deadlines import bodies as b
from app.deadlines import calendar, policies, worker
from app.deadlines.answers import RULE_HELP, CalendarDays, DeadlinePolicies, DeadlinePolicy
from app.deadlines.listing import today
from app.deadlines.rules import LABELS
from app.errors import FieldError, Refusal, invalid
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, json_body, only, request_context, whole_number
from app.http.idempotency import once
from app.http.operations import body_of, problems
from app.http.paging import PRIVATE, documented
from app.kernel.schema.calls import ADMINISTRATOR
from app.kernel.schema.validation import validated
from app.kernel.sql.listing import bad_query
from app.kernel.store import RequestContext

router = APIRouter(tags=["83 期限"], dependencies=[Depends(bearer)])
YES_NO = {"type": "string", "enum": ["true", "false"]}
REPLACED = ("true：连同已被替换和停用的", YES_NO)
WRITES = problems(400, 403, 404, 409, 413, 415, 422)
LOAD_2027 = {
    "year": 2027, "days": [{"day": "2027-10-01", "kind": "holiday", "name": "国庆节"}],
    "source": "国办发明电〔2026〕7号",
}  # fmt: skip
OWN_DAY = {
    "days": [{"day": "2026-10-26", "kind": "holiday", "name": "州庆日"}], "source": "州人大常委会公告",
    "reason": "自治州的节日（全国年节及纪念日放假办法第四条）",
}  # fmt: skip
OWN_RULE = {
    "rule": "rectification_plan", "valid_from": "2025-01-01", "amount": 15, "unit": "working_day", "roll": True,
    "citation": "示巡组发〔2025〕1号", "reason": "本市规定的期限",
}  # fmt: skip


async def administrator(request: Request) -> RequestContext:
    """The caller, who must be an administrator. Refuses with `forbidden`."""
    ctx = await request_context(request)
    if ctx.caller.role != ADMINISTRATOR:
        raise Refusal("forbidden")
    return ctx


def _replaced(given: dict[str, str]) -> bool:
    if given.get("replaced", "false") not in YES_NO["enum"]:
        raise bad_query("replaced", "not_a_choice", allowed=list(YES_NO["enum"]))
    return given.get("replaced") == "true"


def _placed(ctx: RequestContext, values: dict[str, Any]) -> dict[str, Any]:
    """The body with its division, by default all that the administrator is bound to. Refuses one outside of these."""
    reach = ctx.caller.code or ctx.caller.prefix
    place = values.get("jurisdiction")
    if place is not None and not place.startswith(reach):
        raise invalid(FieldError("/jurisdiction", "jurisdiction_outside"))
    return {**values, "jurisdiction": reach if place is None else place}


@router.get(
    "/v1/calendar-days", summary="工作日历：放假和调休的日子", operation_id="list_calendar_days",
    response_model=CalendarDays, responses=problems(400, 403),
    openapi_extra=documented(
        year=("年度；不填为今年", {"type": "integer", "minimum": 1949, "maximum": 2200}), replaced=REPLACED
    ),
)  # fmt: skip
async def list_calendar_days(request: Request) -> Response:
    """一年中与星期几不同的日子，全国的和所管区划的。known 为 false 的，这一年的安排尚未公布，期限都是暂定的。"""
    ctx = await administrator(request)
    given = only(request, "year", "replaced")
    year = whole_number("year", given["year"]) if "year" in given else today().year
    if not 1949 <= year <= 2200:
        raise bad_query("year", "out_of_range", least=1949, most=2200)
    return Response(orjson.dumps(await calendar.of_year(ctx, year, _replaced(given))), 200, PRIVATE, JSON)


@router.post(
    "/v1/calendar-days", summary="登记放假和调休的日子", operation_id="enter_calendar_days", status_code=201,
    response_model=CalendarDays, responses=WRITES, dependencies=[REPEATABLE],
    openapi_extra=body_of(b.CalendarLoad, JSON, 全国的一年=LOAD_2027, 本地的节日=OWN_DAY),
)  # fmt: skip
async def enter_calendar_days(request: Request) -> Response:
    """国务院公布下一年的安排以后登记，写明 year；本地的节日、临时的更正也在这里登记。

    正在计算的期限随后移动，并留下记录。
    """
    ctx = await administrator(request)
    only(request)
    values = _placed(ctx, validated(b.CalendarLoad, sent := await json_body(request, JSON)))
    if values.get("year") is not None and values["jurisdiction"] != "":
        raise invalid(FieldError("/year", "year_of_whole_country"))
    days = [entry["day"] for entry in values["days"]]
    twice = next((n for n, day in enumerate(days) if day in days[:n]), None)
    if twice is not None:
        raise invalid(FieldError(f"/days/{twice}/day", "listed_twice", {"label": "日期"}))
    year = values.get("year") or int(min(days)[:4])
    async with once(request, ctx, ctx.caller.database_role, sent) as attempt:
        if not attempt.found:
            async with attempt.ctx.connection(transaction=True) as connection:
                if await calendar.enter(attempt.ctx, connection, values):
                    await worker.queue(connection, ctx.caller.account, "calendar")
        attempt.wrote(201, "calendar-days", str(year))
    found = await calendar.of_year(ctx, year, replaced=False)
    return Response(orjson.dumps(found), 201, {**PRIVATE, **attempt.headers}, JSON)


@router.get(
    "/v1/deadline-policies", summary="期限规则", operation_id="list_deadline_policies",
    response_model=DeadlinePolicies, responses=problems(400, 403),
    openapi_extra=documented(
        rule=(f"期限规则：{RULE_HELP}", {"type": "string", "enum": list(LABELS)}), replaced=REPLACED
    ),
)  # fmt: skip
async def list_policies(request: Request) -> Response:
    """全国通行的和所管区划自定的期限规则；按起算日适用，代码最长的区划优先。remark 写明尚未核实之处。"""
    ctx = await administrator(request)
    given = only(request, "rule", "replaced")
    if "rule" in given and given["rule"] not in LABELS:
        raise bad_query("rule", "not_a_choice", allowed=list(LABELS))
    found = await policies.listed(ctx, given.get("rule"), _replaced(given))
    return Response(orjson.dumps({"items": found}), 200, PRIVATE, JSON)


@router.post(
    "/v1/deadline-policies", summary="登记一条期限规则", operation_id="enter_deadline_policy", status_code=201,
    response_model=DeadlinePolicy, responses=WRITES, dependencies=[REPEATABLE],
    openapi_extra=body_of(b.DeadlinePolicyCreate, JSON, 本市的期限=OWN_RULE),
)  # fmt: skip
async def enter_policy(request: Request) -> Response:
    """同一规则、区划和起始日已有的，由这一条替换，原来的留存备查。正在计算的期限随后移动，已了结的不动。"""
    ctx = await administrator(request)
    only(request)
    values = _placed(ctx, validated(b.DeadlinePolicyCreate, sent := await json_body(request, JSON)))
    if (values.get("valid_to") or "9999") < values["valid_from"]:
        raise invalid(FieldError("/valid_to", "day_before", {"other": "起始日"}))
    async with once(request, ctx, ctx.caller.database_role, sent) as attempt:
        if not attempt.found:
            async with attempt.ctx.connection(transaction=True) as connection:
                made = await policies.enter(attempt.ctx, connection, values)
                await worker.queue(connection, ctx.caller.account, "policy")
            attempt.wrote(201, "deadline-policies", made)
    return await _policy(ctx, attempt.written.name if attempt.written else "", 201, attempt.headers)


@router.post(
    "/v1/deadline-policies/{id}/actions/withdraw", summary="停用一条期限规则", operation_id="withdraw_deadline_policy",
    response_model=DeadlinePolicy, responses=WRITES, dependencies=[REPEATABLE],
    openapi_extra=body_of(b.DeadlinePolicyWithdrawal, JSON, 停用={"reason": "登记有误"}),
)  # fmt: skip
async def withdraw_policy(request: Request, id: Annotated[str, Path(description="期限规则的标识")]) -> Response:
    """停用以后，范围更大的规则重新适用；没有别的规则的，正在计算的期限保持原来的到期日。"""
    ctx = await administrator(request)
    only(request)
    sent = await json_body(request, JSON)
    async with once(request, ctx, ctx.caller.database_role, sent) as attempt:
        if not attempt.found:
            async with attempt.ctx.connection(transaction=True) as connection:
                await policies.find(attempt.ctx, connection, id)
                reason = validated(b.DeadlinePolicyWithdrawal, sent)["reason"]
                await policies.withdraw(attempt.ctx, connection, id, reason)
                await worker.queue(connection, ctx.caller.account, "policy")
        attempt.wrote(200, "deadline-policies", id)
    return await _policy(ctx, id, 200, attempt.headers)


async def _policy(ctx: RequestContext, policy_id: str, status: int, headers: dict[str, str]) -> Response:
    async with ctx.connection() as connection:
        found = await policies.find(ctx, connection, policy_id)
    return Response(orjson.dumps(found), status, {**PRIVATE, **headers}, JSON)
