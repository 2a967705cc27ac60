"""`import --undo` and `import --redo`: put back what an import has written, and print what was left alone."""

import uuid
from typing import Any

import httpx
import typer

from app.cli.client import Refused, client, patiently, persistently, reaching
from app.cli.options import here, require_login
from app.cli.upload import NEVER_ENDING, follow, progress_bar
from app.cli.words import FAILED, foreseeable, table, tell, usage

SHOWN = 200  # records that were left alone
LEFT_ALONE = 4  # exit status: done, but for some records


def put_back(import_id: str, action: str, url: str, user: str, password: str, token: str) -> None:
    """Undo or redo an import and follow it to its end. Asked again after a lost answer, it is done once."""
    with foreseeable():
        try:
            uuid.UUID(import_id)
        except ValueError:
            usage(f"“{import_id}”不是导入的标识。", "This is no identifier of an import.")
        require_login(user, password, token)
        url = url or here()
        with reaching(url), client(url, user, password, token) as http:
            address, key = f"/v1/imports/{import_id}", {"Idempotency-Key": str(uuid.uuid4())}
            with progress_bar() as show:
                asked = persistently(
                    lambda: http.post(f"{address}/actions/{action}", headers=key), NEVER_ENDING, reached=False
                )
                job = follow(http, asked, show, NEVER_ENDING)
            status = _report(http, job, action)
    if status:
        raise typer.Exit(status)


def _report(http: httpx.Client, job: dict[str, Any], action: str) -> int:
    """Print the counts and each record that was left alone; return the exit status."""
    done, problem = {"undo": "撤销 undone", "redo": "恢复 restored"}[action], job.get("problem")
    if problem and not problem["code"].endswith("_nothing"):
        tell(f"没有办成：{problem['message']}", "Nothing was changed.")
        return FAILED
    counts = job["undo"]
    columns = [done, "随之还原 moved back", "没有动 left alone"]
    table(f"导入 {job['id']}", columns, [[counts["records"], counts["followed"], counts["left_alone"]]])
    if counts["left_alone"]:
        _left_alone(http, job["id"], counts["left_alone"])
    if problem:
        tell(problem["message"], "Nothing was changed.")
        return FAILED
    tell("已办完，没有动的除外。" if counts["left_alone"] else "已办完。", "Done.")
    return LEFT_ALONE if counts["left_alone"] else 0


def _left_alone(http: httpx.Client, import_id: str, count: int) -> None:
    """Print the records that were left alone. Who has not sent the file is told how many these are."""
    try:
        page = patiently(http, f"/v1/imports/{import_id}/undo?result=left_alone&limit={SHOWN}", NEVER_ENDING)
    except Refused:
        tell("逐条原因只有导入人可以查看。", "Only the maker of the import sees which and why.")
        return
    columns = ["工作表 sheet", "行 row", "编号 number", "版本 version", "改动人 by", "原因 reason"]
    members = ("sheet", "row", "number", "version", "by", "message")
    table("没有动的 left alone", columns, [[item[m] for m in members] for item in page["items"]])
    if count > SHOWN:
        tell(f"另有 {count - SHOWN} 条，见 GET /v1/imports/{import_id}/undo。", "More records there.")
