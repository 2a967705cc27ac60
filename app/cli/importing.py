"""The command `import`: send a file to a running service, or go on with an import, and print the result."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from app.cli.client import Refused, client, reaching
from app.cli.import_report import NOTHING_WRITTEN, report, status_of
from app.cli.options import Password, Token, Url, User, here, require_login
from app.cli.undoing import put_back
from app.cli.upload import MEDIA, NEVER_ENDING, follow, go_on, progress_bar, send
from app.cli.words import complain, foreseeable, tell, usage


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
    mapping: Annotated[str, typer.Option(help="没有认出的列是什么：JSON，或存有 JSON 的文件")] = "",
    remember: Annotated[bool, typer.Option("--remember", help="写入后记住 mapping，以后照用")] = False,
    resume: Annotated[str, typer.Option(help="不送文件，接着办这个标识的导入；预览过的就写入", metavar="ID")] = "",
    key: Annotated[str, typer.Option(help="重发标记；脚本重跑时用同一个，同一文件只导入一次")] = "",
    undo: Annotated[str, typer.Option(help="不送文件，撤销这个标识的导入 undo that import", metavar="ID")] = "",
    redo: Annotated[str, typer.Option(help="不送文件，恢复已撤销的导入 restore it", metavar="ID")] = "",
    user: User = "",
    password: Password = "",
    token: Token = "",
    allow_register_changes: Annotated[
        bool, typer.Option("--allow-register-changes", help="允许改动名录中的名称")
    ] = False,
) -> None:
    """把台账文件导入正在运行的服务。Import a file.

    退出码 exit status: 0 成 done；1 不成 failed；2 用法不对 usage；3 有错行、没有写入 rows rejected, nothing written；
    4 错行以外已写入 written but for the rejected rows，或有的没有撤销 some left alone；130 中断等候 no longer waiting。
    """
    if undo or redo:
        if file or resume or (undo and redo):
            usage("--undo、--redo、--resume 和文件只能给一个。", "Give one of --undo, --redo, --resume and a file.")
        put_back(undo or redo, "undo" if undo else "redo", url, user, password, token)
        return
    query = {"mode": mode.value, "on_error": on_error.value, "type": record_type, "jurisdiction": jurisdiction}
    query |= {"allow_register_changes": "true"} if allow_register_changes else {}
    with foreseeable():
        query |= {"mapping": _mapping(mapping)} | ({"remember": "true"} if remember else {})
        file = None if resume else _checked(file, record_type)
        require_login(user, password, token)
        with reaching(url := url or here()), client(url, user, password, token) as http:
            given = {name: value for name, value in query.items() if value}
            raise typer.Exit(_carried_out(http, file, given, resume, key))


def _carried_out(http: httpx.Client, file: Path | None, query: dict[str, str], resumed: str, key: str) -> int:
    """Send the file, or go on with the import, to its end; the exit status."""
    try:
        with progress_bar() as show:
            if file:
                job = send(http, file, query, show, NEVER_ENDING, key)
                _tell_receipt(job)
                job = follow(http, job, show, NEVER_ENDING)
            else:
                order = {"remember": "remember" in query} if query["mode"] == Mode.commit else None
                job = go_on(http, resumed, order, show, NEVER_ENDING)
    except KeyboardInterrupt:
        tell("不再等候；已上传完的导入会继续进行。", "No longer waiting; an uploaded import goes on.")
        return 130
    except Refused as refused:
        if refused.code != "import_rejected":
            raise
        complain(str(refused))
        return NOTHING_WRITTEN
    report(http, job)
    return status_of(job)


def _tell_receipt(job: dict[str, Any]) -> None:
    tell(f"已收到，导入 {job['id']}；中断后可用 --resume {job['id']} 接着办。", "Received; --resume goes on with it.")


def _mapping(given: str) -> str:
    """The JSON of a mapping, which may stand in a file."""
    if not given or given.lstrip().startswith("{"):
        return given
    if not Path(given).is_file():
        usage(f"没有文件 {given}；也可以直接写 JSON。", f"There is no file {given}; JSON may be given itself.")
    return Path(given).read_text(encoding="utf-8-sig")


def _checked(file: Path | None, record_type: str) -> Path:
    if file is None:
        usage("请给出台账文件，或用 --resume 接着办一次导入。", "Give a file, or --resume an import.")
    if not file.is_file():
        usage(f"没有文件 {file}。", f"There is no file {file}.")
    if (suffix := file.suffix.lower()) not in MEDIA:
        usage(f"不认识扩展名“{suffix}”，可用 {'、'.join(MEDIA)}。", f"The file must end in one of {', '.join(MEDIA)}.")
    if suffix == ".csv" and not record_type:
        usage("CSV 要用 --type 说明记录类型，如 --type findings。", "A csv needs --type, such as --type findings.")
    return file
