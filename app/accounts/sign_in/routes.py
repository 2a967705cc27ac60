"""`POST /v1/oauth/token`."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.accounts.sign_in import forms
from app.auth import credentials, sign_ins, tokens
from app.auth.sign_ins import Attempt
from app.errors import Refusal
from app.http.exchange import service_of
from app.http.operations import problems
from app.http.service import Service

router = APIRouter(tags=["90 账号与系统"])
FORM_MEDIA = "application/x-www-form-urlencoded"


class Token(BaseModel):
    """访问令牌（RFC 6749、RFC 9068）。"""

    access_token: str = Field(description="令牌")
    token_type: str = Field(description="类型", examples=["Bearer"])
    expires_in: int = Field(description="有效秒数", examples=[3600])


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
    attempt = Attempt(grant.grant, (request.scope.get("client") or (None,))[0], request.scope["request_id"])
    token, seconds = await _token(service, grant, attempt)
    response.headers.update({"Cache-Control": "no-store", "Pragma": "no-cache"})
    return Token(access_token=token, token_type="Bearer", expires_in=seconds)  # noqa: S106  # the name of the scheme


async def _token(service: Service, grant: forms.Grant, attempt: Attempt) -> tuple[str, int]:
    options, pools = service.settings, service.runtime.pools
    lock_rule = credentials.LockRule(options.lock_failures, options.lock_minutes)
    try:
        principal = await credentials.authenticate(pools, grant.kind, grant.name, grant.secret, attempt, lock_rule)
    except Refusal as refusal:
        refusal.members["error"] = forms.OAUTH_ERRORS[grant.grant]
        raise
    session = await sign_ins.accepted(pools, principal, attempt, options.token_minutes)
    return tokens.issue(service.keys, principal, options.token_minutes, session)
