"""The answers that an auditor gets."""

from typing import Any

from pydantic import BaseModel, Field

from app.auth.entry_tables import CHANGE_STATES, METHODS, OUTCOMES
from app.kernel.personal.access_log import LOG_KINDS, PURPOSES

KIND_HELP = "，".join(f"{kind} {label}" for kind, label in LOG_KINDS.items())
STATE_HELP = "，".join(f"{state} {label}" for state, label in CHANGE_STATES.items())
METHOD_HELP = "，".join(f"{method} {label}" for method, label in METHODS.items())
OUTCOME_HELP = "，".join(f"{outcome} {label}" for outcome, label in OUTCOMES.items())
PURPOSE_HELP = "，".join(f"{purpose} {label}" for purpose, label in PURPOSES.items())


class AccessEntry(BaseModel):
    """一次查看：何人、何时、看了哪些记录。不含记录的内容。"""

    at: str = Field(description="时刻")
    principal: str = Field(description="账号")
    role: str = Field(description="当时的角色", examples=["case_supervision"])
    request_id: str | None = Field(description="请求编号")
    kind: str = Field(description=KIND_HELP, examples=["read"])
    record_type: str | None = Field(description="记录类型", examples=["clues"])
    record_ids: list[str] = Field(description="看到的记录；查找、清单没有结果的为空")
    members: list[str] = Field(description="显示的加密字段，或据以查找的字段", examples=[["id_number"]])
    purpose: str | None = Field(description=f"显示加密内容的目的：{PURPOSE_HELP}")
    query: str | None = Field(description="导出的条件，记在一次导出的第一条", examples=["format=csv&state=fed_back"])
    count: int | None = Field(description="导出的条数，记在一次导出的最后一条；没有的是中途断了", examples=[30])


class AccessLog(BaseModel):
    """访问日志的一页，最近的在前。"""

    items: list[AccessEntry] = Field(description="查看")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class RevisionMark(BaseModel):
    """一次修订：何人、何时、对哪条记录做了什么。不含内容和理由。"""

    record_type: str = Field(description="记录类型", examples=["findings"])
    record_id: str = Field(description="记录的标识")
    version: int = Field(description="版本号")
    action: str = Field(description="操作", examples=["change"])
    at: str = Field(description="时刻")
    by: str = Field(description="何人")


class RevisionMarks(BaseModel):
    """修订目录的一页，最近的在前。"""

    items: list[RevisionMark] = Field(description="修订")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class AccountChangeEntry(BaseModel):
    """一次账号改动：何人、何时、改了什么，是否须第二人确认。"""

    id: str = Field(description="标识，确认和拒绝时用")
    at: str = Field(description="时刻")
    principal: str = Field(description="账号、客户端或接口密钥")
    kind: str = Field(description="account 账号，client 客户端，api_key 接口密钥", examples=["account"])
    action: str = Field(description="操作", examples=["create"])
    changed: list[str] = Field(description="改了哪些字段", examples=[["role"]])
    former: dict[str, Any] | None = Field(description="改动以前；新开立的、当时不在查阅范围的为 null")
    present: dict[str, Any] | None = Field(description="改动以后；已不在查阅范围的为 null")
    state: str = Field(description=STATE_HELP, examples=["pending"])
    maker: str = Field(description="何人所改；command line 为运行本系统的人在命令行所改")
    request_id: str | None = Field(description="请求编号")
    decided_by: str | None = Field(description="何人确认或拒绝")
    decided_at: str | None = Field(description="确认或拒绝的时刻")


class AccountChanges(BaseModel):
    """账号改动的一页，最近的在前。"""

    items: list[AccountChangeEntry] = Field(description="账号改动")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class SignInEntry(BaseModel):
    """一次登录，或一次被拒绝的登录。"""

    at: str = Field(description="时刻")
    principal: str | None = Field(description="账号或客户端；没有这个账号的为 null，不记所填的用户名")
    method: str = Field(description=METHOD_HELP, examples=["password"])
    outcome: str = Field(description=OUTCOME_HELP, examples=["accepted"])
    address: str | None = Field(description="从何处")
    request_id: str | None = Field(description="请求编号")


class SignIns(BaseModel):
    """登录记录的一页，最近的在前。"""

    items: list[SignInEntry] = Field(description="登录")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")
