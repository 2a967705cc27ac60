"""The first account, `admin`: made once, never changed afterwards."""

import asyncio
from collections.abc import Callable

from pydantic import SecretStr

from app.accounts import register
from app.accounts.second_person import COMMAND_LINE
from app.auth import credentials, passwords, principals
from app.cli.words import tell
from app.db.logins import Logins
from app.db.pool import Pools
from app.errors import Refusal, invalid

ADMIN = "admin"


def first_account(logins: Logins, wanted: SecretStr | None, keep: Callable[[str], None] | None = None) -> None:
    """Open the account `admin` if it is missing, and print its password if it was generated and nobody keeps it."""
    asyncio.run(_first_account(logins, wanted.get_secret_value() if wanted else None, keep))


async def _first_account(logins: Logins, wanted: str | None, keep: Callable[[str], None] | None) -> None:
    pools = Pools(logins, size=1)
    try:
        if await principals.find(pools, ADMIN) is None and await _made(pools, wanted, keep):
            return
        if wanted and not await credentials.is_right(pools, ADMIN, wanted):
            tell(
                "账号 admin 已有别的密码，LEDGER_ADMIN_PASSWORD 未予采用。",
                "The account admin has another password; LEDGER_ADMIN_PASSWORD changes nothing.",
            )
    finally:
        await pools.close()


async def _made(pools: Pools, wanted: str | None, keep: Callable[[str], None] | None) -> bool:
    """Open the account. False if another service that starts on the same database was first."""
    password = wanted or passwords.generated()
    if field_errors := passwords.field_errors(password, ADMIN):
        raise invalid(*field_errors)  # before it is kept
    if keep:
        keep(password)
    try:
        await register.open_account(pools, ADMIN, password, "administrator", "", by=COMMAND_LINE)
    except Refusal as refusal:
        if refusal.code != "username_taken":
            raise
        return False
    tell(f"已开立账号 {ADMIN}。", f"The account {ADMIN} was made.")
    if not wanted and not keep:
        tell(f"账号 {ADMIN} 的密码 {password}（只显示这一次，请记下）", "its password, shown this once")
    return True
