"""Carrying out a plan, once and whole: every row in one transaction, type after type, or nothing at all."""

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from typing import Any

from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.numbering import move_on, raise_highest
from app.kernel.sql.reference_joins import RESOLVED, ReferenceInputs, resolved_sql
from app.kernel.sql.write import COUNT, UpdateSpec, insert_sql, update_sql
from app.kernel.store.context import RequestContext
from app.kernel.store.effects import apply_effects

STEP = 5000
Progress = Callable[[int], Awaitable[None]]

# A row without values is written already (see ahead.py), or there is nothing to write.
_ROWS = """select r.record_id as id, r.jurisdiction, r.version, r.number, r.state, r.values, true as imported,
    jsonb_build_object('sheet', r.sheet, 'row', r.line_number) as line, r.n
  from import_row r
  where r.import_id = $2::uuid and r.type = '{path}' and r.result = '{result}' and r.values is not null
    and r.n > $3 and r.n <= $4"""


@dataclass(frozen=True, slots=True)
class Share:
    """What of a plan is still to be written of one type: how many rows, and between which (the first excluded)."""

    jurisdiction: str
    created: int
    unnumbered: int
    updated: int
    first: int
    last: int

    def steps(self) -> list[tuple[int, int]]:
        """The stretches in which it is written."""
        return [(low, min(low + STEP, self.last)) for low in range(self.first, self.last, STEP)]


async def commit(ctx: RequestContext, connection: Any, import_id: str, progress: Progress) -> None:
    """Applies the checked plan on a connection in a transaction. Refuses with `plan_moved` if a record moved since."""
    done = 0
    shares = await _shares(ctx, connection, import_id)
    for t in ctx.runtime.registry:
        if share := shares.get(t.path):
            await _carry_out(ctx, connection, t, import_id, share)
            done += share.created + share.updated
            await progress(done)


async def finish(ctx: RequestContext, connection: Any, t: RecordType, import_id: str) -> int:
    """Writes what is left of one type, when its other rows are written; gives how many it wrote."""
    share = (await _shares(ctx, connection, import_id)).get(t.path)
    if share is None:
        await _consequences(ctx, connection, t, import_id)
        return 0
    await _carry_out(ctx, connection, t, import_id, share)
    return share.created + share.updated


async def _carry_out(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, share: Share) -> None:
    if share.created:
        await _number(ctx, connection, t, import_id, share)
        await _create(ctx, connection, t, import_id, share)
    if share.updated:
        await _update(ctx, connection, t, import_id, share)
    await _consequences(ctx, connection, t, import_id)


async def _shares(ctx: RequestContext, connection: Any, import_id: str) -> dict[str, Share]:
    """What is to be written of each type, all by one look at the plan."""
    rows = await connection.fetch(
        f"""select type, count(*) filter (where result = 'created') as created,
            count(*) filter (where result = 'created' and number is null) as unnumbered,
            count(*) filter (where result = 'updated') as updated, min(n) - 1 as first, max(n) as last,
            min(jurisdiction) as jurisdiction
        from import_row where import_id = $2 and "values" is not null and result in ('created', 'updated') and {GUARD}
        group by 1""",
        ctx.context(), import_id,
    )  # fmt: skip
    return {r["type"]: Share(**{k: v for k, v in r.items() if k != "type"}) for r in rows}


def inputs(t: RecordType, names: Container[str] | None = None, found: Container[str] = ()) -> ReferenceInputs:
    """How the rows of a plan give their references: by identifier, or as they were `found`."""
    own = [f for f in t.references if f.copied is None and (names is None or f.name in names)]
    optional = frozenset(f.name for f in own if not (f.required and f.writable))
    return ReferenceInputs(tuple((f.name, RESOLVED if f.name in found else "id") for f in own), (), optional)


