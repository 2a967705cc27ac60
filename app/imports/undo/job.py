"""The undo or redo of an import as a job: one transaction for all of it, so that a kill leaves all of it or nothing.

Any process may carry it out, because it needs no file.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from app.auth import principals
from app.clock import SHANGHAI, now
from app.db import faults, timeouts
from app.db.context import GUARD
from app.db.retry import retried
from app.db.watched import pauses
from app.errors import Refusal
from app.imports import jobs
from app.imports.apply.revert import Revert
from app.imports.worker import INTERRUPTIONS, opened
from app.kernel.store import RequestContext
from app.logging import log

QUEUE = "undo"
# action -> the state that it begins in, while it is under way, and when it is done
STATES = {"undo": ("committed", "undoing", "undone"), "redo": ("undone", "redoing", "committed")}
NOT_NOW = {"undo": "undo_state", "redo": "redo_state"}  # refused in any other state
NOTHING = {"undo": "undo_nothing", "redo": "redo_nothing"}  # said where every record was left alone
BACK_TO = {under_way: begins for begins, under_way, _ in STATES.values()}
INTERRUPTED: dict[str, Any] = {"code": "undo_interrupted", "params": {}}


async def begin(ctx: RequestContext, import_id: str, action: str) -> None:
    """Set the state and queue the job, in one transaction. Of two at once the second is refused (`undo_state`)."""
    begins, under_way, _ = STATES[action]
    payload = orjson.dumps(
        {"import": import_id, "account": ctx.caller.account, "request": ctx.request, "action": action}
    )
    row = await jobs.head(ctx, import_id)
    async with ctx.connection(transaction=True) as connection:
        async with ctx.as_system(connection):
            changed = await connection.execute(
                "update import_job set state = $3, problem = null, done = 0 where id = $2 and state = $4"
                f" and written_in is not null and {GUARD}",
                ctx.context(), import_id, under_way, begins,
            )  # fmt: skip
        if changed != "UPDATE 1":
            state = (await jobs.head(ctx, import_id))["state"] if row["written_in"] else row["state"]
            raise Refusal(NOT_NOW[action], state=jobs.STATES[state], state_code=state)
        await Queries(AsyncpgDriver(connection)).enqueue(QUEUE, payload)


async def work_off(service: Any, slots: asyncio.Semaphore, job: Job) -> None:
    """Carry out a job of the queue, when a slot is free. If the service stops, nothing of it is written."""
    payload = orjson.loads(job.payload or b"{}")
    try:
        async with slots:
            await run(service, payload)
    except asyncio.CancelledError:
        with suppress(Exception):  # else the next start says so
            async with opened(service.runtime.pools) as queue:
                await end(queue, payload["import"], INTERRUPTED)
        raise


async def run(service: Any, payload: dict[str, str]) -> None:
    """Run one job. What goes wrong becomes the `problem` of the import, which is then as it was before."""
    waits: Iterator[float] | None = None
    while True:
        try:
            async with opened(service.runtime.pools) as queue:  # its end frees the lock, also by kill -9
                await queue.execute("select pg_advisory_lock($1)", jobs.lock_key(payload["import"]))
                if problem := await _carried_out(service, payload, queue):
                    await end(queue, payload["import"], problem)
            return
        except faults.DRIVER_ERRORS as fault:
            if (code := faults.code_of(fault)) is None:
                raise
            log.warning("undo waits", import_id=payload["import"], code=code, problem=type(fault).__name__)
            await asyncio.sleep(next(waits := waits or pauses()))


async def end(queue: Any, import_id: str, problem: dict[str, Any]) -> None:
    """Put the state back, as the queue's role, if the undo or redo is still said to be under way."""
    for under_way, before in BACK_TO.items():
        await queue.execute(
            "update import_job set state = $2, problem = $3::text::jsonb, done = total"
            " where id = $1::text::uuid and state = $4",
            import_id, before, orjson.dumps(problem).decode(), under_way,
        )  # fmt: skip


async def _carried_out(service: Any, payload: dict[str, str], queue: Any) -> dict[str, Any] | None:
    import_id, request = payload["import"], payload["request"]
    try:
        account = await principals.find(service.runtime.pools, payload["account"])
        if account is None or not account.open:
            raise Refusal("not_found", label="导入")
        ctx = RequestContext(service.runtime, account.caller.for_import(), request, import_id)
        await retried(lambda: _revert(ctx, payload["action"], queue))
    except Refusal as problem:
        code = "undo_right_changed" if problem.code in ("not_found", "not_your_record") else problem.code
        return {"code": code, "params": dict(problem.params)}
    except Exception as problem:
        code = faults.code_of(problem) or ""
        log.exception("undo failed", request=request, import_id=import_id, code=code)
        if code in INTERRUPTIONS:
            return INTERRUPTED
        return {"code": code, "params": {}} if code else {"code": "undo_failed", "params": {"request": request}}
    return None


async def _revert(ctx: RequestContext, action: str, queue: Any) -> None:
    """Put back what was written, and say so in the import, in one transaction."""
    import_id = ctx.origin or ""
    begins, under_way, done = STATES[action]
    row = await jobs.head(ctx, import_id)
    if row["state"] != under_way:  # the job was picked a second time
        return

    async def progress(written: int, total: int) -> None:
        await queue.execute(
            "update import_job set done = $2, total = $3 where id = $1::text::uuid", import_id, written, total
        )

    async with ctx.connection(transaction=True) as connection:
        await connection.execute(f"{timeouts.OF_IMPORTS}; set local plan_cache_mode = force_custom_plan")
        written_in = row["imported_in"] if action == "undo" else row["reverted_in"]
        revert = Revert(ctx, connection, import_id, row["imported_in"], written_in, action, progress)
        counts = await revert.run()
        nothing = bool(counts["left_alone"]) and not counts["records"]
        said = {"action": action, "at": now().astimezone(SHANGHAI).isoformat(), **counts}
        why = orjson.dumps({"code": NOTHING[action], "params": {"import_id": import_id}}).decode() if nothing else None
        await jobs.head(ctx, import_id)  # it is still the caller's to undo
        async with ctx.as_system(connection):
            changed = await connection.execute(
                f"""update import_job set state = $3, undo = $4::text::jsonb, problem = $5::text::jsonb, done = total,
                undone_in = case when $6 then pg_current_xact_id() else undone_in end
                where id = $2 and state = $7 and {GUARD}""",
                ctx.context(), import_id, begins if nothing else done, orjson.dumps(said).decode(), why,
                action == "undo" and not nothing, under_way,
            )  # fmt: skip
        if changed != "UPDATE 1":
            raise Refusal("not_found", label="导入")


async def put_back_interrupted(watch: Any, alone: bool) -> None:
    """Put back the state of every undo or redo whose process is gone: nothing of it was written.

    alone   no other service is at work. If others are, one that waits in the queue is left to them
    """
    rows = await watch.fetch(
        """select j.id::text, exists (select from pgqueuer q where q.entrypoint = $2 and q.status = 'queued'
            and convert_from(q.payload, 'UTF8')::jsonb ->> 'import' = j.id::text) as waits
          from import_job j where j.state = any($1::text[])""",
        list(BACK_TO), QUEUE,
    )  # fmt: skip
    for row in rows:
        free = not row["waits"] and await watch.fetchval("select pg_try_advisory_lock($1)", jobs.lock_key(row["id"]))
        if alone or free:
            await end(watch, row["id"], INTERRUPTED)
        if free:
            await watch.execute("select pg_advisory_unlock($1)", jobs.lock_key(row["id"]))
