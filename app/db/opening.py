"""Opening connections, all to the primary: those of the pools, and those outside of pools."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

import asyncpg

from app.db import faults, timeouts
from app.db.address import taken_apart
from app.db.logins import Logins
from app.db.primary import NoPrimary, Primary, of_primary

CONNECT_SECONDS, ONE_OF_SEVERAL_SECONDS = 10, 3  # to open a connection, and where there may be another server
STATEMENTS = 200  # that a connection keeps prepared


# Connections whose last commit Postgres answered without its standby, because somebody cancelled the wait for it: if
# this server is lost before a standby has followed, so is what was committed. The driver tells it as a warning.
UNREPLICATED: "WeakSet[Any]" = WeakSet()
WAITS_IN = "syncrep.c"  # where Postgres waits for a standby; the text of the warning is in the server's language


def _noticed(connection: Any, message: Any) -> None:
    if getattr(message, "server_source_filename", "") == WAITS_IN:
        UNREPLICATED.add(connection)


class Opening:
    """Opens connections by database role. When another server has become the primary, `moved` is called."""

    def __init__(self, logins: Logins, moved: Any) -> None:
        self.logins, self.primary = logins, Primary(taken_apart(logins.auth), self._moved)
        self._tell, self._moves, self._apart = moved, 0, WeakSet[Any]()
        self._several, self._urls = self.primary.address.several, dict[str, str]()  # the latter by role

    def _moved(self) -> None:
        """The former primary may live on, and answer. What was under way there has an unknown outcome."""
        self._moves += 1
        self._tell()
        for connection in list(self._apart):
            connection.terminate()

    async def pooled(self, role: str) -> Any:
        """A connection of a pool. Whatever Postgres refuses while it is opened is a fault of the database."""
        settings = {**session(role), **timeouts.OF_REQUESTS}
        try:
            connection = await self._open(role, settings, statement_cache_size=STATEMENTS)
        except asyncpg.PostgresError as problem:
            if faults.code_of(problem):
                raise
            raise ConnectionError("refused") from problem
        connection.add_log_listener(_noticed)
        return connection

    async def apart(self, role: str) -> Any:
        """A connection outside the pools, for a listener or a lock that outlives a request. Whoever asks closes it."""
        connection = await self._open(role, session(role))
        self._apart.add(connection)
        return connection

    async def _open(self, role: str, settings: Mapping[str, str], **options: Any) -> Any:
        """A connection to the primary; not to one that was the primary when it was begun. Raises NoPrimary."""
        moves, seconds = self._moves, CONNECT_SECONDS
        url = self._urls.get(role) or self._urls.setdefault(role, self.logins.of(role))
        if self._several:
            url, seconds = taken_apart(url).to(await self.primary.known()), ONE_OF_SEVERAL_SECONDS
        connection = await asyncpg.connect(url, timeout=seconds, server_settings=dict(settings), **options)
        if moves != self._moves:
            connection.terminate()
            raise NoPrimary("another server has become the primary")
        return connection


def session(role: str) -> Mapping[str, str]:
    """The settings of a session. Postgres answers moments with the Shanghai offset."""
    return {"role": role, "TimeZone": "Asia/Shanghai", "application_name": "inspection-ledger", "jit": "off"}


async def connect(url: str, role: str | None = None) -> Any:
    """One connection to the primary, for a command."""
    settings = session(role) if role else {"application_name": "inspection-ledger"}
    return await asyncpg.connect(await of_primary(url), server_settings=dict(settings))
