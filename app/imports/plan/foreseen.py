"""What the rows of a file will change in the records that they refer to, before any of it is written.

A transfer takes its clues: the next row of the file that names one of them finds it taken.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.imports.plan.known_record import KnownRecord
from app.imports.plan.lookup import Lookup
from app.imports.plan.planned_row import PlannedRow
from app.kernel.declare.fields import Reference
from app.kernel.declare.lifecycle import Effect


def effects_due(planned: PlannedRow, row: Mapping[str, Any], before: str | None) -> Iterator[Effect]:
    """The effects that an import has on other records by this row: those whose condition begins to hold."""
    for effect in planned.type.lifecycle.effects_on_create:
        if effect.in_import and effect.begins({**row, "state": planned.state or before}, before):
            yield effect


def note(planned: PlannedRow, record: KnownRecord | None, lookup: Lookup) -> None:
    """Keep what a decided row will change in other records."""
    t = planned.type
    row = {**(record.values if record else {}), **planned.values}
    for effect in effects_due(planned, row, record.state if record else None):
        f = t.reference(effect.reference)
        target = lookup.ctx.runtime.registry.by_path[f.to]
        changed = {own: row.get(other) for own, other in effect.values.items()}
        if to := target.lifecycle.transition(effect.action).to:
            changed["state"] = to
        for record_id in _ids(f, row):
            lookup.foreseen.setdefault((f.to, record_id), {}).update(changed)


def applied(
    planned: PlannedRow,
    values: Mapping[str, Any],
    record: KnownRecord | None,
    referenced: dict[str, Any],
    lookup: Lookup,
) -> dict[str, Any]:
    """What the rule of a row reads of other records, as earlier rows of the file will leave them."""
    row, found = {**(record.values if record else {}), **values}, dict(referenced)
    for f in planned.type.references:
        if f.name not in found:
            continue
        changes = [lookup.foreseen.get((f.to, i), {}) for i in _ids(f, row)]
        if f.many:
            found[f.name] = {
                c: [change.get(c, value) for change, value in zip(changes, column, strict=True)]
                for c, column in found[f.name].items()
            }
        elif changes:
            found[f.name] = {c: changes[0].get(c, value) for c, value in found[f.name].items()}
    return found


def _ids(f: Reference, row: Mapping[str, Any]) -> list[str]:
    named = row.get(f.id_column)
    return list(named or ()) if f.many else [named] if named else []
