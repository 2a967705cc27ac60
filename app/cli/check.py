"""The command `check`: records whose state does not follow from what refers to them, and mending them."""

import asyncio
from typing import Annotated, Any

import typer

from app.cli.database import bring_up_to_date, database_or_running
from app.cli.words import foreseeable, table, tell
from app.db.opening import connect
from app.db.roles import JOBS
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from app.reports.steps import mend, out_of_step
from app.settings import Settings

COLUMNS = [
    "区划 division", "记录 record", "编号 number", "现为 state", "应为 should be", "漏记的操作 missing",
    "起因 caused by",
]  # fmt: skip


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
            f"有 {len(rows)} 条：起因一栏的记录已写入，本应随之改变的记录没有改变。数据没有丢失。\n"
            "请核对这些记录；属实的，运行 python -m app check --mend 补记，每条留修订记录。\n"
            "不应改变的，请经办人先更正起因一栏的记录。再次出现的，请连同版本号报告维护人员。",
            f"{len(rows)} found: the record under 'caused by' was written, and what should have followed did not.\n"
            "Nothing is lost. Look at them. Where it is right, python -m app check --mend carries out what is\n"
            "missing, with a revision each; where it is not, have the record under 'caused by' corrected first.\n"
            "If it happens again, report it with the version of the service.",
        )


def _cells(row: Any) -> list[str]:
    t, cause = REGISTRY.by_path[row["record_type"]], REGISTRY.by_path[row["cause_type"]]
    transition = t.lifecycle.transition(row["action"])
    return [
        row["jurisdiction"],
        f"{t.label} {t.path}",
        row["number"],
        f"{t.lifecycle.labels[row['state']]} {row['state']}",
        f"{t.lifecycle.labels[transition.to]} {transition.to}" if transition.to else _filled(t, row["action"]),
        f"{transition.label} {row['action']}",
        f"{cause.label} {row['cause_number']}",
    ]


def _filled(t: RecordType, action: str) -> str:
    """The members that an action fills which keeps the state."""
    effects = (e for other in REGISTRY.causes(t.path) for e in other.lifecycle.effects if e.action == action)
    columns = {c for e in effects for c in e.values}
    fields = [f for f in t.fields if not columns.isdisjoint(f.columns)]
    return "、".join(f"{f.label} {f.name}" for f in fields)
