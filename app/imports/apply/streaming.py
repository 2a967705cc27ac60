"""Writing the rows of a file while the rest of it is still being checked, in the import's one transaction.

Only where one wrong row refuses the whole file: then nobody needs the rows again, whatever the check finds. What is
written here is not kept a second time in the plan. See docs/decisions/0009-imports-plan-then-commit.md.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg

from app.db.context import GUARD
from app.errors import Refusal
from app.imports.apply import commit
from app.imports.apply.chunks import Piece, Pieces
from app.imports.plan.lookup import Lookup
from app.imports.plan.row_check import Planned
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.numbering import raise_series
from app.kernel.store import RequestContext
from app.logging import log

WAITING = 4  # pieces that may wait while others are on their way
# Pieces that are sent together. For a fourth the driver (asyncpg's `bind_execute_many`) waits until it may write on,
# and waits for ever if the connection is lost by then.
TOGETHER = 3
Work = Callable[[], Coroutine[Any, Any, None]]


class Abandoned(Exception):
    """What was written ahead is taken back, with its rows of the plan: a row is wrong, or could not be written."""


@dataclass
class Ahead:
    """The transaction of an import while its file is read: pieces on their way, some that wait, rows being checked."""

    ctx: RequestContext
    import_id: str
    connection: Any
    lookup: Lookup
    written: int = 0  # rows handed to the database
    plan: str = ""
    waiting: deque[Piece | Work] = field(default_factory=deque)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.pieces = Pieces(self.ctx, self.import_id, self.lookup)

    async def write(self, t: RecordType, rows: Sequence[tuple[int, Planned]]) -> None:
        """Takes new rows of one sheet, each with its place in the plan, that refer to no row not written yet."""
        await self._put(*await asyncio.to_thread(self.pieces.of, t, rows))

    async def finish(self, t: RecordType) -> None:
        """Writes what is left of a type in the plan: changes, rows to be numbered, rows that refer to one another."""
        highest, self.pieces.highest = self.pieces.highest, {}
        await self._put(partial(self._finish, t, highest))

    async def _put(self, *work: Piece | Work) -> None:
        """Has work done when what was put before is done. Raises Abandoned if that was refused."""
        if self.under_way and self.under_way.done():
            await self.settled()
        self.waiting.extend(work)
        self.under_way = self.under_way or asyncio.create_task(self._work_off())
        while len(self.waiting) > WAITING:
            self.taken.clear()
            await self.taken.wait()
        if self.under_way.done():
            await self.settled()

    async def _work_off(self) -> None:
        try:
            while self.waiting:
                work = self._take()
                await (self._write(work) if isinstance(work, Piece) else work())
        finally:
            self.waiting.clear()
            self.taken.set()

    def _take(self) -> Any:
        self.taken.set()
        return self.waiting.popleft()

    async def settled(self) -> None:
        """Waits for what is under way. Raises Abandoned if it was refused."""
        if self.under_way:
            with self._abandoning():
                await asyncio.shield(self.under_way)
            self.under_way = None

    @asynccontextmanager
    async def free(self) -> AsyncIterator[Any]:
        """The connection, when nothing is under way on it. What it refuses is raised as Abandoned."""
        await self.settled()
        with self._abandoning():
            yield self.connection

    @contextmanager
    def _abandoning(self) -> Iterator[None]:
        try:
            yield
        except (asyncpg.PostgresError, Refusal) as problem:
            what = {"request": self.ctx.request, "import_id": self.import_id, "kind": type(problem).__name__}
            log.warning("not written ahead", **what, sqlstate=getattr(problem, "sqlstate", None))
            raise Abandoned from problem

    async def left(self) -> None:
        """Waits for what is under way: a cancelled statement could still be at work when the next one is sent."""
        self.waiting.clear()
        if self.under_way:
            await asyncio.gather(self.under_way, return_exceptions=True)

    async def _write(self, piece: Piece) -> None:
        await self._plan_by(piece.plan)
        for t, ids in piece.holds.items():
            await self._hold(t, ids)
        sent: list[int] = []
        counted = await self.connection.fetchmany(piece.sql, self._together(piece, sent))
        if [count for (count,) in counted] != sent:
            raise Refusal("plan_moved")

    def _together(self, piece: Piece, sent: list[int]) -> Iterator[tuple[Any, ...]]:
        """The arguments of a piece, and of those that can follow it and wait already.

        The driver sends them one after the other without waiting for answers, so that the next is there when Postgres
        has done one: it waited 8 of 95 ms for what it was sent, while these threads were at work.
        """
        while True:
            sent.append(piece.rows)
            self.written += piece.rows
            yield piece.arguments
            following = self.waiting[0] if self.waiting else None
            if len(sent) == TOGETHER or not isinstance(following, Piece) or not following.effects(piece):
                return
            piece = self._take()

    async def _hold(self, t: RecordType, ids: set[str]) -> None:
        """Keeps records from being voided until the import ends."""
        locked = f"""select count(*) from (select 1 from {t.table} t where t.id = any($2::uuid[])
          and t.jurisdiction = $3 and t.state <> 'voided' and {GUARD} for key share) x"""
        arguments = self.ctx.context(), list(ids), self.lookup.jurisdiction
        if ids and await self.connection.fetchval(locked, *arguments) != len(ids):
            raise Refusal("plan_moved")

    async def _finish(self, t: RecordType, highest: Mapping[str, int]) -> None:
        await self._plan_by("force_custom_plan")
        await raise_series(
            self.connection, self.ctx.context(), self.ctx.runtime.registry, t, self.lookup.jurisdiction, highest
        )
        self.written += await commit.finish(self.ctx, self.connection, t, self.import_id)

    async def _plan_by(self, plan: str) -> None:
        if plan != self.plan:
            await self.connection.execute(f"set local plan_cache_mode = {plan}")
            self.plan = plan


@asynccontextmanager
async def writing_ahead(ctx: RequestContext, import_id: str, lookup: Lookup) -> AsyncIterator[Ahead]:
    """A transaction that lives as long as the block; what leaves the block as an exception takes it back."""
    async with ctx.connection(transaction=True) as connection:
        ahead = Ahead(ctx, import_id, connection, lookup)
        try:
            yield ahead
        finally:
            await ahead.left()
