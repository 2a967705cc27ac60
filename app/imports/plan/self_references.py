"""Rows of one sheet that refer to one another in any order: units and the units above them."""

from typing import Any

import uuid_utils

from app.imports.plan.lookup import Lookup
from app.imports.plan.planned_row import PlannedRow


def announce(planned: list[PlannedRow], rows: list[dict[str, Any]], lookup: Lookup) -> None:
    """Add all rows to the lookup before any row is checked, so that a row may refer to one further down."""
    for p, row in zip(planned, rows, strict=True):
        number = row.get("number")
        if not isinstance(number, str) or lookup.by_number(p.type.path, number) is None:
            p.record_id = str(uuid_utils.uuid7())
            known_number = number if isinstance(number, str) else None
            lookup.add_planned(p.type, p.record_id, known_number, p.type.lifecycle.initial, row)


def reject_doubles(planned: list[PlannedRow]) -> None:
    """Reject rows that stand for one record, each naming the other. `reject_orphans` rejects the rows above them."""
    first: dict[str, PlannedRow] = {}
    for p in planned:
        if p.key is not None and (other := first.setdefault(p.key, p)) is not p:
            p.reject("number", "row_twice", row=other.line)
            other.reject("number", "row_twice", row=p.line)


def reject_orphans(planned: list[PlannedRow]) -> None:
    """Reject rows that refer to a rejected row of the sheet, then rows that refer to these, until none is left."""
    t = planned[0].type
    own = [f for f in t.references if f.to == t.path]
    rejected = {p.record_id for p in planned if p.errors}
    more = True
    while more:
        more = False
        for p in (p for p in planned if not p.errors):
            for f in own:
                named = p.values.get(f.id_column) or []
                if rejected.intersection([named] if isinstance(named, str) else named):
                    p.reject(p.column_of(f), "reference_not_found", label=f.label)
                    rejected.add(p.record_id)
                    more = True
