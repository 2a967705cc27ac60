"""Accounts, clients and API keys, for administrators. One who is bound to a prefix manages those within the prefix."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from app.accounts import bodies as b
from app.accounts import register, systems
from app.auth import api_keys, credentials, principals
from app.auth.principals import Principal
from app.errors import FieldError, Refusal, invalid
from app.http.dependencies import bearer
from app.http.exchange import JSON, PATCH, json_body, only, request_context, service_of
from app.http.operations import problems
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
    Kind("account", "accounts", "账号", b.AccountCreate, b.AccountRead, b.AccountPage, b.AccountRead),
    Kind(
        systems.CLIENT, "clients", "客户端", b.ClientCreate, b.ClientRead, b.ClientPage, b.ClientSecret, "client_secret"
    ),
    Kind(systems.API_KEY, "api-keys", "接口密钥", b.ApiKeyCreate, b.ApiKeyRead, b.ApiKeyPage, b.ApiKeySecret, "key"),
)


async def administrator(request: Request, *parameters: str) -> RequestContext:
    """The caller, who must be an administrator. Refuses with `forbidden`, and query parameters that are not named."""
    ctx = await request_context(request)
    if ctx.caller.role != ADMINISTRATOR:
        raise Refusal("forbidden")
    only(request, *parameters)
    return ctx


def _reach(ctx: RequestContext) -> str:
    """The prefix of the divisions whose principals this administrator manages."""
    return ctx.caller.code or ctx.caller.prefix


async def _managed(ctx: RequestContext, k: Kind, name: str) -> Principal:
    """The principal of that name, if it is of this kind and within the administrator's reach."""
    found = await principals.find(ctx.runtime.pools, name)
    if found is None or found.kind != k.kind or not found.jurisdiction.startswith(_reach(ctx)):
        raise Refusal("not_found", label=k.label)
    return found


def _within(ctx: RequestContext, values: Mapping[str, Any]) -> None:
    if not values.get("jurisdiction", _reach(ctx)).startswith(_reach(ctx)):
        raise invalid(FieldError("/jurisdiction", "jurisdiction_outside"))


def _shown(k: Kind, p: Principal, secret: str = "") -> Any:
    more = {"prefix": api_keys.shown(p.id)} | ({k.secret_member: secret} if secret else {})
    return b.answered(k.secret if secret else k.read, p, more)


def _changed(ctx: RequestContext, request: Request, p: Principal, *members: str) -> None:
    """Log what was changed of whom by whom, without values, and drop the principal from this process's cache."""
    service_of(request).authenticator.invalidate(p.id)
    log.info("principal", request=ctx.request, by=ctx.caller.account, id=p.id, changed=sorted(members))


def _body(model: type[BaseModel], media: str, **examples: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    if examples:
        content["examples"] = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {"requestBody": {"required": True, "content": {media: content}}}


Name = Annotated[str, Path(description="用户名，客户端编号，或接口密钥的标识")]
Limit = Annotated[int, Query(ge=1, le=200, description="一页多少条")]
Cursor = Annotated[str, Query(max_length=40, description="上一页答复中的 next_cursor")]


def _reading(k: Kind) -> None:
    @router.get(
        f"/v1/{k.path}", summary=f"{k.label}清单", operation_id=f"list_{k.kind}", response_model=k.page,
        responses=problems(400, 403),
    )  # fmt: skip
    async def list_principals(request: Request, response: Response, limit: Limit = 50, cursor: Cursor = "") -> Any:
        """按名称排列，一页一页地列；停用的也在内。只列管理范围以内的。"""
        ctx = await administrator(request, "limit", "cursor")
        found = await principals.page(ctx.runtime.pools, k.kind, _reach(ctx), cursor, limit + 1)
        response.headers["Cache-Control"] = "private, no-store"
        more = found[limit - 1].id if len(found) > limit else None
        return k.page(items=[_shown(k, p) for p in found[:limit]], next_cursor=more)

    @router.get(
        f"/v1/{k.path}/{{name}}", summary=f"一个{k.label}", operation_id=f"get_{k.kind}", response_model=k.read,
        responses=problems(400, 403, 404),
    )  # fmt: skip
    async def get_principal(request: Request, response: Response, name: Name) -> Any:
        """角色、所属、到期、停用和锁定的情况。密码和密钥不能查看。"""
        ctx = await administrator(request)
        response.headers["Cache-Control"] = "private, no-store"
        return _shown(k, await _managed(ctx, k, name))


def _writing(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}", summary=f"开立{k.label}", operation_id=f"open_{k.kind}", status_code=201,
        response_model=k.secret, responses=problems(400, 403, 409, 413, 415, 422), openapi_extra=_body(k.create, JSON),
    )  # fmt: skip
    async def open_principal(request: Request, response: Response) -> Any:
        """角色决定能做什么，所属决定能看到哪些。系统的密钥由服务生成，只在这一次答复中显示。"""
        ctx = await administrator(request)
        values = b.given(k.create, await json_body(request, JSON))
        _within(ctx, values)
        pools, by = ctx.runtime.pools, ctx.caller.account
        if k.secret_member:
            made, secret = await systems.add(pools, k.kind, by, **values)
        else:
            made, secret = await register.open_account(pools, by=by, **values), ""
        _changed(ctx, request, made, "create")
        response.headers.update({"Location": f"/v1/{k.path}/{made.id}", "Cache-Control": "no-store"})
        return _shown(k, made, secret)

    @router.patch(
        f"/v1/{k.path}/{{name}}", summary=f"修改{k.label}", operation_id=f"change_{k.kind}", response_model=k.read,
        responses=problems(400, 403, 404, 409, 413, 415, 422),
        openapi_extra=_body(k.change, PATCH, 停用={"disabled": True}, 启用={"disabled": False}),
    )  # fmt: skip
    async def change_principal(request: Request, response: Response, name: Name) -> Any:
        """改角色、所属、到期，停用或启用（RFC 7396）。即刻生效，已发的令牌也不例外；停用后再启用的须重新登录。"""
        ctx = await administrator(request)
        old = await _managed(ctx, k, name)
        values = b.given(k.change, await json_body(request, PATCH))
        _within(ctx, values)
        new = await register.alter(ctx.runtime.pools, old.id, values)
        assert new
        _changed(ctx, request, new, *values)
        response.headers["Cache-Control"] = "private, no-store"
        return _shown(k, new)


