"""Which of several servers is the primary: each is asked, again and again, over a connection of its own.

The driver takes the first host that accepts it and is no standby. That may be a former primary which nothing has
stopped yet: it answers reads of a state that has passed, and its commits wait for standbys that have left. Each
promotion begins a new timeline, so the primary is the server that takes writes and is on the highest one; a timeline
that was seen is never left for a lower one. A host that does not answer costs a look its limit, and not a request.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import asyncpg

from app.db.address import Address, taken_apart
from app.db.faults import DRIVER_ERRORS
from app.db.watched import WatchedTask
from app.logging import log

LOOK_SECONDS = 2.0  # for one server to answer
BEAT_SECONDS = 1.0  # between two looks at all of them
# A server's timeline, the first eight digits of the name of a file of its log; null of one that takes no writes.
LOOK = """select case when not pg_is_in_recovery() and not current_setting('transaction_read_only')::bool
  then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end"""


class NoPrimary(ConnectionError):
    """None of the servers takes writes now, or none that does answers."""


class Primary:
    """The servers of one address, and which of them is the primary now."""

    def __init__(self, address: Address, moved: Callable[[], None] = lambda: None) -> None:
        self.address, self.host = address, None if address.several else address.hosts[0]
        self._moved, self._timeline = moved, 0
        self._last: tuple[int, str] | None = None  # the primary that was found last, with its timeline
        self._open: dict[str, Any] = {}
        self._looking: asyncio.Task[None] | None = None
        self._looked = float("-inf")

    async def known(self) -> str:
        """The host of the primary. Raises NoPrimary, at once if a look has just found none."""
        if self.host is None and (self._looking or time.monotonic() - self._looked > BEAT_SECONDS):
            await self.look()
        if self.host is None:
            raise NoPrimary(f"no primary among {self.address.place}")
        return self.host

    async def look(self) -> None:
        """Ask every server once. Whoever comes meanwhile waits for the same answers."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked_at)
        await asyncio.shield(self._looking)

    def _looked_at(self, _: "asyncio.Task[None]") -> None:
        self._looking, self._looked = None, time.monotonic()

    async def _look(self) -> None:
        """A host that gives no answer in time is not left for that: there may be no other, and it may only be slow."""
        hosts = self.address.hosts
        found = dict(zip(hosts, await asyncio.gather(*map(self._timeline_of, hosts)), strict=True))
        host = max(found, key=lambda host: found[host] or 0)
        timeline = found[host] or 0
        if timeline < max(self._timeline, 1):
            if self.host and found[self.host] is not None:
                self.host = None
            return
        moves = self._last not in (None, (timeline, host))
        self.host, self._timeline, self._last = host, timeline, (timeline, host)
        if moves:
            log.warning("another primary", host=host, timeline=timeline)
            self._moved()

    async def _timeline_of(self, host: str) -> int | None:
        """The timeline of a server that takes writes; 0 of one that does not; None if it does not answer in time."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                connection = self._open.get(host)
                if connection is None or connection.is_closed():
                    connection = self._open[host] = await asyncpg.connect(self.address.to(host), timeout=LOOK_SECONDS)
                return int(await connection.fetchval(LOOK) or 0)
        except TimeoutError:
            self._leave(host)
            return None
        except DRIVER_ERRORS:
            self._leave(host)
            return 0

    def _leave(self, host: str) -> None:
        if connection := self._open.pop(host, None):
            connection.terminate()

    async def watch(self, watched: WatchedTask) -> None:
        """Look again and again. Runs until it is cancelled."""
        try:
            while True:
                await self.look()
                watched.running = True
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            self.close()

    def close(self) -> None:
        """Close the connections on which the servers are asked."""
        for host in list(self._open):
            self._leave(host)


async def of_primary(url: str) -> str:
    """The address of the primary alone, for a connection that is opened once. Raises NoPrimary."""
    address = taken_apart(url)
    if not address.several:
        return url
    primary = Primary(address)
    try:
        return address.to(await primary.known())
    finally:
        primary.close()
