"""What the programs and the measurements share: where everything is, and what a running program is asked."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from app.db.embedded import EmbeddedPostgres
from benchmarks.wrk import Load

REQUESTS = ("get", "list", "create", "patch")
BODIES, IDENTIFIERS = 2000, 60_000


@dataclass
class Side:
    """A running program: its address, its process, its requests, and the table whose versions a patch must know."""

    name: str
    base: str
    pid: int
    loads: dict[str, Load]
    database: str
    versions: dict[str, str]  # the query that gives lines of a patch, for each load that is one
    failed: Counter[str] = field(default_factory=Counter, init=False)  # requests of each load


@dataclass(frozen=True)
class Bench:
    """Where everything is while the benchmark runs."""

    postgres: EmbeddedPostgres
    folder: Path
    reference_url: str

    def lines(self, name: str, lines: list[str]) -> Path:
        """A file of requests."""
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


async def rows(url: str, query: str, *arguments: Any) -> list[Any]:
    """The rows of a query, as the owner of the database."""
    connection = await asyncpg.connect(url)
    try:
        found: list[Any] = await connection.fetch(query, *arguments)
        return found
    finally:
        await connection.close()


async def write_versions(side: Side, load: str) -> None:
    """What a round of patches starts from: records and their versions at this moment."""
    found = await rows(side.database, side.versions[load])
    side.loads[load].source.write_text("\n".join(r[0] for r in found) + "\n", encoding="utf-8")


def holes(text: str) -> str:
    """A body for wrk, with `@@` as the hole for a mark of its own."""
    return text.replace("%", "%%").replace("@@", "%s")
