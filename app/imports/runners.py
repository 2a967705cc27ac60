"""Runs the queue of imports in the process of the service. At its start interrupted imports are failed.

The runner is a watched task: if one of its connections is lost, others are opened and another runner begins. Imports
that are at work have connections of their own and go on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from pgqueuer import PgQueuer

from app.db.watched import WatchedTask
from app.imports import interrupted, jobs
from app.imports.orphan_files import remove_orphan_files
from app.imports.undo import job as undo
from app.imports.worker import ANSWER_SECONDS, opened, queue_name, uploads, work_off

SERVICE_LOCK = 0x6C65_6467_0001  # advisory lock that every service holds, shared, while it lives
# Imports that run at once in one process. Each holds one connection, and borrows two more for a statement at a time.
MAX_IMPORTS = 2
BEAT_SECONDS = 5.0
# A job that was picked by a process of which nothing has been heard for so long is picked again: the answer to the
# picking may have been lost with its connection.
UNHEARD = timedelta(seconds=10)
LOOKS_FOR_OTHERS = 15
# Imports that have not ended. One that waits has a job in the queue that nobody has taken.
_UNDER_WAY = """select id, state, state = 'received' or exists (select from pgqueuer q where q.status = 'queued'
    and convert_from(q.payload, 'UTF8')::jsonb ->> 'import' = j.id::text) as waits
  from import_job j where state = any($1::text[])"""


@dataclass
class _Workers:
    """The runners of the queue: the one at work, and former ones whose imports go on after it lost its connection."""

    service: Any
    slots: asyncio.Semaphore
    runners: set["asyncio.Task[None]"] = field(default_factory=set)
    first: bool = True

    async def run(self, watched: WatchedTask) -> None:
        """Run the jobs of the queue until a connection is lost; before, mark interrupted imports as failed."""
        pools = self.service.runtime.pools
        async with opened(pools) as watch, opened(pools) as connection:
            await _fail_interrupted(watch, self.service, self.first)
            self.first = False
            queue = PgQueuer.from_asyncpg_connection(connection)
            queue.entrypoint(queue_name(self.service.settings))(partial(work_off, self.service, self.slots))
            queue.entrypoint(undo.QUEUE)(partial(undo.work_off, self.service, self.slots))
            looking = queue.run(timedelta(seconds=5), heartbeat_timeout=UNHEARD, shutdown_on_listener_failure=True)
            runner = asyncio.create_task(looking)
            self.runners.add(runner)
            runner.add_done_callback(self._ended)
            watched.running = True
            try:
                await _until_lost(watch, connection, runner)
            finally:
                queue.shutdown.set()  # the runner ends when its imports have ended

    def _ended(self, runner: "asyncio.Task[None]") -> None:
        self.runners.discard(runner)
        if not runner.cancelled():
            runner.exception()  # `_until_lost` has raised it, if anybody still waits for it

    async def stop(self) -> None:
        """End every runner, and wait five seconds for the imports to say that they were interrupted."""
        for runner in self.runners:
            runner.cancel()
        if self.runners:
            await asyncio.wait(set(self.runners), timeout=5)


@asynccontextmanager
async def run_jobs(service: Any) -> AsyncIterator[None]:
    """Mark interrupted imports as failed, then run the jobs of the queue until the block is left."""
    slots = asyncio.Semaphore(max(1, min(MAX_IMPORTS, service.settings.pool_size // 2)))
    workers = _Workers(service, slots)
    try:
        async with service.tasks.keeping("imports", workers.run):
            yield
    finally:
        await workers.stop()


async def _until_lost(watch: Any, connection: Any, runner: "asyncio.Task[None]") -> None:
    """Return when the runner has ended or a connection is closed. Raises what ended the runner, or TimeoutError."""
    while not (runner.done() or watch.is_closed() or connection.is_closed()):
        await asyncio.wait({runner}, timeout=BEAT_SECONDS)
        if not watch.is_closed():  # the network may have dropped it without a word
            await watch.execute("select 1", timeout=ANSWER_SECONDS)
    if runner.done():
        await runner


async def _is_alone(watch: Any) -> bool:
    """Whether no other service is at work. The connections of one that was killed may take a moment to end."""
    for _ in range(LOOKS_FOR_OTHERS):
        if await watch.fetchval("select pg_try_advisory_lock($1)", SERVICE_LOCK):
            return True
        await asyncio.sleep(0.1)
    return False


async def _fail_interrupted(watch: Any, service: Any, first: bool) -> None:
    """Mark as failed every import whose process is gone. Nothing of it was written: a commit is one transaction.

    Its file is kept, so that it can go on.

    A service that gets SERVICE_LOCK alone knows that no other is at work, at its `first` look; later it has imports of
    its own. If others are, an import whose own lock is free is known to be interrupted, unless it is still waiting in
    the queue.
    """
    alone = first and await _is_alone(watch)
    for row in await watch.fetch(_UNDER_WAY, list(jobs.OPEN_STATES)):
        key = jobs.lock_key(str(row["id"]))
        if alone or (not row["waits"] and await watch.fetchval("select pg_try_advisory_lock($1)", key)):
            await jobs.end(watch, str(row["id"]), "failed", jobs.INTERRUPTED)
        if not alone:
            await watch.execute("select pg_advisory_unlock_all()")
    await undo.put_back_interrupted(watch, alone)
    folder, keep = uploads(service.settings), partial(interrupted.keep, service)
    await remove_orphan_files(watch, folder, list(jobs.OPEN_STATES), alone, keep)
    await watch.execute("select pg_advisory_lock_shared($1)", SERVICE_LOCK)
    if alone:
        await watch.execute("select pg_advisory_unlock($1)", SERVICE_LOCK)
