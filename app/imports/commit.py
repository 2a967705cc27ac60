"""Commits a stored plan, once: records, revisions and the state of the import in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import asyncpg

from app.db import timeouts
from app.db.pool import connect
from app.db.retry import retried
from app.db.roles import JOBS
from app.errors import Refusal
from app.imports import jobs
from app.imports.apply.write_plan import write_plan
from app.kernel.store import RequestContext
from app.logging import log

# What the database or an effect refuses although the check of the plan has found it right.
MOVED = ("number_taken", "key_taken", "conflict", "clue_not_available")


async def commit_plan(ctx: RequestContext, import_id: str, rows: int) -> None:
    """Commit the plan of an import, which has so many rows. Refuses with `plan_moved` if a record has changed."""

    async def progress(written: int) -> None:
        await jobs.write(ctx, import_id, done=rows + written)

    async def commit() -> None:
        async with ctx.connection(transaction=True) as connection:
            await connection.execute(timeouts.OF_IMPORTS)
            await write_plan(ctx, connection, import_id, progress)
            await jobs.mark_committed(ctx, import_id, connection, rows)

    with _refusing_moved(ctx, import_id):
        await retried(commit)


@contextmanager
def _refusing_moved(ctx: RequestContext, import_id: str) -> Iterator[None]:
    """Refuse with `plan_moved` what the database refuses: the plan was checked, so the records must have changed."""
    try:
        yield
    except asyncpg.PostgresError as problem:
        log.warning("plan not applied", request=ctx.request, import_id=import_id, sqlstate=problem.sqlstate)
        raise Refusal("plan_moved") from None
    except Refusal as refusal:
        raise Refusal("plan_moved") if refusal.code in MOVED else refusal from None


async def commit_preview(service: Any, ctx: RequestContext, import_id: str, rows: int) -> None:
    """Commit a preview within the request of its maker. Of two requests at once the second is refused (`import_state`).

    If the commit fails, the import is `checked` again.
    """
    ctx = replace(ctx, caller=ctx.caller.for_import(), origin=import_id)
    lock = await connect(ctx.runtime.pools.logins.jobs, JOBS)
    try:
        await lock.execute("select pg_advisory_lock($1)", jobs.lock_key(import_id))
        state = (await jobs.read(ctx, import_id))["state"]
        if state != "checked":
            raise jobs.uncommittable(state)
        await jobs.write(ctx, import_id, state="committing")
        try:
            jobs.require_rows(await jobs.read(ctx, import_id))  # in the state `committing` nothing removes them
            await commit_plan(ctx, import_id, rows)
        except BaseException:
            await jobs.end(lock, import_id, "checked", origins=("committing",))
            raise
    finally:
        await lock.close()
