"""Reading one record: `get` for a caller, `reload` within a write, `identify` for a number in an address."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER, UUID_TEXT, is_identifier
from app.kernel.personal.access_log import READ, Reading, with_log_entry
from app.kernel.sql.projection import RoleView, answer_sql
from app.kernel.store.context import RequestContext


async def get(ctx: RequestContext, t: RecordType, key: str, reading: Reading | None = READ, extra: str = "") -> Any:
    """The current row of a record, by identifier or number, its `document` made for the caller.

    Refuses with `not_found`, or with `ambiguous_number` (409) where several jurisdictions use the number. `reading`
    is what the access log says of the read; None is a read of the service itself, which answers nothing of the row.
    `extra` is more SQL for the select list.
    """
    column = "id" if is_identifier(key) else "number"
    if column == "number" and not NUMBER.match(key):  # also what Postgres would not take for text, such as NUL
        raise Refusal("not_found", label=t.label)
    if column == "id" and reading == READ and not t.access.logged and not extra:
        row = await _get_batched(ctx, t, UUID(key))
        if row is None:
            raise Refusal("not_found", label=t.label)
        return row
    sql = answer_sql(ctx.view, t, "t", extra).format(source=t.table)
    sql += f" where t.{column} = $2{'::uuid' if column == 'id' else ''} and {GUARD} limit 20"
    arguments: list[Any] = [ctx.context(), key]
    if reading:
        sql, arguments = with_log_entry(ctx.caller, t, reading, sql, arguments)
    async with ctx.connection(t) as connection:
        rows = await connection.fetch(sql, *arguments)
    if not rows:
        raise Refusal("not_found", label=t.label)
    if len(rows) > 1:
        documents = [orjson.loads(row["document"]) for row in rows]
        candidates = [{name: d[name] for name in ("id", "jurisdiction", "number")} for d in documents]
        raise Refusal("ambiguous_number", number=key, members={"candidates": candidates})
    return rows[0]


async def _get_batched(ctx: RequestContext, t: RecordType, record_id: UUID) -> Any:
    """The row of a record of a type whose reads are not logged, in a batch with other reads of the same caller."""

    async def run(ids: Sequence[UUID]) -> Sequence[Any]:
        sql = read_sql(ctx.view, t, len(ids) > 1)
        async with ctx.borrowed(t) as connection:
            rows = await connection.fetch(sql, ctx.context(), ids[0] if len(ids) == 1 else list(ids))
        by_id = {row["id"]: row for row in rows}
        return [by_id.get(i) for i in ids]

    # A batch may hold several reads of one record, unlike writes: each goes under a key of its own.
    with ctx.refusing(t):
        return await ctx.runtime.read_batcher.submit((ctx.caller, t.name), record_id, str(id(ctx)), run)


@cache
def read_sql(view: RoleView, t: RecordType, many: bool) -> str:
    """The statement that reads a record by its identifier, or many records by theirs."""
    wanted = "= any($2::uuid[])" if many else "= $2::uuid"
    return f"{answer_sql(view, t, 't').format(source=t.table)} where t.id {wanted} and {GUARD}"


async def reload(ctx: RequestContext, connection: Any, t: RecordType, record_id: str) -> Any:
    """The row with all its columns as JSON (`row`), on an open connection; None if it does not exist for the caller."""
    sql = answer_sql(ctx.view, t, "t", ", to_jsonb(t)::text as row").format(source=t.table)
    return await connection.fetchrow(f"{sql} where t.id = $2::uuid and {GUARD}", ctx.context(), record_id)


async def identify(ctx: RequestContext, t: RecordType, key: str) -> str:
    """The identifier, in stored form, of the record that a path segment names by identifier or number.

    A number costs a statement. Refuses as `get` does.
    """
    if UUID_TEXT.fullmatch(key):
        return key
    return str(UUID(key)) if is_identifier(key) else str((await get(ctx, t, key, None))["id"])
