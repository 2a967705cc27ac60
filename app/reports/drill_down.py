"""The records behind a figure. The figures role counts them; the caller's own role reads them."""

from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import FieldError, Refusal
from app.kernel.sql.listing import Condition, Listing
from app.kernel.store import RequestContext, page
from app.records import REGISTRY
from app.reports.figures import BY_NAME, Figure
from app.reports.work_list import BY_NUMBER, figure_of, find_round


def listed(figure: Figure, code: str, round_id: str) -> Condition:
    """The figure's records as a condition of a list, which binds one value: jurisdiction and id of the round."""
    return Condition(figure.condition("({}::text[])[1]", "({}::text[])[2]::uuid"), [code, round_id])


async def drill_down(
    ctx: RequestContext, round_key: str, name: str, limit: int, cursor: str | None, key: bytes
) -> dict[str, Any]:
    """One figure with a page of its records. Refuses with `not_found` (round) or `no_such_path` (figure)."""
    code, round_id = await find_round(ctx, round_key)
    figure = BY_NAME.get(name)
    if figure is None:
        raise Refusal("no_such_path", field_errors=[FieldError("figure", "not_a_choice", {}, list(BY_NAME))])
    t = REGISTRY.by_path[figure.lists]
    condition = listed(figure, code, round_id)
    items, following = await page(ctx, t, Listing((condition,), BY_NUMBER, limit, cursor), key, "figure")
    value, records = await figure_of(ctx, figure, code, round_id)
    visible = await _visible(ctx, figure, condition)
    return {
        "figure": name,
        "label": figure.label,
        "unit": figure.unit,
        "counts": figure.counts.name,
        "value": value,
        "items": orjson.Fragment(b"[" + items + b"]"),
        "next_cursor": following,
        "withheld": max(records - visible, 0),  # a record may have been voided between the two statements
    }


async def _visible(ctx: RequestContext, figure: Figure, condition: Condition) -> int:
    """How many of the figure's records the caller sees, on all pages."""
    sql = f"select count(*) from {figure.table} t where {condition.sql.replace('{}', '$2')} and {GUARD}"
    async with ctx.connection() as connection:
        found: int = await connection.fetchval(sql, ctx.context(), condition.value)
    return found
