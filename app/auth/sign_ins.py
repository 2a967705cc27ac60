"""The list of sign-ins, and the sessions that begin with them.

A person's token belongs to a session: it ends when the session is ended, or was idle for too long. Systems have none.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from app.auth.principals import Principal
from app.db.context import AUTH_ROLE
from app.db.pool import Pool, Pools

# How often a process writes down that a session is in use, at most. A session ends as much later than the limit says.
SEEN_SECONDS, SEEN_SHARE = 60.0, 0.1


@dataclass(frozen=True)
class Attempt:
    """A sign-in, or another request in which somebody states a password: by which method, from where."""

    method: str
    address: str | None
    request: str | None


@dataclass(frozen=True)
class Session:
    """A session as its owner sees it."""

    id: str
    address: str | None
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def seen_every(idle_minutes: int) -> float:
    """The seconds for which a process takes a session that it has seen for one in use."""
    return min(SEEN_SECONDS, idle_minutes * 60 * SEEN_SHARE)


async def accepted(pools: Pools, principal: Principal, attempt: Attempt, minutes: int) -> str | None:
    """Enter a sign-in, and begin the session of a person. The session, or None for a system.

    One statement: there is no session without its entry.
    """
    person = principal.kind == "account"
    session = str(uuid.uuid4()) if person else None  # random: it says nothing of other sessions
    begin = (
        "begun as (insert into session (id, principal, address, expires_at)"
        " values ($6, $1, $4, least(now() + $7 * interval '1 minute', $8)))"
    )
    entry = (
        "insert into sign_in (principal, low, method, outcome, address, request_id, session_id)"
        " values ($1, $2, $3, 'accepted', $4, $5, $6)"
    )
    given = [principal.id, principal.jurisdiction, attempt.method, attempt.address, attempt.request, session]
    pool = pools[AUTH_ROLE]
    if person:
        await pool.execute(f"with {begin} {entry}", *given, minutes, principal.expires_at)
    else:
        await pool.execute(entry, *given)
    return session


async def refused(pools: Pools, principal: Principal | None, attempt: Attempt, outcome: str) -> None:
    """Enter a refusal. Of a name that nobody has nothing is kept but that it was tried: it may be a password."""
    pool = pools[AUTH_ROLE]
    await pool.execute(
        "insert into sign_in (principal, low, method, outcome, address, request_id) values ($1, $2, $3, $4, $5, $6)",
        principal.id if principal else None, principal.jurisdiction if principal else "", attempt.method, outcome,
        attempt.address, attempt.request,
    )  # fmt: skip


async def in_use(pools: Pools, session: str, principal_id: str, idle_minutes: int) -> bool:
    """Whether the session goes on; writes down that it is in use. One that was idle for too long ends here.

    Where nothing can be written (a full disk, a standby) it goes on for as long as it was seen within the limit, so
    that reads go on.
    """
    pool = pools[AUTH_ROLE]
    try:
        row = await _seen(pool, session, principal_id, idle_minutes)
    except (asyncpg.DiskFullError, asyncpg.ReadOnlySQLTransactionError):
        row = await pool.fetchrow(
            "select last_seen_at >= now() - $3 * interval '1 second' as goes_on from session"
            " where id = $1 and principal = $2 and ended_at is null",
            session, principal_id, idle_minutes * 60 + seen_every(idle_minutes),
        )  # fmt: skip
    return bool(row and row["goes_on"])


async def _seen(pool: Pool, session: str, principal_id: str, idle_minutes: int) -> Any:
    return await pool.fetchrow(
        "update session set ended_at = case when idle then now() end, ended_by = case when idle then 'idle' end,"
        " last_seen_at = case when idle then last_seen_at else now() end"
        " from (select last_seen_at < now() - $3 * interval '1 second' as idle from session where id = $1 for update) i"
        " where id = $1 and principal = $2 and ended_at is null returning not i.idle as goes_on",
        session, principal_id, idle_minutes * 60 + seen_every(idle_minutes),
    )  # fmt: skip


async def sessions(pools: Pools, principal_id: str, idle_minutes: int) -> list[Session]:
    """The sessions that go on, newest first."""
    pool = pools[AUTH_ROLE]
    rows = await pool.fetch(
        "select id::text, address, started_at, last_seen_at, expires_at from session"
        " where principal = $1 and ended_at is null and expires_at > now()"
        " and last_seen_at > now() - $2 * interval '1 second' order by started_at desc, id",
        principal_id, idle_minutes * 60 + seen_every(idle_minutes),
    )  # fmt: skip
    return [Session(**row) for row in rows]


async def end(connection: Any, principal_id: str, by: str, *, only: str | None = None, but: str | None = None) -> int:
    """End the sessions of a principal: one, all but one, or all. How many ended; every process hears of it."""
    ended = await connection.fetch(
        "update session set ended_at = now(), ended_by = $2 where principal = $1 and ended_at is null"
        " and ($3::uuid is null or id = $3) and ($4::uuid is null or id <> $4) returning id",
        principal_id, by, only, but,
    )  # fmt: skip
    await connection.execute("select pg_notify('ledger_principals', $1)", principal_id)
    return len(ended)
