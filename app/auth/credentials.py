"""Whether a secret is right, and the lock after repeated failures. Postgres counts them, so over all processes."""

import asyncio
import hmac
import time
from dataclasses import dataclass

from app.auth import api_keys, passwords, principals
from app.auth.principals import Principal
from app.db.context import AUTH_ROLE
from app.db.pool import Pools
from app.errors import Refusal, invalid

# A refusal is answered after a whole multiple of this, so that its time does not tell its reason: an idle machine needs
# less for any of them, and on a busy one the difference that a commit makes is lost in the rounding.
REFUSAL_SECONDS = 0.3
KEY_SECONDS = 3600.0


@dataclass(frozen=True)
class LockRule:
    """`failures` wrong secrets within `minutes` lock a principal for as many minutes."""

    failures: int = 5
    minutes: int = 15


async def authenticate(
    pools: Pools, kind: str, identifier: str, secret: str, lock_rule: LockRule = LockRule()
) -> Principal:
    """The open principal with that secret. Refuses with `bad_credentials`, after the same time whatever the reason.

    A locked principal is refused the right secret, too. Failures during a lock are not counted.
    """
    started = time.monotonic()
    found = await principals.find(pools, identifier)
    principal = found if found is not None and found.kind == kind else None
    right = await is_right(pools, principal.id if principal else None, secret)
    if principal and right and principal.open and not principal.locked_until:
        await _reset_failures(pools, identifier)
        return principal
    if principal and not right and not principal.locked_until:
        await _count_failure(pools, identifier, lock_rule)
    await asyncio.sleep((started - time.monotonic()) % REFUSAL_SECONDS)
    raise Refusal("bad_credentials")


async def is_right(pools: Pools, identifier: str | None, secret: str) -> bool:
    """Whether this is the secret of that principal, or its former secret during a rotation. Counts no failure."""
    pool = pools[AUTH_ROLE]
    row = await pool.fetchrow(
        "select digest, case when former_until > now() then former end as former from principal_secret where id = $1",
        identifier,
    )
    if await passwords.matches(row["digest"] if row else None, secret):
        return True
    return bool(row and row["former"]) and await passwords.matches(row["former"], secret)


async def key_until(pools: Pools, identifier: str, key: str) -> float | None:
    """Until when (seconds since 1970) this API key holds without another query; None if the key is wrong.

    A wrong key is not counted as a failure: nobody guesses 256 bits, and whoever knows how a key begins could lock it.
    """
    pool = pools[AUTH_ROLE]
    row = await pool.fetchrow("select digest, former, former_until from principal_secret where id = $1", identifier)
    given, now = api_keys.digest(key), time.time()
    if row and hmac.compare_digest(row["digest"], given):
        return now + KEY_SECONDS
    if row and row["former"] and hmac.compare_digest(row["former"], given) and row["former_until"].timestamp() > now:
        return min(float(row["former_until"].timestamp()), now + KEY_SECONDS)
    return None


async def _count_failure(pools: Pools, identifier: str, lock_rule: LockRule) -> None:
    pool = pools[AUTH_ROLE]
    await pool.execute(
        "update principal_secret s set failures = n.failures, failing_since = n.since,"
        " locked_until = case when n.failures >= $2 then now() + $3 * interval '1 minute' end"
        " from (select id, case when recent then failures + 1 else 1 end as failures,"
        " case when recent then failing_since else now() end as since from (select *, failures > 0"
        " and failing_since > now() - $3 * interval '1 minute' and locked_until is null as recent"
        " from principal_secret where id = $1"
        " and coalesce(locked_until, '-infinity') <= now() for update) o) n where s.id = n.id",
        identifier, lock_rule.failures, lock_rule.minutes,
    )  # fmt: skip


async def _reset_failures(pools: Pools, identifier: str) -> None:
    pool = pools[AUTH_ROLE]
    await pool.execute(
        "update principal_secret set failures = 0, failing_since = null, locked_until = null"
        " where id = $1 and (failures > 0 or locked_until is not null)",
        identifier,
    )


async def unlock(pools: Pools, identifier: str) -> None:
    """End a lock, and reset the count of failures."""
    await _reset_failures(pools, identifier)


async def replace(pools: Pools, identifier: str, digest: str, overlap_minutes: int = 0) -> None:
    """Set another secret. The former one holds for `overlap_minutes` more; with 0 its tokens end at once."""
    pool = pools[AUTH_ROLE]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "update principal_secret set digest = $2, failures = 0, failing_since = null, locked_until = null,"
            " set_at = now(), former = case when $3 > 0 then digest end,"
            " former_until = case when $3 > 0 then now() + $3 * interval '1 minute' end where id = $1",
            identifier, digest, overlap_minutes,
        )  # fmt: skip
        if overlap_minutes:
            await connection.execute("select pg_notify('ledger_principals', $1)", identifier)
        else:
            await connection.execute("update principal set generation = generation + 1 where id = $1", identifier)


async def new_password(pools: Pools, username: str, password: str) -> bool:
    """Set an account's password. False if there is no such account. Refuses with `validation_failed`."""
    found = await principals.find(pools, username)
    if found is None or found.kind != "account":
        return False
    if wrong := passwords.field_errors(password, username):
        raise invalid(*wrong)
    await replace(pools, username, await passwords.hashed(password))
    return True
