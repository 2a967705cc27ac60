"""The statements of one write or read, and of several of its kind that go together (see `gathering`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from app.db.context import GUARD
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.arrays import lists_of, packed, requests_source, stored_column
from app.kernel.sql.projection import RoleView, answer_sql
from app.kernel.sql.reference_joins import ReferenceInputs, locks_references
from app.kernel.sql.write import MANY_CHANGED, UpdateSpec, insert_sql, update_sql
from app.kernel.store.context import RequestContext


@dataclass(frozen=True, slots=True)
class Write:
    """One record as it is to be written: `version` is the one that a change starts from."""

    record_id: str
    request: str
    values: dict[str, Any]
    number: str | None = None
    version: int = 1

    @property
    def text(self) -> str:
        """The values as they travel."""
        return orjson.dumps(self.values).decode()


def held(ctx: RequestContext, t: RecordType, inputs: ReferenceInputs) -> dict[str, bool]:
    """What the caller's context says of a statement that locks all that its rows refer to."""
    return {"held": True} if locks_references(ctx.view, t, inputs, ctx.caller.importing) else {}


async def create(ctx: RequestContext, t: RecordType, inputs: ReferenceInputs, jurisdiction: str, write: Write) -> Any:
    """Creates a record that no rule across records concerns; None if something it refers to was not found."""
    numbered = write.number is not None
    typed = tuple(sorted(write.values.keys() - t.list_columns))
    kind = (ctx.caller, t.name, inputs, numbered, jurisdiction, typed)
    initial = t.lifecycle.initial

    async def together(writes: Sequence[Write]) -> Sequence[Any]:
        if len(writes) == 1:
            (w,) = writes
            sql = insert_sql(t.name, ctx.view, inputs, numbered)
            arguments: tuple[Any, ...] = (w.record_id, jurisdiction, 1, w.number, initial, w.text)
        else:
            sql = insert_sql(t.name, ctx.view, inputs, numbered, requests_source(t, typed), typed=typed)
            values = [w.values for w in writes]
            ids, numbers = [w.record_id for w in writes], [w.number for w in writes]
            columns: list[Sequence[Any]] = [
                ids,
                numbers,
                lists_of(t, values),
                *(stored_column(t, c, values) for c in typed),
            ]
            arguments = (jurisdiction, initial, *(packed(column) for column in columns))
        return await _written(ctx, "create", sql, arguments, writes, held(ctx, t, inputs))

    return await _gathered(ctx, kind, write, together)


async def change(ctx: RequestContext, t: RecordType, change: UpdateSpec, action: str, write: Write) -> Any:
    """Changes a record in one statement; None if there is nothing to be changed, or something kept it from that."""

    async def together(writes: Sequence[Write]) -> Sequence[Any]:
        if len(writes) == 1:
            (w,) = writes
            sql = update_sql(t.name, ctx.view, change)
            arguments: tuple[Any, ...] = (w.record_id, None, w.version, None, None, w.text)
        else:
            sql = update_sql(t.name, ctx.view, change, MANY_CHANGED)
            columns = zip(*((w.record_id, w.version, w.text) for w in writes), strict=True)
            arguments = tuple(map(list, columns))
        return await _written(ctx, action, sql, arguments, writes, {})

    return await _gathered(ctx, (ctx.caller, t.name, change, action), write, together)


async def read(ctx: RequestContext, t: RecordType, record_id: UUID) -> Any:
    """The current row of a record of a type whose reads are not logged; None if there is none for the caller."""

    async def together(ids: Sequence[UUID]) -> Sequence[Any]:
        sql = read_sql(ctx.view, t, len(ids) > 1)
        async with ctx.runtime.pools[ctx.caller.database_role].acquire() as connection:
            rows = await connection.fetch(sql, ctx.context(), ids[0] if len(ids) == 1 else list(ids))
        found = {row["id"]: row for row in rows}
        return [found.get(i) for i in ids]

    with ctx.refusing():  # any number of requests may ask for one record, so each goes by a name of its own
        return await ctx.runtime.read_batcher.submit((ctx.caller, t.name), record_id, str(id(ctx)), together)


@cache
def read_sql(view: RoleView, t: RecordType, many: bool) -> str:
    """The current row of a record by its identifier, or of many."""
    wanted = "= any($2::uuid[])" if many else "= $2::uuid"
    return f"{answer_sql(view, t, 't').format(source=t.table)} where t.id {wanted} and {GUARD}"


async def _gathered(ctx: RequestContext, kind: Any, write: Write, together: Any) -> Any:
    with ctx.refusing():
        return await ctx.runtime.write_batcher.submit(kind, write, write.record_id, together)


async def _written(
    ctx: RequestContext,
    action: str,
    sql: str,
    arguments: Sequence[Any],
    writes: Sequence[Write],
    more: Mapping[str, Any],
) -> list[Any]:
    """The written rows, in the order of the writes. Each revision names the request that asked for it."""
    if len(writes) > 1:
        more = {**more, "requests": {w.record_id: w.request for w in writes}}
    context = ctx.caller.context(writes[0].request, action, **more)
    async with ctx.runtime.pools[ctx.caller.database_role].acquire() as connection:
        rows = await connection.fetch(sql, context, *arguments)
    if len(writes) == 1:
        return [rows[0] if rows else None]
    found = {str(row["id"]): row for row in rows}
    return [found.get(w.record_id) for w in writes]
