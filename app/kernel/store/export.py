"""Every record of a list, batch by batch, from a cursor of the database: what an export hands out.

The cursor is one statement, so an export shows the ledger as it was at one moment, whatever is written meanwhile.
Memory is that of two batches. Each entry of the access log is committed, on another connection, before what it names is
handed out; the database judges it by the rights of that moment, so an export of clues ends when its caller's role does.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from app.db.context import GUARD
from app.db.pool import WAIT_SECONDS
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.access_log import log_export
from app.kernel.sql.listing import Listing
from app.kernel.sql.projection import document_sql
from app.kernel.store.context import RequestContext
from app.kernel.store.page import bound, ordered

BATCH = 2000  # records; 4 MB of long ones
DRAIN = "10min"  # in which a client takes a batch: longer than a request may stand still


@asynccontextmanager
async def export_connection(ctx: RequestContext) -> AsyncIterator[Any]:
    """The one door through which the reading connection of an export comes, in a transaction that only reads.

    On the primary it is opened for the export alone (some 5 ms), so that no export keeps a connection of the pool for
    minutes; a replica answers where the request may lag. It acts as the caller's own database role. A process has a few
    at a time; others wait. Raises TimeoutError.
    """
    async with asyncio.timeout(WAIT_SECONDS):
        await ctx.runtime.exports.acquire()
    role, pools, replica = ctx.caller.database_role, ctx.runtime.pools, ctx.runtime.replica
    async with AsyncExitStack() as opened:
        opened.callback(ctx.runtime.exports.release)
        connection = None
        if ctx.lags and replica:
            connection = await replica.entered(opened, pools[role], role, ctx.context())
        if connection is None:
            connection = await pools.opening.pooled(role)
            opened.callback(connection.terminate)
            await opened.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
        await connection.execute(f"set local idle_in_transaction_session_timeout = '{DRAIN}'")
        yield connection


async def export(
    ctx: RequestContext, t: RecordType, listing: Listing, query: str, connection: Any
) -> AsyncGenerator[list[Any]]:
    """The records of a list, in batches of rows with `document` and `id`. `query` is what the access log keeps of it.

    While one batch is handed out, the next is read.
    """
    arguments: list[Any] = [ctx.context()]
    where = bound(listing, arguments)
    sql = _export_text(ctx, t, tuple(where), listing.sort)
    with ctx.refusing(t):
        cursor = await connection.cursor(sql, *arguments)
        rows, done, asked = await cursor.fetch(BATCH), 0, query
        while True:
            last = len(rows) < BATCH
            following = None if last else asyncio.ensure_future(cursor.fetch(BATCH))
            try:
                done += len(rows)
                await _log(ctx, t, asked, rows, done if last else None)
                if rows:
                    yield rows
                if following is None:
                    return
                rows, asked = await following, ""
            finally:
                if following is not None and not following.done():
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)


async def ledger_names(ctx: RequestContext, target: RecordType, connection: Any) -> list[Any]:
    """Rows (number, name, within) of the records of a type that a ledger may name, as the caller sees them.

    `within` are the records that whoever names one must share with it, as the round of a team. Empty for a type that
    has no such name, or hides it from the caller.
    """
    rule = target.ledger_name
    if rule is None or ctx.view.shown(target, rule.columns[0]):
        return []
    within = ", ".join(f"t.{target.reference(name).id_column}::text" for name in rule.within)
    only = " and ".join((f"t.state <> '{VOIDED}'", *(f"t.{column} = '{value}'" for column, value in rule.only.items())))
    sql = f"""select t.number, t.{rule.columns[0]} as name, array[{within}]::text[] as within
        from {target.table} t where {only} and {GUARD}"""
    rows: list[Any] = await connection.fetch(sql, ctx.context())
    return rows


def _export_text(ctx: RequestContext, t: RecordType, where: Sequence[str], sort: tuple[tuple[str, bool], ...]) -> str:
    """The statement: rows are sorted before their documents are made."""
    items, document = document_sql(ctx.view, t, "t")
    narrowed = f" where {' and '.join(where)}" if where else ""
    source = f"(select * from {t.table} t{narrowed} order by {ordered(sort)})"
    return f"select {document}, t.id from {source} t{items} where {GUARD}"


async def _log(ctx: RequestContext, t: RecordType, query: str, rows: Sequence[Any], count: int | None) -> None:
    """The entry of a batch: of the first and the last one, and of each where reads of the type are logged."""
    if not query and count is None and not t.access.logged:
        return
    read = [row["id"] for row in rows] if t.access.logged else []
    async with ctx.connection(t) as connection:
        await log_export(connection, ctx.context(), ctx.caller, t, query or None, read, count)
