"""The rule of a type, run once more on planned rows when they are written, by what the records it reads are now.

The plan was made by what they were: a preview may be days old. They are locked until the import ends, in a statement
before the one that reads them (docs/decisions/0041-every-rule-has-its-pair.md).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import Refusal
from app.imports.plan.known_record import KnownRecord
from app.imports.plan.planned_row import PlannedRow
from app.imports.plan.validate import check_rule
from app.kernel.declare.fields import Reference
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import IN_FULL, RecordType
from app.kernel.store import CHANGED, LOOKED_AT, RequestContext, lock_records, required_columns

_ROWS = """select r.result, r.values::text as given, r.record_id::text as id, r.number, r.sheet, r.line_number,
    to_jsonb(x)::text as stored
  from import_row r left join {table} x on r.result = 'updated' and x.id = r.record_id
  where r.import_id = $2 and r.type = $3 and r.n > $4 and r.n <= $5 and r."values" is not null
    and r.result in ('created', 'updated') and {guard}"""


async def judge_again(
    ctx: RequestContext, connection: Any, t: RecordType, import_id: str, ranges: Iterable[tuple[int, int]]
) -> None:
    """Refuse with `plan_moved` if the rule of the type would reject a row that is to be written now.

    For types whose rule reads other records. It costs two statements a reference, and the rule, for 5000 rows each.
    """
    sql = _ROWS.format(table=t.table, guard=GUARD)
    for low, high in ranges:
        rows = await connection.fetch(sql, ctx.context(), import_id, t.path, low, high)
        given = [orjson.loads(row["given"]) for row in rows]
        stored = [orjson.loads(row["stored"]) if row["stored"] else {} for row in rows]
        read = {
            f.name: await _read(ctx, connection, t, f, [{**s, **g} for s, g in zip(stored, given, strict=True)])
            for f in t.references
            if f.requires
        }
        for row, values, old in zip(rows, given, stored, strict=True):
            planned = PlannedRow(None, 0, t, result=row["result"])
            record = KnownRecord(row["id"], row["number"], old["state"], old) if old else None
            check_rule(planned, values, record, _of_row(t, {**old, **values}, read))
            if planned.errors:
                named = {"sheet": row["sheet"], "row": row["line_number"], "type": t.path, "number": row["number"]}
                raise Refusal("plan_moved", members={"moved": [named]})


def _of_row(t: RecordType, row: Mapping[str, Any], read: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the rule reads of the records that one row names: field -> column -> value or values."""
    found: dict[str, Any] = {}
    for name, records in read.items():
        f = t.reference(name)
        columns = (*f.requires, IN_FULL)
        named = [records.get(i, {}) for i in _named(f, row)]
        if f.many:
            found[name] = {c: [record.get(c) for record in named] for c in columns}
        elif named:
            found[name] = named[0]
    return found


def _named(f: Reference, row: Mapping[str, Any]) -> list[str]:
    value = row.get(f.id_column) or []
    return [value] if isinstance(value, str) else list(value)


async def _read(
    ctx: RequestContext, connection: Any, t: RecordType, f: Reference, rows: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Lock the records that the rows name by one reference, then read what the rule needs of them."""
    ids = {i for row in rows for i in _named(f, row)}
    if not ids:
        return {}
    target = ctx.runtime.registry.by_path[f.to]
    columns = (*f.requires, IN_FULL)
    changed = {effect.reference for effect in t.lifecycle.effects_on_create if effect.in_import}
    async with ctx.as_system(connection):
        await lock_records(ctx, connection, target, ids, CHANGED if f.name in changed else LOOKED_AT)
        found = await connection.fetch(
            f"select x.id::text, {required_columns(ctx, target, columns)} from {target.table} x"
            f" where x.id = any($2::uuid[]) and x.state <> '{VOIDED}' and {GUARD}",
            ctx.context(), list(ids),
        )  # fmt: skip
    return {row["id"]: {c: orjson.loads(row[c]) if row[c] else None for c in columns} for row in found}
