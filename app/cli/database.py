"""The database that a command works on: the one the settings name, or the embedded one."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app.cli.words import Stop, complain, tell, usage
from app.db.address import require_one_cluster, require_primary, require_replica
from app.db.embedded import EmbeddedPostgresError, data_directory, embedded_postgres
from app.db.logins import PASSWORDS as LOGIN_PASSWORDS
from app.db.logins import Logins, configured_logins, read_passwords, unknown_passwords
from app.db.postgres_home import APPLICATION, PASSWORDS, SUPERUSER, addresses, service_logins
from app.db.primary import of_primary
from app.db.roles import ACTING, SETTINGS, require_bound
from app.migrate.run import head, migrate, require_current
from app.settings import Settings

REACH_SECONDS = 10
OWNER_SETTING = "LEDGER_OWNER_DATABASE_URL"
CONNECTIONS_BESIDE = 20  # the launcher, pg_dump, a person with psql
POOLS = len(ACTING) + 1  # one for each class of caller, and the listeners


@dataclass(frozen=True)
class Database:
    """Where the database is: for the service's logins, and (None if unknown) for who may change the schema."""

    logins: Logins
    owner_url: str | None
    directory: Path


def working_directory(options: Settings) -> Path:
    """The data directory, absolute. It is made by whoever first needs it."""
    if not options.embedded:
        return options.data_dir.resolve()
    if options.data_dir.is_file():
        usage(f"LEDGER_DATA_DIR（{options.data_dir}）不是目录。", "LEDGER_DATA_DIR is not a directory.")
    directory, line = data_directory(options.data_dir)
    if line:
        tell(line)
    return directory.resolve()


@contextmanager
def database(options: Settings) -> Iterator[Database]:
    """The database for the length of the block. The embedded one is started, and stopped afterwards."""
    directory = working_directory(options)
    if options.database_url is not None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_primary(options.database_url, SETTINGS["requests"])
        if options.owner_database_url:
            require_primary(options.owner_database_url, OWNER_SETTING)
            asyncio.run(_require_known(options, directory, options.owner_database_url))
        logins = configured_logins(options, directory, make=bool(options.owner_database_url))
        if options.replica_database_url:
            require_replica(options.replica_database_url, "LEDGER_REPLICA_DATABASE_URL", options.database_url)
        require_one_cluster({SETTINGS[kind]: url for kind, url in logins.addresses().items()})
        yield Database(logins, options.owner_database_url, directory)
        return
    connections = max(100, options.workers * options.pool_size * POOLS + CONNECTIONS_BESIDE)
    with embedded_postgres(
        directory, settings={"max_connections": str(connections)}, say=complain, ended=_end_this_process
    ) as server:
        yield Database(server.logins, server.superuser_url, directory)


def _end_this_process() -> None:
    """The database is given up: whatever this process does ends in order, and the sentence that says why follows."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def database_or_running(options: Settings) -> Iterator[Database]:
    """Like `database`, and also while a service runs on the same embedded database."""
    try:
        with database(options) as found:
            yield found
    except EmbeddedPostgresError:
        running = _running(working_directory(options)) if options.embedded else None
        if running is None:
            raise
        yield running


def _running(directory: Path) -> Database | None:
    """The embedded server of a service that holds the directory, if it answers to the directory's own passwords."""
    try:
        urls = addresses(read_passwords(directory / PASSWORDS), int((directory / "port").read_text()))
        asyncio.run(_reach("LEDGER_DATABASE_URL", urls[APPLICATION]))
    except (OSError, ValueError, KeyError, Stop):
        return None
    return Database(service_logins(urls), urls[SUPERUSER], directory)


