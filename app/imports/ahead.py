"""Writing the rows of a file while the rest of it is still being checked, in the import's one transaction.

Only where one wrong row refuses the whole file: then nobody needs the rows again, whatever the check finds. What is
written here is not kept a second time in the plan. See docs/decisions/0009-imports-plan-then-commit.md.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import asyncpg

from app.db.context import GATE
from app.errors import Refusal
from app.imports import commit
from app.imports.lookup import Lookup
from app.imports.plan import Planned
from app.imports.stored import PLANNED
from app.kernel.asking import Asking
from app.kernel.bulk import columns_source, lists_of, stored_column, travelling
from app.kernel.record_type import RecordType
from app.kernel.series import move_on, raise_highest
from app.kernel.together import held
from app.kernel.writes import COUNT, insert_sql
from app.logging import log

PIECE = 2000


class Abandoned(Exception):
    """What was written ahead is taken back, with its rows of the plan: a row is wrong, or could not be written."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The insert of some rows, ready to be sent, and the kind of plan that suits it."""

    rows: int
    plan: str
    sql: str
    arguments: tuple[Any, ...]
    holds: Mapping[RecordType, set[str]]  # what is to be locked before, so that the statement need not look again


@dataclass
class Ahead:
    """The transaction of an import while its file is read: a piece under way, one that follows, one being checked."""

    asking: Asking
    import_id: str
    connection: Any
    lookup: Lookup
    written: int = 0
    plan: str = ""
    under_way: asyncio.Task[None] | None = None
    columns: dict[str, dict[str, None]] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)

    async def write(self, t: RecordType, rows: Sequence[tuple[int, Planned]]) -> None:
        """Takes new rows of one sheet, each with its place in the plan, that refer to no row not written yet."""
        for low in range(0, len(rows), PIECE):
            piece = await asyncio.to_thread(self._piece, t, rows[low : low + PIECE])
            await self._follow(self._write(piece))

    async def finish(self, t: RecordType) -> None:
        """Writes what is left of a type in the plan: changes, rows to be numbered, rows that refer to one another."""
        highest, self.highest = self.highest, {}
        await self._follow(self._finish(t, highest))

    async def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Has work done once what is under way is done, and waits for that. Raises Abandoned if that was refused."""

        async def in_turn() -> None:
            try:
                if before:
                    await before
            except BaseException:
                work.close()
                raise
            await work

        before, self.under_way = self.under_way, asyncio.create_task(in_turn())
        if before:
            with self._abandoning():
                await asyncio.shield(before)

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

    def _piece(self, t: RecordType, rows: Sequence[tuple[int, Planned]]) -> Piece:
        """The insert of these rows and of the plan's; made while the piece before is still under way."""
        known = self.columns.setdefault(t.path, {})
        values = [p.values for _, p in rows]
        known.update(dict.fromkeys(chain.from_iterable(values)))
        numbers = [p.number for _, p in rows if p.number]
        raise_highest(self.highest, numbers)
        ids = [f.id_column for f in t.references if f.copied is None and not f.many]
        typed = tuple(dict.fromkeys((*ids, *(c for c in known if c not in t.list_columns))))
        columns = {c: stored_column(t, c, values) for c in typed}
        found = self._found(t, columns)
        varies, arguments = travelling((
            [p.record_id for _, p in rows],
            numbers,
            [p.state for _, p in rows],
            [p.line for _, p in rows],
            [place for place, _ in rows],
            lists_of(t, values),
            *columns.values(),
            *found.values(),
        ))  # fmt: skip
        typed += tuple(t.reference(name).number_column for name in found)
        source, planned = columns_source(t, typed, varies), PLANNED.format(path=t.path)
        given = commit.spelling(t, found=found)
        sql = insert_sql(t.name, self.asking.view, given, True, source, COUNT, typed, planned)
        # A plan made for any number of rows looks each reference up by itself; one made for these 2 000 hashes them.
        plan = "force_custom_plan" if given.joined() else "force_generic_plan"
        locked = {} if given.joined() else held(self.asking, t, given)
        context = self.asking.context("import", **locked)
        before = context, self.lookup.jurisdiction, rows[0][1].sheet, self.import_id
        return Piece(len(rows), plan, sql, (*before, *arguments), self._not_held(t, columns) if locked else {})

    def _found(self, t: RecordType, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[str | None]]:
        """The numbers of what the rows refer to, where the check has found them and the caller sees every such record.

        What another field is copied from is looked up by the statement, and what has no number yet.
        """
        taken = {f.copied[0] for f in t.fields if f.copied}
        found: dict[str, list[str | None]] = {}
        for f in t.references:
            seen = self.asking.caller.importing or self.asking.view.target(f)[1].sees_every
            if f.copied or f.many or f.name in taken or not seen:
                continue
            ids = columns[f.id_column]
            numbers = {i: self.lookup.number_of(f.to, i) for i in {*ids} - {None}}
            if None not in numbers.values():
                found[f.name] = list(map(numbers.get, ids))
        return found

    def _not_held(self, t: RecordType, columns: Mapping[str, Sequence[Any]]) -> dict[RecordType, set[str]]:
        """The records that these rows refer to and no rows before them did."""
        found: dict[RecordType, set[str]] = {}
        for f in t.references:
            held = self.held.setdefault(f.to, set())
            new = {*columns[f.id_column]} - held - {None}
            held |= new
            found.setdefault(self.asking.ledger.registry.by_path[f.to], set()).update(new)
        return found

    async def _write(self, piece: Piece) -> None:
        await self._plan_by(piece.plan)
        for t, ids in piece.holds.items():
            await self._hold(t, ids)
        if await self.connection.fetchval(piece.sql, *piece.arguments) != piece.rows:
            raise Refusal("plan_moved")
        self.written += piece.rows

    async def _hold(self, t: RecordType, ids: set[str]) -> None:
        """Keeps records from being voided until the import ends."""
        locked = f"""select count(*) from (select 1 from {t.table} t where t.id = any($2::uuid[])
          and t.jurisdiction = $3 and t.state <> 'voided' and {GATE} for key share) x"""
        arguments = self.asking.context(), list(ids), self.lookup.jurisdiction
        if ids and await self.connection.fetchval(locked, *arguments) != len(ids):
            raise Refusal("plan_moved")

    async def _finish(self, t: RecordType, highest: Mapping[str, int]) -> None:
        await self._plan_by("force_custom_plan")
        await move_on(self.asking, self.connection, t, self.lookup.jurisdiction, highest)
        self.written += await commit.finish(self.asking, self.connection, t, self.import_id)

    async def _plan_by(self, plan: str) -> None:
        if plan != self.plan:
            await self.connection.execute(f"set local plan_cache_mode = {plan}")
            self.plan = plan


@asynccontextmanager
async def writing_ahead(asking: Asking, import_id: str, lookup: Lookup) -> AsyncIterator[Ahead]:
    """A transaction that lives as long as the block; what leaves the block as an exception takes it back."""
    async with asking.connection(transaction=True) as connection:
        ahead = Ahead(asking, import_id, connection, lookup)
        try:
            yield ahead
        finally:
            await ahead.left()
