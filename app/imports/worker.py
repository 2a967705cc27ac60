"""Carries out imports: each is a job of pgqueuer, run in the process of the service (app/imports/runners.py)."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from app.clock import now
from app.db import faults
from app.db.logins import private
from app.db.pool import Pools
from app.db.roles import JOBS
from app.db.watched import pauses
from app.errors import Refusal
from app.imports import interrupted, jobs, kept_file
from app.imports.apply.streaming_writer import RolledBack, streaming_writer
from app.imports.commit import commit_plan
from app.imports.files.limits import UnreadableFile
from app.imports.mapping.given import read_mapping
from app.imports.mapping.source import ImportSource
from app.imports.plan import plan_rows
from app.imports.plan.check import FileCheck
from app.imports.plan.lookup import Lookup
from app.imports.plan.plan_rows import PlanSink, SheetReport, StoredPlan
from app.imports.remembered.stored import remembered
from app.kernel.store import RequestContext
from app.logging import log

# What the database answers to a maker whose role or place is another now.
RIGHT_LOST = dict.fromkeys(("not_found", "not_your_record"), "import_right_changed")
# Faults that end an import which is at work; another such as a full disk is told by its own sentence.
INTERRUPTIONS = ("outcome_unknown", "database_unreachable", "database_stopping")
ANSWER_SECONDS = 10.0
QUEUE = "import-queue"  # the file beside the uploads that names their queue


def uploads(settings: Any) -> Path:
    """The folder where files wait to be checked. A file is removed when its plan is stored or has failed."""
    folder: Path = settings.data_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def queue_name(settings: Any) -> str:
    """The queue of the processes that share this data directory: only they can read the file of a job.

    The directory keeps the name. Its path would not do: two machines have directories of one path, and containers that
    share one may have it under several.
    """
    uploads(settings)  # makes the directory
    file: Path = settings.data_dir / QUEUE
    if not file.exists():
        new = file.with_name(f"{QUEUE}.new-{secrets.token_hex(6)}")
        with open(new, "w", opener=private) as out:
            out.write(secrets.token_hex(6))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):  # another process was first
            os.link(new, file)
        new.unlink()
    return f"import-{file.read_text()}"


@asynccontextmanager
async def queueing(service: Any, ctx: RequestContext, import_id: str) -> AsyncIterator[Any]:
    """A transaction that queues the job of an import when the block ends: there is never one without the other.

    What the job does follows from the state that the block sets: `received` is to be checked, `committing` written.
    """
    payload = orjson.dumps({"import": import_id, "account": ctx.caller.account, "request": ctx.request})
    async with ctx.connection(transaction=True) as connection:
        yield connection
        await Queries(AsyncpgDriver(connection)).enqueue(queue_name(service.settings), payload)


@asynccontextmanager
async def opened(pools: Pools) -> AsyncIterator[Any]:
    """A connection of the queue's login for the length of the block."""
    connection = await asyncio.wait_for(pools.opening.apart(JOBS), ANSWER_SECONDS)
    try:
        yield connection
    finally:
        with suppress(Exception):
            await connection.close(timeout=2)
        connection.terminate()


async def work_off(service: Any, slots: asyncio.Semaphore, job: Job) -> None:
    """Run the import of a job of the queue, when a slot is free. If the service stops, the import has failed."""
    payload = orjson.loads(job.payload or b"{}")
    try:
        async with slots:
            await run_import(service, payload)
    except asyncio.CancelledError:  # the service stops
        with suppress(Exception):
            async with opened(service.runtime.pools) as queue:
                await jobs.end(queue, payload["import"], "failed", jobs.INTERRUPTED)
        raise


async def run_import(service: Any, payload: dict[str, str]) -> None:
    """Run one job. Whatever goes wrong becomes the `problem` of the import; its file is removed when it has ended.

    While the database cannot be reached the import waits. It is carried out by the right that its maker has now. If
    that is another than when the file was sent, or becomes another on the way, nothing is written.
    """
    import_id = payload["import"]
    path = uploads(service.settings) / import_id
    problem: dict[str, Any] | None = None
    waits: Iterator[float] | None = None
    while True:
        try:
            async with opened(service.runtime.pools) as queue:  # its end frees the lock, also by kill -9
                await queue.execute("select pg_advisory_lock($1)", jobs.lock_key(import_id))
                problem = problem or await _carried_out(service, payload, path)
                if problem:
                    await _end(queue, import_id, problem)
            break
        except faults.DRIVER_ERRORS as fault:
            if (code := faults.code_of(fault)) is None:
                raise
            log.warning("import waits", import_id=import_id, code=code, problem=type(fault).__name__)
            await asyncio.sleep(next(waits := waits or pauses()))
    if problem == jobs.INTERRUPTED:
        await interrupted.keep(service, payload["account"], import_id, path)
    path.unlink(missing_ok=True)


async def _end(queue: Any, import_id: str, problem: dict[str, Any]) -> None:
    """End an import with what went wrong: a plan that could not be written is `checked` again, unless nobody may."""
    if problem["code"] not in RIGHT_LOST.values():
        await jobs.end(queue, import_id, "checked", problem, origins=("committing",), modes=("preview",))
    await jobs.end(queue, import_id, "failed", problem)


