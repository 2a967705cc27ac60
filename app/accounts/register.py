"""The register of accounts. Read and written by the door role alone; an account is disabled, never deleted."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from app.accounts import passwords
from app.clock import now
from app.db.context import DOOR, Caller
from app.db.engine import Pools
from app.errors import Fault, Refusal, invalid

ROLES = ("admin", "inspection_office")
USERNAME = re.compile(r"[a-z][a-z0-9_.-]{1,39}")


@dataclass(frozen=True)
class Account:
    """Who may come in, as what, and for which divisions."""

    username: str
    role: str
    jurisdiction: str
    disabled: bool
    expires_at: datetime | None
    created_at: datetime

    @property
    def open(self) -> bool:
        """Whether the account may come in at this moment."""
        return not self.disabled and (self.expires_at is None or self.expires_at > now())

    @property
    def caller(self) -> Caller:
        """The account as the database sees it."""
        exact = len(self.jurisdiction) == 6
        return Caller(
            self.username, self.role, self.jurisdiction if exact else None, "" if exact else self.jurisdiction
        )


_COLUMNS = "username, role, jurisdiction, disabled, expires_at, created_at"


async def find(pools: Pools, username: str) -> Account | None:
    """The account of that name."""
    pool = pools.role(DOOR)
    row = await pool.fetchrow(f"select {_COLUMNS} from account where username = $1", username)
    return Account(**row) if row else None


async def every(pools: Pools) -> list[Account]:
    """All accounts, by name."""
    pool = pools.role(DOOR)
    return [Account(**row) for row in await pool.fetch(f"select {_COLUMNS} from account order by username")]


async def authenticate(pools: Pools, username: str, password: str) -> Account:
    """The open account with that password. Refuses with `bad_credentials`, the same for every reason."""
    pool = pools.role(DOOR)
    stored = await pool.fetchval("select password_hash from account where username = $1", username)
    right = await passwords.matches(stored, password)
    account = await find(pools, username) if right else None
    if account is None or not account.open:
        raise Refusal("bad_credentials")
    return account


async def add(
    pools: Pools,
    username: str,
    password: str,
    role: str,
    jurisdiction: str,
    by: str,
    expires_at: datetime | None = None,
) -> Account:
    """Opens an account. Refuses with `validation_failed` or `username_taken`."""
    faults = []
    if not USERNAME.fullmatch(username):
        faults.append(Fault("/username", "bad_username"))
    if role not in ROLES:
        faults.append(Fault("/role", "not_a_choice", {}, ROLES))
    if not re.fullmatch(r"\d{0,6}" if role == "admin" else r"\d{6}", jurisdiction):
        faults.append(Fault("/jurisdiction", "not_a_jurisdiction"))
    if faults:
        raise invalid(*faults)
    password_hash = await passwords.hashed(password)
    pool = pools.role(DOOR)
    try:
        await pool.execute(
            "insert into account (username, password_hash, role, jurisdiction, expires_at, created_by)"
            " values ($1, $2, $3, $4, $5, $6)",
            username, password_hash, role, jurisdiction, expires_at, by,
        )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise Refusal("username_taken", faults=[Fault("/username", "username_taken")]) from None
    account = await find(pools, username)
    assert account
    return account


async def alter(pools: Pools, username: str, **changes: Any) -> bool:
    """Sets `password` or `disabled` of an account. False if there is none of that name."""
    pool = pools.role(DOOR)
    status = "UPDATE 0"
    if "password" in changes:
        password_hash = await passwords.hashed(changes["password"])
        status = await pool.execute(
            "update account set password_hash = $2 where username = $1", username, password_hash
        )
    if "disabled" in changes:
        status = await pool.execute(
            "update account set disabled = $2 where username = $1", username, changes["disabled"]
        )
    return bool(status != "UPDATE 0")
