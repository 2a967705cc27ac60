"""The rows of a file in batches: the steps of a check that ask no database, each done in a thread."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from app.imports.mapping.columns import Problem, names_of_references, read_rows
from app.imports.mapping.sheets import Source, Table, tables
from app.imports.plan.row_check import Planned


def next_batch(rows: Iterator[Any], size: int | None) -> list[Any]:
    """So many rows as they stand in the file; all that there are, if no size is given."""
    return list(islice(rows, size))


def read_batch(
    table: Table, batch: list[tuple[int, Any]], jurisdiction: str
) -> tuple[list[Planned], list[dict[str, Any]]]:
    """Each row of a batch: what it will become, and its values as they are read."""
    assert table.type
    planned = [Planned(table.sheet, line, table.type, table.headings) for line, _ in batch]
    if not table.headings:
        internal = names_of_references(table.type)
        return planned, [_members(p, raw, internal, jurisdiction) for p, (_, raw) in zip(planned, batch, strict=True)]
    rows: list[dict[str, Any]] = []
    for p, (values, problems) in zip(
        planned, read_rows(table.type, [raw for _, raw in batch], table.headings, table.units), strict=True
    ):
        p.errors += problems
        rows.append(values)
    return planned, rows


def _members(p: Planned, raw: Any, internal: set[str], jurisdiction: str) -> dict[str, Any]:
    """The values of a line of NDJSON; notes in the plan what may not stand there."""
    if not isinstance(raw, dict):
        p.unreadable = True
        p.errors.append(Problem(None, f"line_{raw.code}"))
        return {}
    code = raw.pop("jurisdiction", jurisdiction)
    raw.pop("type", None)
    values = {k: v for k, v in raw.items() if v is not None} if None in raw.values() else raw
    if not internal.isdisjoint(values):
        for name in internal & values.keys():
            p.reject(name, "unknown_member", name=name)
            values.pop(name)
    if code not in (None, jurisdiction):
        p.reject("jurisdiction", "jurisdiction_outside")
    return values


async def tables_in_turn(path: Path, source: Source, registry: Any) -> AsyncIterator[Table]:
    """Tables in the order of the registry, read in a thread so that requests go on being answered."""
    found: Iterator[Table] = await asyncio.to_thread(lambda: iter(tables(path, source, registry)))
    while (table := await asyncio.to_thread(lambda: next(found, None))) is not None:
        yield table
