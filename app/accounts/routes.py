"""Accounts, clients and API keys, for administrators. One who is bound to a prefix manages those within the prefix."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel

from app.accounts import answers, names, register, systems
from app.accounts import bodies as b
from app.accounts.callers import maker, reach
from app.auth import api_keys, principals
from app.auth.principals import Principal
from app.db.context import AUTH_ROLE
from app.errors import FieldError, Refusal, invalid
from app.http.dependencies import bearer
from app.http.exchange import JSON, PATCH, REPEATABLE, json_body, only, request_context, service_of
from app.http.idempotency import Attempt, once
from app.http.operations import body_of, problems
from app.http.paging import PAGING, documented, paging
from app.kernel.store import RequestContext
from app.logging import log

router = APIRouter(tags=["90 账号与系统"], dependencies=[Depends(bearer)])
ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Kind:
    """What the routes of one kind of principal are called, take and answer."""

    kind: str
    path: str
    label: str
    create: type[BaseModel]
    read: type[BaseModel]
    page: type[BaseModel]
    secret: type[BaseModel]
    secret_member: str = ""

    @property
    def change(self) -> type[BaseModel]:
        """What a PATCH takes."""
        return b.SystemChange if self.secret_member else b.AccountChange


KINDS = (
    Kind("account", "accounts", "账号", b.AccountCreate, answers.AccountRead, answers.AccountPage, answers.AccountRead),
    Kind(
        systems.CLIENT,
        "clients",
        "客户端",
        b.ClientCreate,
        answers.ClientRead,
        answers.ClientPage,
        answers.ClientSecret,
        "client_secret",
    ),
    Kind(
        systems.API_KEY,
        "api-keys",
        "接口密钥",
        b.ApiKeyCreate,
        answers.ApiKeyRead,
        answers.ApiKeyPage,
        answers.ApiKeySecret,
        "key",
    ),
)


async def administrator(request: Request, *parameters: str) -> RequestContext:
    """The caller, who must be an administrator. Refuses with `forbidden`, and query parameters that are not named."""
    ctx = await request_context(request)
    if ctx.caller.role != ADMINISTRATOR:
        raise Refusal("forbidden")
    only(request, *parameters)
    return ctx


async def managed(ctx: RequestContext, k: Kind, name: str) -> Principal:
    """The principal of that name, if it is of this kind and within the administrator's reach."""
    found = await principals.find(ctx.runtime.pools, name)
    if found is None or found.kind != k.kind or not found.jurisdiction.startswith(reach(ctx)):
        raise Refusal("not_found", label=k.label)
    return found


def _within(ctx: RequestContext, values: Mapping[str, Any]) -> None:
    if not values.get("jurisdiction", reach(ctx)).startswith(reach(ctx)):
        raise invalid(FieldError("/jurisdiction", "jurisdiction_outside"))


def shown(k: Kind, p: Principal) -> Any:
    """The answer that shows a principal."""
    return answers.answered(k.read, p, {"prefix": api_keys.shown(p.id)})


def shown_once(k: Kind, p: Principal, secret: str | None) -> Any:
    """The answer to what has made a secret; None in its place in a repeat, because nobody keeps it."""
    return answers.answered(k.secret, p, {"prefix": api_keys.shown(p.id), k.secret_member: secret})


def changed(ctx: RequestContext, request: Request, p: Principal, *members: str) -> None:
    """Log what was changed of whom by whom, without values, and drop the principal from this process's cache."""
    service_of(request).authenticator.invalidate(p.id)
    log.info("principal", request=ctx.request, by=ctx.caller.account, id=p.id, changed=sorted(members))


@asynccontextmanager
async def writing(
    request: Request, response: Response, ctx: RequestContext, k: Kind, p: Principal, *members: str, sent: Any
) -> AsyncIterator[Attempt]:
    """Change a principal once, and log that it was changed, after it was committed. The answer is not to be stored."""
    async with once(request, ctx, AUTH_ROLE, sent) as attempt:
        yield attempt
        attempt.wrote(200, k.path, p.id)
    if not attempt.found:
        changed(ctx, request, p, *members)
    response.headers.update({"Cache-Control": "private, no-store", **attempt.headers})


Name = Annotated[str, Path(description="用户名，客户端编号，或接口密钥的标识")]


