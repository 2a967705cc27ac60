"""Writing the register of principals: opening one, altering what it is bound to, setting its secret.

A principal is disabled and never deleted, because revisions name it. Every verb enters what it did in the list of
changes, in the same transaction.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

import asyncpg

from app.accounts import names
from app.accounts.binding import Binding, binding_of, field_errors
from app.accounts.second_person import Maker, enter
from app.auth import credentials, passwords, sign_ins
from app.auth.principals import USERNAME, Principal, find, read
from app.db.context import AUTH_ROLE
from app.db.outcome import Transaction
from app.db.pool import Pools
from app.errors import FieldError, Refusal, invalid


async def open_account(
    pools: Pools, username: str, password: str, role: str, jurisdiction: str, by: Maker, **bound: Any
) -> Principal:
    """Open an account of a person. Refuses with `validation_failed` or `username_taken`."""
    binding = Binding(role, jurisdiction, **bound)
    found = [] if USERNAME.fullmatch(username) else [FieldError("/username", "bad_username")]
    found += names.field_errors("/username", username, jurisdiction)
    found += field_errors(binding, "account")
    found += passwords.field_errors(password, username)
    if found:
        raise invalid(*found)
    digest = await passwords.hashed(password)
    try:
        return await insert(pools, username, "account", binding, digest, by)
    except asyncpg.UniqueViolationError:
        raise Refusal("username_taken", field_errors=[FieldError("/username", "username_taken")]) from None


async def insert(
    pools: Pools, identifier: str, kind: str, b: Binding, digest: str, by: Maker, label: str | None = None
) -> Principal:
    """Insert a principal with the digest of its secret. The caller has checked the binding against the role.

    Refuses with `validation_failed` if the unit or team does not exist in the jurisdiction.
    """
    told = by.confirmation != "command line"  # then an administrator knows the secret
    pool = pools[AUTH_ROLE]
    try:
        async with pool.acquire() as connection, Transaction(connection):
            await connection.execute(
                "with p as (insert into principal"
                " (id, kind, role, code, low, high, unit_number, team_number, types, expires_at, label, created_by,"
                " home_unit_number, grants, must_change_password)"
                " values ($1, $2, $3, case when length($4::text) = 6 then $4 end, $4, $4 || ':', $5, $6, $7,"
                " coalesce($8, 'infinity'::timestamptz), $9, $10, $12, $13, $14) returning id)"
                " insert into principal_secret (id, digest, set_by) select id, $11, $15 from p",
                identifier, kind, b.role, b.jurisdiction, b.unit_number, b.team_number,
                sorted(set(b.types)) if b.types else None, b.expires_at, label, by.name, digest,
                b.home_unit_number, list(b.grants), told and kind == "account", by.name if told else None,
            )  # fmt: skip
            return await enter(connection, "create", None, by, identifier)
    except asyncpg.IntegrityConstraintViolationError as problem:
        raise _not_bound(problem) from None


_REFERENCES = {
    "principal_unit": ("/unit_number", "单位"),
    "principal_team": ("/team_number", "巡察组"),
    "principal_home_unit": ("/home_unit_number", "本人所在单位"),
}


def _not_bound(problem: Exception) -> Exception:
    """The refusal of a unit or team that is not of the jurisdiction, or was voided, and of a grant outside its unit."""
    name = str(getattr(problem, "constraint_name", ""))
    if name == "principal_grants":
        return invalid(FieldError("/grants", "grant_needs_discipline_body"))
    if name not in _REFERENCES:
        return problem
    pointer, label = _REFERENCES[name]
    return invalid(FieldError(pointer, "reference_not_found", {"label": label}))


@asynccontextmanager
async def changing(
    pools: Pools, identifier: str, action: str, by: Maker
) -> AsyncIterator[tuple[Any, Principal | None]]:
    """The transaction of a change: its connection, and the principal, locked; None if there is no such principal.

    Afterwards the change is entered. Refuses with `last_administrator` if nobody would be left who can administer
    every division, also while the change waits for confirmation.
    """
    pool = pools[AUTH_ROLE]
    async with pool.acquire() as connection, Transaction(connection):
        await _lock_administrators(connection)
        old = await read(connection, identifier, "for update of p")
        yield connection, old
        if old is not None:
            new = await enter(connection, action, old, by, identifier)
            resigns = _administers_everything(old) and not _administers_everything(new)
            if resigns and not await connection.fetchval(_ANOTHER_ADMINISTRATOR, identifier):
                raise Refusal("last_administrator")


async def _lock_administrators(connection: Any) -> None:
    """Lock every administrator, in one order, so that of two that resign at once the second sees the first gone."""
    await connection.execute("select from principal where role = 'administrator' order by id for update")


async def alter(pools: Pools, identifier: str, changes: Mapping[str, Any], by: Maker) -> Principal | None:
    """Set what a principal is bound to, its label, whether it is disabled. None if there is no such principal.

    Disabling ends the principal's tokens for good: after it is enabled again, it has to sign in again. Refuses with
    `validation_failed` and `last_administrator`.
    """
    async with changing(pools, identifier, "change", by) as (connection, old):
        if old is None:
            return None
        new = _at_home(old, Principal(**{**asdict(old), **changes}), "home_unit_number" in changes)
        found = names.field_errors("/jurisdiction", new.id, new.jurisdiction)
        if binding_of(new) != binding_of(old):
            found += field_errors(binding_of(new), new.kind)
        if found:
            raise invalid(*found)
        try:
            await connection.execute(_UPDATE, *_update_arguments(new))
        except asyncpg.IntegrityConstraintViolationError as problem:
            raise _not_bound(problem) from None
        if new.disabled and not old.disabled:
            await sign_ins.end(connection, identifier, "closed")
    return await find(pools, identifier)


def _at_home(old: Principal, new: Principal, named: bool) -> Principal:
    """The principal with its home unit: one that was not named with this change follows the unit it was the same as.

    A home that is named stays, also where it is the one of before: who is moved to the office is of that unit still.
    """
    followed = old.home_unit_number == old.unit_number and new.unit_number is not None
    if named or not (followed or new.jurisdiction != old.jurisdiction):
        return new
    return replace(new, home_unit_number=None)


async def set_password(pools: Pools, username: str, password: str, by: Maker) -> bool:
    """Set the password of somebody else's account: its sessions end, and the person must set another.

    False if there is no such account. Refuses with `validation_failed` and `last_administrator`.
    """
    if wrong := passwords.field_errors(password, username):
        raise invalid(*wrong)
    digest = await passwords.hashed(password)
    told = by.confirmation != "command line"
    async with changing(pools, username, "set_password", by) as (connection, old):
        if old is None or old.kind != "account":
            return False
        await credentials.replace(connection, username, digest, by.name if told else None)
        await connection.execute("update principal set must_change_password = $2 where id = $1", username, told)
        await sign_ins.end(connection, username, "password")
    return True


async def unlock(pools: Pools, identifier: str, by: Maker) -> bool:
    """End a lock. False if there is no such principal."""
    async with changing(pools, identifier, "unlock", by) as (connection, old):
        if old is not None:
            await credentials.unlock(connection, identifier)
    return old is not None


_UPDATE = (
    "update principal set role = $2, code = case when length($3::text) = 6 then $3 end, low = $3,"
    " high = $3 || ':', unit_number = $4, unit_id = case when $4 = unit_number then unit_id end,"
    " team_number = $5, team_id = case when $5 = team_number then team_id end, types = $6,"
    " expires_at = coalesce($7, 'infinity'::timestamptz), label = $8, disabled = $9, home_unit_number = $10,"
    " grants = $11,"
    " generation = generation + ($9 and not disabled)::int where id = $1"
)


def _update_arguments(p: Principal) -> tuple[Any, ...]:
    types = sorted(set(p.types)) if p.types else None
    bound = (p.role, p.jurisdiction, p.unit_number, p.team_number, types, p.expires_at, p.label, p.disabled)
    return p.id, *bound, p.home_unit_number, p.grants


_ANOTHER_ADMINISTRATOR = """select exists (select from principal where role = 'administrator' and kind = 'account'
  and low = '' and not disabled and withheld_by is null and expires_at = 'infinity' and id <> $1)"""


def _administers_everything(p: Principal) -> bool:
    """Whether this is an administrator of every division, open, confirmed, without an expiry."""
    everything = p.role == "administrator" and p.kind == "account" and p.jurisdiction == ""
    return everything and not p.disabled and p.withheld_by is None and p.expires_at is None
