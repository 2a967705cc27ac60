"""The record a write starts from: is it there for the caller, may the caller do this, is it of that version."""

from typing import Any
from uuid import UUID

from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import UUID_TEXT, is_identifier
from app.kernel.sql.projection import answer_sql, may
from app.kernel.store import create, history
from app.kernel.store.context import RequestContext


async def identifier(ctx: RequestContext, t: RecordType, key: str) -> str:
    """The identifier behind a path segment that may be a number, in the spelling of the stored form."""
    if UUID_TEXT.fullmatch(key):
        return key
    return str(UUID(key)) if is_identifier(key) else str((await create.get(ctx, t, key, None))["id"])


async def require_current(ctx: RequestContext, t: RecordType, key: str, version: int | None, action: str = "") -> Any:
    """The current row if it is visible, the caller may take `action`, and it is of that version, asked in this order.

    Refuses with `not_found`, `forbidden`, `if_match_required`, `stale`.
    """
    key = await identifier(ctx, t, key)
    async with ctx.connection() as connection:
        return await require_current_on(ctx, connection, t, key, version, action)


async def reload(ctx: RequestContext, connection: Any, t: RecordType, key: str) -> Any:
    """A record that was just written by the ledger's hand, as the caller sees it; None if it has left its sight."""
    sql = answer_sql(ctx.view, t, "t", ", to_jsonb(t)::text as row").format(source=t.table)
    return await connection.fetchrow(f"{sql} where t.id = $2::uuid and {GUARD}", ctx.context(), key)


async def require_current_on(
    ctx: RequestContext, connection: Any, t: RecordType, key: str, version: int | None, action: str = ""
) -> Any:
    """The same on a connection that is in use already."""
    row = await reload(ctx, connection, t, key)
    if row is None:
        raise Refusal("not_found", label=t.label)
    if action and not may(ctx.view, t, row, action):
        raise Refusal("forbidden")
    if version is None:
        raise Refusal("if_match_required")
    if row["version"] != version:
        raise await history.stale(ctx, connection, t, row, version)
    return row
