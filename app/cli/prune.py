"""The command `prune`: remove what is past its retention period, and print what was removed."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from app.attachments.files import folder, left_behind
from app.auth.entry_tables import OUTCOMES
from app.cli.database import bring_up_to_date, database_or_running
from app.cli.words import foreseeable, table, tell
from app.clock import SHANGHAI
from app.db.opening import connect
from app.db.roles import JOBS
from app.kernel.personal.access_log import LOG_KINDS
from app.records import REGISTRY
from app.settings import Settings

FILES_AT_ONCE = 1000
COLUMNS = ["区划 division", "种类 kind", "条数 count", "最早 oldest", "最晚 newest"]


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出，不清除 only say what would be removed")] = False,
) -> None:
    """清除超过保存期限的导入明细、访问日志、登录记录和重发标记，和无主的佐证材料。Remove what is past its time."""
    with foreseeable():
        options = Settings()
        with database_or_running(options) as found:
            bring_up_to_date(found, silent=True)
            removed = asyncio.run(_prune(found.logins.jobs, options.access_log_months, not dry_run))
            files = asyncio.run(_left_behind(found.logins.jobs, folder(options), not dry_run))
        rows, entries, sign_ins, keys = removed
        labels = {t.path: t.label for t in REGISTRY}
        _report("结束 30 天以上的导入的逐行结果 rows of imports that ended 30 days ago", rows, labels, dry_run)
        months = options.access_log_months
        _report(
            f"{months} 个月以前的访问日志 access-log entries older than {months} months", entries, LOG_KINDS, dry_run
        )
        _report(f"{months} 个月以前的登录记录 sign-ins older than {months} months", sign_ins, OUTCOMES, dry_run)
        _report("7 天以前的 Idempotency-Key keys older than 7 days", keys, labels, dry_run)
        _report_files(files, dry_run)


async def _prune(url: str, months: int, really: bool) -> list[Sequence[Any]]:
    """Prune each table in a transaction of its own. alembic/functions/retention keeps what is younger in any case."""
    connection = await connect(url, JOBS)
    try:
        return [
            await connection.fetch("select * from prune_imports($1)", really),
            await connection.fetch("select * from prune_access_log($1, $2)", months, really),
            await connection.fetch("select * from prune_sign_ins($1, $2)", months, really),
            await connection.fetch("select * from prune_idempotency_keys($1)", really),
        ]
    finally:
        await connection.close()


async def _left_behind(url: str, root: Path, really: bool) -> tuple[int, int]:
    """Remove files of attachments that no record names, a day after they were written. Returns how many, and bytes."""
    connection = await connect(url, JOBS)
    count = size = 0
    try:
        found = left_behind(root)
        while some := list(islice(found, FILES_AT_ONCE)):
            names = [name for _, name in some if name]
            kept = {row[0] for row in await connection.fetch("select stored_contents($1)", names)}
            for path, name in some:
                if name not in kept:
                    count, size = count + 1, size + path.stat().st_size
                    if really:
                        path.unlink()
    finally:
        await connection.close()
    return count, size


def _report_files(files: tuple[int, int], dry_run: bool) -> None:
    title, (count, size) = "没有记录的佐证材料文件 files of attachments that no record names", files
    if not count:
        tell(f"{title}：无 none")
    elif dry_run:
        tell(
            f"{title}：将清除 {count} 个，共 {size} 字节。", f"{count} files, {size} bytes, would be removed; none was."
        )
    else:
        tell(f"{title}：已清除 {count} 个，共 {size} 字节。", f"{count} files, {size} bytes, removed.")


def _report(title: str, removed: Sequence[Any], labels: Any, dry_run: bool) -> None:
    count = sum(r["removed"] for r in removed)
    if not count:
        tell(f"{title}：无 none")
        return
    moments = [[r[m].astimezone(SHANGHAI).isoformat(" ", "seconds") for m in ("oldest", "newest")] for r in removed]
    cells = [
        [r["jurisdiction"], f"{labels.get(r['kind'], '')} {r['kind']}", r["removed"], *both]
        for r, both in zip(removed, moments, strict=True)
    ]
    table(title, COLUMNS, cells)
    if dry_run:
        tell(f"将清除 {count} 条；没有清除任何内容。", f"{count} would be removed; nothing was.")
    else:
        tell(f"已清除 {count} 条。", f"{count} removed.")
