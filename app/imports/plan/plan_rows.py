"""The plan in the database: a row of import_row for each row of the file, what is wrong with it, and doubles."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

import orjson

from app.db.context import GUARD
from app.imports.jobs import UNHURRIED
from app.imports.mapping.columns import Problem
from app.imports.plan.row_check import Planned
from app.kernel.sql.arrays import travelling, unnested, varying
from app.kernel.store.context import RequestContext
from app.sentences import SENTENCES

# What is stored of a row, in this order: the name in the statement, and its type.
_COLUMNS = (
    ("n", "int"), ("line", "int"), ("result", "text"), ("record_id", "uuid"), ("version", "int"), ("number", "text"),
    ("state", "text"), ("key", "text"), ("v", "jsonb"), ("e", "jsonb"), ("w", "jsonb"), ("c", "jsonb"),
)  # fmt: skip


@cache
def _store_sql(varies: tuple[bool, ...], kept: bool) -> str:
    """The statement for rows that differ in these columns. `kept`: it is part of a transaction that is waited for."""
    (place, *plain), rows = unnested(_COLUMNS, varies, 6)
    plain, found = plain[:-3], (f"coalesce({x}, '[]')" for x in plain[-3:])
    return f"""insert into import_row (import_id, n, maker, jurisdiction, sheet, type, line_number, result, record_id,
    version, number, state, key, "values", errors, warnings, changes)
  select $2::uuid, {place}, (select caller_context() ->> 'sub'), $3, $4, $5, {", ".join((*plain, *found))}
  from {rows} where {GUARD}{"" if kept else f" and {UNHURRIED}"}"""


async def store(
    ctx: RequestContext, connection: Any, import_id: str, jurisdiction: str, rows: Sequence[tuple[int, Planned]]
) -> None:
    """Stores rows of one sheet, each with its place in the plan."""
    columns = [*zip(
        *(
            (
                place, p.line, p.result, p.record_id, p.version, p.number, p.state, p.key,
                orjson.dumps(p.values).decode() if p.result in ("created", "updated") else None,
                texts(p.errors) if p.errors else None,
                texts(p.warnings) if p.warnings else None,
                orjson.dumps(p.changes).decode() if p.changes else None,
            )
            for place, p in rows
        ),
        strict=True,
    )]  # fmt: skip
    varies = varying(columns)
    given = travelling(columns, varies)
    _, p = rows[0]
    sql = _store_sql(varies, connection.is_in_transaction())
    await connection.execute(sql, ctx.context(), import_id, jurisdiction, p.sheet, p.type.path, *given)


# Beside the insert of new rows that nothing is to be said of: their rows of the plan, without the values.
PLANNED = """, planned as (insert into import_row (import_id, n, maker, jurisdiction, sheet, type, line_number, result,
    record_id, number, state, key)
  select $4::uuid, resolved.place, (select caller_context() ->> 'sub'), resolved.jurisdiction, $3::text, '{path}',
    resolved.line_number, 'created', resolved.id, resolved.number, resolved.state, resolved.number from resolved)"""


async def reject_doubles(
    ctx: RequestContext, connection: Any, import_id: str, path: str, headings: Mapping[str | None, Mapping[str, str]]
) -> list[Any]:
    """Rejects rows that stand for one record, each naming the other; gives them as they were.

    Postgres looks for them once all rows of the type are stored, so that nothing is remembered of each row here.
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
    field_errors = []
    for _, group in groupby(rows, key=lambda r: r["key"]):
        first, *others = group
        field_errors.append((first["n"], _twice(headings, first, others)))
        field_errors += [(other["n"], _twice(headings, other, [first])) for other in others]
    await connection.execute(
        f"""update import_row r set result = 'rejected', "values" = null, errors = r.errors || x.e::jsonb
        from unnest($3::int[], $4::text[]) x(n, e) where r.import_id = $2 and r.n = x.n and {GUARD}""",
        ctx.context(), import_id, *zip(*field_errors, strict=True),
    )  # fmt: skip
    return list(rows)


def _twice(headings: Mapping[str | None, Mapping[str, str]], row: Any, others: Iterable[Any]) -> str:
    column = headings.get(row["sheet"], {}).get("number", "number")
    return texts(Problem(column, "row_twice", {"row": other["line_number"]}) for other in others)


def texts(problems: Iterable[Problem]) -> str:
    """Problems as they are stored."""
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
