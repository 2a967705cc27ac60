"""The four requests, each measured in rounds: the reference and the service one right after the other."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from benchmarks.machine import cpu_seconds
from benchmarks.sides import REQUESTS, Bench, Side, write_versions
from benchmarks.wrk import drive

MEASURE = {"get": "bare", "list": "bare", "create": "barej", "patch": "barej"}
GOALS = {"get": 0.75, "list": 0.80, "create": 0.80, "patch": 0.60}
WITHIN = 0.10  # of the program that ours is checked against


@dataclass(frozen=True)
class Figure:
    """One measurement: processor time of server and Postgres for a request, and requests per second."""

    microseconds: float
    rate: float
    of_postgres: float


@dataclass
class Compared:
    """A series of paired figures of one kind of request."""

    request: str
    first: list[Figure]
    second: list[Figure]

    @property
    def by_cpu(self) -> list[float]:
        """How much of the first's processor time the second takes, upside down: 1 is as cheap, 0.5 twice as dear."""
        return [a.microseconds / b.microseconds for a, b in zip(self.first, self.second, strict=True)]

    @property
    def by_rate(self) -> list[float]:
        """Requests per second of the second, relative to the first."""
        return [b.rate / a.rate for a, b in zip(self.first, self.second, strict=True)]


def measure(bench: Bench, side: Side, request: str, seconds: float) -> Figure:
    """One stretch of load on one program."""
    if request == "patch":
        asyncio.run(write_versions(bench, side))
    postgres = bench.postgres.process_id
    server, database = cpu_seconds(side.pid), cpu_seconds(postgres)
    outcome = drive(side.base, side.loads[request], seconds, bench.folder / "load.lua")
    of_postgres = cpu_seconds(postgres) - database
    spent = cpu_seconds(side.pid) - server + of_postgres
    side.failed += outcome.failed
    n = outcome.requests / 1e6
    return Figure(spent / n, outcome.rate, of_postgres / n)


def run(bench: Bench, sides: dict[str, Side], rounds: int, seconds: float, wanted: list[str]) -> list[Compared]:
    """All rounds. In every second one the order is turned round, so that neither side always comes first."""
    figures: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    for side in sides.values():  # connections, prepared statements, and warm caches
        for request in wanted:
            measure(bench, side, request, 1)
    for n in range(rounds):
        for request in wanted:
            names = [name for name in sides if name in ("service", MEASURE[request], f"anchor {MEASURE[request]}")]
            for name in names if n % 2 == 0 else reversed(names):
                figures[name, request].append(measure(bench, sides[name], request, seconds))
            print(f"round {n + 1}/{rounds} {request}", end="   \r", flush=True)
    print(" " * 40, end="\r")
    found = []
    for request in wanted:
        own = MEASURE[request]
        found.append(Compared(request, figures[own, request], figures["service", request]))
        if f"anchor {own}" in sides:
            found.append(
                Compared(f"{request} ({own}, checked)", figures[f"anchor {own}", request], figures[own, request])
            )
    return found


def span(values: list[float], digits: int = 2) -> str:
    """Median and range."""
    return f"{median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def table(found: list[Compared], failed: dict[str, int]) -> list[str]:
    """The figures as lines: ratio by processor time, which decides, ratio by requests per second, and the goal."""
    lines = [
        f"{'':26} {'CPU ratio':18} {'req/s ratio':18} {'µs':>11} {'of Postgres':>13} {'req/s':>13}",
    ]
    for c in found:
        micro = f"{median(f.microseconds for f in c.first):.0f} / {median(f.microseconds for f in c.second):.0f}"
        postgres = f"{median(f.of_postgres for f in c.first):.0f} / {median(f.of_postgres for f in c.second):.0f}"
        rates = f"{median(f.rate for f in c.first):.0f} / {median(f.rate for f in c.second):.0f}"
        verdict = judged(c)
        lines.append(
            f"{c.request:26} {span(c.by_cpu):18} {span(c.by_rate):18} {micro:>11} {postgres:>13} {rates:>13}  {verdict}"
        )
    lines += [f"{name}: {n} requests failed" for name, n in failed.items() if n]
    return lines


def judged(c: Compared) -> str:
    """Whether the goal is reached, or the check holds."""
    ratio = median(c.by_cpu)
    if c.request in REQUESTS:
        goal = GOALS[c.request]
        return f"goal {goal:.2f} " + ("reached" if ratio >= goal else "NOT REACHED")
    return "within 10 %" if abs(ratio - 1) <= WITHIN else "NOT WITHIN 10 %"
