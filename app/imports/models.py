"""What an import takes and answers, as the document of the API says it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.imports.mapping.sheets import CSV, NDJSON, XLSX

TEXT = {"type": "string"}
PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "type": ("记录类型，如 findings；CSV 必填，工作簿填了则只导该表", TEXT),
    "mode": ("preview 预览（默认），commit 提交", {**TEXT, "default": "preview"}),
    "on_error": ("reject_all 有一行错就都不导（默认），skip_rows 跳过错行", {**TEXT, "default": "reject_all"}),
    "jurisdiction": ("区划代码；账号管多个区划时填写", TEXT),
    "mapping": (
        "没有认出的表名和列名各是什么，照抄预览的 proposed_mapping 改好即可："
        '{"工作表": {"列名": "字段" 或 null（不导入）, "@type": "记录类型"}}；没有列名的列写“列I”',
        {**TEXT, "examples": ['{"问题台账": {"标题文": "title", "天气": null}}']},
    ),
    "remember": ("写入后记住 mapping，本区划以后导入同类台账时照用", {"type": "boolean", "default": False}),
    "allow_register_changes": ("允许改动名录中的名称和类型", {"type": "boolean", "default": False}),
}
OF_ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "result": ("created 新建，updated 更新，unchanged 未变，rejected 拒绝", TEXT),
    "warned": ("true 只列有提醒的行，false 只列没有的", {"type": "boolean"}),
}


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


class CommitOrder(BaseModel):
    """提交时另外要说的。"""

    model_config = ConfigDict(extra="forbid")

    remember: StrictBool = Field(False, description="记住这次的 mapping，本区划以后导入同类台账时照用", examples=[True])
    mapping: dict[str, dict[str, str | None]] | None = Field(
        None, description="可不填；填了须与检查时所用的一致。要改的，请连同文件重新送来检查"
    )


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
    warned: int = Field(description="有提醒的行数")
    unknown_columns: list[str] = Field(description="未识别的列")
    not_kept_columns: list[str] = Field(description="认得但系统不登记的列")
    left_out: list[RowLeftOut] = Field(description="不是记录、没有导入的行（合计、说明、页码等，最多列 100 行）")
    warnings: list[SheetWarning] = Field(description="对整张表的提醒")
    skipped_because: str | None = Field(None, description="跳过的原因")
    mapping_used: dict[str, str | None] = Field(description="照 mapping 对应的列：列名 → 字段，null 为不导入")
    remembered: list[str] = Field(description="其中照以前记住的对应的列名")
    type_remembered: bool = Field(description="表名照以前记住的认作这种台账")
    proposed_mapping: dict[str, str | None] = Field(
        description="没有认出的列建议这样对应；不会自行采用，核对后随文件再送一次"
    )


class Progress(BaseModel):
    """进度。"""

    done: int = Field(description="已处理行数")
    total: int = Field(description="总行数")


class MovedRow(BaseModel):
    """预览之后记录已有改动的一行。"""

    sheet: str | None = Field(description="工作表")
    row: int = Field(description="行号（与 Excel 一致）")
    type: str = Field(description="记录类型")
    number: str | None = Field(description="编号")


class ImportProblem(BaseModel):
    """失败的原因。"""

    code: str = Field(description="代码")
    message: str = Field(description="哪里不对、怎么办")
    moved: list[MovedRow] | None = Field(None, description="预览之后记录已有改动的行（至多 50 行）")


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
    proposed_mapping: dict[str, dict[str, str | None]] = Field(
        description="整个文件建议的 mapping，改好后连同文件再送一次；都认出了的为空"
    )
    remember: bool = Field(description="写入后记住 mapping")
    problem: ImportProblem | None = Field(description="失败、没有提交成的原因")
    undo: UndoRead | None = Field(description="最近一次撤销或恢复的结果；没有过则为空")
    created_at: str = Field(description="收到时刻")
    finished_at: str | None = Field(description="结束时刻")
    rows_removed_at: str | None = Field(description="逐行结果超过保存期限（结束后 30 天）被清除的时刻；各表行数仍保留")


class FollowsFrom(BaseModel):
    """只因所引用的行或表被拒绝而被拒绝的各行，合为一项。"""

    sheet: str | None = Field(description="被拒绝的那一行所在的工作表")
    row: int | None = Field(description="那一行的行号；整张表没有读成的为 null")
    count: int = Field(description="因此被拒绝的行数")
    rows: list[int] = Field(description="这些行的行号（至多 100 个）")


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
    changes: list[dict[str, Any]] = Field(
        description="改动：字段、原值、新值；将要新建的，列出读到的各字段，原值为 null"
    )
    follows_from: FollowsFrom | None = Field(None, description="只因所引用的行或表被拒绝：是哪一行、牵连哪些行")
    merged: MergedRead | None = Field(description="带版本的行（从本系统导出的）怎样与系统合并；其他行为空")


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
