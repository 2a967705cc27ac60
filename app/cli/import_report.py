"""What the command `import` prints of an import: its sheets, rejected and warned rows, and what it proposes."""

import json
from typing import Any

import httpx

from app.cli.client import patiently, placed
from app.cli.upload import NEVER_ENDING
from app.cli.words import FAILED, table, tell

SHOWN = 200  # rows; all that are rejected stand in the workbook
COUNTS = {"rows": "行", "created": "新增", "updated": "更新", "unchanged": "未变", "rejected": "拒绝", "warned": "提醒"}
NOTHING_WRITTEN, WRITTEN_IN_PART = 3, 4  # exit statuses where rows were rejected


def report(http: httpx.Client, job: dict[str, Any]) -> None:
    """Print the result of the import: counts for each sheet, each rejected and warned row, one sentence."""
    sheets = job.get("sheets") or []
    columns = ["工作表 sheet", "类型 type", *(f"{zh} {name}" for name, zh in COUNTS.items()), "说明 remarks"]
    table(
        f"导入 {job['id']}",
        columns,
        [[s.get("sheet"), s.get("type"), *(s.get(name) for name in COUNTS), _remarks(s)] for s in sheets],
    )
    if rejected := _sum(job, "rejected"):
        _rows(http, job, "被拒绝的行 rejected rows", "result=rejected", "errors")
    if _sum(job, "warned"):
        _rows(http, job, "有提醒的行 rows with warnings", "warned=true", "warnings")
    if proposed := job.get("proposed_mapping"):
        tell("没有认出的列，建议这样对应；核对后加 --mapping 再导入一次：", "Proposed for what was not understood:")
        tell("  " + json.dumps(proposed, ensure_ascii=False))
    tell(*outcome(job, rejected))


def status_of(job: dict[str, Any]) -> int:
    """The exit status: 0 all is well, 1 failed, 3 rows are rejected and nothing is written, 4 the others are."""
    rejected = _sum(job, "rejected")
    match job["state"]:
        case "committed":
            return WRITTEN_IN_PART if rejected else 0
        case "checked" if not job.get("problem"):
            return NOTHING_WRITTEN if rejected else 0
        case "rejected":
            return NOTHING_WRITTEN
    return FAILED


def outcome(job: dict[str, Any], rejected: int) -> tuple[str, str]:
    """The sentence about the whole import."""
    skipped = (f"，{rejected} 行被拒绝", f", {rejected} rows were rejected") if rejected else ("", "")
    problem = job.get("problem") or {}
    match job["state"]:
        case "committed":
            return f"已写入{skipped[0]}。", f"Committed{skipped[1]}."
        case "checked" if not problem:
            return f"检查完毕{skipped[0]}，没有写入。", f"Checked{skipped[1]}; nothing was written."
        case "rejected":
            return f"{rejected} 行被拒绝，什么都没有写入。", f"{rejected} rows were rejected; nothing was written."
    reason = problem.get("detail") or problem.get("message") or problem.get("title") or job["state"]
    moved = "".join(f"\n  {placed(row)}" for row in problem.get("moved") or [])
    return f"导入失败：{reason}{moved}", "The import failed; nothing was written."


def _sum(job: dict[str, Any], count: str) -> int:
    return sum(s.get(count) or 0 for s in job.get("sheets") or [])


def _remarks(sheet: dict[str, Any]) -> str:
    unknown = "、".join(sheet.get("unknown_columns") or [])
    remembered = "、".join(sheet.get("remembered") or [])
    return "；".join(
        filter(
            None,
            (
                sheet.get("skipped_because"),
                *(warning["message"] for warning in sheet.get("warnings") or ()),
                unknown and f"不认识的列：{unknown}",
                remembered and f"照以前记住的对应：{remembered}",
            ),
        )
    )


def _rows(http: httpx.Client, job: dict[str, Any], title: str, wanted: str, said: str) -> None:
    """Print a line for each thing that is said of a row: sheet, row as Excel counts, column, what, what is allowed."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while len(rows) < SHOWN:
        path = f"/v1/imports/{job['id']}/rows?{wanted}" + (f"&cursor={cursor}" if cursor else "")
        page = patiently(http, path, NEVER_ENDING)
        rows += page["items"]
        cursor = page.get("next_cursor")
        if not cursor:
            break
    lines = [
        [row.get("sheet"), row.get("row"), one.get("column"), _sentence(row, one), "、".join(one.get("allowed") or [])]
        for row in rows[:SHOWN]
        for one in row.get(said) or [{}]
    ]
    table(title, ["工作表 sheet", "行 row", "列 column", "说明 message", "可填 allowed"], lines)
    if cursor or len(rows) > SHOWN:
        tell(f"只列了前 {SHOWN} 项，其余见 GET /v1/imports/{job['id']}/rows。", "More rows there.")


def _sentence(row: dict[str, Any], one: dict[str, Any]) -> str:
    following = (row.get("follows_from") or {}).get("count", 1)
    more = f"（因此被拒绝的共 {following} 行 {following} rows）" if following > 1 else ""
    return f"{one.get('message') or ''}{more}"
