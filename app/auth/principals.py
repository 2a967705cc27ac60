"""The register of principals: accounts of people, clients of systems, API keys.

Read and written by the door role alone. A principal is disabled, never deleted: its name stands in revisions.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import asyncpg

from app.auth import passwords
from app.auth.binding import Binding, field_errors
from app.clock import now
from app.db.context import AUTH_ROLE, Caller
from app.db.engine import Pools
from app.errors import FieldError, Refusal, invalid

USERNAME = re.compile(r"[a-z][a-z0-9_.-]{1,39}")
BOUND = ("role", "jurisdiction", "unit_number", "team_number", "types", "expires_at")


@dataclass(frozen=True)
class Principal:
    """Who may come in, as what, and where it belongs."""

    id: str
    kind: str
    role: str
    jurisdiction: str
    unit_number: str | None
    team_number: str | None
    types: list[str] | None
    label: str | None
    disabled: bool
    expires_at: datetime | None
    locked_until: datetime | None
    generation: int
    created_at: datetime
    created_by: str

    @property
    def open(self) -> bool:
        """Whether it may come in at this moment. A lock keeps new tokens back, not those issued before."""
        return not self.disabled and (self.expires_at is None or self.expires_at > now())

    @property
    def caller(self) -> Caller:
        """The principal as the database sees it."""
        exact = len(self.jurisdiction) == 6
        code, prefix = (self.jurisdiction, "") if exact else (None, self.jurisdiction)
        return Caller(self.id, self.role, code, prefix, self.unit_number, self.team_number)

    @property
    def binding(self) -> Binding:
        """Where it belongs, as the rules of roles look at it."""
        return Binding(**{name: getattr(self, name) for name in BOUND})


_SELECT = """select p.id, p.kind, p.role, p.low as jurisdiction, p.unit_number, p.team_number, p.types, p.label,
  p.disabled, nullif(p.expires_at, 'infinity') as expires_at, p.generation, p.created_at, p.created_by,
  case when s.locked_until > now() then s.locked_until end as locked_until
  from principal p join principal_secret s on s.id = p.id"""


async def find(pools: Pools, identifier: str) -> Principal | None:
    """The principal of that name; None also for what no name looks like."""
    if not USERNAME.fullmatch(identifier):
        return None
    pool = pools.role(AUTH_ROLE)
    row = await pool.fetchrow(f"{_SELECT} where p.id = $1", identifier)
    return Principal(**row) if row else None


async def every(pools: Pools) -> list[Principal]:
    """All principals, by kind and name."""
    pool = pools.role(AUTH_ROLE)
    return [Principal(**row) for row in await pool.fetch(f"{_SELECT} order by p.kind, p.id")]


async def page(pools: Pools, kind: str, prefix: str, after: str, limit: int) -> list[Principal]:
    """The next principals of a kind whose division begins with the prefix, by name."""
    pool = pools.role(AUTH_ROLE)
    rows = await pool.fetch(
        f"{_SELECT} where p.kind = $1 and starts_with(p.low, $2) and p.id > $3 order by p.id limit $4",
        kind, prefix, after, limit,
    )  # fmt: skip
    return [Principal(**row) for row in rows]


async def add(
    pools: Pools, username: str, password: str, role: str, jurisdiction: str, by: str, **bound: Any
) -> Principal:
    """Opens an account. Refuses with `validation_failed` or `username_taken`."""
    found = [] if USERNAME.fullmatch(username) else [FieldError("/username", "bad_username")]
    found += field_errors(Binding(role, jurisdiction, **bound))
    found += passwords.field_errors(password, username)
    if found:
        raise invalid(*found)
    digest = await passwords.hashed(password)
    try:
        return await insert(pools, username, "account", Binding(role, jurisdiction, **bound), digest, by)
    except asyncpg.UniqueViolationError:
        raise Refusal("username_taken", field_errors=[FieldError("/username", "username_taken")]) from None


async def insert(
    pools: Pools, identifier: str, kind: str, b: Binding, digest: str, by: str, label: str | None = None
) -> Principal:
    """Enters a principal with its secret. The binding has been checked; the unit or team is looked up here."""
    pool = pools.role(AUTH_ROLE)
    try:
        await pool.execute(
            "with p as (insert into principal"
            " (id, kind, role, code, low, high, unit_number, team_number, types, expires_at, label, created_by)"
            " values ($1, $2, $3, case when length($4::text) = 6 then $4 end, $4, $4 || ':', $5, $6, $7,"
            " coalesce($8, 'infinity'::timestamptz), $9, $10) returning id)"
            " insert into principal_secret (id, digest) select id, $11 from p",
            identifier, kind, b.role, b.jurisdiction, b.unit_number, b.team_number,
            sorted(set(b.types)) if b.types else None, b.expires_at, label, by, digest,
        )  # fmt: skip
    except asyncpg.ForeignKeyViolationError as problem:
        raise _unknown(problem) from None
    made = await find(pools, identifier)
    assert made
    return made


def _unknown(problem: asyncpg.ForeignKeyViolationError) -> Refusal:
    """The unit or team is not one of that jurisdiction, or no longer in being."""
    team = problem.constraint_name == "principal_team"
    pointer, label = ("/team_number", "巡察组") if team else ("/unit_number", "单位")
    return invalid(FieldError(pointer, "reference_not_found", {"label": label}))


async def alter(pools: Pools, identifier: str, changes: Mapping[str, Any]) -> Principal | None:
    """Sets what a principal is bound to, its label, whether it is disabled. None if there is none of that name.

    Disabling ends its tokens for good: enabled again, it has to sign in again. Refuses with `validation_failed`, and
    with `last_administrator` what would leave nobody who can administer the whole.
    """
    pool = pools.role(AUTH_ROLE)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select from principal where role = 'administrator' order by id for update")
        row = await connection.fetchrow(f"{_SELECT} where p.id = $1 for update of p", identifier)
        if row is None:
            return None
        old = Principal(**row)
        new = Principal(**{**asdict(old), **changes})
        if found := field_errors(new.binding) if new.binding != old.binding else []:
            raise invalid(*found)
        if _steadfast(old) and not _steadfast(new) and not await connection.fetchval(_ANOTHER, identifier):
            raise Refusal("last_administrator")
        try:
            await connection.execute(
                "update principal set role = $2, code = case when length($3::text) = 6 then $3 end, low = $3,"
                " high = $3 || ':', unit_number = $4, unit_id = case when $4 = unit_number then unit_id end,"
                " team_number = $5, team_id = case when $5 = team_number then team_id end, types = $6,"
                " expires_at = coalesce($7, 'infinity'::timestamptz), label = $8, disabled = $9,"
                " generation = generation + ($9 and not disabled)::int where id = $1",
                identifier, new.role, new.jurisdiction, new.unit_number, new.team_number,
                sorted(set(new.types)) if new.types else None, new.expires_at, new.label, new.disabled,
            )  # fmt: skip
        except asyncpg.ForeignKeyViolationError as problem:
            raise _unknown(problem) from None
    return await find(pools, identifier)


_ANOTHER = """select exists (select from principal where role = 'administrator' and kind = 'account' and low = ''
  and not disabled and expires_at = 'infinity' and id <> $1)"""


def _steadfast(p: Principal) -> bool:
    """Whether this is an administrator of the whole who stays one."""
    whole = p.role == "administrator" and p.kind == "account" and p.jurisdiction == ""
    return whole and not p.disabled and p.expires_at is None
