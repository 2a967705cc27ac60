"""Checking a file: its rows in batches become the plan, which is stored row by row and shown to its maker."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from app.db.context import GATE
from app.imports import matching, plan, siblings
from app.imports.columns import Problem, names_of_references, read_row
from app.imports.lookup import Lookup
from app.imports.plan import Planned
from app.imports.sources import Source, Table, tables
from app.kernel.asking import Asking
from app.kernel.record_type import RecordType
from app.kernel.sealing import Clear, seal_values, store_sealed
from app.sentences import SENTENCES

BATCH = 2000


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

    asking: Asking
    import_id: str
    jurisdiction: str
    allow_register: bool
    lookup: Lookup
    reports: list[SheetReport] = field(default_factory=list)
    written: int = 0

    async def run(self, path: Path, source: Source, progress: Any) -> None:
        """Plans the whole file. Raises UnreadableFile."""
        async for table in _tables(path, source, self.asking.ledger.registry):
            report = SheetReport(table.sheet, table.type.path if table.type else None)
            report.unknown_columns = table.unknown
            report.skipped_because = table.skipped
            self.reports.append(report)
            if table.type is None:
                continue
            if table.problem:
                planned = Planned(table.sheet, table.header_row, table.type, result="rejected")
                planned.errors.append(table.problem)
                await self._store([planned], report)
                continue
            seen: dict[Any, Planned] = {}
            rows, size = iter(table.rows), None if _among_themselves(table.type) else BATCH
            while batch := await asyncio.to_thread(_next, rows, size):
                await self._plan(table, batch, report, seen)
                await progress(sum(r.rows for r in self.reports), self.reports)

    async def _plan(self, table: Table, batch: list[Any], report: SheetReport, seen: dict[Any, Planned]) -> None:
        assert table.type
        t = table.type
        planned, rows = await asyncio.to_thread(lambda: _read(table, batch, self.jurisdiction))
        await self.lookup.prepare(t, rows)
        model = self.asking.ledger.schemas[t.path].ledger
        values: list[dict[str, Any]] = []
        clear: list[tuple[Planned, Clear]] = []
        if _among_themselves(t):
            siblings.announce(planned, rows, self.lookup)
        for p, row in zip(planned, rows, strict=True):
            if p.unreadable:
                values.append({})
                continue
            plan.resolve(p, row, self.lookup)
            plan.agree(p, row, self.lookup)
            plan.read_number(p, row)
            if t.lifecycle.entered and not p.errors:
                p.entered = t.lifecycle.entered(row)
            checked = plan.check_values(p, row, model)
            plan.make_number(p, checked, self.jurisdiction)
            stored, open_values = seal_values(self.asking.ledger.seal, t, checked)
            values.append(stored)
            clear += [(p, one) for one in open_values]
        existing = await matching.existing(self.asking, self.jurisdiction, t, planned, values)
        carried = await matching.carried(self.asking, self.jurisdiction, t, values, self.lookup)
        late = await self._decide(t, planned, values, existing, carried, seen)
        # A value is bound to its record, which is known by now; that of a row which writes nothing is kept nowhere.
        kept = [(p.record_id, c) for p, c in clear if p.record_id and not p.errors and c.digest in p.values.values()]
        if kept:
            async with self.asking.connection(transaction=True) as connection:
                ring = self.asking.ledger.seal
                await store_sealed(connection, self.asking.context(), ring, self.jurisdiction, kept)
        await self._store(planned, report)
        for earlier in late:
            await self._reject_again(earlier, report)

    async def _decide(
        self,
        t: RecordType,
        planned: list[Planned],
        values: list[Any],
        existing: Any,
        carried: Any,
        seen: dict[Any, Planned],
    ) -> list[Planned]:
        late, here = [], set(map(id, planned))
        for i, (p, v) in enumerate(zip(planned, values, strict=True)):
            key = matching.row_key(t, p, v)
            first = seen.setdefault(key, p) if key is not None else p
            if first is not p:
                p.reject("number", "row_twice", row=first.line)
                first.reject("number", "row_twice", row=p.line)
                if id(first) not in here:
                    late.append(first)
            found, clash = existing[i]
            if clash:
                p.reject("number", "key_in_use", label=t.label, number=clash)
            if not p.errors:
                plan.decide(p, v, found, allow_register=self.allow_register, lookup=self.lookup)
                plan.warn(p, carried[i], found.values if found else None, {**(found.values if found else {}), **v})
                if p.result == "created" and p.record_id and p.state:
                    known = {"jurisdiction": self.jurisdiction, **p.values}
                    self.lookup.plan(t, p.record_id, p.number, p.state, known)
        if _among_themselves(t):
            siblings.reject_orphans(planned)
        return late

    async def _store(self, planned: list[Planned], report: SheetReport) -> None:
        for p in planned:
            p.result = "rejected" if p.errors else p.result
            setattr(report, p.result, getattr(report, p.result) + 1)
        report.rows += len(planned)
        rows = [
            (
                p.sheet, p.line, p.type.path, p.result, p.record_id, p.version, p.number, p.state,
                orjson.dumps(p.values).decode(), _texts(p.errors), _texts(p.warnings), orjson.dumps(p.changes).decode(),
            )
            for p in planned
        ]  # fmt: skip
        columns = list(zip(*rows, strict=True))
        async with self.asking.connection() as connection:
            await connection.execute(
                f"""insert into import_row (import_id, n, maker, jurisdiction, sheet, line_number, type, result,
                    record_id,
                    version, number, state, "values", errors, warnings, changes)
                select $2::uuid, $3::int + x.n, ledger_caller() ->> 'sub', $4, x.sheet, x.line, x.type, x.result,
                    x.record_id, x.version, x.number, x.state, x.v::jsonb, x.e::jsonb, x.w::jsonb, x.c::jsonb
                from unnest($5::text[], $6::int[], $7::text[], $8::text[], $9::uuid[], $10::int[], $11::text[],
                    $12::text[], $13::text[], $14::text[], $15::text[], $16::text[]) with ordinality
                    x(sheet, line, type, result, record_id, version, number, state, v, e, w, c, n) where {GATE}""",
                self.asking.context(), self.import_id, self.written, self.jurisdiction, *columns,
            )  # fmt: skip
        self.written += len(planned)
        for p in planned:  # only its line and its errors are asked for again, if a double follows
            p.values, p.warnings, p.changes = {}, [], []

    async def _reject_again(self, p: Planned, report: SheetReport) -> None:
        """A row stored earlier turns out to have a double further down."""
        async with self.asking.connection() as connection:
            old = await connection.fetchval(
                f"""with before as (select import_id, n, result from import_row where import_id = $2 and type = $3
                    and sheet is not distinct from $4 and line_number = $5 and {GATE})
                update import_row r set result = 'rejected', errors = $6::text::jsonb from before
                where r.import_id = before.import_id and r.n = before.n and {GATE} returning before.result""",
                self.asking.context(), self.import_id, p.type.path, p.sheet, p.line, _texts(p.errors),
            )  # fmt: skip
        if old and old != "rejected":
            setattr(report, old, getattr(report, old) - 1)
            report.rejected += 1


def _next(rows: Iterator[Any], size: int | None) -> list[Any]:
    return list(islice(rows, size))


def _among_themselves(t: RecordType) -> bool:
    """Whether rows of this type may refer to one another: such a sheet is planned as a whole."""
    return any(f.to == t.path and not f.set_by for f in t.references)


def _texts(problems: Iterable[Problem]) -> str:
    return orjson.dumps(
        [{"column": p.column, "code": p.code, "params": dict(p.params), "allowed": p.allowed} for p in problems],
        default=str,
    ).decode()


def told(problems: Any, tongue: str) -> list[dict[str, Any]]:
    """Stored problems with their sentences, as an import's rows answer them."""
    items = []
    for p in problems:
        item = {"column": p["column"], "code": p["code"], "message": SENTENCES[p["code"]].say(tongue, p["params"])}
        items.append({**item, "allowed": p["allowed"]} if p["allowed"] else item)
    return items


