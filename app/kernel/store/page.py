"""A page of a list: the statement that gives it, and the cursor of the next one."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from app.db.context import GUARD
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.visibility import OwnUnit
from app.kernel.personal.access_log import Reading, with_log_entry
from app.kernel.schema.rights import of_first_unit, scope_ids
from app.kernel.sql.cursors import SORT_TYPES, after, cursor_text, cursor_values
from app.kernel.sql.listing import Listing
from app.kernel.sql.projection import RoleView, answer_sql
from app.kernel.store.context import RequestContext


def page_sql(
    view: RoleView, t: RecordType, listing: Listing, last: Sequence[Any] | None, context: str, first_unit: bool = False
) -> tuple[str, list[Any]]:
    """The statement of one page (one row more than asked, to know whether there is another) and its arguments.

    `first_unit`: only the records of the first of the caller's units, which an index gives in their order.
    """
    arguments: list[Any] = [context]
    where = [of_first_unit("t", view.role)] if first_unit else []
    where += bound(listing, arguments)
    if last is not None:
        where.append(after(listing.sort, last, arguments))
    return _page_text(view, t, tuple(where), listing.sort, listing.limit + 1), arguments


def bound(listing: Listing, arguments: list[Any]) -> list[str]:
    """SQL of the conditions of a list; their values are added to `arguments`."""
    where = []
    for condition in listing.conditions:
        if condition.value is None:
            where.append(condition.sql)
        else:
            arguments.append(condition.value)
            where.append(condition.sql.replace("{}", f"${len(arguments)}"))
    return where


def ordered(sort: tuple[tuple[str, bool], ...]) -> str:
    """SQL of an order of a list. Empty values stand last."""
    return ", ".join(f"t.{c} {'desc' if d else 'asc'}{'' if c in SORT_TYPES else ' nulls last'}" for c, d in sort)


@lru_cache(maxsize=2048)
def _page_text(
    view: RoleView, t: RecordType, where: tuple[str, ...], sort: tuple[tuple[str, bool], ...], most: int
) -> str:
    order = ordered(sort)
    sorted_by = "".join(f", t.{c} as key_{i}" for i, (c, _) in enumerate(sort[:-1]))  # the last of them is `id`
    sql = answer_sql(view, t, "t", sorted_by)
    # The page is cut first, so that documents are made of its rows and not of all rows that are sorted.
    narrowed = f" where {' and '.join(where)}" if where else ""
    source = f"(select * from {t.table} t{narrowed} order by {order} limit {most})"
    return f"{sql.format(source=source)} where {GUARD} order by {order}"


async def page(
    ctx: RequestContext, t: RecordType, listing: Listing, key: bytes, kind: str = "list"
) -> tuple[bytes, str | None]:
    """The documents of one page, joined by commas, and the cursor of the next page. `kind` is for the access log.

    The page is one value: as fifty rows of nine columns it costs Postgres and Python twice the work of sending.
    Refuses with `bad_cursor`.
    """
    last, reading = cursor_values(key, t, listing), Reading(kind, shown=listing.limit)

    async def fetch(first_unit: bool) -> Any:
        sql, arguments = page_sql(ctx.view, t, listing, last, ctx.context(), first_unit)
        joined = _joined(listing.limit, len(listing.sort) - 1, ctx.caller.role if first_unit else "")
        sql, arguments = with_log_entry(ctx.caller, t, reading, sql, arguments, joined)
        async with ctx.connection(t) as connection:
            return await connection.fetchrow(sql, *arguments)

    # Most callers have one unit. The statement says itself whether the caller has several, and is then made for all.
    first_unit = isinstance(ctx.right(t).sees, OwnUnit) and not t.access.logged
    row = await fetch(first_unit)
    if row["several"]:
        row = await fetch(False)
    items = row["items"] or b""
    return items, cursor_text(key, t, listing, row[3:]) if row["found"] > listing.limit else None


@lru_cache(maxsize=1024)
def _joined(limit: int, keyed: int, first_unit_of: str) -> str:
    """The page as one row: its documents, how many rows were found, and the sort keys of the last one shown.

    `first_unit_of`: the role, if only its first unit was asked for; then also whether the caller has several.
    """
    last = ", ".join(f"(array_agg(p.{key}))[{limit}]" for key in (*(f"key_{i}" for i in range(keyed)), "id"))
    several = f"cardinality({scope_ids(first_unit_of)}) > 1" if first_unit_of else "false"
    return f"""select string_agg(p.document, ',') filter (where p.place <= {limit}) as items, count(*) as found,
  {several} as several, {last}
from (select *, row_number() over () as place from {{answered}}) p"""
