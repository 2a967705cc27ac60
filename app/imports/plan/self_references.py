"""Rows of one sheet that refer to one another, in any order: units and the units above them."""

from typing import Any

import uuid_utils

from app.imports.plan.lookup import Lookup
from app.imports.plan.row_check import Planned


def announce(planned: list[Planned], rows: list[dict[str, Any]], lookup: Lookup) -> None:
    """Makes rows known before they are checked, where rows of a type refer to one another in any order (units)."""
    for p, row in zip(planned, rows, strict=True):
        number = row.get("number")
        if not isinstance(number, str) or lookup.numbers.get((p.type.path, number)) is None:
            p.record_id = str(uuid_utils.uuid7())
            lookup.plan(p.type, p.record_id, number if isinstance(number, str) else None, p.type.lifecycle.initial, row)


def reject_doubles(planned: list[Planned]) -> None:
    """Rows that stand for one record, each naming the other. What leans on them is rejected with them."""
    first: dict[str, Planned] = {}
    for p in planned:
        if p.key is not None and (other := first.setdefault(p.key, p)) is not p:
            p.reject("number", "row_twice", row=other.line)
            other.reject("number", "row_twice", row=p.line)


def reject_orphans(planned: list[Planned]) -> None:
    """A row that refers to a row of the same sheet that is rejected cannot be kept either; and so on."""
    t = planned[0].type
    own = [f for f in t.references if f.to == t.path]
    gone = {p.record_id for p in planned if p.errors}
    moved = True
    while moved:
        moved = False
        for p in (p for p in planned if not p.errors):
            for f in own:
                if p.values.get(f.id_column) in gone:
                    p.reject(p.member(f), "reference_not_found", label=f.label)
                    gone.add(p.record_id)
                    moved = True
