"""The command `account`: the register of accounts, for whoever runs the service."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from app.accounts import credentials, passwords, register
from app.cli.database import bring_up_to_date, database_or_running
from app.cli.words import Stop, foreseeable, table, tell
from app.clock import SHANGHAI
from app.db.engine import Pools
from app.db.roles import ROLES
from app.settings import Settings

T = TypeVar("T")
OPERATOR = "operator"  # who made an account that no account made
Username = Annotated[str, typer.Argument(help="用户名", metavar="USERNAME")]
Password = Annotated[str, typer.Option(help="密码；不给则生成并显示一次", envvar="LEDGER_NEW_PASSWORD")]

accounts = typer.Typer(help="账号。The accounts.", no_args_is_help=True)


def _on_register(work: Callable[[Pools], Awaitable[T]]) -> T:
    """Does the work on the register of the database that the settings name, whether or not a service runs on it."""

    async def run(url: str) -> T:
        pools = Pools(url, size=1)
        try:
            return await work(pools)
        finally:
            await pools.close()

    with database_or_running(Settings()) as found:
        bring_up_to_date(found, silent=True)
        return asyncio.run(run(found.url))


@accounts.command("list")
def list_accounts() -> None:
    """列出账号。List the accounts."""
    with foreseeable():
        found = _on_register(register.every)
        rows = [
            [a.id, a.role, a.jurisdiction or "全部 all", "启用 open" if a.open else "停用 closed", a.expires_at]
            for a in found
        ]
        table("账号", ["用户名 username", "角色 role", "区划 jurisdiction", "状态 state", "到期 expires"], rows)


@accounts.command()
def add(
    username: Username,
    role: Annotated[str, typer.Option(help=f"角色：{'、'.join(ROLES)}")],
    jurisdiction: Annotated[str, typer.Option(help="区划代码；admin 可以是前缀或空")] = "",
    password: Password = "",
    expires_at: Annotated[datetime | None, typer.Option(help="到期时刻（北京时间）")] = None,
) -> None:
    """开立账号。Open an account."""
    secret = password or passwords.generated()
    expiry = expires_at.replace(tzinfo=SHANGHAI) if expires_at else None
    with foreseeable():
        _on_register(
            lambda pools: register.add(pools, username, secret, role, jurisdiction, OPERATOR, expires_at=expiry)
        )
        tell(f"已开立账号 {username}。", "The account was opened.")
        _show_generated(password, secret)


@accounts.command()
def password(username: Username, password: Password = "") -> None:
    """另设密码。Set another password."""
    secret = password or passwords.generated()
    with foreseeable():
        if not _on_register(lambda pools: credentials.new_password(pools, username, secret)):
            raise _nobody(username)
        tell(f"账号 {username} 的密码已改。", "The password was changed.")
        _show_generated(password, secret)


@accounts.command()
def disable(username: Username) -> None:
    """停用账号。Close an account; it is never deleted."""
    with foreseeable():
        _altered(username, disabled=True)
        tell(f"账号 {username} 已停用。", "The account was closed.")


@accounts.command()
def enable(username: Username) -> None:
    """启用账号。Open an account again."""
    with foreseeable():
        _altered(username, disabled=False)
        tell(f"账号 {username} 已启用。", "The account is open again.")


def _altered(username: str, **changes: object) -> None:
    if not _on_register(lambda pools: register.alter(pools, username, changes)):
        raise _nobody(username)


def _nobody(username: str) -> Stop:
    return Stop(f"没有账号 {username}。", f"There is no account {username}.")


def _show_generated(given: str, secret: str) -> None:
    if not given:
        tell(f"密码 {secret}（只显示这一次）", "password, shown this once")
