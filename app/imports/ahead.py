"""Writing the rows of a plan while the rest of the file is still being checked, in the import's one transaction.

Only where one wrong row refuses the whole file: then nobody needs the rows again, whatever the check finds. What is
written here is not kept a second time in the plan. See docs/decisions/0009-imports-plan-then-commit.md.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import orjson

from app.errors import Refusal
from app.imports import commit
from app.imports.plan import Planned
from app.kernel.asking import Asking
from app.kernel.bulk import column_of, columns_source, lists_of
from app.kernel.record_type import RecordType
from app.kernel.writes import COUNT, insert_sql

PIECE = 2000


@dataclass
class Ahead:
    """The transaction of an import while its file is read. One piece is under way while the next is checked."""

    asking: Asking
    import_id: str
    jurisdiction: str
    connection: Any
    transaction: Any
    open: bool = True
    written: int = 0
    problem: Exception | None = None
    under_way: asyncio.Task[None] | None = None
    columns: dict[str, dict[str, None]] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)

    @property
    def writing(self) -> bool:
        """Whether rows are still taken: not once one was rejected, or could not be written."""
        return self.open and self.problem is None

    async def write(self, t: RecordType, rows: Sequence[Planned]) -> None:
        """Takes new rows of one sheet that have a number and refer to no row that is not written yet."""
        for low in range(0, len(rows), PIECE):
            piece = rows[low : low + PIECE]
            statement = self._statement(t, piece)  # made while the piece before is still under way
            await self._settled()
            if self.writing:
                self.under_way = asyncio.create_task(self._write(len(piece), statement))

    async def finish(self, t: RecordType) -> None:
        """Writes what is left of a type in the plan: changes, rows to be numbered, rows that refer to one another."""
        await self._settled()
        if self.writing:
            self.under_way = asyncio.create_task(self._finish(t))

    async def abandon(self) -> None:
        """Takes everything back, as soon as it is known that nothing will come of it.

        What is under way is waited for: a cancelled statement could still be at work when the next one is sent.
        """
        if self.open:
            self.open = False
            await self._settled()
            await self.transaction.rollback()

    async def written_all(self) -> None:
        """Waits for what is under way. Raises what kept a row from being written."""
        await self._settled()
        if self.problem:
            raise self.problem

    async def commit(self) -> None:
        """Makes it final."""
        self.open = False
        await self.transaction.commit()

    async def _settled(self) -> None:
        task, self.under_way = self.under_way, None
        if task:
            try:
                await task
            except (asyncpg.PostgresError, Refusal) as problem:  # told at the end: the file may be at fault itself
                self.problem = self.problem or problem

    def _statement(self, t: RecordType, rows: Sequence[Planned]) -> tuple[Any, ...]:
        """The insert of these rows, and its arguments."""
        known = self.columns.setdefault(t.path, {})
        for p in rows:
            known.update(dict.fromkeys(p.values))
        ids = [f.id_column for f in t.references if f.copied is None and not f.many]
        typed = tuple(dict.fromkeys((*ids, *(c for c in known if c not in t.list_columns))))
        spelling, source = commit.spelling(t), columns_source(t, typed)
        values = [p.values for p in rows]
        return (
            insert_sql(t.name, self.asking.view, spelling, True, source, COUNT, typed),
            self.asking.context("import"),
            self.jurisdiction,
            rows[0].sheet,
            [p.record_id for p in rows],
            [p.number for p in rows],
            [p.state for p in rows],
            [p.line for p in rows],
            lists_of(t, values),
            *(column_of(t, c, values) for c in typed),
        )

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
    """A transaction that lives as long as the block, and is taken back unless it was committed."""
    async with asking.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        # A plan made for any number of rows looks each reference up by itself; one made for these 2 000 hashes them.
        await connection.execute("set local plan_cache_mode = force_custom_plan")
        ahead = Ahead(asking, import_id, jurisdiction, connection, transaction)
        try:
            yield ahead
        finally:
            await ahead.abandon()
