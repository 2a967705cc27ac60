"""The migrated database is the declared one; migrations go up, down and up again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from app.db.embedded import EmbeddedPostgres
from app.kernel.schema.tables import metadata
from app.migrate.run import configuration, head, migrate
from app.records import REGISTRY
from tests.support.callers import HOME
from tests.support.databases import PRISTINE
from tests.support.sql import owning


@asynccontextmanager
async def copied(database: EmbeddedPostgres, template: str) -> AsyncIterator[tuple[str, str]]:
    async with owning(database) as owner:
        await owner.execute("drop database if exists another with (force)")
        await owner.execute(f"create database another template {template}")
    yield moved(database.superuser_url), moved(database.application_url)
    async with owning(database) as owner:
        await owner.execute("drop database another with (force)")


@pytest.fixture
async def another(database: EmbeddedPostgres) -> AsyncIterator[tuple[str, str]]:
    """The addresses of an empty database of its own: the owner's and the application's."""
    async with copied(database, "template0") as addresses:
        yield addresses


@pytest.fixture
async def migrated(database: EmbeddedPostgres) -> AsyncIterator[tuple[str, str]]:
    """The same of one whose schema is current."""
    async with copied(database, PRISTINE) as addresses:
        yield addresses


def moved(url: str) -> str:
    """The same server, the other database."""
    address, question, rest = url.partition("?")
    return address.rpartition("/")[0] + "/another" + question + rest


async def differences(url: str) -> list[Any]:
    """What alembic would change in the database to make it the declared one."""

    def compare(connection: Any) -> list[Any]:
        options = {
            "include_object": lambda x, name, kind, *_: kind != "table" or name in metadata.tables,
            "compare_type": True,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    engine = create_async_engine("postgresql+asyncpg" + url[url.index("://") :])
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


async def checks(url: str) -> set[tuple[str, str]]:
    """The CHECK constraints of the database, which alembic does not compare."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "select conrelid::regclass::text, conname from pg_constraint"
            " where contype = 'c' and connamespace = 'public'::regnamespace"
        )
        return {(r[0], r[1]) for r in rows}
    finally:
        await connection.close()


async def test_the_migrated_database_is_the_declared_one(database: EmbeddedPostgres) -> None:
    assert {t.table for t in REGISTRY} <= set(metadata.tables)
    assert await differences(database.superuser_url) == []
    declared = {
        (t.name, str(c.name))
        for t in metadata.tables.values()
        for c in t.constraints
        if type(c).__name__ == "CheckConstraint"
    }
    found = {(table, check) for table, check in await checks(database.superuser_url) if table in metadata.tables}
    assert found == declared


async def test_revisions_hold_every_column_that_is_declared(database: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    try:
        written = dict(await connection.fetch("select proname, prosrc from pg_proc where proname like 'revise%'"))
    finally:
        await connection.close()
    assert set(written) == {f"revise_{t.table}" for t in REGISTRY}
    for t in REGISTRY:
        columns = sorted((c.name for c in metadata.tables[t.table].c), key=lambda name: (len(name), name))
        listed = ", ".join(f"c.{name}" for name in columns)
        assert f"from (select {listed} from changed c) n" in written[f"revise_{t.table}"]


def test_the_expected_schema_is_that_of_the_last_migration() -> None:
    assert head() == ScriptDirectory.from_config(configuration()).get_current_head()


async def test_a_difference_would_be_seen(migrated: tuple[str, str]) -> None:
    connection = await asyncpg.connect(migrated[0])
    await connection.execute("alter table unit alter column name drop not null")
    await connection.execute("drop index ix_finding_round")
    await connection.close()
    assert len(await differences(migrated[0])) == 2


POPULATED = f"""insert into unit (jurisdiction, id, number, version, state, name, kind, created_at, created_by,
updated_at, updated_by) select '{HOME}', gen_random_uuid(), 'M-' || n, 1, 'active', '单位' || n, 'other', now(), 'x',
now(), 'x' from generate_series(1, 200) n"""


async def test_migrations_go_up_and_down_and_up_again_on_populated_data(another: tuple[str, str]) -> None:
    owner, application = another
    for _ in range(2):
        await migrate(owner, application)
        assert await differences(owner) == []
        connection = await asyncpg.connect(owner)
        await connection.execute(POPULATED)
        assert await connection.fetchval("select count(*) from revision") == 200
        await connection.close()
        await migrate(owner, application, "base")
        connection = await asyncpg.connect(owner)
        left = await connection.fetch(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S')"
            " union all select proname from pg_proc where pronamespace = 'public'::regnamespace"
            " union all select typname from pg_type where typnamespace = 'public'::regnamespace and typtype = 'e'"
        )
        await connection.close()
        assert {r[0] for r in left} <= {"alembic_version"}, left


ACCOUNT = """insert into account (username, password_hash, role, jurisdiction, disabled, expires_at, created_by)
values ('chief', 'hash of chief', 'admin', '', false, null, 'x'), ('county', 'hash', 'admin', '4313', false, null, 'x'),
('wang', 'hash of wang', 'inspection_office', '431382', true, '2030-01-01Z', 'admin')"""


async def test_accounts_of_before_the_principals_stay_accounts(another: tuple[str, str]) -> None:
    owner, application = another
    await migrate(owner, application, "0001")
    connection = await asyncpg.connect(owner)
    await connection.execute(ACCOUNT)
    before = await connection.fetch("select * from account order by username")
    for _ in range(2):
        await migrate(owner, application)
        rows = await connection.fetch(
            "select p.id, kind, role, code, low, high, keys, disabled, expires_at = 'infinity' as lasting, digest"
            " from principal p join principal_secret using (id) order by id"
        )
        assert [tuple(r) for r in rows] == [
            ("chief", "account", "administrator", None, "", ":", [], False, True, "hash of chief"),
            ("county", "account", "administrator", None, "4313", "4313:", [], False, True, "hash"),
            ("wang", "account", "inspection_office", HOME, HOME, f"{HOME}:", [], True, False, "hash of wang"),
        ]
        await migrate(owner, application, "0001")
        assert await connection.fetch("select * from account order by username") == before
    await connection.close()


async def test_migrating_what_is_current_changes_nothing(another: tuple[str, str]) -> None:
    owner, application = another
    await migrate(owner, application)
    connection = await asyncpg.connect(owner)
    text = (
        "select json_agg(c order by oid)::text from (select oid, relname, relacl::text, relrowsecurity from pg_class"
        " where relnamespace = 'public'::regnamespace) c"
    )
    before = await connection.fetchval(text)
    await migrate(owner, application)
    assert await connection.fetchval(text) == before
    await connection.close()
