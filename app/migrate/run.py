"""Brings the schema up to date, or refuses one that is not. Any number of services may start at once.

Alembic is imported only where a migration runs, because a command on a current schema starts faster without it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from app.db.context import AUTH_ROLE
from app.db.logins import Logins
from app.db.primary import of_primary
from app.db.roles import OWNER, ensure_roles
from app.migrate.text import digest, number_of

if TYPE_CHECKING:
    from alembic.config import Config

HOME = Path(__file__).resolve().parents[2]
VERSIONS = HOME / "alembic" / "versions"
LOCK = 0x6C65_6467_6572  # 'ledger'
OLD_SHAPES = frozenset(f"{n:04}" for n in range(1, 13))  # revisions of a time when nothing had been released


class SchemaNotCurrent(Exception):
    """The schema is not the one this service was written for."""


class OldShape(SchemaNotCurrent):
    """The database was made by a version that was never released: no migration leads from there to here."""

    def __init__(self) -> None:
        super().__init__(
            "这个数据库（或数据目录）是发布以前的旧结构，不能升级：请把数据目录移走，或新建一个空数据库，"
            "然后重新导入台账。/ "
            "This database (or data directory) has the shape of before the first release and cannot be migrated: "
            "move the data directory away, or make a new, empty database, then import the ledgers again."
        )


class SchemaNewer(SchemaNotCurrent):
    """A later version of the code has been here: nothing of it may be replaced by what this one knows."""

    def __init__(self, found: str, needed: str) -> None:
        super().__init__(
            f"数据库结构 {found} 比本版本的 {needed} 新：请启动与数据库相符的新版本；确要退回旧版本的，"
            "先用新版本执行 python -m app migrate 加旧的版本号，再用旧版本执行 python -m app migrate。/ "
            f"The schema {found} is newer than {needed}, which this version needs: start the version that fits the "
            "database. To go back to this one, run python -m app migrate with the older revision under the newer "
            "version, then python -m app migrate under this one."
        )


def configuration() -> "Config":
    """Alembic's configuration, wherever the command is started."""
    from alembic.config import Config

    return Config(str(HOME / "alembic.ini"))


def head() -> str:
    """The revision of the schema that this code expects."""
    return max(file.name for file in VERSIONS.glob("[0-9]*.py")).partition("_")[0]  # numbered in their order


@asynccontextmanager
async def prepared(owner_url: str, logins: Logins | None, newest: str | None = None) -> AsyncIterator[Any]:
    """Hold the lock that lets one migration run at a time; inside, the roles are there. Raises SchemaNotCurrent.

    newest   the last revision that the caller knows; by default that of this code
    """
    connection = await asyncpg.connect(await of_primary(owner_url))
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        await ensure_roles(
            connection, logins.addresses() if logins else {}
        )  # first: the revision is read as the owner of the tables
        if await _revision(connection) in OLD_SHAPES:
            raise OldShape
        await _refuse_newer(connection, newest or head())
        yield connection
    finally:
        await connection.close()


async def _refuse_newer(connection: Any, newest: str) -> None:
    """Refuse tables of a later version. Revisions are numbered in their order."""
    found = await _revision(connection)
    if found and found.isdigit() and found > newest:
        raise SchemaNewer(found, newest)


async def migrate(owner_url: str, logins: Logins | None, target: str = "head", *, replace_newer: bool = True) -> None:
    """Make the roles, then run the migrations and install what is made from the declarations.

    replace_newer   False: a text that a later version has installed stays, as when a service starts by itself

    Raises SchemaNotCurrent, also for tables of a later version.
    """
    async with prepared(owner_url, logins) as connection:
        found = await _installed(connection) if target == "head" else (None, None)
        if found == (head(), digest()):
            return
        if not replace_newer and number_of(found[1]) > number_of(digest()):
            raise SchemaNewer(f"{found[0]} ({found[1]})", f"{head()} ({digest()})")
    # In a thread, because alembic/env.py has an event loop of its own. It takes the lock again.
    await asyncio.to_thread(_run, owner_url, logins, target)


def _run(owner_url: str, logins: Logins | None, target: str) -> None:
    from alembic import command

    config = configuration()
    config.attributes.update(owner_url=owner_url, logins=logins)
    found = asyncio.run(_revision_of(owner_url))
    downwards = target == "base" or target.startswith("-") or bool(found and target.isdigit() and found > target)
    (command.downgrade if downwards else command.upgrade)(config, target)


async def _revision_of(url: str) -> str | None:
    connection = await asyncpg.connect(await of_primary(url))
    try:
        return await _revision(connection)
    finally:
        await connection.close()


async def _revision(connection: Any) -> str | None:
    """The revision of the tables that are there; None if there are none."""
    if await connection.fetchval("select to_regclass('public.alembic_version')") is None:
        return None
    async with connection.transaction():
        await connection.execute(f"set local role {OWNER}")
        found: str | None = await connection.fetchval("select version_num from public.alembic_version")
    return found


async def _installed(connection: Any) -> tuple[str | None, str | None]:
    """The revision of the tables, and the digest of what is installed over them."""
    revision = await _revision(connection)
    if revision is None:
        return None, None
    async with connection.transaction():
        await connection.execute(f"set local role {OWNER}")
        return revision, await connection.fetchval("select max(digest) from public.schema_digest")


async def require_current(logins: Logins) -> None:
    """Refuse a schema that is older or newer than this code. Raises SchemaNotCurrent with what to do."""
    connection = await asyncpg.connect(await of_primary(logins.auth))
    try:
        found, text = await _installed_for_service(connection)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError):
        found, text = None, None  # `migrate` has not yet made the roles, or not granted them to this account
    finally:
        await connection.close()
    if (found, text) == (head(), digest()):
        return
    if found and (found > head() or (found == head() and number_of(text) > number_of(digest()))):
        raise SchemaNewer(f"{found} ({text})", f"{head()} ({digest()})")
    have = f"{found}{'' if text else '（只有表 tables only）'}" if found else "空 empty"
    raise SchemaNotCurrent(
        f"数据库结构为 {have}，本版本需要 {head()}（{digest()}）：请设置 LEDGER_OWNER_DATABASE_URL 并执行 "
        f"python -m app migrate。/ The schema is {have}, this version needs {head()} ({digest()}): "
        "set LEDGER_OWNER_DATABASE_URL and run python -m app migrate."
    )


async def _installed_for_service(connection: Any) -> tuple[str | None, str | None]:
    """The revision of the tables and the digest of what is installed, as the service reads them. Raises OldShape."""
    if await connection.fetchval("select to_regclass('public.alembic_version')") is None:
        return None, None
    readable = await connection.fetchval(
        "select bool_or(has_table_privilege(oid, 'public.alembic_version', 'select')) from pg_roles where rolname = $1",
        AUTH_ROLE,
    )
    if not readable:  # every migration of ours lets it be read
        raise OldShape
    await connection.execute(f"set role {AUTH_ROLE}")
    revision = await connection.fetchval("select version_num from public.alembic_version")
    there = await connection.fetchval("select to_regclass('public.schema_digest')")
    return revision, await connection.fetchval("select max(digest) from public.schema_digest") if there else None
