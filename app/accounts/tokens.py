"""Access tokens: short-lived JWT of RFC 9068, signed with Ed25519; the key lives in the database."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from app.accounts import register
from app.db.context import DOOR, Caller
from app.db.engine import Pools
from app.errors import Refusal

ISSUER = AUDIENCE = "inspection-ledger"
REREAD_SECONDS = 2  # how long a disabled account can go on with a token it has; the price is one small query a period


@dataclass
class Keys:
    """The keys of this installation: one signs tokens, one signs cursors."""

    token: Any
    cursor: bytes


async def load_keys(pools: Pools) -> Keys:
    """Reads the keys, making them on first use. Workers that start at once agree on the first one stored."""
    pool = pools.role(DOOR)
    fresh = OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(4)}, private=True)
    token = await _key(pool, "token", fresh.as_pem(private=True))
    cursor = await _key(pool, "cursor", secrets.token_bytes(32))
    return Keys(OKPKey.import_key(token), cursor)


async def _key(pool: Any, name: str, fresh: bytes) -> bytes:
    await pool.execute("insert into service_key values ($1, $2) on conflict do nothing", name, fresh)
    secret: bytes = await pool.fetchval("select secret from service_key where name = $1", name)
    return secret


def issue(keys: Keys, account: register.Account, minutes: int) -> str:
    """A token for this account."""
    issued = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": account.username, "client_id": "clerk", "iat": issued,
        "exp": issued + minutes * 60, "jti": secrets.token_hex(12),
    }  # fmt: skip
    return jwt.encode({"alg": "Ed25519", "typ": "at+jwt"}, claims, keys.token, algorithms=["Ed25519"])


@dataclass
class Door:
    """Who stands behind a token. Verified tokens are remembered for a moment, so that a request costs no signature."""

    pools: Pools
    keys: Keys
    known: dict[str, tuple[float, Caller]] = field(default_factory=dict)

    async def caller(self, token: str) -> Caller:
        """The caller of a token. Refuses with `unauthenticated`."""
        entry = self.known.get(token)
        if entry and entry[0] > time.monotonic():
            return entry[1]
        username, expires = self._verified(token)
        account = await register.find(self.pools, username)
        if account is None or not account.open:
            self.known.pop(token, None)
            raise Refusal("unauthenticated")
        if len(self.known) > 10_000:
            self.known.clear()
        until = min(time.monotonic() + REREAD_SECONDS, time.monotonic() + expires - time.time())
        caller = entry[1] if entry and entry[1] == account.caller else account.caller
        self.known[token] = (until, caller)
        return caller

    def _verified(self, token: str) -> tuple[str, float]:
        try:
            if len(token) > 4096:
                raise ValueError
            decoded = jwt.decode(token, self.keys.token, algorithms=["Ed25519"])
            claims = decoded.claims
            fits = decoded.header.get("typ") == "at+jwt" and claims["iss"] == ISSUER and claims["aud"] == AUDIENCE
            if not fits or claims["exp"] <= time.time():
                raise ValueError
            return str(claims["sub"]), float(claims["exp"])
        except (JoseError, ValueError, KeyError, TypeError):
            raise Refusal("unauthenticated") from None