def _read(table: Table, batch: list[tuple[int, Any]], jurisdiction: str) -> tuple[list[Planned], list[dict[str, Any]]]:
    assert table.type
    internal = names_of_references(table.type)
    planned, rows = [], []
    for line, raw in batch:
        p = Planned(table.sheet, line, table.type, table.headings)
        if table.headings:
            values, problems = read_row(table.type, raw, table.headings, table.units)
            p.errors += problems
        elif isinstance(raw, Mapping):
            values = {k: v for k, v in raw.items() if v is not None and k not in ("type", "jurisdiction")}
            for name in internal & values.keys():
                p.reject(name, "unknown_member", name=name)
                values.pop(name)
            if raw.get("jurisdiction", jurisdiction) not in (None, jurisdiction):
                p.reject("jurisdiction", "jurisdiction_outside")
        else:
            values = {}
            p.unreadable = True
            p.errors.append(Problem(None, f"line_{raw.code}"))
        planned.append(p)
        rows.append(values)
    return planned, rows


async def _tables(path: Path, source: Source, registry: Any) -> AsyncIterator[Table]:
    """Tables in the order of the registry, read in a thread so that requests go on being answered."""
    found: Iterator[Table] = await asyncio.to_thread(lambda: iter(tables(path, source, registry)))
    while (table := await asyncio.to_thread(lambda: next(found, None))) is not None:
        yield table
