"""The command `rotate-key`: another key for identity numbers, while the service runs."""

import asyncio
from pathlib import Path

from app.auth.tokens import load_keys, load_ring, reseal_keys
from app.cli.database import bring_up_to_date, database_or_running
from app.cli.words import Stop, foreseeable, tell
from app.db.logins import Logins
from app.db.opening import connect
from app.db.pool import Pools
from app.db.roles import SEALING
from app.kernel.personal.encryption import Unopened
from app.kernel.personal.keyring import FILE, Keyring, UnknownKey
from app.kernel.personal.rotation import Rotated, not_renewed, rotate
from app.settings import Settings

EVERY = 10_000  # values between two lines of progress


def rotate_key() -> None:
    """更换加密身份证号的密钥，服务不必停；中断后再执行一次即可。Rotate the key of identity numbers, live."""
    with foreseeable():
        options = Settings()
        with database_or_running(options) as found:
            bring_up_to_date(found, silent=True)
            given = options.secret_key.get_secret_value() if options.secret_key else None
            ring = installation_ring(found.logins, given, found.directory)
            done = asyncio.run(_rotate(found.logins, ring))
        _report(done, ring, found.directory)


async def _rotate(logins: Logins, ring: Keyring) -> Rotated:
    connection = await connect(logins.of(SEALING), SEALING)
    try:
        waiting = await not_renewed(connection, ring)
        if waiting and len(ring) > 1:
            tell(f"还有 {waiting} 个值用旧密钥加密，继续上次的更换。", f"{waiting} values are left: going on.")
        elif ring.from_file:
            ring.renew()
            tell("新密钥已写在 secret-key 的第一行。", "A new key stands in the first line of secret-key.")
        elif not waiting:
            raise Stop(
                "没有要重新加密的值。要换密钥，请把新的加在 LEDGER_SECRET_KEY 最前面，以逗号分隔，重启各服务再执行。",
                "Nothing to do: put a new key in front of LEDGER_SECRET_KEY, restart the services, and run this again.",
            )
        done = await rotate(connection, ring, _progress)
    finally:
        await connection.close()
    pools = Pools(logins, size=1)
    await reseal_keys(pools, ring)
    await pools.close()
    return done


def installation_ring(logins: Logins, given: str | None, directory: Path) -> Keyring:
    """The secrets of this installation. Raises NoSecret if they do not open what is sealed in the database."""

    async def load() -> Keyring:
        pools = Pools(logins, size=1)
        try:
            return await load_ring(pools, given, directory)
        finally:
            await pools.close()

    return asyncio.run(load())


def require_keys(logins: Logins, ring: Keyring) -> None:
    """Make the keys that sign tokens and cursors, if there are none. Stops if the ring does not open those there are.

    Others are not made in their place: two services with different rings would each end the other's tokens.
    """

    async def load() -> None:
        pools = Pools(logins, size=1)
        try:
            await load_keys(pools, ring)
        finally:
            await pools.close()

    try:
        asyncio.run(load())
    except (UnknownKey, Unopened):
        raise Stop(
            "签发令牌的密钥打不开：secret-key（或 LEDGER_SECRET_KEY）不是这个数据库的。请放回原来的。",
            "The key that signs tokens does not open: secret-key (or LEDGER_SECRET_KEY) is not that of this database. "
            "Put the former one back.",
        ) from None


def _progress(done: int) -> None:
    if done and done % EVERY == 0:
        tell(f"已重新加密 {done} 个值……", f"{done} values …")


def _report(done: Rotated, ring: Keyring, directory: Path) -> None:
    tell(f"已用当前密钥重新加密 {done.done} 个值。", f"{done.done} values are sealed with the current key.")
    if done.unopened:
        raise Stop(
            f"有 {done.unopened} 个值打不开：密钥环里没有它们的密钥，或密文已被改动；这些值原样未动。",
            f"{done.unopened} values do not open (key not in the ring, or altered) and stay as they are.",
        )
    where = str(directory / FILE) if ring.from_file else "LEDGER_SECRET_KEY"
    tell(
        f"请备份 {where}。前两个和最后一个密钥要保留（最后一个用于检索）；其余的，等旧备份不再需要时可以删去。",
        f"Back up {where}. Keep the first two keys and the last (search needs it); others go with the old backups.",
    )
