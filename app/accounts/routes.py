"""Signing in, and who may sign in."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from app.accounts import credentials, register, tokens
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.record_router import problems
from app.http.service import asking, service_of
from app.kernel.bodies import validated
from app.strict_json import load

router = APIRouter(tags=["90 账号与系统"])


class Token(BaseModel):
    """访问令牌（RFC 6749、RFC 9068）。"""

    access_token: str = Field(description="令牌")
    token_type: str = Field(description="类型", examples=["Bearer"])
    expires_in: int = Field(description="有效秒数", examples=[3600])


class Me(BaseModel):
    """当前账号。"""

    username: str = Field(description="用户名")
    role: str = Field(description="角色")
    jurisdiction: str | None = Field(description="所属区划；管多个区划时为 null")
    jurisdiction_prefix: str | None = Field(description="所管区划的前缀；只属一个区划时为 null")
    unit_number: str | None = Field(description="所属单位的编号")
    team_number: str | None = Field(description="所属巡察组的编号")
    may: dict[str, list[str]] = Field(description="对每类记录可做什么")


class AccountRead(BaseModel):
    """账号。"""

    username: str = Field(description="用户名")
    role: str = Field(description="角色")
    jurisdiction: str = Field(description="区划代码；空为全部")
    disabled: bool = Field(description="是否停用")
    expires_at: datetime | None = Field(description="到期时刻")
    created_at: datetime = Field(description="开立时刻")


class AccountCreate(BaseModel):
    """开立账号。"""

    model_config = ConfigDict(extra="forbid")
    username: Annotated[str, Field(description="用户名", examples=["office"], max_length=40)]
    password: Annotated[str, Field(description="密码，至少 10 个字符", examples=["Lianyuan-2017"], max_length=200)]
    role: Annotated[str, Field(description="角色", examples=["inspection_office"])]
    jurisdiction: Annotated[str, Field(description="区划代码", examples=["431382"])]
    expires_at: Annotated[datetime | None, Field(description="到期时刻，带时区")] = None


TOKEN_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["username", "password"],
                    "properties": {
                        "grant_type": {
                            "type": "string",
                            "enum": ["password"],
                            "description": "授权方式，只有 password",
                        },
                        "username": {"type": "string", "description": "用户名"},
                        "password": {"type": "string", "format": "password", "description": "密码"},
                    },
                }
            }
        },
    }
}


@router.post("/v1/oauth/token", summary="登录，取得访问令牌", openapi_extra=TOKEN_FORM, responses=problems(400, 415))
async def issue_token(request: Request) -> Token:
    """以用户名和密码换取短期令牌。页面上点“登录授权”即是此操作。"""
    service = service_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Refusal("wrong_media_type", allowed="application/x-www-form-urlencoded")
    try:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise Refusal("bad_token_request", what="UTF-8") from None
    if form.get("grant_type", "password") != "password":
        raise Refusal("bad_token_request", what="grant_type")
    for name in ("username", "password"):
        if not form.get(name) or "\x00" in form[name]:
            raise Refusal("bad_token_request", what=f"缺少 {name}")
    pools = service.ledger.pools
    account = await credentials.authenticate(
        pools,
        "account",
        form["username"][:100],
        form["password"][:200],
        credentials.Patience(service.settings.lock_failures, service.settings.lock_minutes),
    )
    minutes = service.settings.token_minutes
    token = tokens.issue(service.keys, account, minutes)
    return Token(access_token=token, token_type="Bearer", expires_in=minutes * 60)  # noqa: S106  # the name of the scheme


@router.get("/v1/me", summary="当前账号是谁，能做什么", responses=problems(), dependencies=[Depends(bearer)])
async def who_am_i(request: Request) -> Me:
    """当前账号的角色、区划和可做的操作。"""
    who = await asking(request)
    caller = who.caller
    rights = {t: t.access.of(caller.role) for t in who.ledger.registry}
    may = {t.path: r.verbs(x.action for x in t.lifecycle.public) for t, r in rights.items() if r}
    return Me(
        username=caller.account,
        role=caller.role,
        jurisdiction=caller.code,
        jurisdiction_prefix=None if caller.code else caller.prefix,
        unit_number=caller.unit,
        team_number=caller.team,
        may=may,
    )


async def administrator(request: Request) -> Any:
    """The caller, who must be an administrator."""
    who = await asking(request)
    if who.caller.role != "administrator":
        raise Refusal("forbidden")
    return who


def _document(account: register.Principal) -> AccountRead:
    return AccountRead.model_validate({"username": account.id, **asdict(account)})


@router.get("/v1/accounts", summary="账号清单", responses=problems(403), dependencies=[Depends(bearer)])
async def list_accounts(request: Request) -> list[AccountRead]:
    """全部账号（管理员）。"""
    who = await administrator(request)
    return [_document(a) for a in await register.every(who.ledger.pools)]


@router.post(
    "/v1/accounts",
    summary="开立账号",
    status_code=201,
    responses=problems(400, 403, 409, 415, 422),
    dependencies=[Depends(bearer)],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AccountCreate"}}},
        }
    },
)
async def open_account(request: Request) -> AccountRead:
    """开立一个账号（管理员）。"""
    who = await administrator(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal("wrong_media_type", allowed="application/json")
    body = load(await request.body())
    if isinstance(body, dict) and isinstance(body.get("expires_at"), str):
        body["expires_at"] = _moment(body["expires_at"])
    values = validated(AccountCreate, body)
    pools = who.ledger.pools
    return _document(await register.add(pools, by=who.caller.account, **{"expires_at": None, **values}))


def _moment(text: str) -> Any:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment if moment.tzinfo else text
