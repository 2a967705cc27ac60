"""Whether a secret is right, and the lock after repeated failures. Postgres counts them, so over all processes."""

import asyncio
import hmac
import time
from dataclasses import dataclass
from typing import Any

from app.auth import api_keys, passwords, principals, sign_ins
from app.auth.principals import Principal
from app.auth.sign_ins import Attempt
from app.db.context import AUTH_ROLE
from app.db.pool import Pools
from app.errors import Refusal

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
    pools: Pools, kind: str, identifier: str, secret: str, attempt: Attempt, lock_rule: LockRule = LockRule()
) -> Principal:
    """The open principal with that secret. Refuses with `bad_credentials`, after the same time whatever the reason.

    A locked principal is refused the right secret, too. Failures during a lock are not counted. A refusal is entered
    in the list of sign-ins; what follows a success is for the caller to enter.
    """
    started = time.monotonic()
    found = await principals.find(pools, identifier)
    principal = found if found is not None and found.kind == kind else None
    right = await is_right(pools, principal.id if principal else None, secret)
    outcome = _outcome(principal, right)
    if principal and not outcome:
        await _reset_failures(pools, identifier)
        return principal
    if principal and outcome == "wrong_secret":
        await _count_failure(pools, identifier, lock_rule)
    await sign_ins.refused(pools, principal, attempt, outcome)
    await asyncio.sleep((started - time.monotonic()) % REFUSAL_SECONDS)
    raise Refusal("bad_credentials")


def _outcome(principal: Principal | None, right: bool) -> str:
    """Why a principal is refused, as the auditor reads it; '' if it is not."""
    if principal is None:
        return "unknown_name"
    if principal.locked_until:
        return "locked"
    if not right:
        return "wrong_secret"
    if principal.open:
        return ""
    return "disabled" if principal.disabled else "expired"


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


_RESET = (
    "update principal_secret set failures = 0, failing_since = null, locked_until = null"
    " where id = $1 and (failures > 0 or locked_until is not null)"
)


async def _reset_failures(pools: Pools, identifier: str) -> None:
    pool = pools[AUTH_ROLE]
    await pool.execute(_RESET, identifier)


async def unlock(connection: Any, identifier: str) -> None:
    """End a lock, and reset the count of failures."""
    await connection.execute(_RESET, identifier)


async def replace(connection: Any, identifier: str, digest: str, set_by: str | None, overlap_minutes: int = 0) -> None:
    """Set another secret, in a transaction. The former one holds for `overlap_minutes` more; with 0 its tokens end.

    set_by    who knows the new secret beside the principal itself, if anybody does
    """
    await connection.execute(
        "update principal_secret set digest = $2, failures = 0, failing_since = null, locked_until = null,"
        " set_at = now(), set_by = $4, former = case when $3 > 0 then digest end,"
        " former_until = case when $3 > 0 then now() + $3 * interval '1 minute' end where id = $1",
        identifier, digest, overlap_minutes, set_by,
    )  # fmt: skip
    if overlap_minutes:
        await connection.execute("select pg_notify('ledger_principals', $1)", identifier)
    else:
        await connection.execute("update principal set generation = generation + 1 where id = $1", identifier)