def _reading(k: Kind) -> None:
    @router.get(
        f"/v1/{k.path}", summary=f"{k.label}清单", operation_id=f"list_{k.kind}", response_model=k.page,
        responses=problems(400, 403), openapi_extra=documented(**PAGING),
    )  # fmt: skip
    async def list_principals(request: Request, response: Response) -> Any:
        """按名称排列，一页一页地列；停用的也在内。只列管理范围以内的。"""
        ctx = await administrator(request, *PAGING)
        limit, cursor = paging(only(request, *PAGING))
        found = await principals.page(ctx.runtime.pools, k.kind, reach(ctx), cursor or "", limit + 1)
        response.headers["Cache-Control"] = "private, no-store"
        more = found[limit - 1].id if len(found) > limit else None
        return k.page(items=[shown(k, p) for p in found[:limit]], next_cursor=more)

    @router.get(
        f"/v1/{k.path}/{{name}}", summary=f"一个{k.label}", operation_id=f"get_{k.kind}", response_model=k.read,
        responses=problems(400, 403, 404),
    )  # fmt: skip
    async def get_principal(request: Request, response: Response, name: Name) -> Any:
        """角色、所属、到期、停用和锁定的情况。密码和密钥不能查看。"""
        ctx = await administrator(request)
        response.headers["Cache-Control"] = "private, no-store"
        return shown(k, await managed(ctx, k, name))


def _opening(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}", summary=f"开立{k.label}", operation_id=f"open_{k.kind}", status_code=201,
        response_model=k.secret, responses=problems(400, 403, 409, 413, 415, 422), dependencies=[REPEATABLE],
        openapi_extra=body_of(k.create, JSON),
    )  # fmt: skip
    async def open_principal(request: Request, response: Response) -> Any:
        """角色决定能做什么，所属决定能看到哪些。系统的密钥由服务生成，只在这一次答复中显示。

        能看线索全文的角色、系统管理员和安全管理员，须由另一人确认（POST /v1/account-changes/{id}/actions/confirm）；
        确认以前没有角色。只管一部分区划的管理员开立的用户名以“@区划代码前几位”结尾，没写的自动补上。
        """
        ctx = await administrator(request)
        values = b.given(k.create, sent := await json_body(request, JSON))
        _within(ctx, values)
        by, secret = maker(service_of(request), ctx), None
        async with once(request, ctx, AUTH_ROLE, sent) as attempt:
            pools = attempt.ctx.runtime.pools
            if attempt.found:
                made = await managed(ctx, k, attempt.found.name)
            elif k.secret_member:
                made, secret = await systems.add(pools, k.kind, by, **values)
            else:
                values["username"] = names.within(reach(ctx), values["username"])
                made = await register.open_account(pools, by=by, **values)
            attempt.wrote(201, k.path, made.id)
        if not attempt.found:
            changed(ctx, request, made, "create")
        response.headers.update({"Location": f"/v1/{k.path}/{made.id}", "Cache-Control": "no-store", **attempt.headers})
        return shown_once(k, made, secret) if k.secret_member else shown(k, made)


def _changing(k: Kind) -> None:
    @router.patch(
        f"/v1/{k.path}/{{name}}", summary=f"修改{k.label}", operation_id=f"change_{k.kind}", response_model=k.read,
        responses=problems(400, 403, 404, 409, 413, 415, 422), dependencies=[REPEATABLE],
        openapi_extra=body_of(k.change, PATCH, 停用={"disabled": True}, 启用={"disabled": False}),
    )  # fmt: skip
    async def change_principal(request: Request, response: Response, name: Name) -> Any:
        """改角色、所属、到期，停用或启用（RFC 7396）。即刻生效，已发的令牌也不例外；停用后再启用的须重新登录。

        能看线索全文的角色、系统管理员和安全管理员，改角色、区划、单位、巡察组、本人所在单位或专项授权的，
        须由另一人确认；确认以前没有角色。
        """
        ctx = await administrator(request)
        old = await managed(ctx, k, name)
        values = b.given(k.change, sent := await json_body(request, PATCH))
        _within(ctx, values)
        async with writing(request, response, ctx, k, old, *values, sent=sent) as attempt:
            if not attempt.found:
                await register.alter(attempt.ctx.runtime.pools, old.id, values, maker(service_of(request), ctx))
        return shown(k, await managed(ctx, k, old.id))


for _kind in KINDS:
    _reading(_kind)
    _opening(_kind)
    _changing(_kind)
