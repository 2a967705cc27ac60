"""`POST /v1/oauth/token` and `GET /v1/me`."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.accounts.sign_in import forms
from app.auth import credentials, principals, tokens
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import only, request_context, service_of
from app.http.operations import problems
from app.http.service import Service
from app.records import REGISTRY
from app.roles import ROLES, WORK_LIST_READERS

router = APIRouter(tags=["90 账号与系统"])
FORM_MEDIA = "application/x-www-form-urlencoded"


class Token(BaseModel):
    """访问令牌（RFC 6749、RFC 9068）。"""

    access_token: str = Field(description="令牌")
    token_type: str = Field(description="类型", examples=["Bearer"])
    expires_in: int = Field(description="有效秒数", examples=[3600])


class Me(BaseModel):
    """当前账号。"""

    username: str = Field(description="用户名；系统接入的为客户端编号或接口密钥的标识")
    role: str = Field(description="角色")
    jurisdiction: str | None = Field(description="所属区划；管多个区划时为 null")
    jurisdiction_prefix: str | None = Field(description="所管区划的前缀；只属一个区划时为 null")
    unit_number: str | None = Field(description="所属单位的编号")
    team_number: str | None = Field(description="所属巡察组的编号")
    types: list[str] | None = Field(description="对接系统订阅的记录类型；别的角色为 null")
    may: dict[str, list[str]] = Field(description="对每类记录，以及工作清单、审计、账号，可做什么")


_SYSTEM = ("list", "get", "create", "change", "unlock")
# What a role may do besides records: address -> verbs.
BESIDES: dict[str, dict[str, list[str]]] = {
    **{role: {"work-lists": ["list", "get"]} for role in WORK_LIST_READERS},
    "ledger_loader": {t.path: ["import"] for t in REGISTRY},
    "auditor": {"access-log": ["list"], "revisions": ["list"]},
    "administrator": {
        "accounts": [*_SYSTEM, "set_password"],
        "clients": [*_SYSTEM, "rotate"],
        "api-keys": [*_SYSTEM, "rotate"],
    },
}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


TOKEN_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            FORM_MEDIA: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "grant_type": _text(
                            "授权方式：password 人员，client_credentials 系统；不填为 password",
                            enum=[forms.PASSWORD_GRANT, forms.CLIENT_GRANT],
                        ),
                        "username": _text("用户名（password）"),
                        "password": _text("密码（password）", format="password"),
                        "client_id": _text("客户端编号（client_credentials；也可用 Basic 头）"),
                        "client_secret": _text("客户端密钥（client_credentials；也可用 Basic 头）", format="password"),
                    },
                }
            }
        },
    }
}


@router.post(
    "/v1/oauth/token", summary="登录，取得访问令牌", openapi_extra=TOKEN_FORM, responses=problems(400, 413, 415)
)
async def issue_token(request: Request, response: Response) -> Token:
    """人员以用户名和密码、系统以客户端编号和密钥换取短期令牌。页面上点“登录授权”即是此操作。

    多次填错会暂时锁定；无论何种原因，拒绝的答复都一样。密码只放在正文中，不放在地址中。
    """
    service = service_of(request)
    if request.scope["query_string"]:
        raise forms.bad("invalid_request", "?")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_MEDIA:
        raise Refusal("wrong_media_type", allowed=FORM_MEDIA, members={"error": "invalid_request"})
    by_address, by_name = service.sign_ins
    by_address.accept(forms.source_of(request.scope.get("client")))
    form = forms.read_form(await request.body())
    grant = forms.grant_of(form, request.headers.get("authorization", ""))
    by_name.accept(grant.name)
    token, seconds = await _token(service, grant)
    response.headers.update({"Cache-Control": "no-store", "Pragma": "no-cache"})
    return Token(access_token=token, token_type="Bearer", expires_in=seconds)  # noqa: S106  # the name of the scheme


async def _token(service: Service, grant: forms.Grant) -> tuple[str, int]:
    options = service.settings
    lock_rule = credentials.LockRule(options.lock_failures, options.lock_minutes)
    try:
        principal = await credentials.authenticate(
            service.runtime.pools, grant.kind, grant.name, grant.secret, lock_rule
        )
    except Refusal as refusal:
        refusal.members["error"] = forms.OAUTH_ERRORS[grant.grant]
        raise
    return tokens.issue(service.keys, principal, options.token_minutes)


@router.get("/v1/me", summary="当前账号是谁，能做什么", responses=problems(400), dependencies=[Depends(bearer)])
async def who_am_i(request: Request) -> Me:
    """当前账号的角色、所属和可做的操作。"""
    ctx = await request_context(request)
    only(request)
    caller = ctx.caller
    rights = {t: t.access.of(caller.role) for t in ctx.runtime.registry}
    may = {t.path: r.verbs(x.action for x in t.lifecycle.public) for t, r in rights.items() if r}
    partner = await principals.find(ctx.runtime.pools, caller.account) if ROLES[caller.role].subscribes else None
    return Me(
        username=caller.account,
        role=caller.role,
        jurisdiction=caller.code,
        jurisdiction_prefix=None if caller.code else caller.prefix,
        unit_number=caller.unit,
        team_number=caller.team,
        types=partner.types if partner else None,
        may=may | BESIDES.get(caller.role, {}),
    )
