"""Bringing the schema up to date, under a lock: any number of services may start at once.

Alembic is imported where something is to be migrated: a command on a schema that is current does without it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from app.db.roles import OWNER, ensure_roles

if TYPE_CHECKING:
    from alembic.config import Config

HOME = Path(__file__).resolve().parents[2]
VERSIONS = HOME / "alembic" / "versions"
LOCK = 0x6C65_6467_6572  # 'ledger'


class SchemaNotCurrent(Exception):
    """The schema is not the one this service was written for."""


def configuration() -> "Config":
    """Alembic's configuration, wherever the command is started."""
    from alembic.config import Config

    config = Config(str(HOME / "alembic.ini"))
    config.set_main_option("script_location", str(HOME / "alembic"))
    config.set_main_option("path_separator", "newline")  # a path may hold spaces and colons
    config.set_main_option("prepend_sys_path", str(HOME / "alembic"))  # migrations import ddl.py
    return config


def head() -> str:
    """The revision of the schema that this code expects."""
    return max(file.name for file in VERSIONS.glob("[0-9]*.py")).partition("_")[0]  # numbered in their order


async def migrate(owner_url: str, application_url: str | None, target: str = "head") -> None:
    """Makes the roles, then runs the migrations as the owner of the schema."""
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        await ensure_roles(connection, application_url)
        if target != "head" or await _found(connection) != head():
            await _upgrade(owner_url, target)
    finally:
        await connection.close()


async def _found(connection: Any) -> str | None:
    """The revision of the schema that is there."""
    if await connection.fetchval("select to_regclass('public.alembic_version')") is None:
        return None
    async with connection.transaction():
        await connection.execute(f"set local role {OWNER}")
        found: str | None = await connection.fetchval("select version_num from public.alembic_version")
    return found


async def _upgrade(url: str, target: str) -> None:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg" + url[url.index("://") :])
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"set role {OWNER}"))
            await connection.commit()
            await connection.run_sync(_run, target)
    finally:
        await engine.dispose()


def _run(connection: Any, target: str) -> None:
    from alembic import command

    config = configuration()
    config.attributes["connection"] = connection
    downwards = target == "base" or target.startswith("-") or _is_behind(connection, target)
    (command.downgrade if downwards else command.upgrade)(config, target)


def _is_behind(connection: Any, target: str) -> bool:
    """Whether a named revision lies below the schema there is. Revisions are numbered in their order."""
    from sqlalchemy import inspect, text

    if target == "head" or not inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(text("select version_num from alembic_version")).scalar()
    return bool(found and found > target)


async def require_current(url: str) -> None:
    """Refuses a schema that is older or newer than this code. Raises SchemaNotCurrent with what to do."""
    connection = await asyncpg.connect(url, server_settings={"role": "ledger_door"})
    try:
        found = await connection.fetchval("select version_num from alembic_version")
    except asyncpg.PostgresError:
        found = None
    finally:
        await connection.close()
    if found != head():
        raise SchemaNotCurrent(
            f"数据库结构为 {found or '空'}，本版本需要 {head()}：请设置 LEDGER_OWNER_DATABASE_URL 并执行 "
            f"python -m app migrate。/ The schema is {found or 'empty'}, this version needs {head()}: "
            "set LEDGER_OWNER_DATABASE_URL and run python -m app migrate."
        )
