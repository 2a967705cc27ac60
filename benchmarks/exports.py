"""Taking a whole list out over HTTP, beside COPY of the same rows as JSON."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

import asyncpg
import httpx

from benchmarks.accounts import CODE, sign_in
from benchmarks.bench import Bench
from benchmarks.machine import cpu_seconds, peak
from benchmarks.requests import span
from benchmarks.sides import service

GOAL = 0.80
FORMATS = ("ndjson", "csv", "xlsx")
COPIED = f"select row_to_json(t) from finding t where jurisdiction = '{CODE}'"


@dataclass(frozen=True)
class Exported:
    """One export: rows and MiB a second, MiB above idle, and processor time of a row in server and Postgres (µs)."""

    rate: float
    mib: float = 0
    memory: float = 0
    server: float = 0
    postgres: float = 0


async def limit(bench: Bench) -> tuple[Exported, int]:
    """COPY of the rows as JSON to nowhere, and how many there are."""
    connection = await asyncpg.connect(bench.postgres.superuser_url)
    size = 0

    async def count(piece: bytes) -> None:
        nonlocal size
        size += len(piece)

    try:
        before, started = cpu_seconds(bench.postgres.process_id), time.perf_counter()
        copied = await connection.copy_from_query(COPIED, output=count)
        seconds = time.perf_counter() - started
        spent = cpu_seconds(bench.postgres.process_id) - before
    finally:
        await connection.close()
    rows = int(copied.split()[-1])
    return Exported(rows / seconds, size / seconds / 2**20, postgres=spent / rows * 1e6), rows


def through_http(bench: Bench, form: str, rows: int) -> Exported:
    """A fresh service gives the file; the clock stops at its last byte."""
    with service(bench) as side, httpx.Client(base_url=side.base, timeout=600, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {sign_in(side.base)}"}
        http.get("/v1/findings/export", params={"format": form, "q": "没有"}, headers=headers).raise_for_status()
        postgres, size = bench.postgres.process_id, 0
        with peak(side.pid) as highest:
            idle, before = highest[0], (cpu_seconds(side.pid), cpu_seconds(postgres))
            started = time.perf_counter()
            with http.stream("GET", "/v1/findings/export", params={"format": form}, headers=headers) as answer:
                answer.raise_for_status()
                for piece in answer.iter_raw():
                    size += len(piece)
            seconds = time.perf_counter() - started
        spent = cpu_seconds(side.pid) - before[0], cpu_seconds(postgres) - before[1]
    used = (spent[0] / rows * 1e6, spent[1] / rows * 1e6)
    return Exported(rows / seconds, size / seconds / 2**20, highest[0] - idle, *used)


def run(bench: Bench, rounds: int) -> dict[str, list[Exported]]:
    """Each round: the limit, then every format."""
    found: dict[str, list[Exported]] = defaultdict(list)
    for n in range(rounds):
        most, rows = asyncio.run(limit(bench))
        found["limit"].append(most)
        for form in FORMATS:
            found[form].append(through_http(bench, form, rows))
        print(f"export round {n + 1}/{rounds}", end="   \r", flush=True)
    return found


def table(found: dict[str, list[Exported]]) -> list[str]:
    """Rows per second as a ratio to COPY of the same round, and memory above idle."""
    most = [x.rate for x in found["limit"]]
    head = f"{'of COPY':18} {'rows/s':>20} {'MiB/s':>14} {'MiB above idle':>18} {'µs server + Postgres':>22}"
    lines = ["", f"{'export':26} {head}"]
    speed, cost = span([x.mib for x in found["limit"]], 0), median(x.postgres for x in found["limit"])
    lines.append(f"{'COPY row_to_json':26} {'1':18} {span(most, 0):>20} {speed:>14} {'':18} {cost:>22.0f}")
    for name in FORMATS:
        ratios = [x.rate / y for x, y in zip(found[name], most, strict=True)]
        micro = f"{median(x.server for x in found[name]):.0f} + {median(x.postgres for x in found[name]):.0f}"
        rates, mib = span([x.rate for x in found[name]], 0), span([x.mib for x in found[name]], 0)
        memory = span([x.memory for x in found[name]], 0)
        lines.append(f"{name:26} {span(ratios):18} {rates:>20} {mib:>14} {memory:>18} {micro:>22}")
        if name == "ndjson":
            lines.append(f"{'':26} goal {GOAL} " + ("reached" if median(ratios) >= GOAL else "NOT REACHED"))
    return lines
