"""Access tokens: short-lived JWT of RFC 9068, signed with Ed25519; the key lives in the database, encrypted."""

import base64
import secrets
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from app.auth.principals import Principal
from app.db.context import AUTH_ROLE
from app.db.pool import Pools
from app.errors import Refusal
from app.kernel.declare.values import is_identifier
from app.kernel.personal.encryption import Place, SealedValue, locked, opened
from app.kernel.personal.keyring import FILE, Keyring, NoSecret, load_keyring
from app.strict_json import load

ISSUER = AUDIENCE = "inspection-ledger"
ALGORITHM: Final = "Ed25519"
HEADER = base64.urlsafe_b64encode(b'{"typ":"at+jwt","alg":"Ed25519"}').rstrip(b"=").decode()
LONGEST_TOKEN = 2048  # characters; ours have some 500
SKEW_SECONDS = 5  # between the clocks of machines that share a database


@dataclass
class Keys:
    """The keys of this installation: one signs tokens, one signs cursors."""

    token: Any
    cursor: bytes


@dataclass(frozen=True)
class Claims:
    """What a valid token says: the principal, its generation, when the token expires, and the session of a person."""

    sub: str
    generation: int
    exp: float
    session: str | None = None


async def load_ring(pools: Pools, given: str | None, folder: Path) -> Keyring:
    """The secrets of this installation, which open all that is sealed. A secret is made only where nothing is.

    Raises NoSecret if the file of the secrets is missing, or lacks one with which something was sealed.
    """
    sealed = await pools[AUTH_ROLE].fetchval("select sealed_key_ids() || array(select key_id from service_key)")
    ring = load_keyring(given, folder, make=not sealed)
    unknown = sorted(key_id for key_id in set(sealed) if not ring.opens(key_id))
    if unknown:
        where = folder / FILE if ring.from_file else "LEDGER_SECRET_KEY"
        raise NoSecret(
            f"{where} 不是这个数据库的，或缺了其中的密钥 {'、'.join(unknown)}，打不开已加密的内容：请放回原来的。/ "
            f"{where} is not that of this database, or lacks its keys {', '.join(unknown)}, with which values are "
            "sealed. Put the former one back."
        )
    return ring


async def load_keys(pools: Pools, ring: Keyring) -> Keys:
    """Read the keys, or make them on first use. Workers that start at once agree on the first one stored.

    Raises UnknownKey or Unopened if they were encrypted with a key that is not in the ring.
    """
    pool = pools[AUTH_ROLE]
    fresh = OKPKey.generate_key(ALGORITHM, {"kid": secrets.token_hex(4)}, private=True)
    token = await _key(pool, ring, "token", fresh.as_pem(private=True).decode())
    cursor = await _key(pool, ring, "cursor", secrets.token_hex(32))
    return Keys(OKPKey.import_key(token), bytes.fromhex(cursor))


async def _key(pool: Any, ring: Keyring, name: str, fresh: str) -> str:
    await pool.execute(
        "insert into service_key (name, form, algorithm, key_id, ciphertext) values ($1, $2, $3, $4, $5)"
        " on conflict do nothing",
        name, *astuple(locked(ring, _place(name), fresh)),
    )  # fmt: skip
    row = await pool.fetchrow("select form, algorithm, key_id, ciphertext from service_key where name = $1", name)
    return opened(ring, _place(name), SealedValue(*row))


async def reseal_keys(pools: Pools, ring: Keyring) -> None:
    """Encrypt the keys anew with the current key of the ring. Raises UnknownKey or Unopened."""
    rows = await pools[AUTH_ROLE].fetch("select name, form, algorithm, key_id, ciphertext from service_key")
    for name, *stored in rows:
        fresh = locked(ring, _place(name), opened(ring, _place(name), SealedValue(*stored)))
        await pools[AUTH_ROLE].execute(
            "update service_key set form = $2, algorithm = $3, key_id = $4, ciphertext = $5 where name = $1",
            name, *astuple(fresh),
        )  # fmt: skip


def _place(name: str) -> Place:
    return Place("", "", f"service_key.{name}", "")


def issue(keys: Keys, principal: Principal, minutes: int, session: str | None = None) -> tuple[str, int]:
    """A token for this principal, and the seconds it holds: never longer than the principal itself.

    A person's token names its session.
    """
    issued = int(time.time())
    expires = issued + minutes * 60
    if principal.expires_at:
        expires = min(expires, int(principal.expires_at.timestamp()))
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": principal.id, "iat": issued, "exp": expires,
        "client_id": principal.id if principal.kind == "client" else "clerk",
        "jti": secrets.token_hex(12), "gen": principal.generation, **({"sid": session} if session else {}),
    }  # fmt: skip
    token = jwt.encode({"typ": "at+jwt", "alg": ALGORITHM}, claims, keys.token, algorithms=[ALGORITHM])
    return token, expires - issued


def verified(keys: Keys, token: str, longest_minutes: int) -> Claims:
    """The claims of a token that this installation issued and that holds now. Refuses with `unauthenticated`.

    The header must be, byte for byte, the one that `issue` writes, so that a token can choose no algorithm and name no
    `kid`, `crit`, `jku` or key of its own. The signature must be in canonical Base64.
    """
    try:
        header, _, rest = token.partition(".")
        if len(token) > LONGEST_TOKEN or header != HEADER or not _canonical(rest.rpartition(".")[2]):
            raise ValueError
        claims = load(jws.deserialize_compact(token, keys.token, algorithms=[ALGORITHM]).payload)
        now = time.time()
        if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE or type(claims["sub"]) is not str:
            raise ValueError
        moments = [claims["exp"], claims["iat"], claims.get("nbf", 0)]
        if any(type(number) not in (int, float) for number in (*moments, claims["gen"])):
            raise ValueError
        if (
            not now < claims["exp"] <= now + longest_minutes * 60 + SKEW_SECONDS
            or max(moments[1:]) > now + SKEW_SECONDS
        ):
            raise ValueError
        session = claims.get("sid")
        if session is not None and not is_identifier(session):
            raise ValueError
        return Claims(claims["sub"], claims["gen"], float(claims["exp"]), session)
    except (JoseError, Refusal, ValueError, KeyError, TypeError, AttributeError):
        raise Refusal("unauthenticated") from None


def _canonical(segment: str) -> bool:
    """Whether this is canonical Base64. Unused bits and strange characters would make several tokens of one."""
    padded = segment + "=" * (-len(segment) % 4)
    return base64.urlsafe_b64encode(base64.urlsafe_b64decode(padded)).rstrip(b"=").decode() == segment
