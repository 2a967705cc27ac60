"""The record a write starts from: is it there for the caller, may the caller do this, is it of that version."""

from typing import Any
from uuid import UUID

from app.db.context import GATE
from app.errors import Refusal
from app.kernel import revisions, store
from app.kernel.asking import Asking
from app.kernel.documents import answer_sql, may
from app.kernel.record_type import RecordType
from app.kernel.values import UUID_TEXT
from app.kernel.violations import is_identifier


async def identifier(asking: Asking, t: RecordType, key: str) -> str:
    """The identifier behind a path segment that may be a number, in the spelling of the stored form."""
    if UUID_TEXT.fullmatch(key):
        return key
    return str(UUID(key)) if is_identifier(key) else str((await store.get(asking, t, key, None))["id"])


async def current(asking: Asking, t: RecordType, key: str, version: int | None, action: str = "") -> Any:
    """The current row if it is visible, the caller may take `action`, and it is of that version, asked in this order.

    Refuses with `not_found`, `forbidden`, `if_match_required`, `stale`.
    """
    key = await identifier(asking, t, key)
    async with asking.connection() as connection:
        return await current_on(asking, connection, t, key, version, action)


async def seen_again(asking: Asking, connection: Any, t: RecordType, key: str) -> Any:
    """A record that was just written by the ledger's hand, as the caller sees it; None if it has left its sight."""
    sql = answer_sql(asking.view, t, "t", ", to_jsonb(t)::text as row").format(source=t.table)
    return await connection.fetchrow(f"{sql} where t.id = $2::uuid and {GATE}", asking.context(), key)


async def current_on(
    asking: Asking, connection: Any, t: RecordType, key: str, version: int | None, action: str = ""
) -> Any:
    """The same on a connection that is in use already."""
    row = await seen_again(asking, connection, t, key)
    if row is None:
        raise Refusal("not_found", label=t.label)
    if action and not may(asking.view, t, row, action):
        raise Refusal("forbidden")
    if version is None:
        raise Refusal("if_match_required")
    if row["version"] != version:
        raise await revisions.stale(asking, connection, t, row, version)
    return row
