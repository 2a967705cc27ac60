"""The work calendar: the days that are not what their weekday says, read and entered."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.clock import SHANGHAI
from app.db.context import GUARD
from app.kernel.store import RequestContext

READ = """k.id::text, k.jurisdiction, k.day::text, k.kind, k.name, k.source, k.shipped, k.entered_by, k.entered_at,
  k.reason, k.replaced_at"""
# A row that says the same already stays, so that loading a notice twice changes nothing.
ENTER = f"""with given as materialized (
    select g.* from jsonb_to_recordset($3::text::jsonb) g(day date, kind text, name text) where {GUARD}),
  differing as materialized (
    select g.* from given g where not exists (select from calendar_day k where k.day = g.day and k.jurisdiction = $2
      and k.replaced_at is null and (k.kind, k.name) = (g.kind, g.name))),
  gone as (
    update calendar_day k set replaced_at = now(), replaced_by = caller_context() ->> 'sub', replaced_why = $4
    from differing g where k.day = g.day and k.jurisdiction = $2 and k.replaced_at is null returning k.day)
  select d.day::text, d.kind, d.name from differing d left join gone on gone.day = d.day order by d.day"""
ADD = f"""insert into calendar_day (jurisdiction, shipped, entered_by, day, kind, name, source, reason)
  select $2, false, caller_context() ->> 'sub', g.day, g.kind, g.name, $4, $5
  from jsonb_to_recordset($3::text::jsonb) g(day date, kind text, name text) where {GUARD}"""
KNOW = f"insert into calendar_year (year, source) select $2, $3 where {GUARD} on conflict do nothing"


async def of_year(ctx: RequestContext, year: int, replaced: bool) -> dict[str, Any]:
    """The days of a year in the caller's divisions, and whether those of the whole country are known."""
    sql = f"""select {READ} from calendar_day k where k.day >= make_date($2, 1, 1) and k.day <= make_date($2, 12, 31)
      and ($3 or k.replaced_at is null) and {GUARD} order by k.day, k.jurisdiction, k.entered_at"""
    known = f"select exists (select from calendar_year where year = $2) where {GUARD}"
    async with ctx.connection() as connection:
        rows = await connection.fetch(sql, ctx.context(), year, replaced)
        return {
            "year": year,
            "known": await connection.fetchval(known, ctx.context(), year),
            "items": [_document(row) for row in rows],
        }


async def enter(ctx: RequestContext, connection: Any, values: Mapping[str, Any]) -> int:
    """Enter days in the place of what stood there, and say that a year is known. Returns how many days are new."""
    days, place = values["days"], values["jurisdiction"]
    told = (values["source"], values.get("reason"))
    new = await connection.fetch(ENTER, ctx.context(), place, orjson.dumps(days).decode(), told[1])
    if new:
        await connection.execute(ADD, ctx.context(), place, orjson.dumps(list(map(dict, new))).decode(), *told)
    learnt = "INSERT 0 0"
    if values.get("year") is not None:
        learnt = await connection.execute(KNOW, ctx.context(), values["year"], values["source"])
    return len(new) + (learnt != "INSERT 0 0")


def _document(row: Any) -> dict[str, Any]:
    moments = {n: row[n].astimezone(SHANGHAI).isoformat() if row[n] else None for n in ("entered_at", "replaced_at")}
    return {**row, **moments}
