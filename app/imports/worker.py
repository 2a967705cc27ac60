"""Imports run as jobs of pgqueuer in the service's own process; what a crash interrupted is settled before `ready`."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from app.auth import principals
from app.clock import now
from app.db.engine import connect
from app.db.roles import JOBS
from app.errors import Refusal
from app.imports import jobs
from app.imports.apply import commit as committing
from app.imports.apply.streaming import Abandoned, Ahead, writing_ahead
from app.imports.files.readers import UnreadableFile
from app.imports.mapping.sheets import Source
from app.imports.orphan_files import remove_leftovers
from app.imports.plan.check import Check, SheetReport
from app.imports.plan.lookup import Lookup
from app.kernel.store import RequestContext
from app.logging import log

SERVING = 0x6C65_6467_0001
AT_ONCE = 2  # imports in one process: each holds one connection of the pool and borrows two more, for a statement each


def uploads(settings: Any) -> Path:
    """Where files wait until they are checked; each is removed when its plan is stored."""
    folder: Path = settings.data_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def queue_name(settings: Any) -> str:
    """The queue of those processes that can read this uploads folder."""
    return "import-" + hashlib.sha256(str(uploads(settings).resolve()).encode()).hexdigest()[:12]


async def enqueue(service: Any, ctx: RequestContext, connection: Any, import_id: str) -> None:
    """Puts the job into the queue in the caller's transaction: without a job there is no import, and conversely."""
    payload = orjson.dumps({"import": import_id, "account": ctx.caller.account, "request": ctx.request})
    await Queries(AsyncpgDriver(connection)).enqueue(queue_name(service.settings), payload)