async def _carried_out(service: Any, payload: dict[str, str], path: Path) -> dict[str, Any] | None:
    """Carry out an import that is still to be done. Returns the problem with which it has failed, or None.

    If the connection is lost while the import is at work, it is given up: its transaction is undone, unless it was
    committed, and then it stays committed. Raises what the driver raises as long as the import has not begun.
    """
    import_id, request, begun = payload["import"], payload["request"], False
    try:
        ctx = await jobs.maker(service, payload["account"], request, import_id)
        row = await jobs.read(ctx, import_id, to_check=True)
        if row["state"] == "received":
            begun = True
            await _import(ctx, row, path)
        elif row["state"] == "committing" and row["checked_at"]:
            begun = True
            jobs.require_rows(row)
            await commit_plan(ctx, row, jobs.rows_of(row))
        elif row["state"] in jobs.OPEN_STATES:  # whoever was at work on it is gone, or the lock would be held
            return jobs.INTERRUPTED
    except (UnreadableFile, Refusal) as problem:
        told = {"code": RIGHT_LOST.get(problem.code, problem.code), "params": dict(problem.params)}
        return told | (problem.members if isinstance(problem, Refusal) else {})
    except Exception as problem:
        code = faults.code_of(problem)
        if code and not begun:
            raise
        log.exception("import failed", request=request, import_id=import_id, code=code)
        if code in INTERRUPTIONS:
            return jobs.INTERRUPTED
        return {"code": code, "params": {}} if code else {"code": "import_failed", "params": {"request": request}}
    return None


async def _import(ctx: RequestContext, row: Any, path: Path) -> None:
    """Check the file, and commit it if its maker asked for that.

    Where one wrong row refuses the whole file, records are written during the check. If a row is then refused, all is
    rolled back and the file is checked once more without writing, so that its maker can read the whole plan.
    """
    import_id, jurisdiction = str(row["id"]), row["jurisdiction"]
    await plan_rows.clear(ctx, import_id)
    await jobs.write(ctx, import_id, state="checking", total=_estimated_rows(path) * _times_counted(row))
    if row["mode"] == "commit" and row["on_error"] == "reject_all":
        with suppress(RolledBack):
            async with streaming_writer(ctx, import_id, Lookup(ctx, jurisdiction)) as writer:
                rows = await _check(ctx, row, path, writer.lookup, writer)
                if rows is not None:
                    async with writer.plan_connection() as connection:
                        await jobs.mark_committed(ctx, connection, row, rows)
            return
    lookup, sink = Lookup(ctx, jurisdiction), StoredPlan(ctx, import_id, jurisdiction)
    rows = await _check(ctx, row, path, lookup, sink)
    if rows is not None:
        await commit_plan(ctx, row, rows)


async def _check(ctx: RequestContext, row: Any, path: Path, lookup: Lookup, sink: PlanSink) -> int | None:
    """Check the file and store the result. Returns the number of rows if they are to be committed now, else None."""
    import_id = str(row["id"])
    registry = ctx.runtime.registry
    known = remembered(registry, row["known"]) if row["known"] else {}
    mapping = read_mapping(row["mapping"], registry) if row["mapping"] else {}
    source = ImportSource(row["media"], registry.by_path.get(row["type"] or ""), mapping, known)

    async def progress(checked: int, reports: list[SheetReport]) -> None:
        sheets = [r.document() for r in reports]
        await jobs.write(ctx, import_id, done=checked + sink.rows_written, sheets=sheets)

    check = FileCheck(ctx, import_id, lookup, row["allow_register_changes"], sink)
    await check.run(path, source, progress)
    rows = sum(r.rows for r in check.reports)
    if any(r.rejected for r in check.reports):
        await kept_file.keep(ctx, import_id, path)
    result: dict[str, Any] = {
        "checked_at": now() if isinstance(sink, StoredPlan) else None,
        "encoding": source.encoding,
        "sheets": [r.document() for r in check.reports],
        "done": rows + sink.rows_written,
        "total": rows * _times_counted(row),
    }
    if not any(r.type for r in check.reports):
        nothing = {"code": "nothing_to_import", "params": {}}
        await jobs.write(ctx, import_id, state="failed", finished_at=now(), problem=nothing, **result)
    elif row["mode"] == "preview":
        await jobs.write(ctx, import_id, state="checked", finished_at=now(), **result)
    elif any(r.rejected for r in check.reports) and row["on_error"] == "reject_all":
        await jobs.write(ctx, import_id, state="rejected", finished_at=now(), **result)
    else:
        await jobs.write(ctx, import_id, state="committing", **result)
        return rows
    return None


def _times_counted(row: Any) -> int:
    """A row counts in the progress when it is checked, and if it is to be committed once more when it is written."""
    return 2 if row["mode"] == "commit" else 1


def _estimated_rows(path: Path) -> int:
    """A first estimate of the number of rows, for the progress bar: lines of the first 1 MiB, times the file's size."""
    with path.open("rb") as file:
        beginning = file.read(1 << 20)
    return round(beginning.count(b"\n") * path.stat().st_size / max(1, len(beginning)))
