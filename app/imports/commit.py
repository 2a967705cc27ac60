"""Commits a stored plan, once: records, revisions and the state of the import in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg

from app.db import faults, timeouts
from app.db.faults import DRIVER_ERRORS
from app.db.retry import retried
from app.db.roles import JOBS
from app.errors import Refusal
from app.imports import jobs
from app.imports.apply.write_plan import write_plan
from app.kernel.store import KeyedRequest, RequestContext, Written, claim, find_written, keep_written
from app.logging import log

# What the database or an effect refuses although the check of the plan has found it right.
MOVED = ("number_taken", "key_taken", "conflict", "clue_not_available")


async def commit_plan(ctx: RequestContext, import_id: str, rows: int, keyed: KeyedRequest | None = None) -> None:
    """Commit the plan of an import, which has so many rows. Refuses with `plan_moved` if a record has changed.

    The row of a request with an Idempotency-Key is committed with it.
    """

    async def progress(written: int) -> None:
        await jobs.write(ctx, import_id, done=rows + written)

    async def commit() -> None:
        async with ctx.connection(transaction=True) as connection:
            await connection.execute(timeouts.OF_IMPORTS)
            await write_plan(ctx, connection, import_id, progress)
            await jobs.mark_committed(ctx, import_id, connection, rows)
            if keyed:
                await keep_written(ctx, connection, keyed, Written(200, "imports", import_id))

    with _refusing_moved(ctx, import_id):
        await retried(commit)


@contextmanager
def _refusing_moved(ctx: RequestContext, import_id: str) -> Iterator[None]:
    """Refuse with `plan_moved` what the database refuses: the plan was checked, so the records must have changed.

    A fault of the database itself (app/db/faults.py) passes.
    """
    try:
        yield
    except asyncpg.PostgresError as problem:
        if faults.code_of(problem) not in (None, faults.BUSY):
            raise
        log.warning("plan not applied", request=ctx.request, import_id=import_id, sqlstate=problem.sqlstate)
        raise Refusal("plan_moved") from None
    except Refusal as refusal:
        raise Refusal("plan_moved") if refusal.code in MOVED else refusal from None


async def commit_preview(ctx: RequestContext, import_id: str, keyed: KeyedRequest | None) -> Written | None:
    """Commit a preview within the request of its maker. Of two requests at once the second is refused (`import_state`).

    Returns what the same request, with its Idempotency-Key, has written before: then nothing is committed now. The key
    is claimed by a session of its own, because a commit takes long and shows its progress. If the commit fails, the
    import is `checked` again.
    """
    lock = await ctx.runtime.pools.opening.apart(JOBS)
    try:
        if keyed:
            await claim(lock, keyed, whole_session=True)
            async with ctx.connection() as connection:
                if found := await find_written(ctx, connection, keyed):
                    return found
        rows = jobs.committable_rows(await jobs.read(ctx, import_id))
        await lock.execute("select pg_advisory_lock($1)", jobs.lock_key(import_id))
        state = (await jobs.read(ctx, import_id))["state"]
        if state != "checked":
            raise jobs.uncommittable(state)
        await _commit(replace(ctx, caller=ctx.caller.for_import(), origin=import_id), lock, import_id, rows, keyed)
        return None
    finally:
        await lock.close()


async def _commit(ctx: RequestContext, lock: Any, import_id: str, rows: int, keyed: KeyedRequest | None) -> None:
    await jobs.write(ctx, import_id, state="committing")
    try:
        jobs.require_rows(await jobs.read(ctx, import_id))  # in the state `committing` nothing removes them
        await commit_plan(ctx, import_id, rows, keyed)
    except BaseException:
        # With this connection lost, too, the next look at interrupted imports ends it (app/imports/runners.py).
        with suppress(*DRIVER_ERRORS):
            await jobs.end(lock, import_id, "checked", origins=("committing",))
        raise
