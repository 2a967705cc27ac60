"""All that the installed schema says of one record table, in the order in which a reader asks."""

from collections.abc import Iterator

from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.keeper import keeper_rights
from app.kernel.schema.kept_columns import dependency_triggers, kept_column_functions, looked_at_locks
from app.kernel.schema.obligations import obligation_statements
from app.kernel.schema.policies import record_policies
from app.kernel.schema.statements import secured
from app.kernel.schema.tables import metadata
from app.kernel.schema.triggers import declared_keys, guards, reference_triggers, revision_triggers


def record_statements(t: RecordType, registry: Registry, counted: tuple[str, ...] = ()) -> Iterator[str]:
    """Comments, row security, policies, grants and triggers of a record table.

    counted   columns that figures read
    """
    # Room on the page for a next version, which then writes no index: of random patches 67 instead of 23 in a hundred.
    yield f"alter table {t.table} set (fillfactor = 85)"
    yield from secured(metadata.tables[t.table])
    yield from record_policies(t, counted)
    yield from keeper_rights(t, registry)
    yield from guards(t)
    yield from revision_triggers(t)
    if t.references:
        yield from reference_triggers(t, registry)
        yield from declared_keys(t)
    yield from looked_at_locks(t, registry)
    yield from kept_column_functions(t)
    yield from obligation_statements(t, registry)


def dependency_statements(registry: Registry) -> Iterator[str]:
    """The triggers that keep columns which depend on other records. They call functions of both types."""
    for t in registry:
        for dependency in t.access.looks_at:
            yield from dependency_triggers(t, registry.by_name[dependency.type], dependency)
