"""The import of a ledger over HTTP, beside the set-based limit: the same number of rows into the reference tables."""

import asyncio
import csv
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
import httpx
import orjson

from benchmarks import data, reference
from benchmarks.accounts import CODE, sign_in
from benchmarks.bench import Bench, rows
from benchmarks.machine import cpu_seconds, peak
from benchmarks.requests import span
from benchmarks.sides import service
from benchmarks.texts import samples

GOAL, MEMORY = 0.75, 64
FORMATS = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
PLACE = ("round_number", "team_number", "unit_number", "category_number")
HEADINGS = {
    "number": "问题编号", "round_number": "轮次编号", "team_number": "巡察组", "unit_number": "被巡察单位",
    "category_number": "问题类别", "title": "问题标题", "description": "问题表现", "basis": "定性依据",
    "amount_fen": "涉及金额", "households_affected": "涉及户数", "found_on": "发现日期", "note": "备注",
}  # fmt: skip
UNDER_WAY = ("received", "checking", "committing")
FIRST, CHUNK, WAIT = 10_000_000, 2**18, 0.05
NUMBERED = 1_000_000  # far above what the measured creates reach
EXCLUDED = ", ".join(f"excluded.{c}" for c in reference.GIVEN.split(", "))
MERGE = reference.written(
    f"""insert into entry as e (id, {reference.GIVEN}) select gen_random_uuid(), {reference.GIVEN} from stage
    on conflict (label) do update set ({reference.GIVEN}) = row({EXCLUDED}),
      version = e.version + 1, updated_at = now()""",
    "c",
).replace("select row_to_json(w)::text from w", "select count(*) from w")


@dataclass(frozen=True)
class Imported:
    """One import: rows per second, MiB above idle, and processor time of a row in server and Postgres (µs)."""

    rate: float
    memory: float = 0
    server: float = 0
    postgres: float = 0


async def limit(bench: Bench, count: int) -> Imported:
    """COPY into a temporary stage, then entry, past and feed from it in one statement, one transaction."""
    columns = [c.strip() for c in reference.GIVEN.split(",")]
    places = [data.REFERENCE_COLUMNS.index(c) for c in columns]
    records = [tuple(row[i] for i in places) for row in data.entries(count, 23, FIRST)]
    connection = await asyncpg.connect(bench.reference_url)
    try:
        await connection.execute(f"create temp table stage as select {reference.GIVEN} from entry limit 0")
        before, started = cpu_seconds(bench.postgres.process_id), time.perf_counter()
        async with connection.transaction():
            await connection.copy_records_to_table("stage", records=records, columns=columns)
            await connection.execute(MERGE)
        seconds = time.perf_counter() - started
        spent = cpu_seconds(bench.postgres.process_id) - before
        await connection.execute("delete from entry where label like 'XC-01%'")
        await connection.execute("delete from entry_past where who = 'bench'")
        await connection.execute("truncate entry_feed")
        await connection.execute("vacuum analyze entry, entry_past, entry_feed")
    finally:
        await connection.close()
    return Imported(count / seconds, postgres=spent / count * 1e6)


async def write_files(bench: Bench, count: int) -> dict[str, Path]:
    """The same findings as NDJSON and as CSV, each with a number of its own and everything it refers to."""
    query = f"select distinct {', '.join(PLACE)} from finding where jurisdiction = '{CODE}' and created_by = 'bench'"
    places = [dict(r) for r in await rows(bench.postgres.superuser_url, query)]
    files = {name: bench.folder / f"findings.{name}" for name in FORMATS}
    with files["ndjson"].open("wb") as lines, files["csv"].open("w", newline="", encoding="utf-8") as sheet:
        writer = csv.writer(sheet)
        writer.writerow(HEADINGS.values())
        for i, s in enumerate(samples(count, 23)):
            place = places[i % len(places)]
            row = {"number": f"{place['round_number']}-F-{NUMBERED + i}", **place}
            row |= {
                "title": s.title,
                "description": s.description,
                "basis": "《实施方案》第三条",
                "amount_fen": s.amount * 100,
            }
            row |= {"households_affected": {"value": s.amount % 300, "qualifier": "exact"}}
            row |= {"found_on": str(s.seen_on), "note": s.source}
            lines.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            written = {"amount_fen": f"{s.amount}元", "households_affected": f"{s.amount % 300}户"}
            writer.writerow([written.get(key, row[key]) for key in HEADINGS])
    return files


