"""An import looks up what its rows refer to row by row, whatever Postgres believes of the tables.

Postgres takes the records that row security leaves for few. Where it could compare their jurisdictions, it joined all
rounds, teams and units with one another before it looked at the first row: 500 rows took longer than anybody waited.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from app.db.context import Caller
from app.db.embedded import EmbeddedPostgres
from app.imports.apply.write_plan import _ROWS, reference_inputs
from app.kernel.sql.projection import role_view
from app.kernel.sql.write import COUNT, insert_sql
from app.records import REGISTRY
from tests.support import databases

LOADER = Caller("loader", "ledger_loader", "520000").for_import()
COLUMNS = """select attname as name, format_type(atttypid, atttypmod) as kind, attnotnull as required
  from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""
VALUES = {
    "uuid": "gen_random_uuid()", "text": "'x' || gen_random_uuid()", "integer": "i", "bigint": "i", "smallint": "1",
    "date": "date '2017-05-14'", "boolean": "true", "jsonb": "'{}'", "text[]": "'{}'", "uuid[]": "'{}'",
    "timestamp with time zone": "now()",
}  # fmt: skip
CHECKS = """select conrelid::regclass::text as held, conname as name from pg_constraint
  where contype = 'c' and connamespace = 'public'::regnamespace"""


async def fill(connection: Any, table: str, count: int, code: str) -> None:
    """Puts rows into a table past every rule; only how many they are matters, and whose."""
    given = {"jurisdiction": f"'{code}'", "state": "'registered'"}
    columns = {
        row["name"]: given.get(row["name"], VALUES[row["kind"]])
        for row in await connection.fetch(COLUMNS, table)
        if row["required"] or row["name"] in given
    }
    names = ", ".join(f'"{name}"' for name in columns)
    await connection.execute(
        f"insert into {table} ({names}) select {', '.join(columns.values())} from generate_series(1, {count}) i"
    )


@pytest.fixture
async def filled(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """A database in which a jurisdiction has some hundred records of each type, and Postgres has counted them."""
    await databases.create(database.superuser_url, "counted", databases.PRISTINE)
    connection = await asyncpg.connect(databases.beside(database.superuser_url, "counted"))
    await connection.execute("set session_replication_role = replica")
    for check in await connection.fetch(CHECKS):
        await connection.execute(f'alter table {check["held"]} drop constraint "{check["name"]}"')
    for t in REGISTRY:
        await fill(connection, t.table, 540, "520000")
        await fill(connection, t.table, 12, "510000")
    await fill(connection, "import_row", 10_000, "510000")
    await connection.execute("analyze")
    yield connection
    await connection.close()


def joins(plan: Any) -> Iterator[set[str]]:
    """Of each join, the tables below it."""
    if plan["Node Type"] in ("Nested Loop", "Hash Join", "Merge Join"):
        yield set(tables(plan))
    for below in plan.get("Plans", ()):
        yield from joins(below)


def tables(plan: Any) -> Iterator[str]:
    """The tables that a plan looks at, each as it is called there."""
    if "Alias" in plan:
        yield plan["Alias"] if plan.get("Relation Name") != "import_row" else "import_row"
    for below in plan.get("Plans", ()):
        yield from tables(below)


async def test_no_two_references_are_joined_before_the_rows_of_the_import(filled: Any) -> None:
    wrong = []
    for t in REGISTRY:
        source = _ROWS.format(path=t.path, result="created")
        sql = insert_sql(t.name, role_view(REGISTRY, LOADER.role), reference_inputs(t), True, source, COUNT)
        async with filled.transaction():
            await filled.execute(f"set local role {LOADER.database_role}")
            (plan,) = await filled.fetchrow(
                f"explain (format json) {sql}", LOADER.context("test", "import"), "0" * 32, 0, 5000
            )
        for found in joins(json.loads(plan)[0]["Plan"]):
            referred = {name for name in found if name.startswith("r_")}
            if len(referred) > 1 and "import_row" not in found:
                wrong.append((t.path, referred))
    assert not wrong
