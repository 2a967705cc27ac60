"""Deadlines: the first page of what is due, the run over every record, what an obligation adds to a write."""

import asyncio
import time
from statistics import median
from typing import Any

import asyncpg
import httpx

from app.clock import now
from app.db.context import Caller
from app.db.opening import connect
from app.db.pool import Pools
from app.deadlines import listing, worker
from app.records import REGISTRY
from benchmarks.accounts import CODE, JURISDICTIONS, OFFICE, sign_in
from benchmarks.bench import Bench
from benchmarks.data import CALLER
from benchmarks.machine import cpu_seconds
from benchmarks.requests import span
from benchmarks.sides import service

PAGE_MS, NIGHT_SECONDS, DEARER = 20.0, 60.0, 0.10
STEP = 5000
# So many opinions on each finding that was fed back, the first of them open, all due within four months around today.
OPINIONS = """insert into rectification_opinion (jurisdiction, id, number, version, state, round_id, round_number,
    finding_id, finding_number, unit_id, unit_number, kind, text, due_on, cooperating_unit_ids,
    cooperating_unit_numbers, created_at, created_by, updated_at, updated_by)
select f.jurisdiction, uuidv7(), format('%s-R-%s%s', f.round_number, right(f.number, 4), n), 1,
    case when n <= $4::int then 'issued' else 'completed' end, f.round_id, f.round_number, f.id, f.number, f.unit_id,
    f.unit_number, 'specific', '应立即核实有关情况。', current_date - 60 + (hashint4(n + f.place::int) % 60 + 60),
    '{}', '{}', now(), 'bench', now(), 'bench'
from (select f.*, row_number() over (order by f.number) as place from finding f
    where f.jurisdiction = $1 and f.fed_back_on is not null order by f.number limit $2 offset $3) f,
  generate_series(1, $5::int) n"""
PAGE = "select {item} from {source} where {where} and t.closed_on is null order by t.due_on, t.id limit 51"


