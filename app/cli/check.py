"""The command `check`: records whose state does not follow from what refers to them, and mending them."""

import asyncio
from typing import Annotated, Any

import typer

from app.cli.database import bring_up_to_date, database_or_running
from app.cli.words import foreseeable, table, tell
from app.db.opening import connect
from app.db.roles import JOBS
from app.records import REGISTRY
from app.reports.steps import mend, out_of_step
from app.settings import Settings

COLUMNS = ["区划 division", "记录 record", "编号 number", "状态 state", "应有的操作 missing", "由 caused by"]


def check(
    mending: Annotated[
        bool, typer.Option("--mend", help="补记应有的操作，写入修订记录 carry out what is missing, with history")
    ] = False,
) -> None:
    """列出状态与所属记录不符的记录。List records whose state does not follow from what refers to them."""
    with foreseeable():
        options = Settings()
        with database_or_running(options) as found:
            bring_up_to_date(found, silent=True)
            rows = asyncio.run(_rows(found.logins.jobs, mending))
        _report(rows, mending)
        if rows and not mending:
            raise typer.Exit(1)


async def _rows(url: str, mending: bool) -> list[Any]:
    connection = await connect(url, JOBS)
    try:
        return await (mend if mending else out_of_step)(connection)
    finally:
        await connection.close()


def _report(rows: list[Any], mended: bool) -> None:
    if not rows:
        tell("没有状态不符的记录。", "Every state follows.")
        return
    table("状态不符的记录 Records out of step", COLUMNS, [_cells(row) for row in rows])
    if mended:
        tell(f"已补记 {len(rows)} 条，修订记录中写明了缘由。", f"{len(rows)} mended; their histories say why.")
    else:
        tell(
            f"有 {len(rows)} 条。补记应有的操作：python -m app check --mend",
            f"{len(rows)} found. To carry out what is missing: python -m app check --mend",
        )


def _cells(row: Any) -> list[str]:
    t, cause = REGISTRY.by_path[row["record_type"]], REGISTRY.by_path[row["cause_type"]]
    transition = t.lifecycle.transition(row["action"])
    return [
        row["jurisdiction"],
        f"{t.label} {t.path}",
        row["number"],
        f"{t.lifecycle.labels[row['state']]} {row['state']}",
        f"{transition.label} {row['action']}",
        f"{cause.label} {row['cause_number']}",
    ]
