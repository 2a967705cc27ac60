"""A standby beside the Postgres of the stand, which is promoted when the first is killed."""

import asyncio
import os
import pwd
import shutil
import time
from contextlib import suppress
from pathlib import Path

import asyncpg

from app.db.embedded import SERVER_ACCOUNT
from tests.chaos.clerks import Desk
from tests.chaos.stand import SETTINGS, Stand, free_port
from tests.support.standby import empty_home, following


async def promoted(stand: Stand, desk: Desk) -> None:
    """Build a synchronous standby, kill the first server at a commit, promote, and turn the wire to the second."""
    home, port = empty_home(stand.folder / "standby"), free_port()
    with following(stand.postgres, stand.home, home, port, SETTINGS) as url:
        await stand.sql("alter system set synchronous_standby_names = '*'", "select pg_reload_conf()")
        await _followed(stand)
        await desk.acknowledges(10)
        stand.kill_postgres()
        desk.struck_at, desk.back_after = time.monotonic(), None
        await _promote(url)
        stand.wire.target = port
        await desk.acknowledges(1)
        await desk.acknowledges(10)
    # What was promoted is the database from now on, on the first one's directory and port.
    await asyncio.to_thread(_taken_over, stand, home.data)


async def _followed(stand: Stand) -> None:
    connection = await asyncpg.connect(stand.postgres.superuser_url)
    try:
        following = "select count(*) from pg_stat_replication where sync_state = 'sync'"
        while not await connection.fetchval(following):  # noqa: ASYNC110  # what happens in Postgres sends no event
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _promote(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("alter system reset synchronous_standby_names")
        await connection.execute("select pg_promote()")
        await connection.execute("select pg_reload_conf()")
    finally:
        await connection.close()


def _taken_over(stand: Stand, data: Path) -> None:
    stand.end_postgres()
    first = stand.home / "data"
    shutil.rmtree(first)
    shutil.copytree(data, first, symlinks=True)
    account = pwd.getpwnam(SERVER_ACCOUNT) if os.geteuid() == 0 else None
    for place in (first, *first.rglob("*")):
        if account:
            os.chown(place, account.pw_uid, account.pw_gid, follow_symlinks=False)
    first.chmod(0o700)
    with suppress(FileNotFoundError):
        (first / "postmaster.pid").unlink()
    stand.start_postgres()
    stand.wire.target = stand.postgres_port
