"""`…/actions/unlock`, `…/actions/rotate` and `…/actions/set_password` of accounts, clients and API keys."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from app.accounts import bodies as b
from app.accounts import register, systems
from app.accounts.callers import maker
from app.accounts.routes import KINDS, Kind, Name, administrator, managed, shown, shown_once, writing
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, json_body, service_of
from app.http.operations import body_of, problems

router = APIRouter(tags=["90 账号与系统"], dependencies=[Depends(bearer), REPEATABLE])
ACTION_REFUSALS = problems(400, 403, 404, 413, 415, 422)


def _unlocking(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}/{{name}}/actions/unlock", summary=f"解除{k.label}的锁定", operation_id=f"unlock_{k.kind}",
        response_model=k.read, responses=ACTION_REFUSALS, openapi_extra=body_of(b.Nothing, JSON, 解锁={}),
    )  # fmt: skip
    async def unlock(request: Request, response: Response, name: Name) -> Any:
        """多次填错后不等时间过去，即可再登录。"""
        ctx = await administrator(request)
        found = await managed(ctx, k, name)
        b.given(b.Nothing, sent := await json_body(request, JSON))
        async with writing(request, response, ctx, k, found, "unlock", sent=sent) as attempt:
            if not attempt.found:
                await register.unlock(attempt.ctx.runtime.pools, found.id, maker(service_of(request), ctx))
        return shown(k, await managed(ctx, k, name))


def _rotating(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}/{{name}}/actions/rotate", summary=f"换新{k.label}的密钥", operation_id=f"rotate_{k.kind}",
        response_model=k.secret, responses=ACTION_REFUSALS,
        openapi_extra=body_of(b.Rotation, JSON, 一小时内换完={"overlap_minutes": 60}),
    )  # fmt: skip
    async def rotate(request: Request, response: Response, name: Name) -> Any:
        """新密钥只在这一次答复中显示；旧密钥在重叠的时间内仍可用，运行中的系统不会中断。其间再换，最早的即刻作废。

        能看线索全文的角色、系统管理员和安全管理员，换新密钥须由另一人确认；确认以前没有角色，请约好时间。
        """
        ctx = await administrator(request)
        found = await managed(ctx, k, name)
        values = b.given(b.Rotation, sent := await json_body(request, JSON))
        overlap, by, secret = values.get("overlap_minutes", 60), maker(service_of(request), ctx), None
        async with writing(request, response, ctx, k, found, "rotate", sent=sent) as attempt:
            if not attempt.found:
                secret = await systems.rotate(attempt.ctx.runtime.pools, found, overlap, by)
        return shown_once(k, await managed(ctx, k, name), secret)


def _setting_password(k: Kind) -> None:
    @router.post(
        f"/v1/{k.path}/{{name}}/actions/set_password", summary="另设密码", operation_id="set_password",
        response_model=k.read, responses=problems(400, 403, 404, 409, 413, 415, 422),
        openapi_extra=body_of(b.PasswordSet, JSON),
    )  # fmt: skip
    async def set_password(request: Request, response: Response, name: Name) -> Any:
        """原密码和以它登录的令牌即刻作废，锁定也解除；本人登录后须先改密码。

        能看线索全文的角色、系统管理员和安全管理员，须由另一人确认；确认以前没有角色。
        """
        ctx = await administrator(request)
        found = await managed(ctx, k, name)
        values = b.given(b.PasswordSet, sent := await json_body(request, JSON))
        by = maker(service_of(request), ctx)
        async with writing(request, response, ctx, k, found, "password", sent=sent) as attempt:
            if not attempt.found:
                await register.set_password(attempt.ctx.runtime.pools, found.id, values["password"], by)
        return shown(k, await managed(ctx, k, name))


for _kind in KINDS:
    _unlocking(_kind)
    if _kind.secret_member:
        _rotating(_kind)
    else:
        _setting_password(_kind)
