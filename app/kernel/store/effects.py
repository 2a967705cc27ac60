"""What a write brings about in the records it refers to, in the same transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.kernel.declare.lifecycle import Effect, Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.sql.write import COUNT, UpdateSpec, update_sql
from app.kernel.store.context import RequestContext


async def apply_effects(
    ctx: RequestContext,
    connection: Any,
    t: RecordType,
    effects: Sequence[Effect],
    row: Any,
    action: str,
    body: Mapping[str, Any] | None = None,
) -> None:
    """Carries out what a write brings about in the records it refers to, in the same transaction.

    The ledger does it with its own hand: a unit that completes an opinion need not see the finding that is thereby
    rectified.
    """
    if not effects:
        return
    written = orjson.loads(row["row"])
    for consequence in effects:
        if consequence.when and not consequence.when(written):
            continue
        f = t.reference(consequence.reference)
        ids = (body or {}).get(f.id_column) or written.get(f.id_column)
        if not ids:
            continue
        target = ctx.runtime.registry.by_path[f.to]
        transition = target.lifecycle.transition(consequence.action)
        values = {own: written[other] for own, other in consequence.values.items()}
        told = f"{t.label} {written['number']}"
        async with ctx.as_system(connection):
            await transit(ctx, connection, target, transition, ids if f.many else [ids], values, told)


async def transit(
    ctx: RequestContext,
    connection: Any,
    t: RecordType,
    transition: Transition,
    ids: Sequence[str],
    values: Mapping[str, Any],
    reason: str,
) -> None:
    """Moves other records along one arrow where it applies to them; elsewhere nothing happens."""
    own = tuple(c for c in values if c in t.columns and c not in transition.derives)
    unmoved = transition.to is None  # an arrow that keeps the state is only worth a revision if it changes something
    change = UpdateSpec(
        own,
        ReferenceInputs(()),
        transition,
        transition.to,
        transition.origins,
        check_version=False,
        skip_unchanged=unmoved,
    )
    source = """select unnest($2::uuid[]) as id, null::text as jurisdiction, null::int as version, null::text as number,
        null::text as state, $3::jsonb as values, false as imported, null::jsonb as line"""
    sql = update_sql(t.name, ctx.view, change, source, COUNT)
    context = ctx.context(transition.action, reason=reason)
    await connection.fetch(sql, context, list(ids), orjson.dumps(dict(values)).decode())
