"""The rows of a file in batches: the steps of a check that ask no database, each done in a thread."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from app.imports.columns import Problem, names_of_references, read_row
from app.imports.plan import Planned
from app.imports.sources import Source, Table, tables


def next_batch(rows: Iterator[Any], size: int | None) -> list[Any]:
    """So many rows as they stand in the file; all that there are, if no size is given."""
    return list(islice(rows, size))


def read_batch(
    table: Table, batch: list[tuple[int, Any]], jurisdiction: str
) -> tuple[list[Planned], list[dict[str, Any]]]:
    """Each row of a batch: what it will become, and its values as they are read."""
    assert table.type
    internal = names_of_references(table.type)
    planned, rows = [], []
    for line, raw in batch:
        p = Planned(table.sheet, line, table.type, table.headings)
        if table.headings:
            values, problems = read_row(table.type, raw, table.headings, table.units)
            p.errors += problems
        elif isinstance(raw, dict):
            code = raw.pop("jurisdiction", jurisdiction)
            raw.pop("type", None)
            values = {k: v for k, v in raw.items() if v is not None} if None in raw.values() else raw
            if not internal.isdisjoint(values):
                for name in internal & values.keys():
                    p.reject(name, "unknown_member", name=name)
                    values.pop(name)
            if code not in (None, jurisdiction):
                p.reject("jurisdiction", "jurisdiction_outside")
        else:
            values = {}
            p.unreadable = True
            p.errors.append(Problem(None, f"line_{raw.code}"))
        planned.append(p)
        rows.append(values)
    return planned, rows


async def tables_in_turn(path: Path, source: Source, registry: Any) -> AsyncIterator[Table]:
    """Tables in the order of the registry, read in a thread so that requests go on being answered."""
    found: Iterator[Table] = await asyncio.to_thread(lambda: iter(tables(path, source, registry)))
    while (table := await asyncio.to_thread(lambda: next(found, None))) is not None:
        yield table
