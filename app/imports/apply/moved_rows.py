"""Which rows of a plan cannot be carried out any more, because records are not what the check has found."""

from collections.abc import Iterator
from typing import Any

from app.db.context import GUARD
from app.imports.plan.type_info import type_info
from app.kernel.declare.record_type import RecordType
from app.kernel.store import RequestContext

MOST_NAMED = 50

WRITES = "result in ('created', 'updated')"
MovedRow = dict[str, Any]


def _conditions(t: RecordType, ctx: RequestContext) -> Iterator[str]:
    """When a row `r` does not find its record, or a record that it refers to, as the plan did."""
    yield f"""r.result = 'updated' and not exists (select from {t.table} x
      where x.id = r.record_id and x.version = r.version and x.state <> 'voided')"""
    yield f"""r.result = 'created' and exists (select from {t.table} x
      where x.jurisdiction = r.jurisdiction and x.number = r.number)"""
    if key := type_info(t).key:
        equal = " and ".join(f"x.{c}::text = r.values ->> '{c}'" for c in key)
        yield f"""r.result = 'created' and exists (select from {t.table} x
          where x.jurisdiction = r.jurisdiction and x.state <> 'voided' and {equal})"""
    for f in t.references:
        if f.copied or f.many or not f.in_ledger:
            continue
        target, named = ctx.runtime.registry.by_path[f.to], f"(r.values ->> '{f.id_column}')::uuid"
        planned = f"select from import_row p where p.import_id = r.import_id and p.record_id = {named}"
        yield f"""r.values ->> '{f.id_column}' is not null and not exists ({planned})
          and not exists (select from {target.table} x where x.id = {named} and {target.referable("x")})"""


async def moved_rows(ctx: RequestContext, import_id: str) -> list[MovedRow]:
    """The first rows whose records have moved: sheet, row, type and number, as the plan has them.

    Asked only when a commit was refused. The caller sees no more of these records than the plan has told.
    """
    found: dict[int, MovedRow] = {}
    async with ctx.connection() as connection:
        paths = await connection.fetch(
            f"select distinct type from import_row where import_id = $2 and {WRITES} and {GUARD}",
            ctx.context(), import_id,
        )  # fmt: skip
        for t in (ctx.runtime.registry.by_path[row["type"]] for row in paths):
            for condition in _conditions(t, ctx):
                rows = await connection.fetch(
                    f"""select r.n, r.sheet, r.line_number as row, r.type, r.number from import_row r
                    where r.import_id = $2 and r.type = $3 and {WRITES} and {condition}
                      and {GUARD} order by r.n limit {MOST_NAMED}""",
                    ctx.context(), import_id, t.path,
                )  # fmt: skip
                found |= {row["n"]: {k: row[k] for k in ("sheet", "row", "type", "number")} for row in rows}
    return [found[n] for n in sorted(found)][:MOST_NAMED]
