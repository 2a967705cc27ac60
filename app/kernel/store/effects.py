"""Effects of a write: transitions of the records that it refers to, in the same transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.lifecycle import Effect, Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.sql.write import COUNT, UpdateSpec, update_sql
from app.kernel.store.context import RequestContext
from app.kernel.store.locks import lock_records

# The records of a list, all with the same values.
_SOURCE = """select unnest($2::uuid[]) as id, null::text as jurisdiction, null::int as version, null::text as number,
    null::text as state, $3::jsonb as values, false as imported, null::jsonb as line"""


async def apply_effects(
    ctx: RequestContext,
    connection: Any,
    t: RecordType,
    effects: Sequence[Effect],
    row: Any,
    action: str,
    part: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
) -> None:
    """Carry out the effects of a write of `row`, as the system role. Refuses as `Effect.otherwise` says.

    The caller need not see what changes: a unit that completes an opinion does not see the finding that is thereby
    rectified. The records are locked before it is judged whether a transition applies to them. `part` names the
    references where an action concerns a part of a list; `before` is the row before the write.
    """
    if not effects:
        return
    written = orjson.loads(row["row"])
    for effect in effects:
        if effect.when and not effect.when(written):
            continue
        f, source = t.reference(effect.reference), (before or {}) if effect.leaving else written
        named = (part or {}).get(f.id_column) or source.get(f.id_column)
        if not named:
            continue
        ids: list[str] = named if f.many else [named]
        target = ctx.runtime.registry.by_path[f.to]
        transition = target.lifecycle.transition(effect.action)
        values = {own: source[other] for own, other in effect.values.items()}
        cause = {"reason": f"{t.label} {written['number']}", "cause": {"type": t.path, "id": written["id"]}}
        async with ctx.as_system(connection):
            await lock_records(ctx, connection, target, ids)
            await _move(ctx, connection, target, transition, ids, values, cause)
            if effect.otherwise and not await _all_have(ctx, connection, target, ids, values):
                raise Refusal(effect.otherwise)


async def _all_have(
    ctx: RequestContext, connection: Any, t: RecordType, ids: Sequence[str], values: Mapping[str, Any]
) -> bool:
    sql = f"select count(*) from {t.table} t where t.id = any($2::uuid[]) and to_jsonb(t) @> $3::jsonb and {GUARD}"
    having = await connection.fetchval(sql, ctx.context(), list(ids), orjson.dumps(dict(values)).decode())
    return bool(having == len(set(ids)))


async def _move(
    ctx: RequestContext,
    connection: Any,
    t: RecordType,
    transition: Transition,
    ids: Sequence[str],
    values: Mapping[str, Any],
    cause: Mapping[str, Any],
) -> None:
    """Move records along one arrow where it applies to them; where it does not, nothing happens.

    Each revision keeps the record that caused it, so that its reason is told to those alone for whom that one exists.
    """
    columns = tuple(c for c in values if c in t.columns and c not in transition.derives)
    spec = UpdateSpec(
        columns,
        ReferenceInputs(()),
        transition,
        transition.to,
        transition.origins,
        check_version=False,
        # An arrow that keeps the state is worth a revision only if it changes something.
        skip_unchanged=transition.to is None,
    )
    context = ctx.context(transition.action, **cause)
    sql = update_sql(t.name, ctx.view, spec, _SOURCE, COUNT)
    await connection.fetch(sql, context, list(ids), orjson.dumps(dict(values)).decode())
