"""What is in the databases before anything is measured: 200 000 entries, and as many findings of 4 jurisdictions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import orjson

from app.db.logins import Logins
from app.migrate.run import migrate
from benchmarks import accounts
from benchmarks.accounts import JURISDICTIONS
from benchmarks.texts import KINDS, SOURCES, Sample, samples

FINDINGS, ROUNDS, UNITS, STEP = 200_000, 40, 2000, 20_000
REFERENCE_SQL = Path(__file__).parent / "reference.sql"
REFERENCE_COLUMNS = (
    "id", "label", "round", "unit", "kind", "weight", "state", "title", "body", "seen_on", "until", "extra",
    "created_at",
)  # fmt: skip
CALLER = '{"sub":"bench","role":"inspection_office","request":"bench","action":"create"}'


def of_database(url: str, name: str) -> str:
    """The same server and account, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def make_empty(owner_url: str, name: str) -> str:
    """A new database of that name, in the place of one that may be there; gives its address."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute(f"drop database if exists {name}")
        await owner.execute(f"create database {name}")
    finally:
        await owner.close()
    return of_database(owner_url, name)


async def _filled(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        return False
    try:
        return await connection.fetchval("select count(*) from entry") >= FINDINGS
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()


async def make_reference(owner_url: str, name: str = "reference") -> str:
    """The database of the reference programs, filled if it is not there yet; gives its address."""
    url = of_database(owner_url, name)
    if await _filled(url):
        return url
    await make_empty(owner_url, name)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(REFERENCE_SQL.read_text(encoding="utf-8"))
        await connection.copy_records_to_table(
            "entry", records=list(entries(FINDINGS, 7, 0)), columns=REFERENCE_COLUMNS
        )
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    return url


def entries(count: int, seed: int, first: int) -> Iterator[tuple[Any, ...]]:
    """Rows of the reference table, in the order of REFERENCE_COLUMNS; moments a second apart."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for i, s in enumerate(samples(count, seed), first):
        extra = orjson.dumps(
            {"source": s.source, "amount": s.amount, "tags": [KINDS[s.kind], KINDS[s.unit % 8]]}
        ).decode()
        yield (
            uuid4(), f"XC-{i:09d}", 1 + i % ROUNDS, s.unit, KINDS[s.kind], 1 + s.amount % 5, "open", s.title,
            s.description, s.seen_on, s.seen_on, extra, start + timedelta(seconds=i),
        )  # fmt: skip


REGISTER = (
    # units, rounds, then teams and categories of each round: what findings refer to
    """insert into unit (jurisdiction, id, number, version, state, name, kind, created_at, created_by, updated_at,
      updated_by)
    select j, uuidv7(), format('%s-U%s', j, lpad(n::text, 4, '0')), 1, 'active', '第' || n || '单位', 'other',
      now(), 'bench', now(), 'bench' from unnest($1::text[]) j, generate_series(1, $2::int / cardinality($1)) n""",
    """insert into round (jurisdiction, id, number, version, state, year, sequence, kind, theme, starts_on, created_at,
      created_by, updated_at, updated_by)
    select j, uuidv7(), format('%s-%s-01', j, 2009 + n), 1, 'active', 2009 + n, 1, 'routine', '常规巡察',
      make_date(2009 + n, 3, 1), now(), 'bench', now(), 'bench'
    from unnest($1::text[]) j, generate_series(1, $2::int / cardinality($1)) n""",
    """insert into team (jurisdiction, id, number, version, state, round_id, round_number, name, head_name, created_at,
      created_by, updated_at, updated_by)
    select jurisdiction, uuidv7(), format('%s-Z-%s', number, lpad(n::text, 3, '0')), 1, 'active', id, number,
      format('第%s巡察组', n), '组长', now(), 'bench', now(), 'bench' from round, generate_series(1, $2::int) n
      where jurisdiction = any($1)""",
    """insert into finding_category (jurisdiction, id, number, version, state, round_id, round_number, phase, code,
      name, created_at, created_by, updated_at, updated_by)
    select r.jurisdiction, uuidv7(), format('%s-G-%s', r.number, lpad(n::text, 3, '0')), 1, 'active', r.id, r.number,
      'feedback', 'G' || n, ($3::text[])[n], now(), 'bench', now(), 'bench'
    from round r, generate_series(1, $2::int) n where jurisdiction = any($1)""",
)
# Every unit is a target of every round, of the team that SPREAD gives its findings to, and the team has entered: a unit
# sees rounds, teams and categories through its targets.
TARGETS = """insert into target (jurisdiction, id, number, version, state, round_id, round_number, team_id, team_number,
    unit_id, unit_number, unit_name, unit_kind, entered_on, is_unannounced, created_at, created_by, updated_at,
    updated_by)
select r.jurisdiction, uuidv7(), format('%s-D-%s', r.number, right(u.number, 3)), 1, 'entered', r.id, r.number, t.id,
    t.number, u.id, u.number, u.name, u.kind, r.starts_on, true, now(), 'bench', now(), 'bench'
from round r
join unit u on u.jurisdiction = r.jurisdiction
join team t on t.round_id = r.id and t.name = format('第%s巡察组', 1 + (right(u.number, 4)::int - 1) % 4)
where r.jurisdiction = any($1)"""
TEAMS = 4
STAGE = """create temp table stage
    (n int, title text, description text, kind int, unit int, amount bigint, source text, seen_on date)"""
