"""Whether the service can read and write now, and if not, why: what `/health/ready` asks.

Whether a write would succeed is tried without writing anything that stays: a megabyte goes to a temporary file, and a
message that nobody reads goes to the write-ahead log, so that a full disk is seen before a clerk meets it. The price is
one flush to disk each time.
"""

import asyncio
from typing import Any

import asyncpg

from app.db import faults
from app.db.context import AUTH_ROLE
from app.db.watched import WatchedTasks
from app.errors import Refusal
from app.http.service import Service
from app.kernel.personal.keyring import UnknownKey
from app.logging import log

PATIENCE_SECONDS = 2
INSTALLED = "select (select version_num from alembic_version), (select max(digest) from schema_digest)"
KEYS = "select distinct key_id from service_key"
STATE = "select pg_is_in_recovery() or current_setting('transaction_read_only')::bool"
PROBE = """set local work_mem = '64kB';
select sum(length(t)) from unnest(array(select repeat('x', 8000) from generate_series(1, 128))) t;
select pg_logical_emit_message(true, 'ready', '')"""


async def installed(service: Service) -> tuple[Any, ...]:
    """The revision of the tables and the digest of what is installed over them."""
    return tuple(await service.runtime.pools[AUTH_ROLE].fetchrow(INSTALLED))


async def require_ready(service: Service) -> None:
    """Refuse with the reason why the service cannot do its work now: a fault of the database, or what is not there."""
    if not service.ready:
        raise Refusal("busy")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _require_writable(service)
    except (*faults.DRIVER_ERRORS, TimeoutError) as problem:
        code = faults.code_of(problem)
        log.warning("not ready", code=code, problem=type(problem).__name__)
        raise Refusal(code or "database_damaged") from problem
    _require_tasks(service.tasks)


def _require_tasks(tasks: WatchedTasks) -> None:
    for name in tasks.not_running():
        raise Refusal("task_not_running", task=name)


async def _require_writable(service: Service) -> None:
    async with service.runtime.pools[AUTH_ROLE].acquire() as connection:
        if await connection.fetchval(STATE):
            raise Refusal(faults.READ_ONLY)
        await _require_installed(service, connection)
        await connection.execute(PROBE)


async def _require_installed(service: Service, connection: Any) -> None:
    """Refuse a schema that was changed under the service, and keys that its ring does not open."""
    try:
        now = tuple(await connection.fetchrow(INSTALLED))
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        now = ()
    if now != service.schema:
        raise Refusal("schema_changed")
    try:
        for row in await connection.fetch(KEYS):
            service.runtime.seal.of(row["key_id"])
    except UnknownKey:
        raise Refusal("key_missing") from None
