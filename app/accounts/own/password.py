"""Changing the own password: the current one is asked for, and the other sessions end."""

from app.accounts.second_person import Maker, enter
from app.auth import credentials, passwords, sign_ins
from app.auth.credentials import LockRule
from app.auth.principals import read
from app.auth.sign_ins import Attempt
from app.db.context import AUTH_ROLE, Caller
from app.db.outcome import Transaction
from app.db.pool import Pools
from app.errors import FieldError, Refusal, invalid


async def change(
    pools: Pools, caller: Caller, current: str, new: str, attempt: Attempt, lock_rule: LockRule, by: Maker
) -> None:
    """Set the caller's password. Every session but the caller's ends. Refuses with `validation_failed`.

    A wrong current password counts as a failed sign-in, so that a session that was left open does not open the rest.
    """
    found = passwords.field_errors(new, caller.account, "/new_password")
    if not found and new == current:
        found = [FieldError("/new_password", "password_unchanged")]
    if found:
        raise invalid(*found)
    try:
        principal = await credentials.authenticate(pools, "account", caller.account, current, attempt, lock_rule)
    except Refusal:
        raise invalid(FieldError("/current_password", "password_wrong")) from None
    digest = await passwords.hashed(new)
    pool = pools[AUTH_ROLE]
    async with pool.acquire() as connection, Transaction(connection):
        old = await read(connection, caller.account, "for update of p")
        if old is None or old.generation != principal.generation:  # an administrator has set another meanwhile
            raise Refusal("unauthenticated")
        await connection.execute(
            "update principal_secret set digest = $2, set_at = now(), set_by = null where id = $1", old.id, digest
        )
        await connection.execute("update principal set must_change_password = false where id = $1", old.id)
        await sign_ins.end(connection, old.id, "password", but=caller.session)
        await enter(connection, "change_own_password", old, by, old.id)