async def _load(owner: Any, code: str, open_each: int, each: int, findings: int) -> None:
    await owner.execute("select set_config('ledger.caller', $1, false)", CALLER)
    for first in range(0, findings, STEP // each):
        await owner.execute(OPINIONS, code, min(STEP // each, findings - first), first, open_each, each)


async def _page_ms(url: str, caller: Caller, status: str) -> list[float]:
    """The time of the statement of a first page, as the caller's own role, of ten."""
    connection = await connect(url, caller.database_role)
    where = listing.GUARD
    arguments: list[Any] = [caller.context("bench")]
    if status:
        where += f" and {listing.BY_STATUS[status].format('$2')}"
        arguments.append(now().date())
    sql, taken = PAGE.format(item=listing.ITEM, source=listing.FROM, where=where), []
    try:
        for _ in range(11):
            started = time.perf_counter()
            rows = await connection.fetch(sql, *arguments)
            taken.append((time.perf_counter() - started) * 1000)
            assert rows or status, (caller, sql)
    finally:
        await connection.close()
    return taken[1:]


async def pages(bench: Bench, owner: Any) -> list[str]:
    """A line for each caller and status."""
    many = await owner.fetchval("select count(*) from obligation where jurisdiction = $1 and closed_on is null", CODE)
    lines = ["", f"first page of /v1/deadlines, {many} open obligations: ms of the statement"]
    for role, name in (("inspection_office", OFFICE), ("inspected_unit", "inspected_unit")):
        for status in ("", *listing.STATUSES):
            taken = await _page_ms(bench.postgres.logins.requests, Caller(name, role, CODE), status)
            reached = "reached" if median(taken) <= PAGE_MS else "NOT REACHED"
            lines.append(f"  {role:20} {status or 'all':10} {span(taken):24} goal {PAGE_MS:.0f} {reached}")
    return lines


async def night(bench: Bench, owner: Any) -> list[str]:
    """The run over every record: nothing to mend, then escalation; and the move after a change of the calendar."""
    records = await owner.fetchval("select count(*) from rectification_opinion")
    pools, lines = Pools(bench.postgres.logins), [f"the clocks over {records} records"]
    for name, day in (("after a change", None), ("at night, first", now().date()), ("at night, again", now().date())):
        started = time.perf_counter()
        done = await worker.keep(pools, REGISTRY, "calendar", day)
        seconds = time.perf_counter() - started
        reached = "reached" if seconds <= NIGHT_SECONDS else "NOT REACHED"
        lines.append(f"  {name:20} {seconds:8.1f} s  {done}  goal {NIGHT_SECONDS:.0f} {reached}")
    await pools.close()
    return lines


TRIGGERS = ("oblige_new", "oblige_changed", "oblige_imported")


async def _switched(owner: Any, on: bool) -> None:
    for name in TRIGGERS:
        await owner.execute(f"alter table rectification_opinion {'enable' if on else 'disable'} trigger {name}")


def _written(
    side: Any, postgres: int, http: httpx.Client, headers: dict[str, str], bodies: list[Any]
) -> dict[str, float]:
    """Microseconds of processor of a create and of a patch of what was created."""
    taken, made = {}, []
    for kind in ("create", "patch"):
        before = cpu_seconds(side.pid) + cpu_seconds(postgres)
        for n, body in enumerate(bodies):
            if kind == "create":
                answer = http.post("/v1/rectification-opinions", json=body, headers=headers)
            else:
                more = {**headers, "If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
                answer = http.patch(f"/v1/rectification-opinions/{made[n]}", json={"note": "已核"}, headers=more)
            answer.raise_for_status()
            made.append(answer.json()["id"])
        taken[kind] = (cpu_seconds(side.pid) + cpu_seconds(postgres) - before) / len(bodies) * 1e6
    return taken


def price(bench: Bench, rounds: int) -> list[str]:
    """What the triggers add to a create and a patch through HTTP: with and without them, in turn."""
    found: dict[str, list[float]] = {"create": [], "patch": []}
    with service(bench) as side, httpx.Client(base_url=side.base, timeout=600, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {sign_in(side.base)}"}
        findings = http.get("/v1/findings", params={"state": "fed_back", "limit": 200}, headers=headers).json()["items"]
        bodies = [
            {
                "round_id": f["round_id"], "finding_id": f["id"], "unit_id": f["unit_id"], "kind": "specific",
                "text": "应立即核实有关情况。", "due_on": "2030-01-31",
            }
            for f in findings
        ]  # fmt: skip
        _written(side, bench.postgres.process_id, http, headers, bodies)
        for n in range(rounds):
            taken = {}
            for on in (True, False) if n % 2 else (False, True):
                asyncio.run(_switch(bench, on))
                taken[on] = _written(side, bench.postgres.process_id, http, headers, bodies)
            for kind in found:
                found[kind].append(taken[True][kind] / taken[False][kind])
        asyncio.run(_switch(bench, True))
    lines = [f"what obligations add to a write of an opinion, {len(bodies)} of each, processor time with / without"]
    for kind, ratios in found.items():
        reached = "reached" if median(ratios) <= 1 + DEARER else "NOT REACHED"
        lines.append(f"  {kind:20} {span(ratios):24} goal {1 + DEARER:.2f} {reached}")
    return lines


async def _switch(bench: Bench, on: bool) -> None:
    owner = await asyncpg.connect(bench.postgres.superuser_url)
    await _switched(owner, on)
    await owner.close()


async def _measured(bench: Bench, due: int, records: int) -> list[str]:
    owner = await asyncpg.connect(bench.postgres.superuser_url)
    try:
        findings = await owner.fetchval(
            "select count(*) from finding where jurisdiction = $1 and fed_back_on is not null", CODE
        )
        each = max(1, due // findings)
        await _load(owner, CODE, each, each, min(findings, due))
        await owner.execute("vacuum analyze")
        lines = await pages(bench, owner)
        rest = max(0, records - due) // (len(JURISDICTIONS) - 1)
        for code in JURISDICTIONS[:-1] if rest else ():
            each = max(1, rest // findings)
            await _load(owner, code, max(1, each // 4), each, min(findings, rest))
        await owner.execute("vacuum analyze")
        return lines + await night(bench, owner)
    finally:
        await owner.close()


def run(bench: Bench, rounds: int, due: int, records: int) -> list[str]:
    """The table: `due` open obligations in one division, `records` records that oblige to something in all."""
    return asyncio.run(_measured(bench, due, records)) + price(bench, rounds)
