"""What the functions of the keeper may do with a record table."""

from collections.abc import Iterator

from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.kept_columns import kept_columns
from app.kernel.schema.statements import listed


def keeper_rights(t: RecordType, registry: Registry) -> Iterator[str]:
    """What the keeper's functions read and lock. A lock needs the right to UPDATE; they change no state."""
    followed = {c for o in registry for f in o.access.looks_at if f.type == t.name for c in f.columns}
    columns = dict.fromkeys(("jurisdiction", "id", "state", *(f.id_column for f in t.references), *sorted(followed)))
    yield "-- What the functions of the keeper read and lock"
    yield f"create policy keeper on {t.table} to ledger_keeper using (true)"
    yield f"grant select ({listed(columns)}), update (state)\n  on {t.table} to ledger_keeper"
    if kept := [column for column, _ in kept_columns(t)]:
        yield f"grant select, update ({listed(('version', 'updated_at', *kept))}) on {t.table} to ledger_keeper"
