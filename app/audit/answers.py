"""The answers that an auditor gets."""

from pydantic import BaseModel, Field

from app.kernel.personal.access_log import LOG_KINDS, PURPOSES

KIND_HELP = "，".join(f"{kind} {label}" for kind, label in LOG_KINDS.items())
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
