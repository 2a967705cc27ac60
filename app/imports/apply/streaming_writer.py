"""Writes the rows of a file while the rest of it is still being checked, in the import's one transaction.

Only for imports in which one wrong row refuses the whole file: then no written row has to be taken back by itself. What
is written here is not stored a second time in the plan. See docs/decisions/0009-imports-plan-then-commit.md.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg

from app.db import faults, timeouts
from app.db.context import GUARD
from app.errors import Refusal
from app.imports.apply.chunks import Chunk, ChunkBuilder
from app.imports.apply.write_plan import write_remaining
from app.imports.plan import plan_rows
from app.imports.plan.lookup import Lookup
from app.imports.plan.plan_rows import NumberedRows
from app.imports.plan.planned_row import PlannedRow
from app.imports.plan.type_info import type_info
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.numbering import raise_series
from app.kernel.store import RequestContext
from app.logging import log

MAX_WAITING = 4  # chunks that wait while others are under way; `put` waits when there are more
# Chunks that are sent without waiting for an answer. Before a fourth the driver (asyncpg's `bind_execute_many`) waits
# until it may write on, and if the connection is lost by then, it waits for ever.
MAX_UNDER_WAY = 3
Work = Callable[[], Coroutine[Any, Any, None]]


class RolledBack(Exception):
    """The transaction is rolled back with all rows of the plan: a row is wrong, or could not be written."""


@dataclass
class StreamingWriter:
    """The sink that writes records at once. One task sends the chunks, while the check prepares the next rows."""

    ctx: RequestContext
    import_id: str
    connection: Any
    lookup: Lookup
    rows_written: int = 0  # rows handed to the database
    plan_mode: str = ""
    waiting: deque[Chunk | Work] = field(default_factory=deque)
    taken: asyncio.Event = field(default_factory=asyncio.Event)  # something was taken out of `waiting`
    under_way: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.chunks = ChunkBuilder(self.ctx, self.import_id, self.lookup)

    async def put(self, rows: NumberedRows) -> bool:
        """Write the rows of one sheet that can be written at once, and store the others in the plan.

        True if any was stored: written records cannot be doubles, because their numbers are unique in the table.
        """
        ready: list[tuple[int, PlannedRow]] = []
        rest: list[tuple[int, PlannedRow]] = []
        for row in rows:
            (ready if _ready(row[1]) else rest).append(row)
        if rest:
            async with self.plan_connection() as connection:
                await plan_rows.store(self.ctx, connection, self.import_id, self.lookup.jurisdiction, rest)
        if ready:
            await self._enqueue(*await asyncio.to_thread(self.chunks.build, ready[0][1].type, ready))
        return bool(rest)

    def row_rejected(self) -> None:
        """One rejected row refuses the whole file."""
        raise RolledBack

    async def end_type(self, t: RecordType) -> None:
        """Write the rows of the type that were stored: changes, rows without number, rows that refer to each other."""
        highest, self.chunks.highest = self.chunks.highest, {}
        await self._enqueue(partial(self._write_remaining, t, highest))

    async def drain(self) -> None:
        """Wait for what is under way. Raises RolledBack if the database refused it."""
        if self.under_way:
            with self._rolling_back():
                await asyncio.shield(self.under_way)
            self.under_way = None

    @asynccontextmanager
    async def plan_connection(self, transaction: bool = False) -> AsyncIterator[Any]:
        """The connection of the transaction, once nothing is under way on it. Raises RolledBack."""
        await self.drain()
        with self._rolling_back():
            yield self.connection

    async def close(self) -> None:
        """Wait for what is under way, and send no more: a cancelled statement could still be running otherwise."""
        self.waiting.clear()
        if self.under_way:
            await asyncio.gather(self.under_way, return_exceptions=True)

    @contextmanager
    def _rolling_back(self) -> Iterator[None]:
        """Raise RolledBack in the place of what the database or a rule refused. A fault of the database passes."""
        try:
            yield
        except (asyncpg.PostgresError, Refusal) as problem:
            if faults.code_of(problem) not in (None, faults.BUSY):
                raise
            what = {"request": self.ctx.request, "import_id": self.import_id, "kind": type(problem).__name__}
            log.warning("streamed import rolled back", **what, sqlstate=getattr(problem, "sqlstate", None))
            raise RolledBack from problem

    async def _enqueue(self, *work: Chunk | Work) -> None:
        """Have work done after all earlier work. Waits while too much is waiting. Raises RolledBack."""
        if self.under_way and self.under_way.done():
            await self.drain()
        self.waiting.extend(work)
        self.under_way = self.under_way or asyncio.create_task(self._work())
        while len(self.waiting) > MAX_WAITING:
            self.taken.clear()
            await self.taken.wait()
        if self.under_way.done():
            await self.drain()

    async def _work(self) -> None:
        try:
            while self.waiting:
                work = self._take()
                await (self._send(work) if isinstance(work, Chunk) else work())
        finally:
            self.waiting.clear()
            self.taken.set()

    def _take(self) -> Any:
        self.taken.set()
        return self.waiting.popleft()

    async def _send(self, chunk: Chunk) -> None:
        """Send a chunk and those that can follow it, then compare how many rows each has written."""
        await self._set_plan_mode(chunk.plan_mode)
        for t, ids in chunk.to_lock.items():
            await self._lock(t, ids)
        sent: list[int] = []
        counted = await self.connection.fetchmany(chunk.sql, self._arguments(chunk, sent))
        if [count for (count,) in counted] != sent:
            raise Refusal("plan_moved")

    def _arguments(self, chunk: Chunk, sent: list[int]) -> Iterator[tuple[Any, ...]]:
        """The arguments of a chunk and of waiting chunks that can follow it; their row counts are added to `sent`.

        The driver sends these without waiting for answers, so that Postgres finds the next chunk when one is done.
        Before, Postgres waited 8 of 95 ms for the process, whose threads were checking the next rows.
        """
        while True:
            sent.append(chunk.rows)
            self.rows_written += chunk.rows
            yield chunk.arguments
            following = self.waiting[0] if self.waiting else None
            if len(sent) == MAX_UNDER_WAY or not isinstance(following, Chunk) or not following.can_follow(chunk):
                return
            chunk = self._take()

    async def _lock(self, t: RecordType, ids: set[str]) -> None:
        """Keep records from being voided or retired until the import ends. Refuses with `plan_moved` if one is gone.

        Locked once for the import, a record need not be locked and looked up again by each statement.
        """
        locked = f"""select count(*) from (select 1 from {t.table} t where t.id = any($2::uuid[])
          and t.jurisdiction = $3 and {t.referable("t")} and {GUARD} order by t.id for key share) x"""
        arguments = self.ctx.context(), list(ids), self.lookup.jurisdiction
        if ids and await self.connection.fetchval(locked, *arguments) != len(ids):
            raise Refusal("plan_moved")

    async def _write_remaining(self, t: RecordType, highest: Mapping[str, int]) -> None:
        await self._set_plan_mode("force_custom_plan")
        await raise_series(
            self.connection, self.ctx.context(), self.ctx.runtime.registry, t, self.lookup.jurisdiction, highest
        )
        self.rows_written += await write_remaining(self.ctx, self.connection, t, self.import_id)

    async def _set_plan_mode(self, plan_mode: str) -> None:
        if plan_mode != self.plan_mode:
            await self.connection.execute(f"set local plan_cache_mode = {plan_mode}")
            self.plan_mode = plan_mode


def _ready(p: PlannedRow) -> bool:
    """Whether a row can be written at once: new, numbered, without warnings, no reference to its own type.

    Nor to a record that the rule of its type reads: with those locked, the rule is asked once more (`judged_again.py`).
    """
    info = type_info(p.type)
    waits = (*info.own_ids, *info.judged_ids)
    plain = p.result == "created" and p.number is not None and not p.warnings
    return plain and not (waits and any(map(p.values.get, waits)))


@asynccontextmanager
async def streaming_writer(ctx: RequestContext, import_id: str, lookup: Lookup) -> AsyncIterator[StreamingWriter]:
    """A writer in a transaction that lasts as long as the block. An exception that leaves the block rolls it back."""
    async with ctx.connection(transaction=True) as connection:
        await connection.execute(timeouts.OF_IMPORTS)
        writer = StreamingWriter(ctx, import_id, connection, lookup)
        try:
            yield writer
        finally:
            await writer.close()
