"""`GET /v1/me`, the own password, the own sessions."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from app.accounts import bodies as b
from app.accounts.callers import maker
from app.accounts.own import password
from app.auth import principals, sign_ins
from app.auth.credentials import LockRule
from app.auth.sign_ins import Attempt
from app.clock import SHANGHAI
from app.db.context import AUTH_ROLE
from app.db.outcome import Transaction
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, json_body, only, request_context, service_of
from app.http.idempotency import once
from app.http.operations import body_of, problems
from app.kernel.declare.values import is_identifier
from app.kernel.schema.calls import PEOPLE
from app.kernel.store import RequestContext
from app.records import REGISTRY
from app.roles import ROLES, WORK_LIST_READERS

router = APIRouter(tags=["90 账号与系统"], dependencies=[Depends(bearer)])


class Me(BaseModel):
    """当前账号。"""

    username: str = Field(description="用户名；系统接入的为客户端编号或接口密钥的标识")
    role: str | None = Field(description="角色；待第二人确认的为 null")
    jurisdiction: str | None = Field(description="所属区划；管多个区划时为 null")
    jurisdiction_prefix: str | None = Field(description="所管区划的前缀；只属一个区划时为 null")
    unit_number: str | None = Field(description="所属单位的编号")
    team_number: str | None = Field(description="所属巡察组的编号")
    home_unit_number: str | None = Field(description="本人所在单位的编号")
    grants: list[str] = Field(description="专项授权")
    types: list[str] | None = Field(description="对接系统订阅的记录类型；别的角色为 null")
    expires_at: str | None = Field(description="账号的到期时刻；长期有效的为 null")
    must_change_password: bool = Field(description="密码由他人所设：除 /v1/me 以外都答 403，请先改密码")
    confirmation: str | None = Field(description="pending 待第二人确认，declined 已被拒绝；null 为角色有效")
    account_confirmation: str = Field(description="本系统开立账号：required 须两人，waived 免予第二人确认")
    idle_minutes: int | None = Field(description="多少分钟不用须重新登录；系统接入的为 null")
    may: dict[str, list[str]] = Field(description="对每类记录，以及工作清单、审计、账号，可做什么")


_SYSTEM = ("list", "get", "create", "change", "unlock")
_DECIDES = {"account-changes": ["list", "confirm", "decline"]}
# What a role may do besides records: address -> verbs.
BESIDES: dict[str, dict[str, list[str]]] = {
    **{
        role: {
            **({"work-lists": ["list", "get"]} if role in WORK_LIST_READERS else {}),
            **({"deadlines": ["list", "get"]} if role in PEOPLE else {}),
        }
        for role in (*PEOPLE, *WORK_LIST_READERS)
    },
    "ledger_loader": {t.path: ["import"] for t in REGISTRY},
    "auditor": {path: ["list"] for path in ("access-log", "revisions", "account-changes", "sign-ins")},
    "security_officer": _DECIDES,
    "administrator": {
        "accounts": [*_SYSTEM, "set_password"],
        "clients": [*_SYSTEM, "rotate"],
        "api-keys": [*_SYSTEM, "rotate"],
        **_DECIDES,
        "calendar-days": ["list", "create"],
        "deadline-policies": ["list", "create", "withdraw"],
    },
}


@router.get("/v1/me", summary="当前账号是谁，能做什么", responses=problems(400))
async def who_am_i(request: Request) -> Me:
    """当前账号的角色、所属和可做的操作；是否须先改密码，是否待第二人确认。"""
    ctx = await request_context(request)
    only(request)
    return await _me(request, ctx)


async def _me(request: Request, ctx: RequestContext) -> Me:
    caller, options = ctx.caller, service_of(request).settings
    own = await principals.find(ctx.runtime.pools, caller.account)
    if own is None or not own.open:
        raise Refusal("unauthenticated")
    rights = {t: t.access.of(caller.role) for t in ctx.runtime.registry}
    may = {t.path: r.verbs(x.action for x in t.lifecycle.public) for t, r in rights.items() if r}
    return Me(
        username=caller.account,
        role=None if own.withheld_by else caller.role,
        jurisdiction=caller.code,
        jurisdiction_prefix=None if caller.code else caller.prefix,
        unit_number=caller.unit,
        team_number=caller.team,
        home_unit_number=own.home_unit_number,
        grants=own.grants,
        types=own.types if ROLES[caller.role].subscribes else None,
        expires_at=own.expires_at.astimezone(SHANGHAI).isoformat() if own.expires_at else None,
        must_change_password=own.must_change_password,
        confirmation=own.confirmation,
        account_confirmation=options.account_confirmation,
        idle_minutes=options.idle_minutes if own.kind == "account" else None,
        may={} if own.withheld_by else may | BESIDES.get(caller.role, {}),
    )


@router.post(
    "/v1/me/actions/set_password", summary="修改本人密码", operation_id="set_own_password",
    responses=problems(400, 403, 413, 415, 422), openapi_extra=body_of(b.OwnPassword, JSON), dependencies=[REPEATABLE],
)  # fmt: skip
async def set_own_password(request: Request, response: Response) -> Me:
    """填原密码和新密码。别处的登录即刻作废，这一次的不受影响。原密码填错的，与登录时填错一样计数。"""
    ctx = await request_context(request)
    only(request)
    _person(ctx)
    values = b.given(b.OwnPassword, sent := await json_body(request, JSON))
    options = service_of(request).settings
    async with once(request, ctx, AUTH_ROLE, sent) as attempt:
        if not attempt.found:
            await password.change(
                attempt.ctx.runtime.pools, ctx.caller, values["current_password"], values["new_password"],
                Attempt("set_password", (request.scope.get("client") or (None,))[0], ctx.request),
                LockRule(options.lock_failures, options.lock_minutes), maker(service_of(request), ctx),
            )  # fmt: skip
        attempt.wrote(200, "me", ctx.caller.account)
    service_of(request).authenticator.invalidate(ctx.caller.account)
    response.headers.update({"Cache-Control": "private, no-store", **attempt.headers})
    return await _me(request, ctx)


class SessionRead(BaseModel):
    """一次登录。"""

    id: str = Field(description="标识")
    current: bool = Field(description="是不是正在用的这一次")
    address: str | None = Field(description="从何处登录")
    started_at: str = Field(description="登录时刻")
    last_seen_at: str = Field(description="最近使用的时刻，约一分钟记一次")
    expires_at: str = Field(description="令牌到期的时刻")


class Sessions(BaseModel):
    """本人仍有效的登录，最近的在前。"""

    items: list[SessionRead] = Field(description="登录")


@router.get("/v1/me/sessions", summary="本人的登录", operation_id="list_own_sessions", responses=problems(400, 403))
async def list_sessions(request: Request, response: Response) -> Sessions:
    """本人仍有效的登录：何时、从何处。不认得的，请结束它并改密码。"""
    ctx = await request_context(request)
    only(request)
    _person(ctx)
    response.headers["Cache-Control"] = "private, no-store"
    idle = service_of(request).settings.idle_minutes
    return Sessions(
        items=[_session(ctx, s) for s in await sign_ins.sessions(ctx.runtime.pools, ctx.caller.account, idle)]
    )


@router.post(
    "/v1/me/sessions/{id}/actions/end", summary="结束本人的一次登录", operation_id="end_own_session",
    status_code=204, responses=problems(400, 403, 404, 413, 415, 422), openapi_extra=body_of(b.Nothing, JSON, 结束={}),
    dependencies=[REPEATABLE],
)  # fmt: skip
async def end_session(request: Request, response: Response, id: Annotated[str, Path(description="登录的标识")]) -> None:
    """即刻生效，那次登录的令牌作废；也可以结束正在用的这一次。"""
    ctx = await request_context(request)
    only(request)
    _person(ctx)
    b.given(b.Nothing, sent := await json_body(request, JSON))
    async with once(request, ctx, AUTH_ROLE, sent) as attempt:
        if not attempt.found:
            await _end(attempt.ctx, id)
        attempt.wrote(204, "sessions", id)
    service_of(request).authenticator.invalidate(ctx.caller.account)
    response.headers.update(attempt.headers)


async def _end(ctx: RequestContext, id: str) -> None:
    ended = 0
    if is_identifier(id):
        async with ctx.runtime.pools[AUTH_ROLE].acquire() as connection, Transaction(connection):
            ended = await sign_ins.end(connection, ctx.caller.account, "owner", only=str(uuid.UUID(id)))
    if not ended:
        raise Refusal("not_found", label="登录")


def _person(ctx: RequestContext) -> None:
    if ctx.caller.session is None:
        raise Refusal("forbidden")


def _session(ctx: RequestContext, s: sign_ins.Session) -> SessionRead:
    moments = {m: getattr(s, m).astimezone(SHANGHAI).isoformat() for m in ("started_at", "last_seen_at", "expires_at")}
    return SessionRead(id=s.id, current=s.id == ctx.caller.session, address=s.address, **moments)
