"""Commits a stored plan, once: records, revisions and the state of the import in one transaction."""

import asyncio
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

from app.db import faults, timeouts
from app.db.retry import retried
from app.errors import Refusal
from app.imports import jobs
from app.imports.apply.moved_rows import moved_rows
from app.imports.apply.write_plan import write_plan
from app.kernel.store import RequestContext
from app.logging import log
from app.sentences import MEMBER, SENTENCES

# What the database or an effect refuses although the check of the plan has found it right.
MOVED = ("number_taken", "key_taken", "conflict", "clue_not_available", "plan_moved")
# How long a request to commit waits for the end of its job, and how often it looks: a small plan is written by then.
ANSWERED_WITHIN, LOOKS = 1.0, 0.04


async def commit_plan(ctx: RequestContext, job: Any, rows: int) -> None:
    """Commit the plan of an import, which has so many rows.

    Refuses with `plan_moved` if a record has changed, and names the rows whose records are not as the plan found them.
    """

    import_id = str(job["id"])

    async def progress(written: int) -> None:
        await jobs.write(ctx, import_id, done=rows + written)

    async def commit() -> None:
        async with ctx.connection(transaction=True) as connection:
            await connection.execute(timeouts.OF_IMPORTS)
            await write_plan(ctx, connection, import_id, progress)
            await jobs.mark_committed(ctx, connection, job, rows)

    try:
        with _refusing_moved(ctx, import_id):
            await retried(commit)
    except Refusal as refusal:
        if refusal.code != "plan_moved":
            raise
        moved = refusal.members.get("moved") or await moved_rows(ctx, import_id)
        raise Refusal("plan_moved", members={"moved": moved} if moved else {}) from None


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
        if refusal.code not in MOVED:
            raise
        raise Refusal("plan_moved", members=refusal.members) from None


async def left(ctx: RequestContext, import_id: str, states: Container[str]) -> Any:
    """The import once its job has led it out of these states, or as it is when the time to answer has come."""
    deadline = asyncio.get_running_loop().time() + ANSWERED_WITHIN
    while True:
        row = await jobs.head(ctx, import_id)
        if row["state"] not in states or asyncio.get_running_loop().time() > deadline:
            return row
        await asyncio.sleep(LOOKS)


async def answered(ctx: RequestContext, import_id: str) -> Any:
    """The import once its commit has ended, or as it is when the time to answer has come: the job goes on.

    Refuses with what ended the commit: `plan_moved`, a fault of the database.
    """
    row = await left(ctx, import_id, ("committing",))
    problem = jobs.problem_of(row)
    if row["state"] == "checked" and problem and SENTENCES[problem["code"]].status != MEMBER:
        told = {"moved": problem["moved"]} if "moved" in problem else {}
        raise Refusal(problem["code"], members=told, **problem["params"])
    return row
