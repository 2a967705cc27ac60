"""Which caller stands behind a token or an API key. Cached, so that a request costs no signature and no query.

A trigger on `principal` notifies CHANNEL of every change, each process listens on a connection of its own, and what is
cached of the principal is dropped. While the connection does not answer its own heartbeat, nothing is cached.
"""

import asyncio
import secrets
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from app.auth import api_keys, credentials, principals, sign_ins, tokens
from app.auth.rate_limit import Allowance, RateLimit
from app.db.context import AUTH_ROLE, Caller
from app.db.pool import Pools
from app.db.watched import WatchedTask
from app.errors import Refusal

CHANNEL = "ledger_principals"
BEAT_SECONDS, ANSWER_SECONDS = 3.0, 5.0
MOST_CACHED = 10_000  # cached tokens; at this number all are dropped and looked up again


@dataclass(slots=True)
class CachedToken:
    """A token that was verified: its caller, and until when (monotonic clock) it holds without verifying it again."""

    until: float
    caller: Caller
    allowance: Allowance


@dataclass
class Authenticator:
    """Verifies tokens and API keys. `changes_heard` counts notifications: a look-up during one must not be cached."""

    pools: Pools
    keys: tokens.Keys
    longest_minutes: int
    rate_limit: RateLimit
    idle_minutes: int = 30
    cached: dict[str, CachedToken] = field(default_factory=dict)
    tokens_of: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    listening: bool = False
    changes_heard: int = 0

    async def caller(self, token: str) -> Caller:
        """The caller of a token or API key. Refuses with `unauthenticated`, and with `too_many_requests`."""
        now = time.monotonic()
        entry = self.cached.get(token)
        if entry is None or entry.until <= now:
            entry = await self._look_up(token)
        entry.allowance.spend(now, self.rate_limit.step)
        return entry.caller

    async def _look_up(self, token: str) -> CachedToken:
        changes_heard = self.changes_heard
        verify = self._verify_key if token.startswith(api_keys.BEGINNING) else self._verify_token
        principal, ends, session = await verify(token)
        if not principal.open:
            raise Refusal("unauthenticated")
        if principal.expires_at:
            ends = min(ends, principal.expires_at.timestamp())
        until = time.monotonic() + ends - time.time()
        entry = CachedToken(until, replace(principal.caller, session=session), self.rate_limit.allowance(principal.id))
        if self.listening and changes_heard == self.changes_heard:
            self._cache(token, entry)
        return entry

    async def _verify_token(self, token: str) -> tuple[principals.Principal, float, str | None]:
        claims = tokens.verified(self.keys, token, self.longest_minutes)
        principal = await principals.find(self.pools, claims.sub)
        if principal is None or principal.generation != claims.generation:
            raise Refusal("unauthenticated")
        if principal.kind != "account":
            return principal, claims.exp, None
        idle = self.idle_minutes
        if not claims.session or not await sign_ins.in_use(self.pools, claims.session, principal.id, idle):
            raise Refusal("unauthenticated")
        # Within this time the token is not looked up again, so that a request in use writes nothing.
        return principal, min(claims.exp, time.time() + sign_ins.seen_every(idle)), claims.session

    async def _verify_key(self, key: str) -> tuple[principals.Principal, float, None]:
        identifier = api_keys.identifier_of(key)
        until = await credentials.key_until(self.pools, identifier, key) if identifier else None
        principal = await principals.find(self.pools, identifier) if identifier and until else None
        if principal is None or until is None or principal.kind != "api_key":
            raise Refusal("unauthenticated")
        return principal, until, None

    def _cache(self, token: str, entry: CachedToken) -> None:
        if len(self.cached) >= MOST_CACHED:
            self.invalidate_all()
        self.cached[token] = entry
        self.tokens_of[entry.caller.account].append(token)

    def invalidate(self, principal_id: str) -> None:
        """Drop what is cached of a principal, because it has changed."""
        self.changes_heard += 1
        for token in self.tokens_of.pop(principal_id, ()):
            self.cached.pop(token, None)

    def invalidate_all(self) -> None:
        """Drop everything that is cached."""
        self.changes_heard += 1
        self.cached.clear()
        self.tokens_of.clear()

    def stop_caching(self) -> None:
        """Cache nothing until the connection hears CHANNEL again, because changes may go unheard meanwhile."""
        self.listening = False
        self.invalidate_all()


async def listen(authenticator: Authenticator, watched: WatchedTask) -> None:
    """Listen for changes of principals until the connection is lost or its heartbeat stays unanswered.

    Postgres delivers notifications in the order of commits: a heartbeat that arrives proves that every change committed
    before it has arrived, too.
    """
    connection = await asyncio.wait_for(authenticator.pools.opening.apart(AUTH_ROLE), ANSWER_SECONDS)
    mark, beat = f".{secrets.token_hex(8)}", asyncio.Event()

    def notified(_connection: Any, _process: int, _channel: str, payload: str) -> None:
        if payload == mark:
            beat.set()
        elif not payload.startswith("."):
            authenticator.invalidate(payload)

    lost = asyncio.Event()

    def closed(_connection: Any) -> None:
        authenticator.stop_caching()
        watched.running = False
        lost.set()

    connection.add_termination_listener(closed)
    try:
        await connection.add_listener(CHANNEL, notified)
        while not lost.is_set():
            beat.clear()
            await connection.execute("select pg_notify($1, $2)", CHANNEL, mark, timeout=ANSWER_SECONDS)
            await asyncio.wait_for(beat.wait(), ANSWER_SECONDS)
            authenticator.listening = watched.running = True
            with suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), BEAT_SECONDS)
    finally:
        authenticator.stop_caching()
        connection.terminate()
