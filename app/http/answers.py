"""The answers that all record types share."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class PageOf(BaseModel, Generic[T]):
    """清单的一页。"""

    items: list[T] = Field(description="记录")
    next_cursor: str | None = Field(description="下一页的游标；没有下一页时为 null")


class Action(BaseModel):
    """一项操作。"""

    action: str = Field(description="操作名，即地址 …/actions/{action}")
    label: str = Field(description="中文名")
    allowed: bool = Field(description="现在能否执行")
    reason: str | None = Field(description="不能执行的原因")
    body_schema: dict[str, Any] = Field(description="请求正文的结构")


class ActionList(BaseModel):
    """一条记录的全部操作。"""

    items: list[Action] = Field(description="操作")


class Source(BaseModel):
    """修订从何而来。"""

    kind: str = Field(description="api 接口，import 导入")
    import_id: str | None = Field(None, description="导入的标识")
    sheet: str | None = Field(None, description="工作表")
    row: int | None = Field(None, description="行号（与 Excel 一致）")


class RevisionEntry(BaseModel):
    """一次修订。"""

    version: int = Field(description="版本号")
    action: str = Field(description="操作：create、change、void、correct、import，或操作名")
    at: str = Field(description="时刻")
    by: str | None = Field(description="何人；不便告知的为 null")
    by_role: str | None = Field(description="何人当时的角色")
    reason: str | None = Field(description="理由；由另一记录引起的，写明该记录")
    source: Source = Field(description="来源")
    changed: list[str] = Field(description="改动的字段（JSON Pointer）", examples=[["/title"]])


class Revision(RevisionEntry):
    """一次修订，连同当时的全文。"""

    record: dict[str, Any] = Field(description="当时查到的记录")


class RevisionList(BaseModel):
    """历次修订，最近的在前。"""

    items: list[RevisionEntry] = Field(description="修订")
    next_cursor: str | None = Field(description="下一页的游标")


class PatchStep(BaseModel):
    """一处差异（RFC 6902）。"""

    op: str = Field(description="add 增加，remove 去掉，replace 改为，move 移动", examples=["replace"])
    path: str = Field(description="字段（JSON Pointer）", examples=["/basis"])
    value: Any = Field(None, description="新值；去掉和移动时无此项", examples=["《实施方案》第三条"])
    from_: str | None = Field(None, alias="from", description="移动时原在何处")
