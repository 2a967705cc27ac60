"""The command `import`: send a file to a running service, and print the result of each sheet and row."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from app.cli.client import client, patiently, reaching
from app.cli.options import Password, Token, Url, User, here, require_login
from app.cli.undoing import put_back
from app.cli.upload import MEDIA, NEVER_ENDING, follow, progress_bar, send
from app.cli.words import FAILED, foreseeable, table, tell, usage

SHOWN = 200  # rejected rows; all of them stand in the workbook
COUNTS = {"rows": "行", "created": "新增", "updated": "更新", "unchanged": "未变", "rejected": "拒绝"}


class Mode(StrEnum):
    """What the import is to do."""

    commit = "commit"
    preview = "preview"


class OnError(StrEnum):
    """What a rejected row means for the others."""

    reject_all = "reject_all"
    skip_rows = "skip_rows"


def import_file(
    file: Annotated[Path | None, typer.Argument(help="台账文件 .xlsx .csv .ndjson", metavar="FILE")] = None,
    url: Url = "",
    record_type: Annotated[str, typer.Option("--type", help="记录类型；CSV 必填，如 findings")] = "",
    mode: Annotated[Mode, typer.Option(help="写入 commit，或只检查 preview")] = Mode.commit,
    on_error: Annotated[OnError, typer.Option(help="一行有错则全不写入，或跳过错行")] = OnError.reject_all,
    jurisdiction: Annotated[str, typer.Option(help="区划代码；管多个区划的账号用")] = "",
    undo: Annotated[str, typer.Option(help="不送文件，撤销这个标识的导入 undo that import", metavar="ID")] = "",
    redo: Annotated[str, typer.Option(help="不送文件，恢复已撤销的导入 restore it", metavar="ID")] = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
    allow_register_changes: Annotated[
        bool, typer.Option("--allow-register-changes", help="允许改动名录中的名称")
    ] = False,
) -> None:
    """把台账文件导入正在运行的服务。Import a file into a running service."""
    if undo or redo:
        if file or (undo and redo):
            usage("--undo、--redo 和文件只能给一个。", "Give one of --undo, --redo and a file.")
        put_back(undo or redo, "undo" if undo else "redo", url, user, password, token)
        return
    query = {"mode": mode.value, "on_error": on_error.value, "type": record_type, "jurisdiction": jurisdiction}
    query |= {"allow_register_changes": "true"} if allow_register_changes else {}
    with foreseeable():
        file = _checked(file, record_type)
        require_login(user, password, token)
        url = url or here()
        with reaching(url), client(url, user, password, token) as http:
            try:
                with progress_bar() as show:
                    given = {name: value for name, value in query.items() if value}
                    job = follow(http, send(http, file, given, show, NEVER_ENDING), show, NEVER_ENDING)
            except KeyboardInterrupt:
                tell("不再等候；已上传完的导入会继续进行。", "No longer waiting; an uploaded import goes on.")
                raise typer.Exit(130) from None
            report(http, job)
    if job["state"] not in ("committed", "checked"):
        raise typer.Exit(FAILED)


def _checked(file: Path | None, record_type: str) -> Path:
    if file is None:
        usage("请写明台账文件。", "Name the file.")
    if not file.is_file():
        usage(f"没有文件 {file}。", f"There is no file {file}.")
    if (suffix := file.suffix.lower()) not in MEDIA:
        usage(f"不认识扩展名“{suffix}”，可用 {'、'.join(MEDIA)}。", f"The file must end in one of {', '.join(MEDIA)}.")
    if suffix == ".csv" and not record_type:
        usage("CSV 要用 --type 说明记录类型，如 --type findings。", "A csv needs --type, such as --type findings.")
    return file


def report(http: httpx.Client, job: dict[str, Any]) -> None:
    """Print the result of the import: counts for each sheet, each rejected row, one sentence."""
    sheets = job.get("sheets") or []
    columns = ["工作表 sheet", "类型 type", *(f"{zh} {name}" for name, zh in COUNTS.items()), "说明 remarks"]
    table(
        f"导入 {job['id']}",
        columns,
        [[s.get("sheet"), s.get("type"), *(s.get(name) for name in COUNTS), _remarks(s)] for s in sheets],
    )
    rejected = sum(s.get("rejected") or 0 for s in sheets)
    if rejected:
        _rejected_rows(http, job, rejected)
    tell(*outcome(job, rejected))


def outcome(job: dict[str, Any], rejected: int) -> tuple[str, str]:
    """The sentence about the whole import."""
    skipped = (f"，{rejected} 行被拒绝", f", {rejected} rows were rejected") if rejected else ("", "")
    match job["state"]:
        case "committed":
            return f"已写入{skipped[0]}。", f"Committed{skipped[1]}."
        case "checked":
            return f"检查完毕{skipped[0]}，没有写入。", f"Checked{skipped[1]}; nothing was written."
        case "rejected":
            return f"{rejected} 行被拒绝，什么都没有写入。", f"{rejected} rows were rejected; nothing was written."
    problem = job.get("problem") or {}
    reason = problem.get("detail") or problem.get("message") or problem.get("title") or job["state"]
    return f"导入失败：{reason}", "The import failed; nothing was written."


def _remarks(sheet: dict[str, Any]) -> str:
    unknown = "、".join(sheet.get("unknown_columns") or [])
    return "；".join(filter(None, (sheet.get("skipped_because"), unknown and f"不认识的列：{unknown}")))


def _rejected_rows(http: httpx.Client, job: dict[str, Any], rejected: int) -> None:
    """Print a line for each field error: sheet, row as Excel counts, column, sentence."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while len(rows) < SHOWN:
        path = f"/v1/imports/{job['id']}/rows?result=rejected" + (f"&cursor={cursor}" if cursor else "")
        page = patiently(http, path, NEVER_ENDING)
        rows += page["items"]
        cursor = page.get("next_cursor")
        if not cursor:
            break
    field_errors = [
        [row.get("sheet"), row.get("row"), field_error.get("column"), field_error.get("message")]
        for row in rows[:SHOWN]
        for field_error in row.get("errors") or [{}]
    ]
    table("被拒绝的行 rejected rows", ["工作表 sheet", "行 row", "列 column", "原因 reason"], field_errors)
    if rejected > SHOWN:
        tell(f"另有 {rejected - SHOWN} 行，见 GET /v1/imports/{job['id']}/workbook。", "More rows in that workbook.")