@asynccontextmanager
async def run_jobs(service: Any) -> AsyncIterator[None]:
    """Settles what was interrupted, then works off the queue until the service stops."""
    url = service.settings.database_url
    watch = await connect(url, JOBS)
    await _settle(watch, uploads(service.settings))
    connection = await connect(url, JOBS)
    queue = PgQueuer.from_asyncpg_connection(connection)
    turns = asyncio.Semaphore(max(1, min(AT_ONCE, service.settings.pool_size // 2)))

    @queue.entrypoint(queue_name(service.settings))
    async def import_file(job: Job) -> None:
        async with turns:
            await _run(service, watch, orjson.loads(job.payload or b"{}"))

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


def _lock_key(import_id: str) -> int:
    return int.from_bytes(hashlib.sha256(import_id.encode()).digest()[:8], "big", signed=True)


async def _settle(watch: Any, folder: Path) -> None:
    """Marks as failed every import whose process is gone. Nothing of it was written: a commit is one transaction.

    Each service holds a shared lock while it lives; one that gets it alone knows that nobody else is at work. If others
    are, an import that no living process has locked is still known to be dead.
    """
    alone = await watch.fetchval("select pg_try_advisory_lock($1)", SERVING)
    problem = orjson.dumps({"code": "import_interrupted", "params": {}}).decode()
    for row in await watch.fetch(
        "select id, state from import_job where state = any($1::text[])", list(jobs.OPEN_STATES)
    ):
        key = _lock_key(str(row["id"]))
        if alone or (row["state"] != "received" and await watch.fetchval("select pg_try_advisory_lock($1)", key)):
            failed = (
                "update import_job set state = 'failed', problem = $2::text::jsonb, finished_at = now() where id = $1"
            )
            await watch.execute(failed, row["id"], problem)
        if not alone:
            await watch.execute("select pg_advisory_unlock_all()")
    await remove_leftovers(watch, folder, list(jobs.OPEN_STATES), alone)
    await watch.execute("select pg_advisory_lock_shared($1)", SERVING)
    if alone:
        await watch.execute("select pg_advisory_unlock($1)", SERVING)


async def _run(service: Any, watch: Any, payload: dict[str, str]) -> None:
    account = await principals.find(service.runtime.pools, payload["account"])
    if account is None or not account.open:
        return
    ctx = RequestContext(service.runtime, account.caller.carrying_out(), payload["request"], payload["import"])
    import_id = payload["import"]
    path = uploads(service.settings) / import_id
    lock = await connect(service.settings.database_url, JOBS)  # lives as long as the import: its death is seen
    try:
        await lock.execute("select pg_advisory_lock($1)", _lock_key(import_id))
        row = await jobs.read(ctx, import_id)
        if row["state"] == "received":
            await _check(ctx, row, path)
    except (UnreadableFile, Refusal) as problem:
        await _fail(ctx, import_id, problem.code, problem.params)
    except asyncio.CancelledError:
        raise
    except Exception:
        log.exception("import failed", request=ctx.request, import_id=import_id)
        await _fail(ctx, import_id, "import_failed", {"request": ctx.request})
    finally:
        path.unlink(missing_ok=True)
        await lock.close()


async def _fail(ctx: RequestContext, import_id: str, code: str, params: Any) -> None:
    if (await jobs.read(ctx, import_id))["state"] not in jobs.OPEN_STATES:
        return  # committed, only that the answer to it was lost
    problem = {"code": code, "params": dict(params)}
    await jobs.write(ctx, import_id, state="failed", problem=problem, finished_at=now())


async def _check(ctx: RequestContext, row: Any, path: Path) -> None:
    import_id, twice = str(row["id"]), 2 if row["mode"] == "commit" else 1
    await jobs.write(ctx, import_id, state="checking", total=_lines(path) * twice)
    if row["mode"] == "commit" and row["on_error"] == "reject_all":
        with suppress(Abandoned):  # then the whole plan is made anew, to be read by its maker
            async with writing_ahead(ctx, import_id, Lookup(ctx, row["jurisdiction"])) as ahead:
                rows = await _plan(ctx, row, path, ahead)
                if rows is not None:
                    async with ahead.free() as connection:
                        await _committed(ctx, import_id, connection, rows)
            return
    rows = await _plan(ctx, row, path, None)
    if rows is not None:
        await carry_out(ctx, import_id, rows)


async def _plan(ctx: RequestContext, row: Any, path: Path, ahead: Ahead | None) -> int | None:
    """Checks the file and notes what was found; gives the number of rows if they are to be written now."""
    import_id, twice = str(row["id"]), 2 if row["mode"] == "commit" else 1
    source = Source(row["media"], ctx.runtime.registry.by_path.get(row["type"] or ""))

    async def progress(done: int, reports: list[SheetReport]) -> None:
        written = ahead.written if ahead else 0
        await jobs.write(ctx, import_id, done=done + written, sheets=[r.document() for r in reports])

    lookup = ahead.lookup if ahead else Lookup(ctx, row["jurisdiction"])
    check = Check(ctx, import_id, lookup, row["allow_register_changes"], ahead)
    with jobs.naming_all(ctx, source):
        await check.run(path, source, progress)
        if ahead:
            await ahead.settled()
    rows = sum(r.rows for r in check.reports)
    found: dict[str, Any] = {
        "encoding": source.encoding,
        "sheets": [r.document() for r in check.reports],
        "done": rows + (ahead.written if ahead else 0),
        "total": rows * twice,
    }
    if not any(r.type for r in check.reports):
        nothing = {"code": "nothing_to_import", "params": {}}
        await jobs.write(ctx, import_id, state="failed", finished_at=now(), problem=nothing, **found)
    elif row["mode"] == "preview":
        await jobs.write(ctx, import_id, state="checked", finished_at=now(), **found)
    elif any(r.rejected for r in check.reports) and row["on_error"] == "reject_all":
        await jobs.write(ctx, import_id, state="rejected", finished_at=now(), **found)
    else:
        await jobs.write(ctx, import_id, state="committing", **found)
        return rows
    return None


def _lines(path: Path) -> int:
    """A first guess of the number of rows, for the progress bar: as if all of the file were like its beginning."""
    with path.open("rb") as file:
        beginning = file.read(1 << 20)
    return round(beginning.count(b"\n") * path.stat().st_size / max(1, len(beginning)))


async def carry_out(ctx: RequestContext, import_id: str, rows: int) -> None:
    """Commits the plan: the records, their revisions and the import's own state in one transaction."""

    async def progress(done: int) -> None:
        await jobs.write(ctx, import_id, done=rows + done)

    with _moved(ctx, import_id):
        async with ctx.connection(transaction=True) as connection:
            await committing.commit(ctx, connection, import_id, progress)
            await _committed(ctx, import_id, connection, rows)


async def _committed(ctx: RequestContext, import_id: str, connection: Any, rows: int) -> None:
    ended: dict[str, Any] = {"state": "committed", "finished_at": now(), "problem": None}
    await jobs.write(ctx, import_id, connection, **ended, done=rows * 2, total=rows * 2)


@contextmanager
def _moved(ctx: RequestContext, import_id: str) -> Iterator[None]:
    """What the database refuses of a checked plan is said as what it means: the records are no longer as they were."""
    try:
        yield
    except asyncpg.PostgresError as problem:
        log.warning("plan not applied", request=ctx.request, import_id=import_id, sqlstate=problem.sqlstate)
        raise Refusal("plan_moved") from None
    except Refusal as refusal:
        raise Refusal("plan_moved") if refusal.code in ("number_taken", "key_taken", "conflict") else refusal from None


async def commit_checked(service: Any, ctx: RequestContext, import_id: str, rows: int) -> None:
    """Commits a preview within the request, once: of two that ask at the same moment one finds it taken."""
    ctx = replace(ctx, caller=ctx.caller.carrying_out(), origin=import_id)
    lock = await connect(service.settings.database_url, JOBS)
    try:
        await lock.execute("select pg_advisory_lock($1)", _lock_key(import_id))
        state = (await jobs.read(ctx, import_id))["state"]
        if state != "checked":
            raise jobs.uncommittable(state)
        await jobs.write(ctx, import_id, state="committing")
        try:
            jobs.require_rows(await jobs.read(ctx, import_id))  # from here on nothing removes them
            await carry_out(ctx, import_id, rows)
        except BaseException:
            await jobs.write(ctx, import_id, state="checked")
            raise
    finally:
        await lock.close()
