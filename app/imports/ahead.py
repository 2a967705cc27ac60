"""Writing the rows of a file while the rest of it is still being checked, in the import's one transaction.

Only where one wrong row refuses the whole file: then nobody needs the rows again, whatever the check finds. What is
written here is not kept a second time in the plan. See docs/decisions/0009-imports-plan-then-commit.md.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson

from app.errors import Refusal
from app.imports import commit
from app.imports.plan import Planned
from app.imports.stored import PLANNED
from app.kernel.asking import Asking
from app.kernel.bulk import columns_source, lists_of, stored_column, travelling
from app.kernel.record_type import RecordType
from app.kernel.writes import COUNT, insert_sql
from app.logging import log

PIECE = 2000


class Abandoned(Exception):
    """What was written ahead is taken back, with its rows of the plan: a row is wrong, or could not be written."""


@dataclass
class Ahead:
    """The transaction of an import while its file is read. One piece is under way while the next is checked."""

    asking: Asking
    import_id: str
    jurisdiction: str
    connection: Any
    written: int = 0
    under_way: asyncio.Task[None] | None = None
    columns: dict[str, dict[str, None]] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)

    async def write(self, t: RecordType, rows: Sequence[tuple[int, Planned]]) -> None:
        """Takes new rows of one sheet, each with its place in the plan, that refer to no row not written yet."""
        for low in range(0, len(rows), PIECE):
            piece = rows[low : low + PIECE]
            # Made while the piece before is still under way.
            statement = await asyncio.to_thread(self._statement, t, piece)
            await self.settled()
            self.under_way = asyncio.create_task(self._write(len(piece), statement))

    async def finish(self, t: RecordType) -> None:
        """Writes what is left of a type in the plan: changes, rows to be numbered, rows that refer to one another."""
        await self.settled()
        self.under_way = asyncio.create_task(self._finish(t))

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
            what = {"request": self.asking.request, "import_id": self.import_id, "kind": type(problem).__name__}
            log.warning("not written ahead", **what, sqlstate=getattr(problem, "sqlstate", None))
            raise Abandoned from problem

    async def left(self) -> None:
        """Waits for what is under way: a cancelled statement could still be at work when the next one is sent."""
        if self.under_way:
            await asyncio.gather(self.under_way, return_exceptions=True)

    def _statement(self, t: RecordType, rows: Sequence[tuple[int, Planned]]) -> tuple[Any, ...]:
        """The insert of these rows and of the plan's, and its arguments."""
        known = self.columns.setdefault(t.path, {})
        for _, p in rows:
            known.update(dict.fromkeys(p.values))
        ids = [f.id_column for f in t.references if f.copied is None and not f.many]
        typed = tuple(dict.fromkeys((*ids, *(c for c in known if c not in t.list_columns))))
        values = [p.values for _, p in rows]
        varies, arguments = travelling((
            [p.record_id for _, p in rows],
            [p.number for _, p in rows],
            [p.state for _, p in rows],
            [p.line for _, p in rows],
            [place for place, _ in rows],
            lists_of(t, values),
            *(stored_column(t, c, values) for c in typed),
        ))  # fmt: skip
        source, planned = columns_source(t, typed, varies), PLANNED.format(path=t.path)
        sql = insert_sql(t.name, self.asking.view, commit.spelling(t), True, source, COUNT, typed, planned)
        sheet = rows[0][1].sheet
        return (sql, self.asking.context("import"), self.jurisdiction, sheet, self.import_id, *arguments)

    async def _write(self, count: int, statement: tuple[Any, ...]) -> None:
        answer = await self.connection.fetchrow(*statement)
        if answer["written"] != count:
            raise Refusal("plan_moved")
        self.written += count
        for series, last in orjson.loads(answer["highest"] or "{}").items():
            self.highest[series] = max(last, self.highest.get(series, 0))

    async def _finish(self, t: RecordType) -> None:
        if self.highest:
            await commit.raise_series(self.asking, self.connection, self.jurisdiction, self.highest)
            self.highest = {}
        self.written += await commit.finish(self.asking, self.connection, t, self.import_id)


@asynccontextmanager
async def writing_ahead(asking: Asking, import_id: str, jurisdiction: str) -> AsyncIterator[Ahead]:
    """A transaction that lives as long as the block; what leaves the block as an exception takes it back."""
    async with asking.connection(transaction=True) as connection:
        # A plan made for any number of rows looks each reference up by itself; one made for these 2 000 hashes them.
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        ahead = Ahead(asking, import_id, jurisdiction, connection)
        try:
            yield ahead
        finally:
            await ahead.left()