ACTION_REFUSALS = problems(400, 403, 404, 413, 415, 422)


def _unlocking(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}/{{name}}/actions/unlock", summary=f"解除{k.label}的锁定", operation_id=f"unlock_{k.kind}",
        response_model=k.read, responses=ACTION_REFUSALS, openapi_extra=_body(b.Nothing, JSON, 解锁={}),
    )  # fmt: skip
    async def unlock(request: Request, response: Response, name: Name) -> Any:
        """多次填错后不等时间过去，即可再登录。"""
        ctx = await administrator(request)
        found = await _managed(ctx, k, name)
        b.given(b.Nothing, await json_body(request, JSON))
        await credentials.unlock(ctx.runtime.pools, found.id)
        _changed(ctx, request, found, "unlock")
        response.headers["Cache-Control"] = "private, no-store"
        return _shown(k, await _managed(ctx, k, name))


def _rotating(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}/{{name}}/actions/rotate", summary=f"换新{k.label}的密钥", operation_id=f"rotate_{k.kind}",
        response_model=k.secret, responses=ACTION_REFUSALS,
        openapi_extra=_body(b.Rotation, JSON, 一小时内换完={"overlap_minutes": 60}),
    )  # fmt: skip
    async def rotate(request: Request, response: Response, name: Name) -> Any:
        """新密钥只在这一次答复中显示；旧密钥在重叠的时间内仍可用，运行中的系统不会中断。其间再换，最早的即刻作废。"""
        ctx = await administrator(request)
        found = await _managed(ctx, k, name)
        values = b.given(b.Rotation, await json_body(request, JSON))
        secret = await systems.rotate(ctx.runtime.pools, found, values.get("overlap_minutes", 60))
        _changed(ctx, request, found, "rotate")
        response.headers["Cache-Control"] = "no-store"
        return _shown(k, await _managed(ctx, k, name), secret)


def _setting_password(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}/{{name}}/actions/set_password", summary="另设密码", operation_id="set_password",
        response_model=k.read, responses=ACTION_REFUSALS, openapi_extra=_body(b.PasswordSet, JSON),
    )  # fmt: skip
    async def set_password(request: Request, response: Response, name: Name) -> Any:
        """原密码和以它登录的令牌即刻作废，锁定也解除。"""
        ctx = await administrator(request)
        found = await _managed(ctx, k, name)
        values = b.given(b.PasswordSet, await json_body(request, JSON))
        await credentials.new_password(ctx.runtime.pools, found.id, values["password"])
        _changed(ctx, request, found, "password")
        response.headers["Cache-Control"] = "private, no-store"
        return _shown(k, await _managed(ctx, k, name))


for _kind in KINDS:
    _reading(_kind)
    _writing(_kind)
    _unlocking(_kind)
    if _kind.secret_member:
        _rotating(_kind)
    else:
        _setting_password(_kind)
