"""Checking a file: its rows in batches become the plan, which is stored row by row and shown to its maker."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import Refusal
from app.imports.apply.streaming import Abandoned, Ahead
from app.imports.jobs import importable
from app.imports.mapping.batches import next_batch, read_batch, tables_in_turn
from app.imports.mapping.sheets import Source, Table
from app.imports.plan import match, plan_rows, resolve, row_check, self_references
from app.imports.plan.lookup import Lookup
from app.imports.plan.row_check import Planned
from app.imports.plan.type_info import shape
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.encryption import Clear, seal_values, store_sealed
from app.kernel.store import RequestContext

BATCH = 2000
FIRST = 500  # the first rows of a table are written all the sooner


@dataclass
class SheetReport:
    """What became of one sheet (contract section 3)."""

    sheet: str | None
    type: str | None
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    unknown_columns: list[str] = field(default_factory=list)
    skipped_because: str | None = None

    def document(self) -> dict[str, Any]:
        """The report as it is answered."""
        found = dict(self.__dict__)
        if self.skipped_because is None:
            found.pop("skipped_because")
        return found


@dataclass
class Check:
    """One check of one file: what it reads, whom it asks, what it has found so far."""

    ctx: RequestContext
    import_id: str
    lookup: Lookup
    allow_register: bool
    ahead: Ahead | None = None
    reports: list[SheetReport] = field(default_factory=list)
    rows_kept: int = 0
    uncertain: bool = False  # whether rows of the type are stored that no number kept apart when they were written
    headings: dict[str | None, Mapping[str, str]] = field(default_factory=dict)

    async def run(self, path: Path, source: Source, progress: Any) -> None:
        """Plans the whole file. Raises UnreadableFile."""
        under_way: RecordType | None = None
        async for table in tables_in_turn(path, source, self.ctx.runtime.registry):
            if table.type and not importable(self.ctx, table.type):
                raise Refusal("import_not_permitted", label=table.type.label)
            self.lookup.coming = source.present
            report = SheetReport(table.sheet, table.type.path if table.type else None)
            report.unknown_columns = table.unknown
            report.skipped_because = table.skipped
            if under_way and table.type is not under_way:
                await self._end(under_way)
                under_way = None
            self.reports.append(report)
            if table.type is None:
                continue
            if table.problem:
                planned = Planned(table.sheet, table.header_row, table.type, result="rejected")
                planned.errors.append(table.problem)
                await self._store([planned], report)
                continue
            under_way, self.headings[table.sheet] = table.type, table.headings
            await self._plan_table(table, report, progress)
        if under_way:
            await self._end(under_way)

    async def _end(self, t: RecordType) -> None:
        """All rows of a type are stored: those that stand for one record are rejected, the rest is written."""
        if self.uncertain and not shape(t).among_themselves:
            async with self._connection() as connection:
                doubles = await plan_rows.reject_doubles(self.ctx, connection, self.import_id, t.path, self.headings)
            self.lookup.forget(t, (r["record_id"] for r in doubles if r["result"] == "created"))
            for row in (r for r in doubles if r["result"] != "rejected"):
                report = next(r for r in self.reports if (r.sheet, r.type) == (row["sheet"], t.path))
                setattr(report, row["result"], getattr(report, row["result"]) - 1)
                report.rejected += 1
            self._abandon_if_rejected()
        self.uncertain = False
        if self.ahead:
            await self.ahead.finish(t)

    def _abandon_if_rejected(self) -> None:
        if self.ahead and any(r.rejected for r in self.reports):
            raise Abandoned

    @asynccontextmanager
    async def _connection(self, transaction: bool = False) -> AsyncIterator[Any]:
        """Where the plan is stored: the transaction in which rows are written ahead, if they are."""
        if self.ahead:
            async with self.ahead.free() as connection:
                yield connection
        else:
            async with self.ctx.connection(transaction) as connection:
                yield connection

    async def _plan_table(self, table: Table, report: SheetReport, progress: Any) -> None:
        """Batch after batch. While one is compared with what is there and stored, the next is read and checked."""
        assert table.type
        rows, size = iter(table.rows), None if shape(table.type).among_themselves else FIRST
        under_way: asyncio.Task[None] | None = None
        try:
            while batch := await asyncio.to_thread(next_batch, rows, size):
                if under_way and shape(table.type).own_ids:
                    await under_way  # a row may name one of the batch before, which is known once it is decided
                checked = await self._read_and_check(table, batch)
                if under_way:
                    await under_way
                under_way = asyncio.create_task(self._decide_and_store(table.type, *checked, report, progress))
                size = size and min(2 * size, BATCH)
            if under_way:
                await under_way
        except BaseException:
            if under_way:
                await asyncio.gather(under_way, return_exceptions=True)  # it must not write on behind our back
            raise

    async def _read_and_check(self, table: Table, batch: list[Any]) -> tuple[list[Planned], list[Any], list[Any]]:
        """The rows as they are planned, their checked values, and what of them is to be sealed."""
        assert table.type
        t = table.type
        planned, rows = await asyncio.to_thread(read_batch, table, batch, self.lookup.jurisdiction)
        await self.lookup.prepare(t, rows)
        if shape(t).among_themselves:
            self_references.announce(planned, rows, self.lookup)
        values, clear = await asyncio.to_thread(self._check, t, planned, rows)
        return planned, values, clear

    async def _decide_and_store(
        self, t: RecordType, planned: list[Planned], values: list[Any], clear: list[Any], report: SheetReport, told: Any
    ) -> None:
        existing = await match.existing(self.ctx, self.lookup.jurisdiction, t, planned, values)
        referenced = await match.referenced(self.ctx, self.lookup.jurisdiction, t, values, self.lookup)
        await asyncio.to_thread(self._decide, t, planned, values, existing, referenced)
        await self._put_away(clear)
        await self._store(planned, report)
        await told(sum(r.rows for r in self.reports), self.reports)

    def _check(
        self, t: RecordType, planned: list[Planned], rows: list[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], list[tuple[Planned, Clear]]]:
        schemas, known = self.ctx.runtime.schemas[t.path], shape(t)
        resolve.resolve(planned, rows, self.lookup)
        for p, row in zip(planned, rows, strict=True):
            if p.unreadable:
                continue
            if t.ledger.agrees:
                resolve.agree(p, row, self.lookup)
            row_check.read_number(p, row)
            if t.lifecycle.state_on_import and not p.errors:
                p.entered = t.lifecycle.state_on_import(row)
        values = row_check.check_values(planned, rows, schemas)
        clear: list[tuple[Planned, Clear]] = []
        for i, (p, checked) in enumerate(zip(planned, values, strict=True)):
            row_check.make_number(p, checked, self.lookup.jurisdiction)
            if known.sealed:
                values[i], opened = seal_values(self.ctx.runtime.seal, t, checked)
                clear += [(p, one) for one in opened]
            p.key = match.row_key(p, values[i])
        if known.among_themselves:
            self_references.reject_doubles(planned)
        return values, clear

    async def _put_away(self, clear: list[tuple[Planned, Clear]]) -> None:
        """A value is bound to its record, which is known by now; that of a row which writes nothing is kept nowhere."""
        kept = [(p.record_id, c) for p, c in clear if p.record_id and not p.errors and c.digest in p.values.values()]
        if not kept:
            return
        async with self._connection(transaction=True) as connection:
            ring = self.ctx.runtime.seal
            await store_sealed(connection, self.ctx.context(), ring, self.lookup.jurisdiction, kept)

    def _decide(self, t: RecordType, planned: list[Planned], values: list[Any], existing: Any, referenced: Any) -> None:
        awaited = self.lookup.awaited(t)
        for p, v, (found, clash), beside in zip(planned, values, existing, referenced, strict=True):
            if clash:
                p.reject("number", "key_in_use", label=t.label, number=clash)
            if p.errors:
                continue
            row_check.decide(p, v, found, allow_register=self.allow_register, lookup=self.lookup)
            row_check.warn(p, beside, found.values if found else None, {**found.values, **v} if found else v)
            if awaited and p.result == "created" and p.record_id and p.state:
                self.lookup.plan(t, p.record_id, p.number, p.state, p.values)
        if shape(t).among_themselves:
            self_references.reject_orphans(planned)
            gone = (p.record_id for p in planned if p.errors and p.record_id and p.version is None)
            self.lookup.forget(t, gone)

    async def _store(self, planned: list[Planned], report: SheetReport) -> None:
        for p in planned:
            p.result = "rejected" if p.errors else p.result
            setattr(report, p.result, getattr(report, p.result) + 1)
        report.rows += len(planned)
        self._abandon_if_rejected()
        ready: list[tuple[int, Planned]] = []
        rest: list[tuple[int, Planned]] = []
        for row in enumerate(planned, self.rows_kept + 1):
            (ready if self.ahead and _ready(row[1]) else rest).append(row)
        self.rows_kept += len(planned)
        if rest:
            self.uncertain = True
            async with self._connection() as connection:
                await plan_rows.store(self.ctx, connection, self.import_id, self.lookup.jurisdiction, rest)
        if self.ahead and ready:
            await self.ahead.write(planned[0].type, ready)


def _ready(p: Planned) -> bool:
    """Whether a row can be written at once: it has its number, refers to none of its own type, and nothing is odd."""
    own = shape(p.type).own_ids
    whole = p.result == "created" and p.number is not None and not p.warnings
    return whole and not (own and any(map(p.values.get, own)))
