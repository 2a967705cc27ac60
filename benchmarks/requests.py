"""Requests, each measured in rounds: the reference and the service one right after the other."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks.bench import REQUESTS, Bench, Side, write_versions
from benchmarks.machine import cpu_seconds
from benchmarks.wrk import drive

MEASURE = {"get": "bare", "list": "bare", "create": "barej", "patch": "barej"}
GOALS = {"get": 0.75, "list": 0.80, "create": 0.80, "patch": 0.60}
WITHIN = 0.10  # of the program that ours is checked against


@dataclass(frozen=True)
class Question:
    """A line of the table: what it is called, which request of the reference it is compared with, and the goal.

    load   which of the service's requests it is; lines of one load share its figures
    """

    name: str
    request: str
    load: str
    goal: float | None = None


PLAIN = tuple(Question(r, r, r, GOALS[r]) for r in REQUESTS)


@dataclass(frozen=True)
class Figure:
    """One measurement: processor time of server and Postgres for a request, and requests per second."""

    microseconds: float
    rate: float
    of_postgres: float


@dataclass
class Compared:
    """A series of paired figures of one kind of request."""

    name: str
    first: list[Figure]
    second: list[Figure]
    goal: float | None = None
    checked: bool = False  # whether the second is one of our own bare programs

    @property
    def by_cpu(self) -> list[float]:
        """How much of the first's processor time the second takes, upside down: 1 is as cheap, 0.5 twice as dear."""
        return [a.microseconds / b.microseconds for a, b in zip(self.first, self.second, strict=True)]

    @property
    def by_rate(self) -> list[float]:
        """Requests per second of the second, relative to the first."""
        return [b.rate / a.rate for a, b in zip(self.first, self.second, strict=True)]


def measure(bench: Bench, side: Side, load: str, seconds: float) -> Figure:
    """One stretch of load on one program."""
    if load in side.versions:
        asyncio.run(write_versions(side, load))
    postgres = bench.postgres.process_id
    server, database = cpu_seconds(side.pid), cpu_seconds(postgres)
    outcome = drive(side.base, side.loads[load], seconds, bench.folder / "load.lua")
    of_postgres = cpu_seconds(postgres) - database
    spent = cpu_seconds(side.pid) - server + of_postgres
    side.failed[load] += outcome.failed
    n = outcome.requests / 1e6
    return Figure(spent / n, outcome.rate, of_postgres / n)


def _partners(q: Question, sides: Iterable[str]) -> dict[str, str]:
    """The programs that take part in a question, and which of its loads each is given."""
    own = MEASURE[q.request]
    partners = {own: q.request, "service": q.load}
    if q.load == q.request:
        partners[f"anchor {own}"] = q.request
    return {name: partners[name] for name in sides if name in partners}


def run(bench: Bench, sides: dict[str, Side], rounds: int, seconds: float, wanted: list[Question]) -> list[Compared]:
    """All rounds. In every second one the order is turned round, so that neither side always comes first."""
    figures: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    questions = {q.load: q for q in wanted}.values()
    for name, load in {item: None for q in questions for item in _partners(q, sides).items()}:
        measure(bench, sides[name], load, 1)  # connections, prepared statements, and warm caches
    for n in range(rounds):
        for q in questions:
            print(f"round {n + 1}/{rounds} {q.name:40}", end="\r", flush=True)
            partners = list(_partners(q, sides).items())
            for name, load in partners if n % 2 == 0 else reversed(partners):
                figures[name, q.load].append(measure(bench, sides[name], load, seconds))
    print(" " * 60, end="\r")
    found = []
    for q in wanted:
        own = MEASURE[q.request]
        found.append(Compared(q.name, figures[own, q.load], figures["service", q.load], q.goal))
        if checked := figures.pop((f"anchor {own}", q.load), None):  # once, whatever else shares the load
            found.append(Compared(f"{q.name} ({own}, checked)", checked, figures[own, q.load], checked=True))
    return found


def span(values: list[float], digits: int = 2) -> str:
    """Median and range."""
    return f"{median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def heading() -> str:
    """What stands above the figures."""
    return f"{'':30} {'CPU ratio':18} {'req/s ratio':18} {'µs':>11} {'of Postgres':>13} {'req/s':>13}"


def line(c: Compared) -> str:
    """The figures: ratio by processor time, which decides, ratio by requests per second, and the goal."""
    micro = f"{median(f.microseconds for f in c.first):.0f} / {median(f.microseconds for f in c.second):.0f}"
    postgres = f"{median(f.of_postgres for f in c.first):.0f} / {median(f.of_postgres for f in c.second):.0f}"
    rates = f"{median(f.rate for f in c.first):.0f} / {median(f.rate for f in c.second):.0f}"
    text = f"{c.name:30} {span(c.by_cpu):18} {span(c.by_rate):18} {micro:>11} {postgres:>13} {rates:>13}  {judged(c)}"
    return text.rstrip()


def judged(c: Compared) -> str:
    """Whether the goal is reached, or the check holds."""
    ratio = median(c.by_cpu)
    if c.checked:
        return "within 10 %" if abs(ratio - 1) <= WITHIN else "NOT WITHIN 10 %"
    return f"goal {c.goal:.2f} {'reached' if ratio >= c.goal else 'NOT REACHED'}" if c.goal else ""


def failures(sides: Iterable[Side]) -> list[str]:
    """What makes the run void."""
    return [f"{s.name}, {load}: {n} requests failed" for s in sides for load, n in s.failed.items() if n]