async def _number(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, share: Share) -> None:
    """Raises each series to its highest given number, then numbers the rows that have none, in their order."""
    if t.numbering.formula:
        return
    source = _ROWS.format(path=t.path, result="created")
    if share.created > share.unnumbered:
        highest: dict[str, int] = {}
        given = f"select x.number from ({source} and r.number is not null) x where {GUARD}"
        async for row in connection.cursor(given, ctx.context(), import_id, share.first, share.last, prefetch=STEP):
            raise_highest(highest, [row["number"]])
        await move_on(ctx, connection, t, share.jurisdiction, highest)
    if not share.unnumbered:
        return
    named = inputs(t, names={t.numbering.via} if t.numbering.within == "round" else set())
    resolved = resolved_sql(t, ctx.runtime.registry, named)
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
        ctx.context("import"), import_id, share.first, share.last,
    )  # fmt: skip


async def _create(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, share: Share) -> None:
    written = 0
    own = [f.id_column for f in t.references if f.to == t.path]
    for wave in await _waves(ctx, connection, t, import_id, own):
        source = _ROWS.format(path=t.path, result="created") + wave
        sql = insert_sql(t.name, ctx.view, inputs(t), True, source, COUNT)
        for low, high in share.steps():
            written += await connection.fetchval(sql, ctx.context("import"), import_id, low, high)
    if written != share.created:
        raise Refusal("plan_moved")


async def _waves(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, own: list[str]) -> list[str]:
    """Rows that refer to rows of their own type come after those: conditions, one for each wave."""
    if not own:
        return [""]
    given = ", ".join(f"values ->> '{column}'" for column in own)
    rows = await connection.fetch(
        f"select record_id::text as id, array_remove(array[{given}], null) as refs"
        f" from import_row where import_id = $2 and type = $3 and result = 'created'"
        f" and values is not null and {GUARD}",
        ctx.context(), import_id, t.path,
    )  # fmt: skip
    waiting, waves = {r["id"]: set(r["refs"]) for r in rows}, []
    known: set[str] = set()
    everyone = set(waiting)
    if not any(refs & everyone for refs in waiting.values()):
        return [""]
    while waiting:
        wave = [i for i, refs in waiting.items() if not (refs & everyone) - known]
        if not wave:
            raise Refusal("plan_circular", label=t.label)
        known |= set(wave)
        waves.append(" and r.record_id in (" + ", ".join(f"'{i}'" for i in wave) + ")")
        for i in wave:
            del waiting[i]
    return waves or [""]


async def _update(ctx: RequestContext, connection: Any, t: RecordType, import_id: str, share: Share) -> None:
    changed = await connection.fetch(
        f"select distinct jsonb_object_keys(values) as c from import_row where import_id = $2 and type = $3"
        f" and result = 'updated' and {GUARD}",
        ctx.context(), import_id, t.path,
    )  # fmt: skip
    columns = {r["c"] for r in changed}
    references = {f.name for f in t.references if f.copied is None and f.id_column in columns}
    own = tuple(c for c in (*t.columns, "note") if c in columns and not any(c in f.columns for f in t.references))
    given = ReferenceInputs(inputs(t, names=references).given, (), frozenset(references))
    change = UpdateSpec(own, given, each_its_own=True, skip_unchanged=False)
    sql = update_sql(t.name, ctx.view, change, _ROWS.format(path=t.path, result="updated"), COUNT)
    written = 0
    for low, high in share.steps():
        written += await connection.fetchval(sql, ctx.context("import"), import_id, low, high)
    if written != share.updated:
        raise Refusal("plan_moved")


async def _consequences(ctx: RequestContext, connection: Any, t: RecordType, import_id: str) -> None:
    """What an import brings about in other records: a transfer makes its clues `transferred`, nothing else does."""
    effects = [c for c in t.lifecycle.effects_on_create if c.in_import]
    if not effects:
        return
    rows = await connection.fetch(
        f"select to_jsonb(t)::text as row from {t.table} t join import_row r on r.record_id = t.id"
        f" where r.import_id = $2 and r.type = $3 and r.result in ('created', 'updated') and {GUARD} order by r.n",
        ctx.context(), import_id, t.path,
    )  # fmt: skip
    for row in rows:
        await apply_effects(ctx, connection, t, effects, row, "import")
