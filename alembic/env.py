"""Runs every Alembic command on a database, whether `python -m app` or `alembic` in a shell asks for it.

Migrations move tables and data. In the same transaction the installed schema (functions, triggers, policies, grants) is
dropped before the first migration that runs, and installed after the last, if the tables are those of the newest
revision. On an older revision it is absent, and the service refuses to start. Where no migration runs, it is installed
if its text has changed.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic.util import CommandError
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import context
from app.db.embedded import embedded_postgres
from app.db.logins import Logins, configured_logins
from app.db.primary import of_primary
from app.migrate import install
from app.migrate.checks import PLUGINS
from app.migrate.run import HOME, SchemaNotCurrent, prepared
from app.migrate.text import ALL_TABLES
from app.settings import Settings

context.configure(dialect_name="postgresql")  # only to see what the command has set
COMMAND = dict(context.get_context().opts)
ATTEMPTS, HELD_UP = 5, ("40P01", "55P03")  # SQLSTATE: deadlock detected, lock not available
MOVES = "destination_rev" in COMMAND  # upgrade, downgrade, stamp
COMPARES = "revision_context" in COMMAND  # revision --autogenerate, check
TABLES_ONLY = "tables-only" in context.get_x_argument()  # -x tables-only: nothing is installed over them


def include_object(entity, name, kind, reflected, compare_to) -> bool:
    """Leave the tables of the queue out of a comparison: a library makes them, by SQL of its own."""
    return kind != "table" or not name.startswith("pgqueuer")


def render_item(kind, item, autogenerate) -> str | bool:
    """Write a column type of our own into a migration, with its import."""
    if kind != "type" or not type(item).__module__.startswith("app."):
        return False
    autogenerate.imports.add(f"from {type(item).__module__} import {type(item).__name__}")
    return repr(item)


def number_revision(migration, revision, directives) -> None:
    """Number a new revision after the newest, so that a listing of alembic/versions shows the history."""
    directives[0].rev_id = f"{int(context.script.get_current_head() or '0099') + 1:04}"


def run(connection) -> None:
    """Run the command on a connection that is in a transaction."""
    command = COMMAND["fn"]

    def steps(heads, migration):
        found = list(command(heads, migration))
        if found and MOVES:
            install.drop(connection)
        return found

    connection.exec_driver_sql("set local role ledger_owner")
    connection.exec_driver_sql("set local lock_timeout = '10s'")
    connection.exec_driver_sql("set local statement_timeout = '30min'")
    context.configure(
        connection=connection,
        target_metadata=ALL_TABLES,
        include_object=include_object,
        render_item=render_item,
        compare_server_default=False,
        autogenerate_plugins=PLUGINS,
        process_revision_directives=number_revision,
        fn=steps,
    )
    context.run_migrations()
    if MOVES and not TABLES_ONLY and set(context.get_context().get_current_heads()) == set(context.script.get_heads()):
        install.install(connection)


async def run_on(url: str) -> None:
    """Run the command on this database, in one transaction.

    Requests of a running service may hold it up, or be chosen by Postgres to win a deadlock. Nothing is done then, and
    it is tried again a few times.
    """
    url = await of_primary(url)
    engine = create_async_engine("postgresql+asyncpg" + url[url.index("://") :])
    try:
        for left in reversed(range(ATTEMPTS)):
            try:
                async with engine.begin() as connection:
                    await connection.run_sync(run)
                return
            except (DBAPIError, PostgresError) as problem:
                if not left or getattr(getattr(problem, "orig", problem), "sqlstate", None) not in HELD_UP:
                    raise
            await asyncio.sleep(1)
    finally:
        await engine.dispose()


async def run_prepared(owner_url: str, logins: Logins | None) -> None:
    """Run the command on this database under the migration lock, after making the database roles."""
    async with prepared(owner_url, logins, context.script.get_current_head()):
        await run_on(owner_url)


def run_compared() -> None:
    """Compare the declared tables with those of a throw-away database that is migrated to the newest revision.

    Nothing is installed over them: that may name a table that the migration about to be written will make.
    """
    with tempfile.TemporaryDirectory(prefix="ledger-compare-", dir="/var/tmp") as folder:
        os.chmod(folder, 0o711)  # noqa: S103  # the server's own account passes through
        with embedded_postgres(Path(folder) / "postgres", durable=False) as server:
            given = {"LEDGER_OWNER_DATABASE_URL": server.superuser_url, "LEDGER_DATA_DIR": folder}
            upgrade = [sys.executable, "-m", "alembic", "-c", str(HOME / "alembic.ini"), "-x", "tables-only"]
            subprocess.run([*upgrade, "upgrade", "head"], env=os.environ | given, check=True)
            asyncio.run(run_on(server.superuser_url))


def logins_to_make() -> Logins | None:
    """The logins that the settings name, if they name any."""
    if "logins" in context.config.attributes:
        return context.config.attributes["logins"]
    return configured_logins(options, options.data_dir, make=True) if options.database_url else None


options = Settings()
owner_url = context.config.attributes.get("owner_url") or options.owner_database_url
if context.is_offline_mode():
    raise CommandError("不提供 SQL 脚本方式，请直接对数据库执行。 Offline mode is not supported: run it on a database.")
if COMPARES and "owner_url" not in context.config.attributes:
    run_compared()
elif not owner_url:
    raise CommandError(
        "请设置 LEDGER_OWNER_DATABASE_URL；内置数据库请用 python -m app migrate。 "
        "Set LEDGER_OWNER_DATABASE_URL; for the embedded database use python -m app migrate."
    )
else:
    try:
        asyncio.run(run_prepared(owner_url, logins_to_make()) if MOVES else run_on(owner_url))
    except SchemaNotCurrent as refused:
        if "owner_url" in context.config.attributes:
            raise
        raise CommandError(str(refused)) from None
