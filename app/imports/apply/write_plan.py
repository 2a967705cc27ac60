"""Writes the rows of a stored plan as records, type after type, in a transaction of the caller.

Every created or updated row must find its references, and the version it starts from, as the check found them, and must
pass the rule of its type by what the records that the rule reads are now (`judged_again.py`). Otherwise the whole plan
is refused with `plan_moved`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import Refusal
from app.imports.apply.judged_again import judge_again
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.numbering import raise_highest, raise_series
from app.kernel.sql.reference_joins import RESOLVED, ReferenceInputs, resolved_sql
from app.kernel.sql.write import COUNT, UpdateSpec, insert_sql, update_sql
from app.kernel.store import RequestContext, apply_effects, lock_records

ROWS_PER_STATEMENT = 5000
WriteProgress = Callable[[int], Awaitable[None]]  # records written so far

# The source of a statement: rows of a type with one result, of places $3 (excluded) to $4. A row without values is
# written already (streaming_writer.py), or writes nothing.
_ROWS = """select r.record_id as id, r.jurisdiction, r.version, r.number, r.state, r.values, true as imported,
    jsonb_build_object('sheet', r.sheet, 'row', r.line_number) as line, r.n
  from import_row r
  where r.import_id = $2::uuid and r.type = '{path}' and r.result = '{result}' and r.values is not null
    and r.n > $3 and r.n <= $4"""


@dataclass(frozen=True, slots=True)
class UnwrittenRows:
    """The rows of one type that are still to be written: how many, and between which places (`first` excluded)."""

    jurisdiction: str
    created: int
    unnumbered: int  # of those created, the rows without a number
    updated: int
    first: int
    last: int

    def ranges(self) -> list[tuple[int, int]]:
        """The places of each statement: (lower, excluded; upper)."""
        lows = range(self.first, self.last, ROWS_PER_STATEMENT)
        return [(low, min(low + ROWS_PER_STATEMENT, self.last)) for low in lows]


async def write_plan(ctx: RequestContext, connection: Any, import_id: str, progress: WriteProgress) -> None:
    """Write all rows of a checked plan. Refuses with `plan_moved` if a record has changed since the check."""
    done = 0
    unwritten = await _unwritten_rows(ctx, connection, import_id)
    for t in ctx.runtime.registry:
        if rows := unwritten.get(t.path):
            await _write_type(ctx, connection, t, import_id, rows)
            done += rows.created + rows.updated
            await progress(done)


async def write_remaining(ctx: RequestContext, connection: Any, t: RecordType, import_id: str) -> int:
    """Write the rows of one type that were not written while the file was checked. Returns how many these are."""
    rows = (await _unwritten_rows(ctx, connection, import_id)).get(t.path)
    if rows is None:
        await _apply_effects(ctx, connection, t, import_id)
        return 0
    await _write_type(ctx, connection, t, import_id, rows)
    return rows.created + rows.updated


async def _write_type(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, rows: UnwrittenRows) -> None:
    if t.rule_reads_references:
        await judge_again(ctx, connection, t, import_id, rows.ranges())
    if rows.created:
        await _assign_numbers(ctx, connection, t, import_id, rows)
        await _create(ctx, connection, t, import_id, rows)
    if rows.updated:
        await _update(ctx, connection, t, import_id, rows)
    await _apply_effects(ctx, connection, t, import_id)


async def _unwritten_rows(ctx: RequestContext, connection: Any, import_id: str) -> dict[str, UnwrittenRows]:
    """What is to be written of each type, by one query for all types."""
    rows = await connection.fetch(
        f"""select type, count(*) filter (where result = 'created') as created,
            count(*) filter (where result = 'created' and number is null) as unnumbered,
            count(*) filter (where result = 'updated') as updated, min(n) - 1 as first, max(n) as last,
            min(jurisdiction) as jurisdiction
        from import_row where import_id = $2 and "values" is not null and result in ('created', 'updated') and {GUARD}
        group by 1""",
        ctx.context(), import_id,
    )  # fmt: skip
    return {r["type"]: UnwrittenRows(**{k: v for k, v in r.items() if k != "type"}) for r in rows}


@lru_cache(maxsize=1024)
def reference_inputs(
    t: RecordType, names: frozenset[str] | None = None, resolved: frozenset[str] = frozenset()
) -> ReferenceInputs:
    """How planned rows give their references: by identifier, or `resolved`, then the statement looks nothing up."""
    own = [f for f in t.references if f.copied is None and (names is None or f.name in names)]
    optional = frozenset(f.name for f in own if not (f.required and f.writable))
    return ReferenceInputs(tuple((f.name, RESOLVED if f.name in resolved else "id") for f in own), (), optional)


async def _assign_numbers(
    ctx: RequestContext, connection: Any, t: RecordType, import_id: str, rows: UnwrittenRows
) -> None:
    """Raise each number series to the highest number given, then number the rows that have none, in their order."""
    if t.numbering.formula:
        return
    source = _ROWS.format(path=t.path, result="created")
    places = (rows.first, rows.last)
    if rows.created > rows.unnumbered:
        highest: dict[str, int] = {}
        given = f"select x.number from ({source} and r.number is not null) x where {GUARD}"
        cursor = connection.cursor(given, ctx.context(), import_id, *places, prefetch=ROWS_PER_STATEMENT)
        async for row in cursor:
            raise_highest(highest, [row["number"]])
        await raise_series(connection, ctx.context(), ctx.runtime.registry, t, rows.jurisdiction, highest)
    if not rows.unnumbered:
        return
    within_round = {t.numbering.via} if t.numbering.within == "round" else set()
    resolved = resolved_sql(t, ctx.runtime.registry, reference_inputs(t, frozenset(within_round)))
    await connection.fetch(
        f"""with source as ({source} and r.number is null), {resolved},
        need as (select jurisdiction, series, count(*)::int as many from resolved group by 1, 2),
        drawn as (insert into number_series as s (jurisdiction, series, last)
          select jurisdiction, series, many from need
          on conflict (jurisdiction, series) do update set last = s.last + excluded.last
          returning jurisdiction, series, last),
        ranked as (select r.n, r.series,
            d.last - need.many + row_number() over (partition by r.series order by r.n) as k
          from resolved r join need using (jurisdiction, series) join drawn d using (jurisdiction, series))
        update import_row i set number = business_number(ranked.series, ranked.k::int, {t.numbering.digits})
        from ranked where i.import_id = $2::uuid and i.n = ranked.n and {GUARD}""",
        ctx.context("import"), import_id, *places,
    )  # fmt: skip


async def _create(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, rows: UnwrittenRows) -> None:
    written = 0
    for wave in await _waves(ctx, connection, t, import_id):
        source = _ROWS.format(path=t.path, result="created") + wave
        sql = insert_sql(t.name, ctx.view, reference_inputs(t), True, source, COUNT)
        for low, high in rows.ranges():
            written += await connection.fetchval(sql, ctx.context("import"), import_id, low, high)
    if written != rows.created:
        raise Refusal("plan_moved")


def _named(f: Reference) -> str:
    """SQL for the identifiers that a planned row names by a reference."""
    if not f.many:
        return f"array[values ->> '{f.id_column}']"
    return f"array(select jsonb_array_elements_text(coalesce(nullif(values -> '{f.id_column}', 'null'), '[]')))"


async def _waves(ctx: RequestContext, connection: Any, t: RecordType, import_id: str) -> list[str]:
    """Conditions, one for each wave: rows that refer to new rows of their own type are inserted after those.

    Refuses with `plan_circular` if rows refer to one another in a circle.
    """
    own = [f for f in t.references if f.to == t.path]
    if not own:
        return [""]
    given = " || ".join(_named(f) for f in own)
    rows = await connection.fetch(
        f"select record_id::text as id, array_remove({given}, null) as refs"
        f" from import_row where import_id = $2 and type = $3 and result = 'created'"
        f" and values is not null and {GUARD}",
        ctx.context(), import_id, t.path,
    )  # fmt: skip
    waiting, waves = {r["id"]: set(r["refs"]) for r in rows}, []
    new, written = set(waiting), set[str]()
    if not any(refs & new for refs in waiting.values()):
        return [""]
    while waiting:
        wave = [i for i, refs in waiting.items() if not (refs & new) - written]
        if not wave:
            raise Refusal("plan_circular", label=t.label)
        written |= set(wave)
        waves.append(" and r.record_id in (" + ", ".join(f"'{i}'" for i in wave) + ")")
        for i in wave:
            del waiting[i]
    return waves or [""]


async def _update(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, rows: UnwrittenRows) -> None:
    """One statement for all updated rows, although each row gives other columns (`each_its_own`)."""
    changed = await connection.fetch(
        f"select distinct jsonb_object_keys(values) as c from import_row where import_id = $2 and type = $3"
        f" and result = 'updated' and {GUARD}",
        ctx.context(), import_id, t.path,
    )  # fmt: skip
    columns = {r["c"] for r in changed}
    references = {f.name for f in t.references if f.copied is None and f.id_column in columns}
    own = tuple(c for c in (*t.columns, "note") if c in columns and not any(c in f.columns for f in t.references))
    given = ReferenceInputs(reference_inputs(t, frozenset(references)).given, (), frozenset(references))
    spec = UpdateSpec(own, given, each_its_own=True, skip_unchanged=False)
    sql = update_sql(t.name, ctx.view, spec, _ROWS.format(path=t.path, result="updated"), COUNT)
    written = 0
    for low, high in rows.ranges():
        written += await connection.fetchval(sql, ctx.context("import"), import_id, low, high)
    if written != rows.updated:
        raise Refusal("plan_moved")


async def _apply_effects(ctx: RequestContext, connection: Any, t: RecordType, import_id: str) -> None:
    """Change other records where the lifecycle says so: the import of a transfer makes its clues `transferred`."""
    effects = [c for c in t.lifecycle.effects_on_create if c.in_import]
    if not effects:
        return
    rows = await connection.fetch(
        f"select to_jsonb(t)::text as row, case when r.result = 'updated' then coalesce((select c ->> 'from'"
        f" from jsonb_array_elements(r.changes) c where c ->> 'field' = 'state'), t.state) end as before"
        f" from {t.table} t join import_row r on r.record_id = t.id"
        f" where r.import_id = $2 and r.type = $3 and r.result in ('created', 'updated') and {GUARD} order by r.n",
        ctx.context(), import_id, t.path,
    )  # fmt: skip
    written = [orjson.loads(row["row"]) for row in rows]
    await _lock_referenced(ctx, connection, t, {e.reference for e in effects}, written)
    for row, values in zip(rows, written, strict=True):
        begun = [e for e in effects if e.begins(values, row["before"])]
        await apply_effects(ctx, connection, t, begun, row, "import")


async def _lock_referenced(
    ctx: RequestContext, connection: Any, t: RecordType, names: set[str], written: list[dict[str, Any]]
) -> None:
    """Lock all that the rows may change, in one order: row by row, two imports could wait for each other."""
    for f in (t.reference(name) for name in sorted(names)):
        named = [row[f.id_column] for row in written if row[f.id_column]]
        ids = {i for one in named for i in (one if f.many else [one])}
        async with ctx.as_system(connection):
            await lock_records(ctx, connection, ctx.runtime.registry.by_path[f.to], ids)
