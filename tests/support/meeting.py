"""Two writers that stand in the database at the same moment, each with its work done and not committed.

A deferred trigger on revisions and on changes of accounts makes every transaction wait at its commit while a third
connection holds a lock. So both writers have judged what they judge before either is committed, unless one of them
waits for the other.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from app.db.embedded import EmbeddedPostgres
from tests.support.sql import owning

AT_COMMIT = 0x6C65_6467_0FFF  # the advisory lock that is awaited at every commit
INSTALL = f"""
create function stand_at_commit() returns trigger language plpgsql security definer as $$
  begin perform pg_advisory_xact_lock_shared({AT_COMMIT}); return null; end $$;
create constraint trigger stand_at_commit after insert on revision deferrable initially deferred
  for each row execute function stand_at_commit();
create constraint trigger stand_at_commit after insert on account_change deferrable initially deferred
  for each row execute function stand_at_commit();
"""
REMOVE = "drop function if exists stand_at_commit() cascade"
WAITING = """select count(*) from pg_stat_activity
  where wait_event_type = 'Lock' and datname = current_database() and pid <> pg_backend_pid()"""


class Meeting:
    """The place where pairs meet. `owner` is a connection of the superuser, whom no policy binds."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner

    async def __call__(self, *writers: Coroutine[Any, Any, Any]) -> list[Any]:
        """Start the writers; once each waits for a lock or has ended, let them go on; their answers in order."""
        await self.owner.execute("select pg_advisory_lock($1)", AT_COMMIT)
        try:
            tasks = [asyncio.create_task(writer) for writer in writers]
            await self._stand(tasks)
        finally:
            await self.owner.execute("select pg_advisory_unlock($1)", AT_COMMIT)
        return list(await asyncio.gather(*tasks))

    async def in_turn(self, *writers: Coroutine[Any, Any, Any]) -> list[Any]:
        """Start each writer when those before it stand at their commit or have ended; their answers in order.

        So the first has written and is not committed when the second looks at what it has written.
        """
        tasks: list[asyncio.Task[Any]] = []
        await self.owner.execute("select pg_advisory_lock($1)", AT_COMMIT)
        try:
            for writer in writers:
                tasks.append(asyncio.create_task(writer))
                await self._stand(tasks)
        finally:
            await self.owner.execute("select pg_advisory_unlock($1)", AT_COMMIT)
        return list(await asyncio.gather(*tasks))

    async def _stand(self, tasks: list[asyncio.Task[Any]]) -> None:
        """Return when each task waits for a lock or has ended."""
        while True:
            waiting = await self.owner.fetchval(WAITING)
            if sum(t.done() for t in tasks) + waiting >= len(tasks):
                return
            await asyncio.sleep(0.002)


@asynccontextmanager
async def meeting(database: EmbeddedPostgres) -> AsyncIterator[Meeting]:
    """A meeting place, whose trigger is there as long as the block."""
    async with owning(database) as owner:
        await owner.execute(REMOVE)
        await owner.execute(INSTALL)
        try:
            yield Meeting(owner)
        finally:
            await owner.execute(REMOVE)
