"""The accounts of the demo: one for each role, named after it, and where their passwords are kept."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from app.accounts import register
from app.accounts.second_person import COMMAND_LINE
from app.auth import passwords, principals
from app.cli.client import Refused, answer, client
from app.cli.first_account import ADMIN
from app.cli.launcher import Started
from app.cli.words import Stop, tell
from app.clock import now
from app.db.pool import Pools
from app.roles import ROLES

T = TypeVar("T")
JURISDICTION, PREFIX = "431382", "4313"
OFFICE, LOADER = "inspection_office", "ledger_loader"
PASSWORD_FILE = "demo-accounts.json"  # noqa: S105  # a name, no password
LOADER_DAYS = 1
# Role -> what its account is bound to beyond the jurisdiction: 杨柳镇, 第一巡察组, 市纪委, 市委组织部.
BOUND: dict[str, dict[str, Any]] = {
    "inspected_unit": {"unit_number": "431382-U050"},
    "inspection_team": {"team_number": "431382-2017-01-Z-001"},
    "case_supervision": {"unit_number": "431382-U001"},
    "organisation_department": {"unit_number": "431382-U002"},
    "superior": {"jurisdiction": PREFIX},
    "partner_system": {"types": ["units", "rounds", "findings", "rectification-opinions"]},
}


@dataclass
class PasswordFile:
    """The passwords with which the demo made its accounts: a file of the data directory, readable by its owner alone.

    A password is written down before its account is made, so that no crash leaves an account nobody can open.
    """

    file: Path

    def read(self) -> dict[str, str]:
        """User name to password."""
        try:
            found = json.loads(self.file.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def add(self, username: str, password: str) -> None:
        """Add one password. The file is replaced as a whole, so that a crash leaves the old or the new one."""
        new = self.file.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump({**self.read(), username: password}, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        new.rename(self.file)


@dataclass
class DemoAccounts:
    """The demo's accounts in a running service, opened as the command line opens them: no second person is asked."""

    started: Started
    kept: PasswordFile

    def password(self, username: str) -> str:
        """The password with which an account was opened, or will be."""
        wanted = self.started.options.demo_password
        return self.kept.read().get(username) or (wanted.get_secret_value() if wanted else passwords.generated())

    def opens(self, username: str, password: str) -> bool:
        """Whether this user name and password can sign in."""
        try:
            with client(self.started.url, username, password) as http:
                answer(http.get("/v1/me"))
        except Refused as refused:
            if refused.status_code not in (400, 401, 403):
                raise
            return False
        return True

    def _on_register(self, work: Callable[[Pools], Awaitable[T]]) -> T:
        async def run() -> T:
            pools = Pools(self.started.database.logins, size=1)
            try:
                return await work(pools)
            finally:
                await pools.close()

        return asyncio.run(run())

    def open(self, role: str, **bound: Any) -> bool:
        """Open the account of a role. False if there is one of that name, which stays as it is."""
        password = self.password(role)
        if self._on_register(lambda pools: principals.find(pools, role)):
            return False
        self.kept.add(role, password)
        place = {"role": role, "jurisdiction": JURISDICTION, **bound}
        self._on_register(lambda pools: register.open_account(pools, role, password, by=COMMAND_LINE, **place))
        return True

    def _alter(self, username: str, **changes: Any) -> None:
        self._on_register(lambda pools: register.alter(pools, username, changes, COMMAND_LINE))

    @contextmanager
    def loader(self) -> Iterator[httpx.Client]:
        """Signed in as the loader, whose account is open for this import only."""
        until = {"expires_at": now() + timedelta(days=LOADER_DAYS)}
        if not self.open(LOADER, **until):  # an earlier demo ended in the middle of its import
            self._alter(LOADER, disabled=False, **until)
        password = self.kept.read().get(LOADER, "")
        if not self.opens(LOADER, password):
            raise Stop(
                f"账号 {LOADER} 已有别的密码，不作改动；请另设后再运行：python -m app account password {LOADER}。",
                f"The account {LOADER} has another password, which stays: set one and run the demo again.",
            )
        try:
            with client(self.started.url, LOADER, password) as signed_in:
                yield signed_in
        finally:
            self._alter(LOADER, disabled=True)

    def open_all(self, department: str) -> None:
        """Open an account for each role that has none; the handling department's is that of the unit of this number.

        The units and the team that they are bound to must exist.
        """
        bound = {**BOUND, "handling_department": {"unit_number": department}}
        made = [role for role in ROLES if role != LOADER and self.open(role, **bound.get(role, {}))]
        if made:
            tell(f"已开立演示账号：{'、'.join(made)}。", "The demo's accounts were made.")
        else:
            tell("演示账号已在，密码不变。", "The demo's accounts are there; no password was changed.")

    def show(self) -> None:
        """Print each account with its password and role."""
        for name, secret in self.kept.read().items():
            role = ROLES["administrator" if name == ADMIN else name].label
            closed = "，导入后已停用 disabled" if name == LOADER else ""
            tell(f"账号 account  {name:24} 密码 password  {secret}  （{role}{closed}）")
        tell(f"密码存放 kept in     {self.kept.file}")
