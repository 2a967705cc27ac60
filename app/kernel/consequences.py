"""What a write brings about in the records it refers to, in the same transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.kernel.asking import Asking
from app.kernel.lifecycle import Consequence, Transition
from app.kernel.record_type import RecordType
from app.kernel.resolving import Spelling
from app.kernel.writes import COUNT, Change, update_sql


async def bring_about(
    asking: Asking,
    connection: Any,
    t: RecordType,
    follows: Sequence[Consequence],
    row: Any,
    action: str,
    body: Mapping[str, Any] | None = None,
) -> None:
    """Carries out what a write brings about in the records it refers to, in the same transaction.

    The ledger does it with its own hand: a unit that completes an opinion need not see the finding that is thereby
    rectified.
    """
    if not follows:
        return
    written = orjson.loads(row["row"])
    for consequence in follows:
        if consequence.when and not consequence.when(written):
            continue
        f = t.reference(consequence.reference)
        ids = (body or {}).get(f.id_column) or written.get(f.id_column)
        if not ids:
            continue
        target = asking.ledger.registry.by_path[f.to]
        transition = target.lifecycle.transition(consequence.action)
        values = {own: written[other] for own, other in consequence.values.items()}
        told = f"{t.label} {written['number']}"
        async with asking.as_ledger(connection):
            await transit(asking, connection, target, transition, ids if f.many else [ids], values, told)


async def transit(
    asking: Asking,
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
    change = Change(
        own, Spelling(()), transition, transition.to, transition.origins, check_version=False, skip_unchanged=unmoved
    )
    source = """select unnest($2::uuid[]) as id, null::text as jurisdiction, null::int as version, null::text as number,
        null::text as state, $3::jsonb as values, false as imported, null::jsonb as line"""
    sql = update_sql(t.name, asking.view, change, source, COUNT)
    context = asking.context(transition.action, reason=reason)
    await connection.fetch(sql, context, list(ids), orjson.dumps(dict(values)).decode())
