"""Who stands behind a token or a key. Remembered, so that a request costs neither a signature nor a query.

What is remembered of a principal is dropped when the database tells that it changed (a trigger on `principal`
notifies); each process listens on a connection of its own. While it does not hear its own heartbeat, it remembers
nothing.
"""

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from app.auth import api_keys, credentials, principals, tokens
from app.auth.rate_limit import Pace, Paces, take
from app.db.context import AUTH_ROLE, Caller
from app.db.engine import Pools, connect
from app.errors import Refusal
from app.logging import log

CHANNEL = "ledger_principals"
BEAT_SECONDS, PATIENCE_SECONDS = 3.0, 5.0
MOST = 10_000  # remembered tokens; beyond, all are forgotten and looked up again


@dataclass(slots=True)
class CachedToken:
    """A token that was looked at: whose it is, and until when (monotonic clock) that may be believed."""

    until: float
    caller: Caller
    pace: Pace


@dataclass
class Authenticator:
    """Who may come in."""

    pools: Pools
    keys: tokens.Keys
    longest_minutes: int
    paces: Paces
    known: dict[str, CachedToken] = field(default_factory=dict)
    of: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    listening: bool = False
    heard: int = 0  # a change that is told while a principal is being read makes what was read old

    async def caller(self, token: str) -> Caller:
        """The caller of a token or API key. Refuses with `unauthenticated`, and with `too_many_requests`."""
        now = time.monotonic()
        entry = self.known.get(token)
        if entry is None or entry.until <= now:
            entry = await self._looked_up(token)
        take(entry.pace, now, self.paces.step)
        return entry.caller

    async def _looked_up(self, token: str) -> CachedToken:
        heard = self.heard
        of = self._of_key if token.startswith(api_keys.BEGINNING) else self._of_token
        principal, ends = await of(token)
        if not principal.open:
            raise Refusal("unauthenticated")
        if principal.expires_at:
            ends = min(ends, principal.expires_at.timestamp())
        entry = CachedToken(time.monotonic() + ends - time.time(), principal.caller, self.paces.of(principal.id))
        if self.listening and heard == self.heard:
            self._remember(token, entry)
        return entry

    async def _of_token(self, token: str) -> tuple[principals.Principal, float]:
        claims = tokens.verified(self.keys, token, self.longest_minutes)
        principal = await principals.find(self.pools, claims.sub)
        if principal is None or principal.generation != claims.generation:
            raise Refusal("unauthenticated")
        return principal, claims.exp

    async def _of_key(self, key: str) -> tuple[principals.Principal, float]:
        identifier = api_keys.identifier_of(key)
        until = await credentials.key_until(self.pools, identifier, key) if identifier else None
        principal = await principals.find(self.pools, identifier) if identifier and until else None
        if principal is None or until is None or principal.kind != "api_key":
            raise Refusal("unauthenticated")
        return principal, until

    def _remember(self, token: str, entry: CachedToken) -> None:
        if len(self.known) >= MOST:
            self.forget_all()
        self.known[token] = entry
        self.of[entry.caller.account].append(token)

    def forget(self, identifier: str) -> None:
        """Drops what is remembered of a principal: it has changed."""
        self.heard += 1
        for token in self.of.pop(identifier, ()):
            self.known.pop(token, None)

    def forget_all(self) -> None:
        """Drops everything."""
        self.heard += 1
        self.known.clear()
        self.of.clear()

    def invalidate(self) -> None:
        """Changes may go unheard from here on: nothing is remembered until `CHANNEL` is heard again."""
        self.listening = False
        self.forget_all()


@asynccontextmanager
async def listening(authenticator: Authenticator, url: str) -> AsyncIterator[None]:
    """Listens for changes of principals as long as the block lasts; a connection that is lost is opened again."""
    task = asyncio.create_task(_listen_always(authenticator, url))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen_always(authenticator: Authenticator, url: str) -> None:
    while True:
        try:
            await _listen(authenticator, url)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as problem:
            log.warning("principals unheard", problem=type(problem).__name__)
        finally:
            authenticator.invalidate()
        await asyncio.sleep(0.5)


async def _listen(authenticator: Authenticator, url: str) -> None:
    """Hears one connection out. Its own heartbeat proves that what was committed before has been heard, too."""
    connection = await asyncio.wait_for(connect(url, AUTH_ROLE), PATIENCE_SECONDS)
    mark, beat = f".{secrets.token_hex(8)}", asyncio.Event()

    def told(_connection: Any, _process: int, _channel: str, payload: str) -> None:
        if payload == mark:
            beat.set()
        elif not payload.startswith("."):
            authenticator.forget(payload)

    lost = asyncio.Event()

    def closed(_connection: Any) -> None:
        authenticator.invalidate()
        lost.set()

    connection.add_termination_listener(closed)
    try:
        await connection.add_listener(CHANNEL, told)
        while not lost.is_set():
            beat.clear()
            await connection.execute("select pg_notify($1, $2)", CHANNEL, mark, timeout=PATIENCE_SECONDS)
            await asyncio.wait_for(beat.wait(), PATIENCE_SECONDS)
            authenticator.listening = True
            with suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), BEAT_SECONDS)
    finally:
        connection.terminate()
