"""The programs that are compared: how each is started, and what its requests look like."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson

from benchmarks import data, findings, reference
from benchmarks.accounts import OFFICE, PASSWORD, sign_in
from benchmarks.bench import BODIES, IDENTIFIERS, Bench, Side, holes
from benchmarks.machine import free_port, server
from benchmarks.texts import KINDS, samples
from benchmarks.wrk import Load

WORKERS = 2
HOME = Path(__file__).resolve().parents[1]


def _uvicorn(application: str, port: int) -> list[str]:
    options = ["--workers", str(WORKERS), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    return [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--log-level", "warning", *options]


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
        bodies.append(holes(orjson.dumps(body).decode()))
    path = reference.PATH
    loads = {
        "get": Load("GET", f"{path}/", bench.folder / "entries.ids"),
        "list": Load(
            "GET", path, bench.lines("entries.rounds", [f"?round={i + 1}&limit=50" for i in range(data.ROUNDS)])
        ),
        "create": Load("POST", path, bench.lines("entries.bodies", bodies), media="application/json"),
        "patch": Load("PATCH", f"{path}/", bench.folder / f"{name}.versions", media="application/json"),
    }
    versions = {"patch": f"select id || ' ' || version from entry order by random() limit {IDENTIFIERS}"}
    environment = {reference.ADDRESS: bench.reference_url}
    probe = f"{base}{path}?round=1&limit=1"
    with server(
        _uvicorn(f"benchmarks.reference:{name}", port), HOME, environment, probe, bench.folder / "bare.log"
    ) as pid:
        yield Side(name, base, pid, loads, bench.reference_url, versions)


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
        bodies.append(holes(json.dumps(given, ensure_ascii=False)))
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
    versions = {"patch": f"select id || ' ' || version from finding order by random() limit {IDENTIFIERS}"}
    with server(
        _uvicorn(f"apps:{name}", port),
        directory,
        {"DSN": url},
        f"{base}/f?round_id=1&limit=1",
        bench.folder / "anchor.log",
    ) as pid:
        yield Side(f"anchor {name}", base, pid, loads, url, versions)


@contextmanager
def service(bench: Bench) -> Iterator[Side]:
    """The service as it is shipped, with two workers: accounts, row-level security, access log and metrics on."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {
        "LEDGER_DATABASE_URL": bench.postgres.logins.requests,
        "LEDGER_AUTH_DATABASE_URL": bench.postgres.logins.auth,
        "LEDGER_JOBS_DATABASE_URL": bench.postgres.logins.jobs,
        "LEDGER_SEALING_DATABASE_URL": bench.postgres.logins.sealing,
        "LEDGER_OWNER_DATABASE_URL": bench.postgres.superuser_url,
        "LEDGER_DATA_DIR": str(bench.folder / "data"),
        "LEDGER_ACCESS_LOG": str(bench.folder / "access.log"),
        "LEDGER_ADMIN_PASSWORD": PASSWORD,
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
        loads = {
            "get": findings.get(bench, token),
            "list": findings.page(bench, token),
            "create": findings.create(bench, token),
            "patch": findings.patch(bench, token),
        }
        versions = {"patch": findings.versions(OFFICE)}
        yield Side("service", base, pid, loads, bench.postgres.superuser_url, versions)


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
