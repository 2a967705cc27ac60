"""The register of principals: accounts of people, clients of systems, API keys. Only the auth role reads it.

The service writes the register in `app/accounts/register.py`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.clock import now
from app.db.context import AUTH_ROLE, Caller
from app.db.pool import Pools

# After `@` stand the first digits of the division to which the name belongs: see `app/accounts/names.py`.
USERNAME = re.compile(r"[a-z][a-z0-9_.-]{1,39}(@[0-9]{1,6})?")


@dataclass(frozen=True)
class Principal:
    """An account, client or API key: its role, and what it is bound to.

    `withheld_by` is the change that a second person has not confirmed; until then the principal has no role.
    `confirmation` is the state of that change: pending or declined.
    """

    id: str
    kind: str
    role: str
    jurisdiction: str
    unit_number: str | None
    team_number: str | None
    home_unit_number: str | None
    grants: list[str]
    types: list[str] | None
    label: str | None
    disabled: bool
    expires_at: datetime | None
    locked_until: datetime | None
    generation: int
    must_change_password: bool
    withheld_by: str | None
    confirmation: str | None
    created_at: datetime
    created_by: str

    @property
    def open(self) -> bool:
        """Whether the principal may call now. A lock refuses new tokens and leaves those issued before."""
        return not self.disabled and (self.expires_at is None or self.expires_at > now())

    @property
    def caller(self) -> Caller:
        """The principal as the database sees it."""
        exact = len(self.jurisdiction) == 6
        code, prefix = (self.jurisdiction, "") if exact else (None, self.jurisdiction)
        return Caller(self.id, self.role, code, prefix, self.unit_number, self.team_number, barred=self._barred)

    @property
    def _barred(self) -> str:
        if self.must_change_password:
            return "password_must_change"
        return "role_unconfirmed" if self.withheld_by else ""


SELECT = """select p.id, p.kind, p.role, p.low as jurisdiction, p.unit_number, p.team_number,
  p.home_unit_number, p.grants, p.types, p.label,
  p.disabled, nullif(p.expires_at, 'infinity') as expires_at, p.generation, p.created_at, p.created_by,
  p.must_change_password, p.withheld_by::text,
  (select c.state from account_change c where c.id = p.withheld_by) as confirmation,
  case when s.locked_until > now() then s.locked_until end as locked_until
  from principal p join principal_secret s on s.id = p.id"""


async def find(pools: Pools, identifier: str) -> Principal | None:
    """The principal of that name; None also for a text that cannot be a name."""
    return await read(pools[AUTH_ROLE], identifier)


async def read(connection: Any, identifier: str, lock: str = "") -> Principal | None:
    """Like `find`, on a connection that is in use, so that it joins its transaction. `lock` is a locking clause."""
    if not USERNAME.fullmatch(identifier):
        return None
    row = await connection.fetchrow(f"{SELECT} where p.id = $1 {lock}", identifier)
    return Principal(**row) if row else None


async def every(pools: Pools) -> list[Principal]:
    """All principals, by kind and name."""
    pool = pools[AUTH_ROLE]
    return [Principal(**row) for row in await pool.fetch(f"{SELECT} order by p.kind, p.id")]


async def page(pools: Pools, kind: str, prefix: str, after: str, limit: int) -> list[Principal]:
    """The next principals of a kind whose division begins with the prefix, by name."""
    pool = pools[AUTH_ROLE]
    rows = await pool.fetch(
        f"{SELECT} where p.kind = $1 and starts_with(p.low, $2) and p.id > $3 order by p.id limit $4",
        kind, prefix, after, limit,
    )  # fmt: skip
    return [Principal(**row) for row in rows]
