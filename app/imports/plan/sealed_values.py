"""The sealed values of a batch, stored beside its plan."""

from app.imports.plan.lookup import Lookup
from app.imports.plan.plan_rows import PlanSink
from app.imports.plan.planned_row import CheckedBatch
from app.kernel.personal.encryption import store_sealed


async def store_sealed_values(lookup: Lookup, sink: PlanSink, batch: CheckedBatch) -> None:
    """Store sealed values, bound to their records. The value of a row that writes nothing is kept nowhere."""
    kept = [(p.record_id, c) for p, c in batch.clear if p.record_id and not p.errors and c.digest in p.values.values()]
    if not kept:
        return
    async with sink.plan_connection(transaction=True) as connection:
        ring = lookup.ctx.runtime.seal
        await store_sealed(connection, lookup.ctx.context(), ring, lookup.jurisdiction, kept)
