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


class SheetWarning(BaseModel):
    """对整张工作表的提醒。"""

    code: str = Field(description="代码，如 hidden_sheet 隐藏的工作表")
    message: str = Field(description="说明")


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
    warnings: list[SheetWarning] = Field(description="对整张表的提醒")
    skipped_because: str | None = Field(None, description="跳过的原因")


class Progress(BaseModel):
    """进度。"""

    done: int = Field(description="已处理行数")
    total: int = Field(description="总行数")


class ImportRead(BaseModel):
    """一次导入。"""

    id: str = Field(description="标识")
    state: str = Field(
        description="状态：received 已收到，checking 检查中，checked 已预览，committing 提交中，committed 已提交，"
        "rejected 有行被拒未提交，failed 失败"
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
    created_at: str = Field(description="收到时刻")
    finished_at: str | None = Field(description="结束时刻")
    rows_removed_at: str | None = Field(description="逐行结果超过保存期限（结束后 30 天）被清除的时刻；各表行数仍保留")


class MergedRead(BaseModel):
    """导出后又送回的一行怎样合并。"""

    base_version: int = Field(description="导出时的版本：与它对照，只采用表里改过的格")
    kept: list[dict[str, Any]] = Field(description="导出之后只有系统改过、予以保留的字段和现值")


class RowRead(BaseModel):
    """一行的结果。"""

    sheet: str | None = Field(description="工作表")
    row: int = Field(description="行号（与 Excel 一致）")
    result: str = Field(description="created 新建，updated 更新，unchanged 未变，rejected 拒绝")
    type: str | None = Field(description="记录类型")
    record_id: str | None = Field(description="记录标识")
    number: str | None = Field(description="编号")
    errors: list[dict[str, Any]] = Field(
        description="错误：列、代码、说明、可选值；两边都改过的（changed_by_both）另有 in_base、in_file、in_system"
    )
    warnings: list[dict[str, Any]] = Field(description="提醒")
    changes: list[dict[str, Any]] = Field(description="改动：字段、原值、新值")
    merged: MergedRead | None = Field(description="带版本的行（从本系统导出的）怎样与系统合并；其他行为空")


class RowPage(BaseModel):
    """一页行结果。"""

    items: list[RowRead] = Field(description="行")
    next_cursor: str | None = Field(description="下一页的游标")
