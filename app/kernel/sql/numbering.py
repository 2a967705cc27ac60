"""The series that business numbers are drawn from. A number that a row brings raises its series to that number."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from app.db.context import GUARD
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

_DIGITS = "0123456789"
MOST_DIGITS = 9  # digits of a number that is counted


def series_sql(t: RecordType, jurisdiction: str, via: str) -> str:
    """SQL of what a record's numbers begin with. `via` is the alias of the record that names the round."""
    numbering = t.numbering
    if numbering.within == "jurisdiction":
        return f"{jurisdiction} || '-{numbering.letter}'"
    column = "number" if numbering.via == "round" else "round_number"
    return f"{via}.{column} || '-{numbering.letter}-'"


def raise_highest(highest: dict[str, int], numbers: Iterable[str]) -> None:
    """Keep in `highest` the largest number of each beginning."""
    for number in numbers:
        beginning = number.rstrip(_DIGITS)
        digits = number[len(beginning) :]
        if 0 < len(digits) <= MOST_DIGITS and (last := int(digits)) > highest.get(beginning, 0):
            highest[beginning] = last


async def raise_series(
    connection: Any, context: str, registry: Registry, t: RecordType, jurisdiction: str, highest: Mapping[str, int]
) -> None:
    """Raise each series of the type to the highest number given. A beginning that is no series is passed over."""
    numbering = t.numbering
    if numbering.formula or not highest:
        return
    series = series_sql(t, "$2", "via")
    if numbering.within == "round":
        table = registry.by_path[t.reference(numbering.via).to].table
        series = f"any(array(select {series} from {table} via where via.jurisdiction = $2))"
    await connection.execute(
        f"""insert into number_series as s (jurisdiction, series, last)
        select $2, x.key, x.value::int from jsonb_each_text($3::text::jsonb) x
        where x.key = {series} and {GUARD} order by x.key
        on conflict (jurisdiction, series) do update set last = greatest(s.last, excluded.last)""",
        context, jurisdiction, orjson.dumps(dict(highest)).decode(),
    )  # fmt: skip
