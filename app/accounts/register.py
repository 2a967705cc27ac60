"""Writing the register of principals: opening one, and altering what it is bound to.

A principal is disabled and never deleted, because revisions name it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import asyncpg

from app.accounts.binding import Binding, binding_of, field_errors
from app.auth import passwords
from app.auth.principals import SELECT, USERNAME, Principal, find
from app.db.context import AUTH_ROLE
from app.db.pool import Pools
from app.errors import FieldError, Refusal, invalid


async def open_account(
    pools: Pools, username: str, password: str, role: str, jurisdiction: str, by: str, **bound: Any
) -> Principal:
    """Open an account of a person. Refuses with `validation_failed` or `username_taken`."""
    binding = Binding(role, jurisdiction, **bound)
    found = [] if USERNAME.fullmatch(username) else [FieldError("/username", "bad_username")]
    found += field_errors(binding)
    found += passwords.field_errors(password, username)
    if found:
        raise invalid(*found)
    digest = await passwords.hashed(password)
    try:
        return await insert(pools, username, "account", binding, digest, by)
    except asyncpg.UniqueViolationError:
        raise Refusal("username_taken", field_errors=[FieldError("/username", "username_taken")]) from None


async def insert(
    pools: Pools, identifier: str, kind: str, b: Binding, digest: str, by: str, label: str | None = None
) -> Principal:
    """Insert a principal with the digest of its secret. The caller has checked the binding against the role.

    Refuses with `validation_failed` if the unit or team does not exist in the jurisdiction.
    """
    pool = pools[AUTH_ROLE]
    try:
        await pool.execute(
            "with p as (insert into principal"
            " (id, kind, role, code, low, high, unit_number, team_number, types, expires_at, label, created_by,"
            " home_unit_number, grants)"
            " values ($1, $2, $3, case when length($4::text) = 6 then $4 end, $4, $4 || ':', $5, $6, $7,"
            " coalesce($8, 'infinity'::timestamptz), $9, $10, $12, $13) returning id)"
            " insert into principal_secret (id, digest) select id, $11 from p",
            identifier, kind, b.role, b.jurisdiction, b.unit_number, b.team_number,
            sorted(set(b.types)) if b.types else None, b.expires_at, label, by, digest,
            b.home_unit_number, list(b.grants),
        )  # fmt: skip
    except asyncpg.IntegrityConstraintViolationError as problem:
        raise _not_bound(problem) from None
    made = await find(pools, identifier)
    assert made
    return made


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


async def alter(pools: Pools, identifier: str, changes: Mapping[str, Any]) -> Principal | None:
    """Set what a principal is bound to, its label, whether it is disabled. None if there is no such principal.

    Disabling ends the principal's tokens for good: after it is enabled again, it has to sign in again. Refuses with
    `validation_failed`, and with `last_administrator` if nobody would be left who can administer every division.
    """
    pool = pools[AUTH_ROLE]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from principal where role = 'administrator' order by id for update")
        row = await connection.fetchrow(f"{SELECT} where p.id = $1 for update of p", identifier)
        if row is None:
            return None
        old = Principal(**row)
        new = Principal(**{**asdict(old), **changes})
        if binding_of(new) != binding_of(old) and (found := field_errors(binding_of(new))):
            raise invalid(*found)
        resigns = _administers_everything(old) and not _administers_everything(new)
        if resigns and not await connection.fetchval(_ANOTHER_ADMINISTRATOR, identifier):
            raise Refusal("last_administrator")
        try:
            await connection.execute(_UPDATE, *_update_arguments(new))
        except asyncpg.IntegrityConstraintViolationError as problem:
            raise _not_bound(problem) from None
    return await find(pools, identifier)


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
  and low = '' and not disabled and expires_at = 'infinity' and id <> $1)"""


def _administers_everything(p: Principal) -> bool:
    """Whether this is an administrator of every division, open and without an expiry."""
    everything = p.role == "administrator" and p.kind == "account" and p.jurisdiction == ""
    return everything and not p.disabled and p.expires_at is None
