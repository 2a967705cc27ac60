"""The records behind a figure: counted by the figures' role, read with the caller's own eyes."""

from typing import Any

import orjson

from app.db.context import GATE
from app.errors import Fault, Refusal
from app.kernel import pages
from app.kernel.asking import Asking
from app.kernel.query import Condition, Listing
from app.records import REGISTRY
from app.reports.figures import BY_NAME, Figure
from app.reports.work_list import BY_NUMBER, figure_of, find_round


def listed(figure: Figure, code: str, round_id: str) -> Condition:
    """The figure's records as a condition of a list. It binds one value: jurisdiction and identifier of the round."""
    return Condition(figure.condition("({}::text[])[1]", "({}::text[])[2]::uuid"), [code, round_id])


async def drill_down(
    asking: Asking, round_key: str, name: str, limit: int, cursor: str | None, key: bytes
) -> dict[str, Any]:
    """One figure with a page of its records. Refuses with `not_found` (round) or `no_such_path` (figure)."""
    code, round_id = await find_round(asking, round_key)
    figure = BY_NAME.get(name)
    if figure is None:
        raise Refusal("no_such_path", faults=[Fault("figure", "not_a_choice", {}, list(BY_NAME))])
    t = REGISTRY.by_path[figure.lists]
    condition = listed(figure, code, round_id)
    items, following = await pages.page(asking, t, Listing((condition,), BY_NUMBER, limit, cursor), key, "figure")
    value, records = await figure_of(asking, figure, code, round_id)
    visible = await _visible(asking, figure, condition)
    return {
        "figure": name,
        "label": figure.label,
        "unit": figure.unit,
        "counts": figure.counts.name,
        "value": value,
        "items": orjson.Fragment(b"[" + items + b"]"),
        "next_cursor": following,
        "withheld": max(records - visible, 0),  # a record may have gone between the two statements
    }


async def _visible(asking: Asking, figure: Figure, condition: Condition) -> int:
    """How many of the figure's records the caller sees, on all pages."""
    sql = f"select count(*) from {figure.table} t where {condition.sql.replace('{}', '$2')} and {GATE}"
    async with asking.connection() as connection:
        found: int = await connection.fetchval(sql, asking.context(), condition.value)
    return found
