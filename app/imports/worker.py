"""Runs imports as jobs of pgqueuer, in the process of the service. At its start interrupted imports are failed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from app.auth import principals
from app.clock import now
from app.db.pool import connect
from app.db.roles import JOBS
from app.errors import Refusal
from app.imports import jobs
from app.imports.apply.streaming_writer import RolledBack, streaming_writer
from app.imports.commit import commit_plan
from app.imports.files.limits import UnreadableFile
from app.imports.mapping.sheets import ImportSource
from app.imports.orphan_files import remove_orphan_files
from app.imports.plan.check import FileCheck
from app.imports.plan.lookup import Lookup
from app.imports.plan.plan_rows import PlanSink, SheetReport, StoredPlan
from app.kernel.store import RequestContext
from app.logging import log

SERVICE_LOCK = 0x6C65_6467_0001  # advisory lock that every service holds, shared, while it lives
# What the database answers to a maker whose role or place is another now.
RIGHT_LOST = dict.fromkeys(("not_found", "not_your_record"), "import_right_changed")
# Imports that run at once in one process. Each holds one connection, and borrows two more for a statement at a time.
MAX_IMPORTS = 2


def uploads(settings: Any) -> Path:
    """The folder where files wait to be checked. A file is removed when its plan is stored or has failed."""
    folder: Path = settings.data_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def queue_name(settings: Any) -> str:
    """The queue of the processes that share this uploads folder: only they can read the file of a job."""
    return "import-" + hashlib.sha256(str(uploads(settings).resolve()).encode()).hexdigest()[:12]


async def take_in(service: Any, ctx: RequestContext, import_id: str, new: jobs.NewImport) -> None:
    """Store a received import and queue its job, in one transaction: there is never one without the other."""
    payload = orjson.dumps({"import": import_id, "account": ctx.caller.account, "request": ctx.request})
    async with ctx.connection(transaction=True) as connection:
        await jobs.create(ctx, connection, import_id, new)
        await Queries(AsyncpgDriver(connection)).enqueue(queue_name(service.settings), payload)


@asynccontextmanager
async def run_jobs(service: Any) -> AsyncIterator[None]:
    """Mark interrupted imports as failed, then run the jobs of the queue until the block is left."""
    url = service.runtime.pools.logins.jobs
    watch = await connect(url, JOBS)
    await _fail_interrupted(watch, uploads(service.settings))
    connection = await connect(url, JOBS)
    queue = PgQueuer.from_asyncpg_connection(connection)
    slots = asyncio.Semaphore(max(1, min(MAX_IMPORTS, service.settings.pool_size // 2)))

    @queue.entrypoint(queue_name(service.settings))
    async def import_file(job: Job) -> None:
        async with slots:
            await _run(service, orjson.loads(job.payload or b"{}"))

    task = asyncio.create_task(queue.run(dequeue_timeout=timedelta(seconds=5)))
    try:
        yield
    finally:
        queue.shutdown.set()
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await asyncio.wait_for(task, 5)
        for opened in (connection, watch):
            with suppress(Exception):
                await opened.close(timeout=2)


async def _fail_interrupted(watch: Any, folder: Path) -> None:
    """Mark as failed every import whose process is gone. Nothing of it was written: a commit is one transaction.

    A service that gets SERVICE_LOCK alone knows that no other is at work. If others are, an import whose own lock is
    free is known to be interrupted, unless it is still waiting in the queue.
    """
    alone = await watch.fetchval("select pg_try_advisory_lock($1)", SERVICE_LOCK)
    problem = {"code": "import_interrupted", "params": {}}
    for row in await watch.fetch(
        "select id, state from import_job where state = any($1::text[])", list(jobs.OPEN_STATES)
    ):
        key = jobs.lock_key(str(row["id"]))
        if alone or (row["state"] != "received" and await watch.fetchval("select pg_try_advisory_lock($1)", key)):
            await jobs.end(watch, str(row["id"]), "failed", problem)
        if not alone:
            await watch.execute("select pg_advisory_unlock_all()")
    await remove_orphan_files(watch, folder, list(jobs.OPEN_STATES), alone)
    await watch.execute("select pg_advisory_lock_shared($1)", SERVICE_LOCK)
    if alone:
        await watch.execute("select pg_advisory_unlock($1)", SERVICE_LOCK)


async def _run(service: Any, payload: dict[str, str]) -> None:
    """Run one job. Whatever goes wrong becomes the `problem` of the import; its file is removed in any case.

    The import is carried out by the right that its maker has now. If that is another than when the file was sent, or
    becomes another on the way, nothing is written.
    """
    import_id, request = payload["import"], payload["request"]
    path = uploads(service.settings) / import_id
    queue = await connect(service.runtime.pools.logins.jobs, JOBS)  # Postgres frees its lock if this process dies
    try:
        await queue.execute("select pg_advisory_lock($1)", jobs.lock_key(import_id))
        ctx = await _maker(service, payload)
        row = await jobs.read(ctx, import_id)
        if row["state"] == "received":
            await _import(ctx, row, path)
    except (UnreadableFile, Refusal) as problem:
        code = RIGHT_LOST.get(problem.code, problem.code)
        await jobs.end(queue, import_id, "failed", {"code": code, "params": dict(problem.params)})
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("import failed", request=request, import_id=import_id)
        await jobs.end(queue, import_id, "failed", {"code": "import_failed", "params": {"request": request}})
    finally:
        path.unlink(missing_ok=True)
        await queue.close()


async def _maker(service: Any, payload: dict[str, str]) -> RequestContext:
    """The maker of an import as it is now. Refuses with `not_found` if its account is closed."""
    account = await principals.find(service.runtime.pools, payload["account"])
    if account is None or not account.open:
        raise Refusal("not_found", label="导入")
    return RequestContext(service.runtime, account.caller.for_import(), payload["request"], payload["import"])


async def _import(ctx: RequestContext, row: Any, path: Path) -> None:
    """Check the file, and commit it if its maker asked for that.

    Where one wrong row refuses the whole file, records are written during the check. If a row is then refused, all is
    rolled back and the file is checked once more without writing, so that its maker can read the whole plan.
    """
    import_id, jurisdiction = str(row["id"]), row["jurisdiction"]
    await jobs.write(ctx, import_id, state="checking", total=_estimated_rows(path) * _times_counted(row))
    if row["mode"] == "commit" and row["on_error"] == "reject_all":
        with suppress(RolledBack):
            async with streaming_writer(ctx, import_id, Lookup(ctx, jurisdiction)) as writer:
                rows = await _check(ctx, row, path, writer.lookup, writer)
                if rows is not None:
                    async with writer.plan_connection() as connection:
                        await jobs.mark_committed(ctx, import_id, connection, rows)
            return
    lookup, sink = Lookup(ctx, jurisdiction), StoredPlan(ctx, import_id, jurisdiction)
    rows = await _check(ctx, row, path, lookup, sink)
    if rows is not None:
        await commit_plan(ctx, import_id, rows)


async def _check(ctx: RequestContext, row: Any, path: Path, lookup: Lookup, sink: PlanSink) -> int | None:
    """Check the file and store the result. Returns the number of rows if they are to be committed now, else None."""
    import_id = str(row["id"])
    source = ImportSource(row["media"], ctx.runtime.registry.by_path.get(row["type"] or ""))

    async def progress(checked: int, reports: list[SheetReport]) -> None:
        sheets = [r.document() for r in reports]
        await jobs.write(ctx, import_id, done=checked + sink.rows_written, sheets=sheets)

    check = FileCheck(ctx, import_id, lookup, row["allow_register_changes"], sink)
    await check.run(path, source, progress)
    rows = sum(r.rows for r in check.reports)
    result: dict[str, Any] = {
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
