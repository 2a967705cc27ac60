"""What a preview shows of a record that is still to be created: each field as it was read, with nothing before it.

It is made from the stored values when it is read, not when the file is checked: most rows are never looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from app.db.context import GUARD
from app.kernel.declare.fields import Reference, Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.store import RequestContext

Shown = dict[tuple[str, str], str | None]  # type and identifier of a record -> its number, else its name in the file


async def changes_of_new(ctx: RequestContext, import_id: Any, rows: list[Any]) -> dict[int, list[dict[str, Any]]]:
    """The changes of the rows of a page that create a record and whose values are kept, by place in the plan."""
    types = ctx.runtime.registry.by_path
    new = [(row, types[row["type"]], orjson.loads(row["given"])) for row in rows if row["given"]]
    named: dict[str, set[str]] = {}
    for _, t, values in new:
        for f, ids in _named(t, values):
            named.setdefault(f.to, set()).update(ids)
    shown = await _shown(replace(ctx, caller=ctx.caller.for_import()), import_id, named)
    return {row["n"]: [*_changes(t, values, row["state"], shown)] for row, t, values in new}


def _named(t: RecordType, values: Mapping[str, Any]) -> Iterator[tuple[Reference, list[str]]]:
    for f in t.references:
        if ids := values.get(f.id_column):
            yield f, [ids] if isinstance(ids, str) else list(ids)


async def _shown(ctx: RequestContext, import_id: Any, named: Mapping[str, set[str]]) -> Shown:
    """The numbers of the records that rows name, with the caller's own eyes; the names of those in the file."""
    found: Shown = {}
    async with ctx.connection() as connection:
        for path, ids in named.items():
            t = ctx.runtime.registry.by_path[path]
            stored = await connection.fetch(
                f"select id::text, number from {t.table} where id = any($2::uuid[]) and {GUARD}",
                ctx.context(), list(ids),
            )  # fmt: skip
            found |= {(path, row["id"]): row["number"] for row in stored}
            absent = [i for i in ids if (path, i) not in found]
            name = t.ledger_name.columns[0] if t.ledger_name else "number"
            if not absent:
                continue
            planned = await connection.fetch(
                f"""select record_id::text as id, coalesce(number, "values" ->> '{name}') as shown from import_row
                where import_id = $2 and type = $3 and record_id = any($4::uuid[]) and {GUARD}""",
                ctx.context(), import_id, path, absent,
            )  # fmt: skip
            found |= {(path, row["id"]): row["shown"] for row in planned}
    return found


def _changes(t: RecordType, values: Mapping[str, Any], state: str | None, shown: Shown) -> Iterator[dict[str, Any]]:
    references = {f.id_column: f for f in t.references}
    digests = {f.digest_column: f.name for f in t.of_kind(Sealed)}
    for column, value in values.items():
        if value is None or value == []:
            continue
        if f := references.get(column):
            ids = [value] if isinstance(value, str) else value
            numbers = [shown.get((f.to, i)) for i in ids]
            yield _from_nothing(f.number_column, numbers if f.many else numbers[0])
        elif column in digests:
            yield _from_nothing(digests[column], None)
        else:
            yield _from_nothing(column, value)
    if state and state != t.lifecycle.initial:
        yield _from_nothing("state", state)


def _from_nothing(name: str, value: Any) -> dict[str, Any]:
    return {"field": name, "from": None, "to": value}
