"""What an import takes and answers, as the document of the API says it."""

from typing import Any

from pydantic import BaseModel, Field

from app.imports.mapping.sheets import CSV, NDJSON, XLSX

TEXT = {"type": "string"}
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "type": ("记录类型，如 findings；CSV 必填，工作簿填了则只导该表", TEXT),
    "mode": ("preview 预览（默认），commit 提交", {**TEXT, "default": "preview"}),
    "on_error": ("reject_all 有一行错就都不导（默认），skip_rows 跳过错行", {**TEXT, "default": "reject_all"}),
    "jurisdiction": ("区划代码；账号管多个区划时填写", TEXT),
    "allow_register_changes": ("允许改动名录中的名称和类型", {"type": "boolean", "default": False}),
}
OF_ROWS = {"result": ("created 新建，updated 更新，unchanged 未变，rejected 拒绝", TEXT)}


FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "台账文件"},
                        **{name: {**schema, "description": text} for name, (text, schema) in PARAMETERS.items()},
                    },
                }
            },
            **{m: {"schema": {"type": "string", "format": "binary"}} for m in (XLSX, CSV, NDJSON)},
        },
    }
}


class RowLeftOut(BaseModel):
    """一行没有当作记录的内容。"""

    row: int = Field(description="行号（与 Excel 一致）")
    message: str = Field(description="是什么")


class SheetRead(BaseModel):
    """一张工作表的结果。"""

    sheet: str | None = Field(description="工作表名")
    type: str | None = Field(description="记录类型")
    rows: int = Field(description="行数")
    created: int = Field(description="新建")
    updated: int = Field(description="更新")
    unchanged: int = Field(description="未变")
    rejected: int = Field(description="拒绝")
    unknown_columns: list[str] = Field(description="未识别的列")
    not_kept_columns: list[str] = Field(description="认得但系统不登记的列")
    left_out: list[RowLeftOut] = Field(description="不是记录、没有导入的行（合计、说明、页码等，最多列 100 行）")
    skipped_because: str | None = Field(None, description="跳过的原因")


class Progress(BaseModel):
    """进度。"""

    done: int = Field(description="已处理行数")
    total: int = Field(description="总行数")


class UndoRead(BaseModel):
    """一次撤销或恢复的结果。"""

    action: str = Field(description="undo 撤销，redo 恢复")
    at: str = Field(description="时刻")
    records: int = Field(description="本次导入的记录中，已撤销（或已恢复）的条数")
    followed: int = Field(description="随之还原的其他记录的条数，如移交带动的线索")
    left_alone: int = Field(description="没有动的条数；逐条原因见 GET /v1/imports/{import_id}/undo")


class ImportRead(BaseModel):
    """一次导入。"""

    id: str = Field(description="标识")
    state: str = Field(
        description="状态：received 已收到，checking 检查中，checked 已预览，committing 提交中，committed 已提交，"
        "rejected 有行被拒未提交，failed 失败，undoing 撤销中，undone 已撤销，redoing 恢复中"
    )
    mode: str = Field(description="preview 预览，commit 提交")
    on_error: str = Field(description="reject_all 有一行错就都不导，skip_rows 跳过错行")
    file_name: str | None = Field(description="文件名")
    sha256: str = Field(description="文件摘要")
    encoding: str | None = Field(description="文字编码")
    jurisdiction: str | None = Field(description="区划代码")
    progress: Progress = Field(description="进度")
    sheets: list[SheetRead] = Field(description="各表结果")
    problem: dict[str, str] | None = Field(description="失败原因")
    undo: UndoRead | None = Field(description="最近一次撤销或恢复的结果；没有过则为空")
    created_at: str = Field(description="收到时刻")
    finished_at: str | None = Field(description="结束时刻")
    rows_removed_at: str | None = Field(description="逐行结果超过保存期限（结束后 30 天）被清除的时刻；各表行数仍保留")


class RowRead(BaseModel):
    """一行的结果。"""

    sheet: str | None = Field(description="工作表")
    row: int = Field(description="行号（与 Excel 一致）")
    result: str = Field(description="created 新建，updated 更新，unchanged 未变，rejected 拒绝")
    type: str | None = Field(description="记录类型")
    record_id: str | None = Field(description="记录标识")
    number: str | None = Field(description="编号")
    errors: list[dict[str, Any]] = Field(description="错误：列、代码、说明、可选值")
    warnings: list[dict[str, Any]] = Field(description="提醒")
    changes: list[dict[str, Any]] = Field(description="改动：字段、原值、新值")


class RowPage(BaseModel):
    """一页行结果。"""

    items: list[RowRead] = Field(description="行")
    next_cursor: str | None = Field(description="下一页的游标")


class UndoRow(BaseModel):
    """撤销或恢复时，导入的一条记录怎样了。"""

    sheet: str | None = Field(description="工作表")
    row: int = Field(description="行号（与 Excel 一致）")
    type: str = Field(description="记录类型")
    record_id: str = Field(description="记录标识")
    number: str | None = Field(description="编号")
    result: str = Field(description="done 已撤销（或已恢复），left_alone 没有动")
    code: str | None = Field(description="没有动的原因代码")
    message: str | None = Field(description="没有动的原因，和可以怎么办")
    version: int | None = Field(description="此后他人改动的版本")
    by: str | None = Field(description="改动人，可告知时")
    by_role: str | None = Field(description="改动人的角色")


class UndoPage(BaseModel):
    """一页撤销结果。"""

    items: list[UndoRow] = Field(description="记录")
    next_cursor: str | None = Field(description="下一页的游标")
