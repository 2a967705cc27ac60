"""The isolation probe, and its own proof: dropping or opening any single policy makes it fail.

Each policy is dropped, and then opened to everything, inside a transaction that is rolled back; there is no second
filter in Python that could hide the loss.
"""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.db.context import DOOR, FIGURES, PREFIX, WIDE, Caller
from app.db.embedded import EmbeddedPostgres
from app.db.engine import connect
from app.db.roles import ACTING, JOBS, KEEPER
from app.records import REGISTRY
from tests.support.callers import CSV, HOME, NEIGHBOUR, Api
from tests.support.records import Maker
from tests.support.sql import NEXT_DOOR, OFFICE, named, undone

RECORD_TABLES = {t.table: t.path for t in REGISTRY}
PREFIXES = [Caller("admin", "administrator", None, p) for p in ("", "4313", NEIGHBOUR, HOME, "99")]
DOORS = ("principal", "principal_secret", "service_key")  # what the door role reads
ASKING = [role for role in ACTING if role != DOOR]
KEYS = {"sealed_value": "digest", "revision": "version", "number_series": "series", "import_row": "n"}


@pytest.fixture(scope="module")
async def owner(database: EmbeddedPostgres, office: Api, neighbour: Api) -> AsyncIterator[Any]:
    """A superuser's connection to a database in which every table holds rows of both jurisdictions."""
    for api, code in ((office, HOME), (neighbour, NEIGHBOUR)):
        make = Maker(api)
        for path in RECORD_TABLES.values():
            await make(path)
        await make("persons", id_number="431382190001010019")
        await api.import_file(f"单位编码,单位名称,单位类型\n{code}-U800,某镇,乡镇街道\n".encode(), CSV, type="units")
    connection = await connect(database.superuser_url)
    yield connection
    await connection.close()


async def seen(owner: Any, table: str, role: str, caller: Caller | None) -> Any:
    """What a role sees of a table: the rows of each jurisdiction, or of each maker, or their number."""
    by = "maker" if table.startswith("import_") else "jurisdiction"
    if role in (DOOR, JOBS, KEEPER) or table in DOORS:
        by = "''"
    key = {"service_key": "name"}.get(table) or KEYS.get(table, "id")
    if role == JOBS and table not in DOORS:
        key = "id"
    async with undone(owner):
        await owner.execute(f"set local role {role}")
        if caller:
            await named(owner, caller)
        rows = await owner.fetch(f"select {by}, count({key}) from {table} group by 1")
    return {r[0]: r[1] for r in rows if r[1]}


async def probe(owner: Any, table: str) -> None:
    """Fails unless each class of caller sees of this table exactly what is its own."""
    by = "maker" if table.startswith("import_") else "jurisdiction" if table not in DOORS else "''"
    there = {r[0]: r[1] for r in await owner.fetch(f"select {by}, count(*) from {table} group by 1")}
    total = {"": sum(there.values())}
    if table in DOORS:
        assert await seen(owner, table, DOOR, None) == total
        if table == "principal":
            assert await seen(owner, table, KEEPER, None) == total
            for role in ASKING:
                assert await seen(owner, table, role, None) == {}, role
                assert await seen(owner, table, role, OFFICE) == {"": 1}, role
        return
    if table.startswith("import_"):
        assert {"office", "neighbour"} <= set(there)
        for caller in (OFFICE, NEXT_DOOR):
            for role in (WIDE, PREFIX):
                assert await seen(owner, table, role, caller) == {caller.account: there[caller.account]}
        if table == "import_job":
            assert await seen(owner, table, JOBS, None) == total
        return
    assert {HOME, NEIGHBOUR} <= set(there)
    for caller in (OFFICE, NEXT_DOOR):
        assert await seen(owner, table, WIDE, caller) == {caller.code: there[caller.code]}
    for caller in PREFIXES:
        own = {code: n for code, n in there.items() if code.startswith(caller.prefix)}
        assert await seen(owner, table, PREFIX, caller) == own
        if table in RECORD_TABLES:
            assert await seen(owner, table, FIGURES, caller) == own
    if table in RECORD_TABLES:
        assert await seen(owner, table, KEEPER, None) == total
    await write(owner, table if table in RECORD_TABLES else "unit")


async def write(owner: Any, table: str) -> None:
    """Fails unless a caller changes its own row, with a revision, and none of the neighbour's."""
    async with undone(owner):
        rows = {
            c: await owner.fetchval(f"select id from {table} where jurisdiction = $1 and state <> 'voided' limit 1", c)
            for c in (HOME, NEIGHBOUR)
        }
        await owner.execute(f"set local role {WIDE}")
        await named(owner, OFFICE)
        text = f"update {table} set note = 'probe', version = version + 1 where id = $1"
        assert await owner.execute(text, rows[NEIGHBOUR]) == "UPDATE 0"
        assert await owner.execute(text, rows[HOME]) == "UPDATE 1"
        assert (
            await owner.fetchval("select actor from revision where record_id = $1 order by version desc", rows[HOME])
            == "office"
        )


async def policies(owner: Any) -> list[Any]:
    """Every policy of the database."""
    found = await owner.fetch(
        "select tablename, policyname, coalesce(qual, with_check) as rule from pg_policies"
        " where schemaname = 'public' order by 1, 2"
    )
    return list(found)


async def test_each_class_of_caller_sees_of_every_table_exactly_what_is_its_own(owner: Any) -> None:
    tables = {p["tablename"] for p in await policies(owner)}
    assert set(RECORD_TABLES) < tables
    for table in tables:
        await probe(owner, table)


async def notices(owner: Any, table: str, *mutations: str) -> bool:
    """Whether the probe fails once the policies are changed."""
    async with undone(owner):
        for mutation in mutations:
            await owner.execute(mutation)
        try:
            await probe(owner, table)
        except (AssertionError, asyncpg.PostgresError):
            return True
    return False


async def test_dropping_any_policy_is_noticed(owner: Any) -> None:
    found = await policies(owner)
    assert len(found) > 4 * len(RECORD_TABLES)
    silent = [
        (p["tablename"], p["policyname"])
        for p in found
        if not await notices(owner, p["tablename"], f"drop policy {p['policyname']} on {p['tablename']}")
    ]
    assert not silent


async def test_opening_any_policy_to_everything_is_noticed(owner: Any) -> None:
    silent = [
        (p["tablename"], p["policyname"])
        for p in await policies(owner)
        if p["rule"] != "true"
        and not await notices(owner, p["tablename"], f"alter policy {p['policyname']} on {p['tablename']} using (true)")
    ]
    assert not silent


async def test_lifting_the_security_of_a_table_is_noticed(owner: Any) -> None:
    for table in {p["tablename"] for p in await policies(owner)} - set(DOORS):
        assert await notices(owner, table, f"alter table {table} disable row level security"), table
