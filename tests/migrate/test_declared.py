"""The migrated tables are the declared ones, and Alembic sees where they are not."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations.ops import ModifyTableOps
from alembic.script import ScriptDirectory
from sqlalchemy import create_mock_engine
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import command
from app.db.embedded import EmbeddedPostgres
from app.db.script import run_script
from app.migrate.checks import PLUGINS
from app.migrate.run import configuration, head
from app.migrate.text import ALL_TABLES, render
from app.records import REGISTRY
from app.reports.figures import READS
from tests.migrate.conftest import Addresses
from tests.support.catalogue import TABLES, catalogue


async def on(url: str, act: Any) -> Any:
    """What this does with a connection of SQLAlchemy, in a transaction that is committed."""
    engine = create_async_engine("postgresql+asyncpg" + url[url.index("://") :])
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(act)
    finally:
        await engine.dispose()


def differences(connection: Any) -> list[Any]:
    """What a migration would do, as alembic/env.py compares."""
    options = {
        "include_object": lambda x, name, kind, *_: kind != "table" or not name.startswith("pgqueuer"),
        "autogenerate_plugins": PLUGINS,
    }
    context = MigrationContext.configure(connection, opts=options)
    found = produce_migrations(context, ALL_TABLES).upgrade_ops
    assert found is not None
    return [x for op in found.ops for x in (op.ops if isinstance(op, ModifyTableOps) else [op])]


def declared(connection: Any) -> None:
    """Make the tables as they are declared, without a migration."""
    statements: list[str] = []
    engine = create_mock_engine("postgresql+asyncpg://", lambda sql, *_, **__: statements.append(sql.compile(dialect=engine.dialect)))  # fmt: skip  # noqa: E501
    ALL_TABLES.create_all(engine, checkfirst=False)
    connection.exec_driver_sql("select 1")
    run_script(connection, ";\n".join(map(str, statements)))


async def test_the_migrated_tables_are_the_declared_ones(another: Addresses, database: EmbeddedPostgres) -> None:
    await on(another[0], declared)
    wanted, found = await catalogue(another[0], *TABLES), await catalogue(database.superuser_url, *TABLES)
    made_by_others = ("('pgqueuer", "('alembic_version", "pgqueuer", "alembic_version_pkc")
    for part in TABLES:
        kept = {x for x in found[part] if not any(other in x for other in made_by_others)}
        loose = {x.replace(" NOT ENFORCED", "") for x in kept}
        assert {x for x in loose if "caller_context()" not in x and "entering_team()" not in x} <= wanted[part], part
        assert len(loose) == len(wanted[part])


async def test_a_current_database_needs_no_migration(database: EmbeddedPostgres) -> None:
    assert await on(database.superuser_url, differences) == []


DIFFERENT = """
alter table unit alter column name drop not null;
drop index ix_finding_round;
alter table visit drop constraint ck_visit_state, add constraint ck_visit_state check (state <> 'gone');
alter table principal drop constraint ck_principal_role;
"""


async def test_a_difference_is_seen_in_columns_indexes_and_checks(migrated: Addresses) -> None:
    connection = await asyncpg.connect(migrated[0])
    await connection.execute(DIFFERENT)
    await connection.close()
    found = [type(x).__name__ for x in await on(migrated[0], differences)]
    assert sorted(found) == [
        "AlterColumnOp", "CreateCheckConstraintOp", "CreateCheckConstraintOp", "CreateIndexOp", "DropConstraintOp",
    ]  # fmt: skip


@pytest.mark.parametrize("widened", [False, True])
async def test_a_migration_is_written_from_the_declarations(migrated: Addresses, tmp_path: Path, widened: bool) -> None:
    """As `alembic revision --autogenerate` does; what it writes is taken as it is."""
    if widened:
        connection = await asyncpg.connect(migrated[0])
        await connection.execute("alter table visit drop constraint ck_visit_state, drop column method")
        await connection.close()
    config = configuration()
    config.set_main_option("version_locations", f"{config.get_main_option('script_location')}/versions\n{tmp_path}")
    config.attributes["owner_url"] = migrated[0]
    await asyncio.to_thread(command.revision, config, "next one", autogenerate=True, version_path=str(tmp_path))
    (file,) = tmp_path.glob("*.py")  # noqa: ASYNC240  # a folder of three files
    text = file.read_text(encoding="utf-8")
    assert file.name == f"{int(head()) + 1:04}_next_one.py"
    assert ("pass" in text) is not widened
    if widened:
        config.attributes["logins"] = migrated[1]
        await asyncio.to_thread(command.upgrade, config, "head")
        assert await on(migrated[0], differences) == []


def test_the_expected_revision_is_that_of_the_last_migration() -> None:
    assert head() == ScriptDirectory.from_config(configuration()).get_current_head()


async def test_revisions_hold_every_column_that_is_declared(database: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    written = dict(await connection.fetch("select proname, prosrc from pg_proc where proname like 'revise%'"))
    await connection.close()
    assert set(written) == {f"revise_{t.table}" for t in REGISTRY}
    for t in REGISTRY:
        columns = sorted((c.name for c in ALL_TABLES.tables[t.table].c), key=lambda name: (len(name), name))
        listed = ", ".join(f"c.{name}" for name in columns)
        assert f"from (select {listed} from changed c) n" in " ".join(written[f"revise_{t.table}"].split())


def test_figures_read_no_name_and_no_text() -> None:
    """Figures are counted for a role that sees records of every division it is bound to."""
    codes = {"phase", "kind", "unit_kind", "subject_kind", "conclusion"}
    for table, columns in READS.items():
        kinds = {c.name: str(c.type) for c in ALL_TABLES.tables[table].c}
        assert {c for c in columns if kinds[c] == "TEXT"} <= codes, table


def test_the_text_for_administrators_holds_every_policy_once() -> None:
    made = [line for line in render().splitlines() if line.startswith("create policy ")]
    assert len(made) == len({" ".join(line.split()[:5]) for line in made}) > 200
