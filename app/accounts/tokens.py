"""Access tokens: short-lived JWT of RFC 9068, signed with Ed25519; the key lives in the database."""

import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from app.accounts.register import Principal
from app.db.context import DOOR
from app.db.engine import Pools
from app.errors import Refusal

ISSUER = AUDIENCE = "inspection-ledger"
ALGORITHM: Final = "Ed25519"
LONGEST = 2048  # characters; ours have some 500
SKEW_SECONDS = 5  # between the clocks of machines that share a database


@dataclass
class Keys:
    """The keys of this installation: one signs tokens, one signs cursors."""

    token: Any
    cursor: bytes


@dataclass(frozen=True)
class Claims:
    """What a valid token says: whose it is, of which generation, and until when."""

    sub: str
    generation: int
    exp: float


async def load_keys(pools: Pools) -> Keys:
    """Reads the keys, making them on first use. Workers that start at once agree on the first one stored."""
    pool = await pools.role(DOOR)
    fresh = OKPKey.generate_key(ALGORITHM, {"kid": secrets.token_hex(4)}, private=True)
    token = await _key(pool, "token", fresh.as_pem(private=True))
    cursor = await _key(pool, "cursor", secrets.token_bytes(32))
    return Keys(OKPKey.import_key(token), cursor)


async def _key(pool: Any, name: str, fresh: bytes) -> bytes:
    await pool.execute("insert into service_key values ($1, $2) on conflict do nothing", name, fresh)
    secret: bytes = await pool.fetchval("select secret from service_key where name = $1", name)
    return secret


def issue(keys: Keys, principal: Principal, minutes: int) -> str:
    """A token for this principal."""
    issued = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": principal.id, "iat": issued, "exp": issued + minutes * 60,
        "client_id": principal.id if principal.kind == "client" else "clerk",
        "jti": secrets.token_hex(12), "gen": principal.generation,
    }  # fmt: skip
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt"}, claims, keys.token, algorithms=[ALGORITHM])


def verified(keys: Keys, token: str, longest_minutes: int) -> Claims:
    """The claims of a token that this installation issued and that holds now. Refuses with `unauthenticated`.

    The header must be the one that `issue` writes: no `kid` to look up, no `crit`, `jku` or embedded key to obey.
    """
    try:
        if len(token) > LONGEST or not token.isascii():
            raise ValueError
        decoded = jwt.decode(token, keys.token, algorithms=[ALGORITHM])
        claims, now = decoded.claims, time.time()
        if decoded.header != {"alg": ALGORITHM, "typ": "at+jwt"}:
            raise ValueError
        if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE or not isinstance(claims["sub"], str):
            raise ValueError
        moments = {name: claims.get(name, now) for name in ("iat", "nbf")} | {"exp": claims["exp"]}
        if not all(type(moment) in (int, float) for moment in (*moments.values(), claims["gen"])):
            raise ValueError
        if not now < moments["exp"] <= now + longest_minutes * 60 + SKEW_SECONDS:
            raise ValueError
        if max(moments["iat"], moments["nbf"]) > now + SKEW_SECONDS:
            raise ValueError
        return Claims(claims["sub"], claims["gen"], float(moments["exp"]))
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Refusal("unauthenticated") from None