# Row n belongs to jurisdiction n % 4 and there to round n / 4 % 10: 5 000 findings in each of the 40 rounds. Those of
# the first five rounds of each jurisdiction were fed back a month after they were found: they exist for their units.
SPREAD = """insert into finding (jurisdiction, id, number, version, state, round_id, round_number, team_id, team_number,
    unit_id, unit_number, category_id, category_number, title, description, basis, is_immediate, amount_fen,
    households_affected, found_on, fed_back_on, note, created_at, created_by, updated_at, updated_by)
select r.jurisdiction, uuidv7(), format('%s-F-%s', r.number, lpad((1 + s.n / 40)::text, 4, '0')), 1,
    case when r.place < 20 then 'fed_back' else 'registered' end, r.id, r.number, t.id, t.number, u.id, u.number, c.id,
    c.number, s.title, s.description, '《实施方案》第三条', false, s.amount * 100,
    jsonb_build_object('value', s.amount % 300, 'qualifier', 'exact'), s.seen_on,
    case when r.place < 20 then s.seen_on + 30 end, s.source, at, 'bench', at, 'bench'
from stage s
join lateral (select timestamptz '2024-01-01Z' + s.n * interval '1 second' as at) m on true
join places r on r.place = s.n % 40
join team t on t.round_id = r.id and t.name = format('第%s巡察组', 1 + s.unit % 4)
join finding_category c on c.round_id = r.id and c.code = 'G' || (s.kind + 1)
join unit u on u.jurisdiction = r.jurisdiction
  and u.number = format('%s-U%s', r.jurisdiction, lpad((1 + s.unit % 500)::text, 4, '0'))"""
PLACES = """create temp table places as select jurisdiction, id, number,
    (array_position($1::text[], jurisdiction::text) - 1)
      + 4 * ((row_number() over (partition by jurisdiction order by year)) - 1) as place
from round where jurisdiction = any($1)"""


async def make_ledger(owner_url: str, logins: Logins) -> None:
    """The schema of the service, its records and its accounts, if they are not all there yet."""
    if await accounts.complete(owner_url):
        await migrate(owner_url, logins)
        return
    await make_empty(of_database(owner_url, "postgres"), urlsplit(owner_url).path.removeprefix("/"))
    await migrate(owner_url, logins)
    owner = await asyncpg.connect(owner_url)
    try:
        await _fill(owner)
        await accounts.open_all(owner, logins)
    finally:
        await owner.close()


async def _fill(owner: Any) -> None:
    codes = list(JURISDICTIONS)
    await owner.execute("select set_config('ledger.caller', $1, false)", CALLER)
    for statement, count in zip(REGISTER, (UNITS, ROUNDS, TEAMS, len(KINDS)), strict=True):
        more = (list(KINDS),) if "$3" in statement else ()
        await owner.execute(statement, codes, count, *more)
    await owner.execute(TARGETS, codes)
    await owner.execute(PLACES.replace("$1", f"array{codes}"))
    await owner.execute("vacuum analyze round, team, finding_category, unit, target")
    await owner.execute(STAGE)
    rows = enumerate(samples(FINDINGS, 7))
    for _ in range(0, FINDINGS, STEP):
        batch = [_staged(n, s) for n, s in islice(rows, STEP)]
        await owner.copy_records_to_table("stage", records=batch)
        await owner.execute(SPREAD)
        await owner.execute("truncate stage")
    await owner.execute("""insert into number_series (jurisdiction, series, last)
        select jurisdiction, round_number || '-F-', count(*) from finding group by 1, 2""")
    await owner.execute("vacuum analyze")


def _staged(n: int, s: Sample) -> tuple[Any, ...]:
    assert s.source in SOURCES
    return n, s.title, s.description, s.kind, s.unit, s.amount, s.source, s.seen_on
