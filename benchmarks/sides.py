"""The programs that are compared: how each is started, and what its requests look like."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson

from app.db.embedded import EmbeddedPostgres
from benchmarks import data, reference
from benchmarks.machine import free_port, server
from benchmarks.texts import KINDS, samples
from benchmarks.wrk import Load

WORKERS = 2
HOME = Path(__file__).resolve().parents[1]
BODIES, IDENTIFIERS = 2000, 60_000
REQUESTS = ("get", "list", "create", "patch")


@dataclass
class Side:
    """A running program: its address, its process, its requests, and the table whose versions a patch must know."""

    name: str
    base: str
    pid: int
    loads: Mapping[str, Load]
    versions: tuple[str, str] = ("", "")  # database, and the query that gives lines of a patch
    failed: int = field(default=0, init=False)


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


def _uvicorn(application: str, port: int) -> list[str]:
    options = ["--workers", str(WORKERS), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--log-level", "warning", *options]


def _holes(text: str) -> str:
    return text.replace("%", "%%").replace("@@", "%s")


@contextmanager
def bare(bench: Bench, name: str) -> Iterator[Side]:
    """One of our own reference programs."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    bodies = []
    for s in samples(BODIES, 11):
        body = {"label": "N-@@", "round": 1 + s.unit % data.ROUNDS, "unit": s.unit, "kind": KINDS[s.kind], "weight": 3}
        body |= {"state": "open", "title": s.title, "body": s.description, "seen_on": str(s.seen_on)}
        body |= {"until": str(s.seen_on), "extra": {"source": s.source, "amount": s.amount, "tags": ["a", "b"]}}
        bodies.append(_holes(orjson.dumps(body).decode()))
    path = reference.PATH
    loads = {
        "get": Load("GET", f"{path}/", bench.folder / "entries.ids"),
        "list": Load(
            "GET", path, bench.lines("entries.rounds", [f"?round={i + 1}&limit=50" for i in range(data.ROUNDS)])
        ),
        "create": Load("POST", path, bench.lines("entries.bodies", bodies), media="application/json"),
        "patch": Load("PATCH", f"{path}/", bench.folder / f"{name}.versions", media="application/json"),
    }
    versions = (bench.reference_url, f"select id || ' ' || version from entry order by random() limit {IDENTIFIERS}")
    environment = {reference.ADDRESS: bench.reference_url}
    probe = f"{base}{path}?round=1&limit=1"
    with server(
        _uvicorn(f"benchmarks.reference:{name}", port), HOME, environment, probe, bench.folder / "bare.log"
    ) as pid:
        yield Side(name, base, pid, loads, versions)


@contextmanager
def anchor(bench: Bench, directory: Path, url: str, name: str) -> Iterator[Side]:
    """A program of the directory against which ours is checked: the same four requests over its own table."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    body = {
        "business_no": "N-@@",
        "round_id": 7,
        "unit_id": 1234,
        "category": "财务管理",
        "severity": 3,
        "status": "open",
    }
    bodies = []
    for s in samples(BODIES, 11):
        given = body | {"round_id": 1 + s.unit % data.ROUNDS, "unit_id": s.unit, "title": s.title}
        given |= {"description": s.description, "found_on": str(s.seen_on), "due_on": str(s.seen_on)}
        given |= {"attrs": {"source": s.source, "amount": s.amount, "tags": ["a", "b"]}}
        bodies.append(_holes(json.dumps(given, ensure_ascii=False)))
    loads = {
        "get": Load("GET", "/f/", bench.folder / "anchor.ids"),
        "list": Load(
            "GET", "/f", bench.lines("anchor.rounds", [f"?round_id={i + 1}&limit=50" for i in range(data.ROUNDS)])
        ),
        "create": Load("POST", "/f", bench.lines("anchor.bodies", bodies), media="application/json"),
        "patch": Load(
            "PATCH", "/f/", bench.folder / f"anchor.{name}.versions", media="application/json", weight="severity"
        ),
    }
    versions = (url, f"select id || ' ' || version from finding order by random() limit {IDENTIFIERS}")
    with server(
        _uvicorn(f"apps:{name}", port),
        directory,
        {"DSN": url},
        f"{base}/f?round_id=1&limit=1",
        bench.folder / "anchor.log",
    ) as pid:
        yield Side(f"anchor {name}", base, pid, loads, versions)


@contextmanager
def service(bench: Bench) -> Iterator[Side]:
    """The service as it is shipped, with two workers: accounts, row-level security, access log and metrics on."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {
        "LEDGER_DATABASE_URL": bench.postgres.application_url,
        "LEDGER_OWNER_DATABASE_URL": bench.postgres.superuser_url,
        "LEDGER_DATA_DIR": str(bench.folder / "data"),
        "LEDGER_ACCESS_LOG": str(bench.folder / "access.log"),
        "LEDGER_ADMIN_PASSWORD": data.PASSWORD,
        "LEDGER_PORT": str(port),
        "LEDGER_WORKERS": str(WORKERS),
        "LEDGER_TOKEN_MINUTES": str(24 * 60),
        "LEDGER_REQUESTS_PER_MINUTE": str(
            10**9
        ),  # one caller sends what a machine can take; it is counted all the same
    }
    command = [sys.executable, "-m", "app", "serve"]
    with server(command, HOME, environment, f"{base}/health/ready", bench.folder / "service.log") as pid:
        token = sign_in(base)
        yield Side("service", base, pid, _service_loads(bench, token), (bench.postgres.superuser_url, _VERSIONS))


