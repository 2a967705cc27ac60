"""The check of a file: its rows become a plan, batch by batch. No record is written here.

The way of a batch: its cells are read (`mapping`), the records it refers to are found (`lookup`, `resolve`), its values
are checked (`validate`), it is decided what each row does (`decide`), and a `PlanSink` stores the rows.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from app.clock import now
from app.imports.mapping.columns import VERSION, RowProblem, read_rows
from app.imports.mapping.lines import read_lines
from app.imports.mapping.sheet_table import SheetTable
from app.imports.mapping.sheets import tables_in_thread
from app.imports.mapping.source import ImportSource
from app.imports.plan import decide, foreseen, plan_rows, resolve, self_references, validate
from app.imports.plan.base_versions import merged_by_version, take_out_untouched
from app.imports.plan.fallen import Cause, calls
from app.imports.plan.lookup import Lookup, Match
from app.imports.plan.merge import implied_state, merge
from app.imports.plan.plan_rows import PlanSink, SheetReport, report_of
from app.imports.plan.planned_row import CheckedBatch, PlannedRow
from app.imports.plan.sealed_values import store_sealed_values
from app.imports.plan.type_info import not_permitted, type_info
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.encryption import Clear, seal_values
from app.kernel.store import RequestContext

BATCH_ROWS = 2000
FIRST_BATCH_ROWS = 500  # a smaller first batch of a table, so that Postgres begins to write sooner
CheckProgress = Callable[[int, list[SheetReport]], Awaitable[None]]  # rows checked so far


@dataclass
class FileCheck:
    """One check of one file."""

    ctx: RequestContext
    import_id: str
    lookup: Lookup
    allow_register: bool  # rows may change names in registers
    sink: PlanSink
    reports: list[SheetReport] = field(default_factory=list)
    rows_planned: int = 0
    doubles_possible: bool = False  # two rows of the current type may stand for one record
    headings: dict[str | None, Mapping[str, str]] = field(default_factory=dict)  # of each sheet

    async def run(self, path: Path, source: ImportSource, progress: CheckProgress) -> None:
        """Plan the whole file. Raises UnreadableFile. Refuses with `import_not_permitted`."""
        current: RecordType | None = None
        async for table in tables_in_thread(path, source, self.ctx.runtime.registry):
            if table.guessed and table.type and not self.ctx.imports(table.type):
                table.type, table.skipped_because, table.proposal = None, "unknown_sheet", {}
            if table.type and not self.ctx.imports(table.type):
                raise not_permitted(self.ctx, table.type, source.types or frozenset())
            self.lookup.types_in_file = source.types
            report = report_of(table)
            if current and table.type is not current:
                await self._end_type(current)
                current = None
            self.reports.append(report)
            if table.type is None:
                continue
            if table.problem:
                await self._put_problem(table, table.type, table.problem, report)
                continue
            current, self.headings[table.sheet] = table.type, table.headings
            await self._plan_table(table, report, progress)
        if current:
            await self._end_type(current)
        await self.sink.drain()

    async def _end_type(self, t: RecordType) -> None:
        """All rows of a type are put: reject those that stand for one record, and let the sink write the rest."""
        if self.doubles_possible and not type_info(t).self_referencing:
            async with self.sink.plan_connection() as connection:
                doubles = await plan_rows.reject_doubles(self.ctx, connection, self.import_id, t.path, self.headings)
            self.lookup.note_doubles(t, doubles)
            self.lookup.remove_planned(t, (r["record_id"] for r in doubles if r["result"] == "created"))
            for row in (r for r in doubles if r["result"] != "rejected"):
                report = next(r for r in self.reports if (r.sheet, r.type) == (row["sheet"], t.path))
                report.count(row["result"], -1)
                report.count("rejected")
            if any(r.rejected for r in self.reports):
                self.sink.row_rejected()
        self.doubles_possible = False
        await self.sink.end_type(t)

    async def _plan_table(self, table: SheetTable, report: SheetReport, progress: CheckProgress) -> None:
        """Two batches are under way: while one is decided and stored, the next is read and checked.

        So Postgres works while Python reads. A batch waits for the one before only where a row may refer to a row of
        that one, whose record is not known before it is decided.
        """
        assert table.type
        rows, info = iter(table.rows), type_info(table.type)
        size = None if info.self_referencing else FIRST_BATCH_ROWS
        under_way: asyncio.Task[None] | None = None
        try:
            while batch := await asyncio.to_thread(list, islice(rows, size)):  # all that remain if no size is given
                if under_way and (info.own_ids or table.missing):
                    await under_way
                if table.problem:
                    break
                checked = await self._read_and_check(table, table.type, batch)
                if under_way:
                    await under_way
                under_way = asyncio.create_task(self._decide_and_put(table, checked, report, progress))
                size = size and min(2 * size, BATCH_ROWS)
            if under_way:
                await under_way
        except BaseException:
            if under_way:
                await asyncio.gather(under_way, return_exceptions=True)  # it must not go on writing after the failure
            raise

    async def _read_and_check(self, table: SheetTable, t: RecordType, batch: list[tuple[int, Any]]) -> CheckedBatch:
        planned, rows = await asyncio.to_thread(self._read, table, t, batch)
        await self.lookup.prepare(t, rows)
        if any(p.merge for p in planned):
            await take_out_untouched(planned, rows, self.lookup)
        if type_info(t).self_referencing:
            self_references.announce(planned, rows, self.lookup)
        return await asyncio.to_thread(self._check, t, planned, rows)

    def _read(
        self, table: SheetTable, t: RecordType, batch: list[tuple[int, Any]]
    ) -> tuple[list[PlannedRow], list[dict[str, Any]]]:
        """The rows to be planned, and their values as written."""
        raws = [raw for _, raw in batch]
        read: Iterator[tuple[dict[str, Any] | None, Any]]
        if table.headings:
            read = read_rows(t, raws, table.headings, table.units)
        else:
            read = read_lines(t, raws, self.lookup.jurisdiction)
        planned: list[PlannedRow] = []
        rows: list[dict[str, Any]] = []
        for (line, raw), (values, problems) in zip(batch, read, strict=True):
            p = PlannedRow(table.sheet, line, t, table.headings, problems, unreadable=values is None)
            if values and VERSION.name in values:
                p.merge = merged_by_version(values, table.headings, raw)
            for doubt in table.doubts.pop(line, ()) if table.doubts else ():
                said = p.warnings if doubt.warning else p.errors
                said.append(RowProblem(doubt.column, doubt.code, doubt.params))
            planned.append(p)
            rows.append({} if values is None else values)
        return planned, rows

    def _check(self, t: RecordType, planned: list[PlannedRow], rows: list[dict[str, Any]]) -> CheckedBatch:
        """Resolve references and check values; errors go into the planned rows. Runs in a thread."""
        info, referable = type_info(t), self.lookup.may_be_referenced(t)
        resolve.resolve(planned, rows, self.lookup)
        for p, row in zip(planned, rows, strict=True):
            if p.unreadable:
                continue
            if t.ledger.agrees:
                resolve.require_agreement(p, row, self.lookup)
            validate.read_number(p, row)
            validate.warn_of_contradictions(p, row)
            if (imply := t.lifecycle.state_on_import) and not p.errors:
                p.state_on_import = implied_state(p, row) if p.merge else imply(row)
        values = validate.validate_rows(planned, rows, self.ctx.runtime.schemas[t.path])
        clear: list[tuple[PlannedRow, Clear]] = []
        for i, (p, checked) in enumerate(zip(planned, values, strict=True)):
            validate.make_number(p, checked, self.lookup.jurisdiction)
            if info.sealed:
                values[i], opened = seal_values(self.ctx.runtime.seal, t, checked)
                clear += [(p, one) for one in opened]
            p.key = decide.row_key(p, values[i])
            if referable:
                p.called = calls(t, p.number, rows[i])
        if info.self_referencing:
            self_references.reject_doubles(planned)
        return CheckedBatch(planned, values, clear)

    async def _decide_and_put(
        self, table: SheetTable, batch: CheckedBatch, report: SheetReport, progress: CheckProgress
    ) -> None:
        planned, t = batch.planned, batch.planned[0].type
        matches = await decide.matching_records(t, planned, batch.values, self.lookup)
        if table.missing and not report.rows and not any(record for record, _ in matches):
            table.problem = table.missing  # one sentence for a sheet of which every row would create
            await self._put_problem(table, t, table.missing, report)
            return
        if any(p.merge for p in planned):
            merge(batch, matches, self.lookup)
        referenced = await validate.read_for_rule(t, batch.values, matches, self.lookup)
        await asyncio.to_thread(self._decide, t, batch, matches, referenced)
        if batch.clear:
            await store_sealed_values(self.lookup, self.sink, batch)
        await self._put(batch.planned, report)
        await progress(sum(r.rows for r in self.reports), self.reports)

    def _decide(
        self, t: RecordType, batch: CheckedBatch, matches: list[Match], referenced: list[dict[str, Any]]
    ) -> None:
        """Decide what each row does, and run the type's rule. Runs in a thread."""
        may_be_referenced, today = self.lookup.may_be_referenced(t), now().date().isoformat()
        for p, values, (record, clash), of_rule in zip(batch.planned, batch.values, matches, referenced, strict=True):
            if clash:
                p.reject("number", "key_in_use", label=t.label, number=clash)
            if p.lacking and record is None:
                p.refuse_lacking()
            if p.errors:
                continue
            decide.decide(p, values, record, self.lookup, self.allow_register)
            validate.warn_of_days(p, values, self.lookup, today)
            if self.lookup.retired:
                resolve.refuse_retired(p, record, self.lookup)
            if self.lookup.foreseen:
                of_rule = foreseen.applied(p, values, record, of_rule, self.lookup)
            validate.check_rule(p, values, record, of_rule)
            if p.errors:
                continue
            if t.lifecycle.effects_on_create:
                foreseen.note(p, record, self.lookup)
            if may_be_referenced and p.result == "created" and p.record_id and p.state:
                self.lookup.add_planned(t, p.record_id, p.number, p.state, p.values)
        if type_info(t).self_referencing:
            self_references.reject_circles(batch.planned, self.lookup)
            self_references.reject_orphans(batch.planned)
            rejected = (p.record_id for p in batch.planned if p.errors and p.record_id and p.version is None)
            self.lookup.remove_planned(t, rejected)

    async def _put_problem(self, table: SheetTable, t: RecordType, problem: RowProblem, report: SheetReport) -> None:
        self.lookup.fallen.sheets.setdefault(t.path, Cause(table.sheet, None))
        await self._put([PlannedRow(table.sheet, table.header_row, t, errors=[problem])], report)

    async def _put(self, planned: list[PlannedRow], report: SheetReport) -> None:
        if any(p.errors for p in planned):
            self.lookup.fallen.say_what_follows(planned, self.rows_planned + 1)
        for p in planned:
            p.result = "rejected" if p.errors else p.result
        for result, count in Counter(p.result for p in planned).items():
            report.count(result, count)
        report.rows += len(planned)
        report.warned += sum(bool(p.warnings) for p in planned)
        if report.rejected:
            self.sink.row_rejected()
        doubles_possible = await self.sink.put(list(enumerate(planned, self.rows_planned + 1)))
        self.rows_planned += len(planned)
        self.doubles_possible = self.doubles_possible or doubles_possible
