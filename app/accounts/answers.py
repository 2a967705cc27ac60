"""What the routes of accounts, clients and API keys answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, Field

from app.accounts.bodies import ROLE
from app.clock import SHANGHAI

Body = TypeVar("Body", bound=BaseModel)


class _Read(BaseModel):
    role: str = ROLE
    jurisdiction: str = Field(description="区划代码，或其前几位；空为全部")
    unit_number: str | None = Field(description="所属单位的编号")
    team_number: str | None = Field(description="所属巡察组的编号")
    types: list[str] | None = Field(description="订阅的记录类型")
    disabled: bool = Field(description="是否停用")
    expires_at: datetime | None = Field(description="到期时刻；长期有效的为 null")
    confirmation: str | None = Field(
        description="pending 待第二人确认，declined 已被拒绝：都没有角色；null 为角色有效", examples=["pending"]
    )
    locked_until: datetime | None = Field(description="因多次填错锁定到何时；没有锁定的为 null")
    created_at: datetime = Field(description="开立时刻")
    created_by: str = Field(description="何人开立")


class AccountRead(_Read):
    """账号。"""

    username: str = Field(description="用户名")
    home_unit_number: str | None = Field(description="本人所在单位的编号；没有写明的为 null，列给审计员")
    grants: list[str] = Field(description="专项授权")
    must_change_password: bool = Field(description="密码由他人所设，本人登录后须先改")


class ClientRead(_Read):
    """客户端。"""

    client_id: str = Field(description="客户端编号")
    label: str | None = Field(description="名称")


class ApiKeyRead(_Read):
    """接口密钥（不含密钥本身）。"""

    id: str = Field(description="标识")
    label: str | None = Field(description="名称")
    prefix: str = Field(description="密钥的开头，用来辨认", examples=["ledger_3f9a1c2b_"])


class ClientSecret(ClientRead):
    """客户端，连同只显示这一次的密钥。"""

    client_secret: str | None = Field(description="密钥，只显示这一次；重发的请求答 null，没有收到的请换新密钥")


class ApiKeySecret(ApiKeyRead):
    """接口密钥，只显示这一次。"""

    key: str | None = Field(
        description="密钥，只显示这一次；放在请求头 Authorization: Bearer 之后。重发的请求答 null，没有收到的请换新密钥"
    )


class AccountPage(BaseModel):
    """一页账号。"""

    items: list[AccountRead] = Field(description="账号，按用户名排列")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class ClientPage(BaseModel):
    """一页客户端。"""

    items: list[ClientRead] = Field(description="客户端，按编号排列")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class ApiKeyPage(BaseModel):
    """一页接口密钥。"""

    items: list[ApiKeyRead] = Field(description="接口密钥，按标识排列")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


def answered(model: type[Body], principal: Any, more: Mapping[str, Any]) -> Body:
    """The answer that shows this principal, with further fields `more`."""
    names = {name: getattr(principal, name, None) for name in model.model_fields}
    # The driver gives moments in UTC. Answers have Beijing time, as those of records have.
    names = {name: v.astimezone(SHANGHAI) if isinstance(v, datetime) else v for name, v in names.items()}
    return model.model_validate({**names, "username": principal.id, "client_id": principal.id, **more})
