"""Puts back what one transaction of an import has written: the import itself (undo), or its undo (redo).

Every record gets a new version with what stood before; a new record is voided. What cannot be put back is left alone:
what others have changed since, what live records of others refer to, and what hangs together with such a record. Which
these are is worked out in `import_undo`, by a few statements for each type, before anything is written.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import asyncpg
import orjson

from app.db.context import GUARD
from app.imports.apply.reverted_rows import CHANGED_SINCE, COLLECT, LEFT_WITH_CAUSE, LEFT_WITH_EFFECT, REFUSED
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql import revert as sql
from app.kernel.store import RequestContext, apply_effects

ROWS_PER_STATEMENT = 5000
REASONS = {"undo": "撤销导入 {}", "redo": "恢复已撤销的导入 {}"}
# Each record is looked up by its key. Otherwise Postgres, which knows no counts of `import_undo`, may read whole tables
# for every 5000 rows.
BY_KEYS = "set local enable_hashjoin = off; set local enable_mergejoin = off"
BY_CHOICE = "set local enable_hashjoin = on; set local enable_mergejoin = on"
Progress = Callable[[int, int], Awaitable[None]]  # records written, and records in all


class _Refused(Exception):
    """The database has refused rows that were to be put back: by a rule that is asked when a row is written."""

    def __init__(self, places: list[int]) -> None:
        self.places = places


@dataclass(frozen=True)
class Revert:
    """One undo or redo, in a transaction of the caller.

    imported_in  the transaction of the import
    written_in   the transaction whose writes are put back: that of the import, or that of its undo
    action       undo or redo, as revisions call it
    """

    ctx: RequestContext
    connection: Any
    import_id: str
    imported_in: str
    written_in: str
    action: str
    progress: Progress

    @cached_property
    def _context(self) -> str:
        return self.ctx.context(self.action, reason=REASONS[self.action].format(self.import_id))

    async def run(self) -> dict[str, int]:
        """Put back what can be put back. Returns the counts of what was, and of what was left alone."""
        async with self.ctx.as_system(self.connection):
            await self._execute("delete from import_undo u where u.import_id = $2::uuid and " + GUARD)
            await self._execute(COLLECT, self.written_in, self.imported_in)
            types = await self._types()
            for t in types:
                await self._execute(sql.lock_sql(t))
            await self._execute(CHANGED_SINCE)
        for t in types:
            await self._mark_unseen(t)
        async with self.ctx.as_system(self.connection):
            while True:
                await self._leave_alone_what_hangs_together(types)
                try:
                    async with self.connection.transaction():
                        await self._write(types)
                    break
                except _Refused as refused:  # what hangs together with these is left alone as well
                    refuse = f"update import_undo u set problem = '{REFUSED}' where u.import_id = $2::uuid"
                    await self._execute(f"{refuse} and u.n = any($3::int[]) and {GUARD}", refused.places)
        for t in types:
            await self._apply_effects(t)
        return await self._counts()

    async def _execute(self, text: str, *arguments: Any) -> int:
        """Run a statement; return how many rows it has changed."""
        done: str = await self.connection.execute(text, self._context, self.import_id, *arguments)
        return int(done.rpartition(" ")[2])

    async def _types(self) -> list[RecordType]:
        found = await self.connection.fetch(
            f"select distinct u.type from import_undo u where u.import_id = $2::uuid and {GUARD}",
            self._context, self.import_id,
        )  # fmt: skip
        named = {row["type"] for row in found}
        return [t for t in self.ctx.runtime.registry if t.path in named]

    async def _mark_unseen(self, t: RecordType) -> None:
        """Leave alone what the caller, by its rights of now, does not see or may not import."""
        if not self.ctx.imports(t):
            not_permitted = f"update import_undo u set problem = '{sql.NOT_AVAILABLE}' where u.import_id = $2::uuid"
            await self._execute(f"{not_permitted} and u.type = $3 and u.direct and {GUARD}", t.path)
        elif not (self.ctx.caller.importing or self.ctx.right(t).sees_every):
            await self._execute(sql.unseen_sql(t))

    async def _leave_alone_what_hangs_together(self, types: list[RecordType]) -> None:
        """Mark what may not be put back because something else is not; again, until nothing more is found."""
        registry = self.ctx.runtime.registry
        judged = [
            text
            for t in types
            for text in (sql.referred_to_sql(t, registry), sql.refers_to_voided_sql(t, registry), sql.key_taken_sql(t))
            if text
        ]
        while True:
            marked = [await self._execute(text) for text in judged]
            marked += [await self._execute(text, self.written_in) for text in (LEFT_WITH_EFFECT, LEFT_WITH_CAUSE)]
            if not any(marked):
                return

    async def _write(self, types: list[RecordType]) -> None:
        """Void what was new, from those that refer to others to those referred to; then give the others their values.

        Raises _Refused.
        """
        await self.connection.execute(BY_KEYS)
        places = await self._places()
        total, written = sum(high - low for low, high in places.values()), 0
        refused: list[int] = []
        for t, text in self._statements(types):
            low, high = places.get(t.path, (0, 0))
            # Rows that refer to rows of their own type must be there together.
            size = max(high - low, 1) if any(f.to == t.path for f in t.references) else ROWS_PER_STATEMENT
            for first in range(low, high, size):
                refused += await self._written(text, first, min(first + size, high))
                written += min(size, high - first)
                await self.progress(written // 2, total)
        if refused:
            raise _Refused(refused)
        await self.connection.execute(BY_CHOICE)

    def _statements(self, types: list[RecordType]) -> Iterator[tuple[RecordType, str]]:
        yield from ((t, sql.void_sql(t)) for t in reversed(types))
        yield from ((t, sql.restore_sql(t)) for t in types)

    async def _places(self) -> dict[str, tuple[int, int]]:
        rows = await self.connection.fetch(
            "select u.type, min(u.n) - 1 as low, max(u.n) as high from import_undo u"
            f" where u.import_id = $2::uuid and u.problem is null and {GUARD} group by 1",
            self._context, self.import_id,
        )  # fmt: skip
        return {row["type"]: (row["low"], row["high"]) for row in rows}

    async def _written(self, text: str, low: int, high: int) -> list[int]:
        """Write the rows of these places. Returns the places that the database refuses, found by halving."""
        try:
            async with self.connection.transaction():
                await self._execute(text, low, high)
        except asyncpg.IntegrityConstraintViolationError:
            if high - low == 1:
                return [high]
            half = (low + high) // 2
            return [*await self._written(text, low, half), *await self._written(text, half, high)]
        return []

    async def _apply_effects(self, t: RecordType) -> None:
        """Move the records referred to where others of theirs changed since; elsewhere they are as they were before."""
        effects = (*t.lifecycle.effects_on_void, *t.lifecycle.effects_on_change)
        for f in (t.reference(name) for name in dict.fromkeys(e.reference for e in effects)):
            async with self.ctx.as_system(self.connection):
                rows = await self.connection.fetch(
                    sql.followed_sql(t, f), self._context, self.import_id, self.written_in
                )
            for row in rows:
                now, before = orjson.loads(row["row"]), orjson.loads(row["before"])
                await self._apply(t, f.name, row, now, {} if before["state"] == VOIDED else before)

    async def _apply(
        self, t: RecordType, name: str, row: Any, now: Mapping[str, Any], before: Mapping[str, Any]
    ) -> None:
        column = t.reference(name).id_column
        if now["state"] == VOIDED:
            due = [e for e in t.lifecycle.effects_on_void if e.reference == name]
        else:
            due = [e for e in t.lifecycle.effects_on_change if e.reference == name and e.follows(before, now, column)]
        await apply_effects(self.ctx, self.connection, t, due, row, self.action, before=before)

    async def _counts(self) -> dict[str, int]:
        async with self.ctx.as_system(self.connection):
            row = await self.connection.fetchrow(
                f"""select count(*) filter (where u.problem is null and u.direct) as records,
                count(*) filter (where u.problem is null and not u.direct) as followed,
                count(*) filter (where u.problem is not null and u.direct) as left_alone
                from import_undo u where u.import_id = $2::uuid and {GUARD}""",
                self._context, self.import_id,
            )  # fmt: skip
        return dict(row)