def sign_in(base: str) -> str:
    """A token of the office whose requests are measured."""
    form = {"username": data.OFFICE, "password": data.PASSWORD}
    answer = httpx.post(f"{base}/v1/oauth/token", data=form, timeout=30, trust_env=False)
    answer.raise_for_status()
    token: str = answer.json()["access_token"]
    return token


CODE = data.JURISDICTIONS[-1]
_OWN = f"from finding where jurisdiction = '{CODE}' and created_by = 'bench'"
_VERSIONS = f"select id || ' ' || version {_OWN} order by random() limit {IDENTIFIERS}"
_PLACES = "select distinct round_id::text, team_id::text, unit_id::text, category_id::text " + _OWN


def _service_loads(bench: Bench, token: str) -> dict[str, Load]:
    path = "/v1/findings"
    return {
        "get": Load("GET", f"{path}/", bench.folder / "findings.ids", token),
        "list": Load("GET", path, bench.folder / "findings.rounds", token),
        "create": Load("POST", path, bench.folder / "findings.bodies", token, "application/json"),
        "patch": Load(
            "PATCH", f"{path}/", bench.folder / "service.versions", token, "application/merge-patch+json", True
        ),
    }


async def write_requests(bench: Bench) -> None:
    """The files of requests that name records."""
    ledger = bench.postgres.superuser_url
    ids = await rows(bench.reference_url, "select id::text from entry order by random()")
    bench.lines("entries.ids", [r[0] for r in ids])
    ids = await rows(ledger, f"select id::text {_OWN} order by random()")
    bench.lines("findings.ids", [r[0] for r in ids])
    places = await rows(ledger, f"{_PLACES} limit {BODIES}")
    rounds = sorted({r["round_id"] for r in places})
    bench.lines("findings.rounds", [f"?round_id={r}&limit=50" for r in rounds])
    bodies = []
    for s, place in zip(samples(len(places), 11), places, strict=True):
        body = {**place, "title": s.title, "description": s.description, "basis": "《实施方案》第三条", "note": "@@"}
        body |= {
            "found_on": str(s.seen_on),
            "amount_fen": s.amount,
            "households_affected": {"value": 27, "qualifier": "exact"},
        }
        bodies.append(_holes(orjson.dumps(body).decode()))
    bench.lines("findings.bodies", bodies)


async def write_versions(bench: Bench, side: Side) -> None:
    """What a round of patches starts from: records and their versions at this moment."""
    url, query = side.versions
    found = await rows(url, query)
    side.loads["patch"].source.write_text("\n".join(r[0] for r in found) + "\n", encoding="utf-8")


@contextmanager
def all_of(bench: Bench, names: list[str], anchored: tuple[Path, str] | None) -> Iterator[dict[str, Side]]:
    """Every program that takes part, side by side."""
    with ExitStack() as stack:
        sides = {name: stack.enter_context(bare(bench, name)) for name in names}
        if anchored:
            for name in names:
                sides[f"anchor {name}"] = stack.enter_context(anchor(bench, *anchored, name))
        sides["service"] = stack.enter_context(service(bench))
        yield sides