def through_http(bench: Bench, file: Path, media: str, count: int) -> Imported:
    """A fresh service takes the file; the clock stops when the import is committed."""

    def chunks() -> Iterator[bytes]:
        with file.open("rb") as content:
            while chunk := content.read(CHUNK):
                yield chunk

    series = asyncio.run(rows(bench.postgres.superuser_url, "select jurisdiction, series, last from number_series"))
    with service(bench) as side, httpx.Client(base_url=side.base, timeout=600, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {sign_in(side.base)}"}
        postgres = bench.postgres.process_id
        with peak(side.pid) as highest:
            idle, before = highest[0], (cpu_seconds(side.pid), cpu_seconds(postgres))
            started = time.perf_counter()
            question = {"type": "findings", "mode": "commit"}
            typed = headers | {"Content-Type": media}
            sent = http.post("/v1/imports", params=question, content=chunks(), headers=typed)
            sent.raise_for_status()
            while (found := http.get(sent.headers["Location"], headers=headers).json())["state"] in UNDER_WAY:
                time.sleep(WAIT)
            seconds = time.perf_counter() - started
        if found["state"] != "committed" or found["sheets"][0]["created"] != count:
            raise SystemExit(f"the import was not committed: {found}")
        spent = cpu_seconds(side.pid) - before[0], cpu_seconds(postgres) - before[1]
    asyncio.run(_take_back(bench, [tuple(row) for row in series]))
    return Imported(count / seconds, highest[0] - idle, spent[0] / count * 1e6, spent[1] / count * 1e6)


async def _take_back(bench: Bench, series: list[tuple[str, str, int]]) -> None:
    """The tables as they were: the service never deletes, so its owner does, past the triggers."""
    connection = await asyncpg.connect(bench.postgres.superuser_url)
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("delete from revision where source ->> 'kind' = 'import'")
        await connection.execute("delete from finding where imported")
        await connection.execute("truncate import_row, import_job")
        # Else what is created next would be numbered as rows of the next import are.
        back = "update number_series set last = $3 where jurisdiction = $1 and series = $2 and last <> $3"
        await connection.executemany(back, series)
        await connection.execute("vacuum analyze finding, revision, import_row, import_job")
    finally:
        await connection.close()


def run(bench: Bench, rounds: int, count: int) -> dict[str, list[Imported]]:
    """Each round: the limit, then both formats. What autovacuum would clean up in the middle is cleaned up before."""
    files = asyncio.run(write_files(bench, count))
    for url in (bench.reference_url, bench.postgres.superuser_url):
        asyncio.run(rows(url, "vacuum analyze"))
    found: dict[str, list[Imported]] = defaultdict(list)
    for n in range(rounds):
        found["limit"].append(asyncio.run(limit(bench, count)))
        for name in FORMATS if n % 2 == 0 else reversed(FORMATS):
            found[name].append(through_http(bench, files[name], FORMATS[name], count))
        print(f"import round {n + 1}/{rounds}", end="   \r", flush=True)
    return found


def table(found: dict[str, list[Imported]]) -> list[str]:
    """Rows per second as a ratio to the limit of the same round, and memory above idle."""
    most = [x.rate for x in found["limit"]]
    lines = [
        "",
        f"{'import':26} {'of the limit':18} {'rows/s':>20} {'MiB above idle':>18} {'µs server + Postgres':>22}",
    ]
    cost = median(x.postgres for x in found["limit"])
    lines.append(f"{'set-based limit':26} {'1':18} {span(most, 0):>20} {'':18} {cost:>22.0f}")
    for name in FORMATS:
        ratios = [x.rate / y for x, y in zip(found[name], most, strict=True)]
        memory = [x.memory for x in found[name]]
        micro = f"{median(x.server for x in found[name]):.0f} + {median(x.postgres for x in found[name]):.0f}"
        rule = f"goal {GOAL} " + ("reached" if median(ratios) >= GOAL else "NOT REACHED")
        rule += f", <= {MEMORY} MiB " + ("reached" if max(memory) <= MEMORY else "NOT REACHED")
        speed = span([x.rate for x in found[name]], 0)
        lines.append(f"{name:26} {span(ratios):18} {speed:>20} {span(memory, 0):>18} {micro:>22}")
        lines.append(f"{'':26} {rule}")
    return lines