async def _reach(setting: str, url: str) -> None:
    """Connect once. Stops with a sentence that says why it does not work, or that a pooler stands between."""
    place = require_primary(url, setting).place
    try:
        connection = await asyncpg.connect(await of_primary(url), timeout=REACH_SECONDS)
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as problem:
        raise Stop(
            f"数据库 {place} 不接受登录（{problem}），请检查 {setting} 的用户、密码和库名；"
            "没有设置它的，删去这个登录角色再执行 migrate。",
            f"The database {place} refuses the login ({problem}): check {setting}; if it is not set, drop that login "
            "role and migrate again.",
        ) from None
    except (OSError, TimeoutError, socket.gaierror, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        reason = str(problem) or "超时 timed out"
        raise Stop(
            f"连不上数据库 {place}（{reason}），请检查它是否在运行，以及 {setting}。",
            f"The database {place} cannot be reached ({reason}): check that it runs, and {setting}.",
        ) from None
    try:
        pooled = connection.get_server_pid() != await connection.fetchval("select pg_backend_pid()")
    finally:
        await connection.close()
    if pooled:  # it has told a number of its own, as every pooler does, whatever it is named
        raise Stop(
            f"{setting}（{place}）前面有连接池（如 pgbouncer）。服务不能经连接池工作，"
            "请写数据库本身的地址；服务自己复用连接，个数由 LEDGER_POOL_SIZE 定。",
            f"{setting} leads to a pooler ({place}), such as pgbouncer, through which the service does not work: give "
            "the address of Postgres itself. The service pools its connections; LEDGER_POOL_SIZE says how many.",
        )


async def _require_known(options: Settings, directory: Path, owner_url: str) -> None:
    """Refuse to make a password for a login that is there already: the one it has stands in a file that is gone."""
    if not (unknown := unknown_passwords(options, directory)):
        return
    await _reach(OWNER_SETTING, owner_url)
    connection = await asyncpg.connect(await of_primary(owner_url))
    try:
        rows = await connection.fetch("select rolname from pg_roles where rolname = any($1::text[])", unknown)
    finally:
        await connection.close()
    if rows:
        file, named = directory / LOGIN_PASSWORDS, ", ".join(row["rolname"] for row in rows)
        raise Stop(
            f"数据库里已有登录 {named}，而 {file} 里没有密码：请由备份放回这个文件，"
            "或设置其地址（LEDGER_…_DATABASE_URL）；找不回的，删去这些登录角色再执行 migrate。没有另造新的。",
            f"The logins {named} are in the database, and their passwords are not in {file}: put the file back from "
            "the backup, or set their addresses (LEDGER_…_DATABASE_URL); if it is lost, drop that login role and "
            "migrate again. No new ones were made.",
        )


async def _require_bound(logins: Logins) -> None:
    for kind, url in logins.addresses().items():
        connection = await asyncpg.connect(await of_primary(url), timeout=REACH_SECONDS)
        try:
            await require_bound(connection, kind)
        finally:
            await connection.close()


async def _reach_all(logins: Logins) -> None:
    for kind, url in logins.addresses().items():
        await _reach(SETTINGS[kind], url)


def bring_up_to_date(found: Database, silent: bool = False) -> None:
    """Migrate where the settings name an owner; else refuse a schema that is not the one of this version.

    Refuses also a service account that row security does not bind.
    """
    if found.owner_url:
        asyncio.run(_migrate(found, "head", replace_newer=False))
        asyncio.run(_require_bound(found.logins))
        return
    asyncio.run(_reach_all(found.logins))
    asyncio.run(require_current(found.logins))
    asyncio.run(_require_bound(found.logins))
    if silent:
        return
    tell(
        f"没有设置 LEDGER_OWNER_DATABASE_URL，不做迁移；数据库结构正是 {head()}。",
        f"LEDGER_OWNER_DATABASE_URL is not set, nothing is migrated; the schema is {head()}, as needed.",
    )


async def _migrate(found: Database, target: str, replace_newer: bool = True) -> None:
    """Migrate as the owner, who also makes the service's logins that are missing."""
    assert found.owner_url
    await _reach(OWNER_SETTING, found.owner_url)
    try:
        await migrate(found.owner_url, found.logins, target, replace_newer=replace_newer)
    except asyncpg.InsufficientPrivilegeError as problem:
        raise Stop(
            f"LEDGER_OWNER_DATABASE_URL 的账户权限不够（{problem.args[0]}）：它要能创建角色，并拥有这个库。",
            f"The account of LEDGER_OWNER_DATABASE_URL may not do that ({problem.args[0]}): "
            "it must be able to create roles, and own the database.",
        ) from None
    await _reach_all(found.logins)


def migrate_only(target: str) -> tuple[str, str]:
    """Run the command `migrate`. Returns the sentence that says what was done, in both languages."""
    options = Settings()
    if not options.embedded and not options.owner_database_url:
        usage(
            "请设置 LEDGER_OWNER_DATABASE_URL：改结构的账户，不是服务的账户。",
            "Set LEDGER_OWNER_DATABASE_URL: the account that may change the schema, not the service's.",
        )
    with database_or_running(options) as found:
        asyncio.run(_migrate(found, target))
    if target != "head":
        return f"数据库结构已到 {target}。", f"The schema is at {target}."
    return f"数据库结构已是最新（{head()}）。", f"The schema is up to date ({head()})."
