"""Every migration is walked with rows of every type that the service of an earlier version has made."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from alembic import command
from app.main import create_app
from app.migrate.run import configuration, head, migrate
from app.records import REGISTRY
from app.settings import Settings
from tests.migrate.conftest import Addresses
from tests.migrate.kept import kept, rows_of
from tests.support.bureaus import account
from tests.support.callers import HOME, PATCH, Api
from tests.support.databases import addresses

WITHOUT_HISTORY = """select r.record_type, r.record_id, array_agg(r.version order by r.version)
  from revision r group by 1, 2 having array_agg(r.version order by r.version)
    <> array(select generate_series(1, max(r.version)))"""


async def counted(connection: Any) -> Mapping[str, int]:
    """How many rows each table of records holds that is there."""
    there = [t.table for t in REGISTRY if await connection.fetchval("select to_regclass($1)", t.table)]
    return {table: await connection.fetchval(f"select count(*) from {table}") for table in there}


def test_rows_are_kept_from_the_baseline_on_of_every_type_that_was_there() -> None:
    known = [s.revision for s in ScriptDirectory.from_config(configuration()).walk_revisions()]
    assert kept()[0] == known[-1] and set(kept()) <= set(known)


@pytest.mark.parametrize("revision", kept())
async def test_rows_that_an_earlier_version_has_made_are_walked_up_and_served(
    another: Addresses, revision: str, tmp_path: Path
) -> None:
    owner, application = another
    await migrate(owner, application, revision)
    connection = await asyncpg.connect(owner)
    await connection.execute(rows_of(revision))
    await connection.execute("reset all")
    before = await counted(connection)
    assert before and all(before.values()), "a type without a row is not walked"
    config = configuration()
    config.attributes.update(owner_url=owner, logins=application)
    while await connection.fetchval("select version_num from alembic_version") != head():
        await asyncio.to_thread(command.upgrade, config, "+1")
        found = await counted(connection)
        assert {table: found[table] for table in before} == before
    assert await connection.fetch(WITHOUT_HISTORY) == []
    for table in before:
        path = next(t.path for t in REGISTRY if t.table == table)
        alone = f"""select count(*) from {table} t where not exists (select from revision r where r.record_id = t.id
                    and r.record_type = '{path}' and r.version = t.version)"""
        assert await connection.fetchval(alone) == 0, f"{table} without the revision of its version"
    made = {t.path: await connection.fetch(f"select id, version from {t.table}") for t in REGISTRY if t.table in before}
    await connection.close()
    await served(application.requests, made, tmp_path)


async def served(url: str, made: Mapping[str, list[Any]], folder: Path) -> None:
    """The service reads every record, with its history, and changes one."""
    await account(url, "reader", "leading_group", HOME)
    await account(url, "writer", "inspection_office", HOME)
    app = create_app(Settings(**addresses(url), data_dir=folder, access_log="off"))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        reader = await stack.enter_async_context(Api.signed_in(app, "reader"))
        writer = await stack.enter_async_context(Api.signed_in(app, "writer"))
        for path, records in made.items():
            for row in records:
                record = await reader.read(f"/v1/{path}/{row['id']}")
                history = (await reader.read(f"/v1/{path}/{row['id']}/revisions"))["items"]
                assert record["version"] == row["version"], path
                assert [r["version"] for r in history] == list(range(record["version"], 0, -1)), path
        finding = (await writer.read("/v1/findings"))["items"][0]
        headers = {"If-Match": f'"{finding["version"]}"', "Content-Type": PATCH}
        changed = await writer.patch(f"/v1/findings/{finding['id']}", json={"basis": "第三条"}, headers=headers)
        assert changed.status_code == 200 and changed.json()["version"] == finding["version"] + 1, changed.text
