"""Rows of one sheet that refer to one another in any order: units and the units above them."""

from itertools import groupby
from typing import Any

import uuid_utils

from app.imports.plan.fallen import Cause, cause_of, reject_following
from app.imports.plan.lookup import Lookup
from app.imports.plan.plan_rows import MOST_TWINS, row_twice
from app.imports.plan.planned_row import PlannedRow
from app.kernel.declare.fields import Reference


def announce(planned: list[PlannedRow], rows: list[dict[str, Any]], lookup: Lookup) -> None:
    """Add all rows to the lookup before any row is checked, so that a row may refer to one further down."""
    for p, row in zip(planned, rows, strict=True):
        number = row.get("number")
        if not isinstance(number, str) or lookup.by_number(p.type.path, number) is None:
            p.record_id = str(uuid_utils.uuid7())
            known_number = number if isinstance(number, str) else None
            lookup.add_planned(p.type, p.record_id, known_number, p.type.lifecycle.initial, row)


def reject_doubles(planned: list[PlannedRow]) -> None:
    """Reject rows that stand for one record, each naming the others. `reject_orphans` rejects the rows above them."""
    keyed = sorted((p for p in planned if p.key is not None), key=lambda p: str(p.key))
    for _, group in groupby(keyed, key=lambda p: p.key):
        rows = list(group)
        for p in rows:
            column = p.headings.get("number") or p.headings.get("name", "number")
            others = [other for other in rows[: MOST_TWINS + 1] if other is not p][:MOST_TWINS]
            p.errors += [row_twice(column, p.sheet, other.sheet, other.line) for other in others]


def reject_circles(planned: list[PlannedRow], lookup: Lookup) -> None:
    """Reject rows by which a record would stand above itself, each naming the rows of the circle."""
    t = planned[0].type
    by_id: dict[str | None, PlannedRow] = {p.record_id: p for p in planned if p.record_id}
    for f in (f for f in t.references if f.to == t.path and not f.many and f.in_ledger):
        named = {record_id: p for record_id, p in by_id.items() if not p.errors and p.values.get(f.id_column)}
        for record_id, p in named.items():
            circle = _circle(str(record_id), f, by_id, lookup)
            if circle:
                rows = "、".join(str(row.line) for row in sorted(circle, key=lambda row: row.line))
                p.reject(p.column_of(f), "circle", label=f.label, rows=rows)


def _circle(start: str, f: Reference, by_id: dict[str | None, PlannedRow], lookup: Lookup) -> list[PlannedRow]:
    """The rows on the way from a record upwards back to itself; none if it does not come back."""
    rows, seen, at = list[PlannedRow](), set[str](), start
    while at and at not in seen:
        seen.add(at)
        row, known = by_id.get(at), lookup.by_id.get((f.to, at))
        rows += [row] if row else []
        given = row.values.get(f.id_column) if row else None
        at = given or (known.values.get(f.id_column) if known else None) or ""
    return rows if at == start else []


def reject_orphans(planned: list[PlannedRow]) -> None:
    """Reject rows that refer to a rejected row of the sheet, then rows that refer to these, until none is left."""
    t = planned[0].type
    own = [f for f in t.references if f.to == t.path]
    # Others are registered already, whatever is wrong with their rows.
    broken = [p for p in planned if p.errors and p.version is None]
    rejected = {p.record_id: cause_of(p) or Cause(p.sheet, p.line) for p in broken}
    more = True
    while more:
        more = False
        for p in (p for p in planned if not p.errors):
            for f in own:
                named = p.values.get(f.id_column) or []
                fallen = [i for i in ([named] if isinstance(named, str) else named) if i in rejected]
                if fallen:
                    reject_following(p, p.column_of(f), f.label, rejected[fallen[0]])
                    rejected[p.record_id] = rejected[fallen[0]]
                    more = True
