"""The plan in the database: one row of import_row for each row of the file. Where a plan is stored (`PlanSink`)."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, islice
from typing import Any, Protocol

import orjson

from app.db.context import GUARD
from app.imports.mapping.columns import RowProblem
from app.imports.mapping.sheet_table import SheetTable
from app.imports.plan.planned_row import PlannedRow
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.arrays import packed_arguments, unnested, varying
from app.kernel.store import RequestContext

MOST_LEFT_OUT = 100  # rows of a sheet of which the import tells that they are no entries
CONFLICT, CONFLICT_UNSEEN = "changed_by_both", "changed_by_both_unseen"  # the first shows what the record held
MOST_TWINS = 10  # of one record that a row names
NumberedRows = Sequence[tuple[int, PlannedRow]]  # each row with its place in the plan

# Added to a statement, it commits without waiting for the disk, which a plan and the progress of its import need not:
# after a crash the import has failed anyway. The commit of the records waits, and makes all earlier ones durable too.
NO_WAIT_FOR_DISK = "(select set_config('synchronous_commit', 'off', true)) is not null"


class PlanSink(Protocol):
    """Takes the rows of a plan, in the order of the file, as they are decided."""

    rows_written: int  # records written already, for the progress bar

    async def put(self, rows: NumberedRows) -> bool:
        """Store the rows of one sheet. True if two rows of one record could be among those stored so far."""

    def row_rejected(self) -> None:
        """Called when a row is rejected. Raises where one rejected row refuses the whole file."""

    async def end_type(self, t: RecordType) -> None:
        """All rows of a type have been put."""

    async def drain(self) -> None:
        """Wait until everything put so far is stored."""

    def plan_connection(self, transaction: bool = False) -> AbstractAsyncContextManager[Any]:
        """The connection on which the plan is stored."""


@dataclass
class StoredPlan:
    """The sink of previews and of `skip_rows`: every row is stored, with its values, to be committed later."""

    ctx: RequestContext
    import_id: str
    jurisdiction: str
    rows_written: int = 0

    async def put(self, rows: NumberedRows) -> bool:
        """Store the rows at once."""
        async with self.plan_connection() as connection:
            await store(self.ctx, connection, self.import_id, self.jurisdiction, rows)
        return True

    def row_rejected(self) -> None:
        """A rejected row is stored like any other."""

    async def end_type(self, t: RecordType) -> None:
        """Nothing is left to do."""

    async def drain(self) -> None:
        """Nothing is under way."""

    @asynccontextmanager
    async def plan_connection(self, transaction: bool = False) -> AsyncIterator[Any]:
        """A connection of the pool for a statement, so that none is held while rows are checked."""
        async with self.ctx.connection(transaction=transaction) as connection:
            yield connection


# What is stored of a row, in this order: the name in the statement, and its type.
_COLUMNS = (
    ("n", "int"), ("line", "int"), ("result", "text"), ("record_id", "uuid"), ("version", "int"), ("number", "text"),
    ("state", "text"), ("key", "text"), ("follows", "int"), ("v", "jsonb"), ("m", "jsonb"), ("e", "jsonb"),
    ("w", "jsonb"), ("c", "jsonb"),
)  # fmt: skip


@cache
def _store_sql(varies: tuple[bool, ...], in_transaction: bool) -> str:
    """The insert of rows that differ in these columns. `in_transaction`: somebody else waits for the disk."""
    (place, *plain), rows = unnested(_COLUMNS, varies, 6)
    plain, lists = plain[:-3], (f"coalesce({x}, '[]')" for x in plain[-3:])
    return f"""insert into import_row (import_id, n, belongs_to, jurisdiction, sheet, type, line_number, result,
    record_id, version, number, state, key, follows, "values", merged, errors, warnings, changes)
  select $2::uuid, {place}, (select caller_ownership()), $3, $4, $5, {", ".join((*plain, *lists))}
  from {rows} where {GUARD}{"" if in_transaction else f" and {NO_WAIT_FOR_DISK}"}"""


async def store(ctx: RequestContext, connection: Any, import_id: str, jurisdiction: str, rows: NumberedRows) -> None:
    """Insert rows of one sheet. They travel packed, column by column (kernel/sql/arrays.py)."""
    columns = [*zip(
        *(
            (
                place, p.line, p.result, p.record_id, p.version, p.number, p.state, p.key,
                p.follows,
                orjson.dumps(p.values).decode() if p.result in ("created", "updated") else None,
                merged_json(p),
                problems_json(p.errors) if p.errors else None,
                problems_json(p.warnings) if p.warnings else None,
                orjson.dumps(p.changes).decode() if p.changes else None,
            )
            for place, p in rows
        ),
        strict=True,
    )]  # fmt: skip
    varies = varying(columns)
    arguments = packed_arguments(columns, varies)
    _, p = rows[0]
    sql = _store_sql(varies, connection.is_in_transaction())
    await connection.execute(sql, ctx.context(), import_id, jurisdiction, p.sheet, p.type.path, *arguments)


async def clear(ctx: RequestContext, import_id: str) -> None:
    """Remove what an interrupted check of the import has stored: it is checked anew."""
    async with ctx.connection() as connection:
        await connection.execute(f"delete from import_row where import_id = $2 and {GUARD}", ctx.context(), import_id)


# A part of the statement that inserts new records (apply/chunks.py): it also inserts their rows of the plan, without
# the values. So the rows travel once, and their values are stored once.
INSERT_BESIDE_RECORDS = """, planned as (insert into import_row (import_id, n, belongs_to, jurisdiction, sheet, type,
    line_number, result, record_id, number, state, key)
  select $4::uuid, resolved.place, (select caller_ownership()), resolved.jurisdiction, $3::text, '{path}',
    resolved.line_number, 'created', resolved.id, resolved.number, resolved.state, resolved.number from resolved)"""


async def reject_doubles(
    ctx: RequestContext, connection: Any, import_id: str, path: str, headings: Mapping[str | None, Mapping[str, str]]
) -> list[Any]:
    """Reject the rows of a type that stand for one record, each naming the other. Returns them as they were before.

    Postgres finds them by `key` once all rows of the type are stored, so that the process remembers nothing of a row.
    """
    rows = await connection.fetch(
        f"""with twice as (select key from import_row
            where import_id = $2 and type = $3 and key is not null and {GUARD} group by key having count(*) > 1)
        select r.n, r.sheet, r.line_number, r.result, r.record_id::text, r.key from import_row r join twice
        using (key) where r.import_id = $2 and r.type = $3 and {GUARD} order by r.key, r.n""",
        ctx.context(), import_id, path,
    )  # fmt: skip
    if not rows:
        return []
    errors = []
    for _, group in groupby(rows, key=lambda r: r["key"]):
        rows_of_key = list(group)
        for row in rows_of_key:
            others = [other for other in rows_of_key[: MOST_TWINS + 1] if other is not row]
            errors.append((row["n"], _row_twice(headings, row, others[:MOST_TWINS])))
    await connection.execute(
        f"""update import_row r set result = 'rejected', "values" = null, errors = r.errors || x.e::jsonb
        from unnest($3::int[], $4::text[]) x(n, e) where r.import_id = $2 and r.n = x.n and {GUARD}""",
        ctx.context(), import_id, *zip(*errors, strict=True),
    )  # fmt: skip
    return list(rows)


def _row_twice(headings: Mapping[str | None, Mapping[str, str]], row: Any, others: Iterable[Any]) -> str:
    column = headings.get(row["sheet"], {}).get("number", "number")
    return problems_json(row_twice(column, row["sheet"], other["sheet"], other["line_number"]) for other in others)


def row_twice(column: str | None, sheet: str | None, other_sheet: str | None, row: int) -> RowProblem:
    """Says of a row that another is the same record; where that stands on another sheet, on which."""
    if sheet == other_sheet:
        return RowProblem(column, "row_twice", {"row": row})
    return RowProblem(column, "row_twice_on_sheet", {"sheet": other_sheet or "—", "row": row})


def merged_json(p: PlannedRow) -> str | None:
    """What is stored of the merge of a row; null of a row that was not merged."""
    if p.merge is None or p.merge.base is None:
        return None
    return orjson.dumps({"base_version": p.merge.version, "kept": p.merge.kept}).decode()


def problems_json(problems: Iterable[RowProblem]) -> str:
    """Problems as they are stored."""
    return orjson.dumps(
        [{"column": p.column, "code": p.code, "params": dict(p.params), "allowed": p.allowed} for p in problems],
        default=str,
    ).decode()


@dataclass
class SheetReport:
    """The counts of one sheet, and what of it was not read (contract section 3)."""

    sheet: str | None
    type: str | None
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    warned: int = 0
    unknown_columns: list[str] = field(default_factory=list)
    not_kept_columns: list[str] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)  # row -> code of the sentence that says why
    warnings: list[str] = field(default_factory=list)  # codes of sentences about the sheet as a whole
    skipped_because: str | None = None
    mapping_used: dict[str, str | None] = field(default_factory=dict)  # heading -> field
    remembered: list[str] = field(default_factory=list)  # headings whose field was said at an earlier import
    type_remembered: bool = False
    proposed_mapping: dict[str, str | None] = field(default_factory=dict)
    unheaded: dict[str, None] = field(default_factory=dict)  # columns with values and no heading

    def count(self, result: str, by: int = 1) -> None:
        """Add to the count of a result."""
        setattr(self, result, getattr(self, result) + by)

    def document(self) -> dict[str, Any]:
        """The report as it is stored in import_job."""
        document = {**self.__dict__, "left_out": [*islice(self.left_out.items(), MOST_LEFT_OUT)]}
        document["proposed_mapping"] = {**self.proposed_mapping, **document.pop("unheaded")}
        if self.skipped_because is None:
            document.pop("skipped_because")
        return document


def report_of(table: SheetTable) -> SheetReport:
    """The report of a table of which no row is read yet. What is noted while rows are read shows in it."""
    return SheetReport(
        table.sheet,
        table.type.path if table.type else None,
        unknown_columns=table.unknown,
        not_kept_columns=table.not_kept,
        left_out=table.left_out,
        warnings=table.warnings,
        skipped_because=table.skipped_because,
        mapping_used=table.mapping_used,
        remembered=table.remembered,
        type_remembered=table.type_remembered,
        proposed_mapping=table.proposal,
        unheaded=table.unheaded,
    )
