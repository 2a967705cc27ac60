"""Whether a secret is right, and what repeated failures lead to. Counted in the database, so over all processes."""

import asyncio
import hmac
import time
from dataclasses import dataclass

from app.auth import api_keys, passwords, principals
from app.auth.principals import Principal
from app.db.context import AUTH_ROLE
from app.db.engine import Pools
from app.errors import Refusal, invalid

# A refusal is answered after a whole multiple of this, whatever its reason: an idle machine needs less for any of them,
# and on a busy one the difference that a commit makes is lost in the rounding.
REFUSAL_SECONDS = 0.3
KEY_SECONDS = 3600.0


@dataclass(frozen=True)
class Patience:
    """So many failures within `minutes` lock a principal for as many minutes."""

    failures: int = 5
    minutes: int = 15


async def authenticate(
    pools: Pools, kind: str, identifier: str, secret: str, patience: Patience = Patience()
) -> Principal:
    """The open principal with that secret. Refuses with `bad_credentials`: one answer, after one time, for each reason.

    A principal that is locked stays so for the right secret, too; failures are not counted meanwhile.
    """
    started = time.monotonic()
    known = await principals.find(pools, identifier)
    principal = known if known is not None and known.kind == kind else None
    right = await is_right(pools, principal.id if principal else None, secret)
    if principal and right and principal.open and not principal.locked_until:
        await _forgive(pools, identifier)
        return principal
    if principal and not right and not principal.locked_until:
        await _count(pools, identifier, patience)
    await asyncio.sleep((started - time.monotonic()) % REFUSAL_SECONDS)
    raise Refusal("bad_credentials")


async def is_right(pools: Pools, identifier: str | None, secret: str) -> bool:
    """Whether this is the secret of that principal, or the former one while a rotation lasts. Counts nothing."""
    pool = pools.role(AUTH_ROLE)
    row = await pool.fetchrow(
        "select digest, case when former_until > now() then former end as former from principal_secret where id = $1",
        identifier,
    )
    if await passwords.matches(row["digest"] if row else None, secret):
        return True
    return bool(row and row["former"]) and await passwords.matches(row["former"], secret)


async def key_until(pools: Pools, identifier: str, key: str) -> float | None:
    """Until when (seconds since 1970) this API key may be believed without looking again; None if it is wrong.

    Not counted as a failure: nobody guesses 256 bits, and whoever knows how a key begins could lock it.
    """
    pool = pools.role(AUTH_ROLE)
    row = await pool.fetchrow("select digest, former, former_until from principal_secret where id = $1", identifier)
    given, now = api_keys.digest(key), time.time()
    if row and hmac.compare_digest(row["digest"], given):
        return now + KEY_SECONDS
    if row and row["former"] and hmac.compare_digest(row["former"], given) and row["former_until"].timestamp() > now:
        return min(float(row["former_until"].timestamp()), now + KEY_SECONDS)
    return None


async def _count(pools: Pools, identifier: str, patience: Patience) -> None:
    pool = pools.role(AUTH_ROLE)
    await pool.execute(
        "update principal_secret s set failures = n.failures, failing_since = n.since,"
        " locked_until = case when n.failures >= $2 then now() + $3 * interval '1 minute' end"
        " from (select id, case when recent then failures + 1 else 1 end as failures,"
        " case when recent then failing_since else now() end as since from (select *, failures > 0"
        " and failing_since > now() - $3 * interval '1 minute' and locked_until is null as recent"
        " from principal_secret where id = $1"
        " and coalesce(locked_until, '-infinity') <= now() for update) o) n where s.id = n.id",
        identifier, patience.failures, patience.minutes,
    )  # fmt: skip


async def _forgive(pools: Pools, identifier: str) -> None:
    pool = pools.role(AUTH_ROLE)
    await pool.execute(
        "update principal_secret set failures = 0, failing_since = null, locked_until = null"
        " where id = $1 and (failures > 0 or locked_until is not null)",
        identifier,
    )


async def unlock(pools: Pools, identifier: str) -> None:
    """Ends a lock, and forgets the failures that led to it."""
    await _forgive(pools, identifier)


async def replace(pools: Pools, identifier: str, digest: str, overlap_minutes: int = 0) -> None:
    """Another secret. The former one is good for `overlap_minutes` more; without, its tokens end at once."""
    pool = pools.role(AUTH_ROLE)
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
    """Sets an account's password. False if there is no such account. Refuses with `validation_failed`."""
    found = await principals.find(pools, username)
    if found is None or found.kind != "account":
        return False
    if wrong := passwords.field_errors(password, username):
        raise invalid(*wrong)
    await replace(pools, username, await passwords.hashed(password))
    return True
