"""What is installed over the tables: by whichever way, at once, when its text has changed; and what is refused."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from alembic.util import CommandError

from alembic import command
from app.db.embedded import EmbeddedPostgres
from app.migrate.run import HOME, OldShape, SchemaNotCurrent, configuration, migrate, require_current
from tests.migrate.conftest import Addresses
from tests.support.catalogue import catalogue
from tests.support.databases import environment


async def started(addresses: Addresses, *arguments: str) -> Any:
    """A process of its own that works on this database."""
    given = {"LEDGER_OWNER_DATABASE_URL": addresses[0], **environment(addresses[1].requests)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, cwd=HOME, env=os.environ | given,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def ended(process: Any) -> tuple[int, str]:
    """How it ended, and what it said."""
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_alembic_in_a_shell_does_what_migrate_does(another: Addresses, database: EmbeddedPostgres) -> None:
    assert await ended(await started(another, "alembic", "upgrade", "head")) == (0, "")
    assert await catalogue(another[0]) == await catalogue(database.superuser_url)
    await require_current(another[1])


async def test_two_processes_that_migrate_at_once_do_it_once(another: Addresses, database: EmbeddedPostgres) -> None:
    both = [await started(another, "app", "migrate"), await started(another, "alembic", "upgrade", "head")]
    for status, said in await asyncio.gather(*map(ended, both)):
        assert status == 0, said
    assert await catalogue(another[0]) == await catalogue(database.superuser_url)


async def test_alembic_compares_with_a_throw_away_database_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "alembic", "check", cwd=HOME,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert await ended(process) == (0, "No new upgrade operations detected.\n")


def test_alembic_without_a_database_says_what_to_set() -> None:
    with pytest.raises(CommandError, match="LEDGER_OWNER_DATABASE_URL"):
        command.upgrade(configuration(), "head")


async def test_a_changed_text_is_installed_though_no_migration_runs(migrated: Addresses) -> None:
    owner, application = migrated
    before = await catalogue(owner)
    connection = await asyncpg.connect(owner)
    await connection.execute("update schema_digest set digest = 'of another version'")
    await connection.execute("drop policy keeper on unit; create policy left_over on visit using (true)")
    await connection.execute("alter function refuse_version() rename to of_another_version")
    with pytest.raises(SchemaNotCurrent, match="migrate"):
        await require_current(application)
    await migrate(owner, application)
    await require_current(application)
    assert await catalogue(owner) == before
    assert await connection.fetchval("select count(*) from schema_digest") == 1
    await connection.close()


async def test_a_request_that_wins_a_deadlock_does_not_end_the_installation(migrated: Addresses) -> None:
    owner, application = migrated
    async with AsyncExitStack() as opened:
        request, watch = await asyncpg.connect(owner), await asyncpg.connect(owner)
        opened.push_async_callback(request.close)
        opened.push_async_callback(watch.close)
        await watch.execute("update schema_digest set digest = 'of another version'")
        transaction = request.transaction()
        await transaction.start()
        await request.execute("lock table visit in row exclusive mode")
        migrating = asyncio.create_task(migrate(owner, application))
        waits = "select count(*) from pg_locks where not granted and mode = 'AccessExclusiveLock'"
        while not await watch.fetchval(waits):  # noqa: ASYNC110  # what happens in Postgres sends no event
            await asyncio.sleep(0.02)
        await request.execute("lock table finding in row exclusive mode")  # it waits first, so it finds the deadlock
        await transaction.commit()
        await migrating
    await require_current(application)


async def test_an_account_without_the_roles_is_told_to_migrate(another: Addresses) -> None:
    connection = await asyncpg.connect(another[0])
    await connection.execute("create role stranger login password 'of no role'")
    try:
        await migrate(*another)
        host = another[1].requests.rpartition("@")[2]
        with pytest.raises(SchemaNotCurrent, match="python -m app migrate"):
            await require_current(replace(another[1], auth=f"postgresql://stranger:of%20no%20role@{host}"))
    finally:
        await connection.execute("drop role stranger")
        await connection.close()


async def test_migrating_what_is_current_changes_nothing(migrated: Addresses) -> None:
    owner, application = migrated
    connection = await asyncpg.connect(owner)
    text = "select json_agg(p order by oid)::text from (select oid, polname from pg_policy) p"
    before = await connection.fetchval(text)
    await migrate(owner, application)
    config = configuration()
    config.attributes.update(owner_url=owner, logins=application)
    await asyncio.to_thread(command.upgrade, config, "head")
    assert await connection.fetchval(text) == before
    await connection.close()


@pytest.mark.parametrize(("table", "column"), [("case_filing", "about"), ("principal", "kin_ids")])
async def test_what_a_trigger_keeps_is_kept_by_the_rule_of_now(populated: Addresses, table: str, column: str) -> None:
    owner, application = populated
    connection = await asyncpg.connect(owner)
    kept = f"select id, {column} from {table} order by id"
    before = await connection.fetch(kept)
    assert any(row[column] for row in before)
    await connection.execute(f"alter table {table} disable trigger user;"
                             f" update {table} set {column} = array[null::uuid];"
                             f" alter table {table} enable trigger user; delete from schema_digest")  # fmt: skip
    await migrate(owner, application)
    assert await connection.fetch(kept) == before
    await connection.close()


async def test_a_database_of_before_the_first_release_is_refused(another: Addresses) -> None:
    owner, application = another
    connection = await asyncpg.connect(owner)
    await connection.execute(
        "create table alembic_version (version_num text); alter table alembic_version owner to ledger_owner;"
        " insert into alembic_version values ('')"
    )
    before = await catalogue(owner)
    for revision in ("0001", "0012"):
        await connection.execute("update alembic_version set version_num = $1", revision)
        with pytest.raises(OldShape, match=r"请把数据目录移走.*move the data directory away"):
            await migrate(owner, application)
        with pytest.raises(OldShape):
            await require_current(application)
    for arguments in (("app", "migrate"), ("alembic", "upgrade", "head")):
        status, said = await ended(await started(another, *arguments))
        assert status, said
        assert "重新导入台账" in said and "Traceback" not in said
    assert await catalogue(owner) == before
    await connection.close()
