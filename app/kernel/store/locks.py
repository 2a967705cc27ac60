"""Locks on the records that a rule looks at, taken in a statement of their own before the statement that judges.

A statement judges by the snapshot of its beginning. Of a record that another transaction is just changing it sees the
old version, and does not wait. With the lock taken before, the snapshot that judges is younger than what others have
committed. Records are locked in the order of their identifiers (docs/decisions/0034-judged-under-a-lock.md).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.db.context import GUARD
from app.kernel.declare.lifecycle import Effect
from app.kernel.declare.record_type import RecordType
from app.kernel.store.context import RequestContext

CHANGED, LOOKED_AT = "no key update", "share"


async def lock_records(
    ctx: RequestContext, connection: Any, t: RecordType, ids: Iterable[str], lock: str = CHANGED
) -> None:
    """Lock records of one type until the transaction ends. The connection acts as the system role."""
    sql = f"select from {t.table} x where x.id = any($2::uuid[]) and {GUARD} order by x.id for {lock} of x"
    await connection.fetch(sql, ctx.context(), list(ids))


async def lock_judged_with(
    ctx: RequestContext, connection: Any, t: RecordType, record_id: str, names: Iterable[str], values: Mapping[str, Any]
) -> None:
    """Lock the records that a transition is judged with (`Transition.judged_with`), and its own if of the same type.

    A reference is the one given in `values`, else the stored one. Two records of one type are locked together, so that
    two transitions of the same two records cannot wait for each other. Costs a statement a reference, and two for the
    system role.
    """
    async with ctx.as_system(connection):
        for name in names:
            f = t.reference(name)
            target = ctx.runtime.registry.by_path[f.to]
            own = "x.id = o.id or " if target is t else ""
            await connection.fetch(
                f"select from {target.table} x, {t.table} o where o.id = $2::uuid and x.jurisdiction = o.jurisdiction"
                f" and ({own}case when $4::text is null then x.id = coalesce($3::uuid, o.{f.id_column})"
                f" else x.number = $4 end) and {GUARD} order by x.id for {CHANGED if own else LOOKED_AT} of x",
                ctx.context(), record_id, values.get(f.id_column), values.get(f.number_column),
            )  # fmt: skip


async def lock_moved(
    ctx: RequestContext, connection: Any, t: RecordType, effects: Iterable[Effect], before: Mapping[str, Any],
    values: Mapping[str, Any],
) -> None:  # fmt: skip
    """Lock the records that a change of these references leaves and those that it comes to, together.

    Two changes that cross would otherwise wait for one another: each holds what it comes to when it asks for what it
    leaves. Costs a statement a reference, and two for the system role.
    """
    async with ctx.as_system(connection):
        for name in sorted({effect.reference for effect in effects}):
            f = t.reference(name)
            target = ctx.runtime.registry.by_path[f.to]
            ids = [before.get(f.id_column), values.get(f.id_column)]
            await connection.fetch(
                f"select from {target.table} x where x.jurisdiction = $2 and (x.id = any($3::uuid[])"
                f" or x.number = $4) and {GUARD} order by x.id for {CHANGED} of x",
                ctx.context(), before["jurisdiction"], [i for i in ids if i], values.get(f.number_column),
            )  # fmt: skip
