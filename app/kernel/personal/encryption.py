"""Values that are kept encrypted apart from their rows: identity numbers (docs/decisions/0016-keys.md).

The row and its revisions hold a keyed digest only. Equal numbers have equal digests, so 'unchanged' and an exact search
need no decryption, and a value can be destroyed without touching history. The keys are not in the database. A
ciphertext is bound to its record: copied to another record, or altered, it does not open.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag

from app.db.context import GUARD
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.keyring import Keyring

ALGORITHM = "AES-256-GCM"
FORM = 2  # what a ciphertext is bound to; a rotation encrypts values of form 1 anew
NONCE_BYTES, TAG_BYTES = 12, 16


class Unopened(Exception):
    """A ciphertext that does not open: altered, moved, or of an algorithm that is not known."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs: the member (`type.name`) of a record, and the digest that stands there."""

    jurisdiction: str
    record_id: str
    member: str
    digest: str

    def bound(self, form: int) -> bytes:
        """The data that is authenticated with the ciphertext. Form 1 named member and digest only."""
        if form == 1:
            return f"{self.member}\0{self.digest}".encode()
        return "\0".join((self.jurisdiction, self.member, self.record_id, self.digest)).encode()


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One encrypted value as it is stored, with its form, algorithm and key."""

    form: int
    algorithm: str
    key_id: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Clear:
    """A value in clear, on its way from a body to `store_sealed`. It is never stored and never logged."""

    member: str
    digest: str
    value: str = field(repr=False)


def locked(ring: Keyring, place: Place, value: str) -> SealedValue:
    """The value encrypted with the current key, bound to its place."""
    secret, nonce = ring.current, os.urandom(NONCE_BYTES)
    text = secret.cipher.encrypt(nonce, value.encode(), place.bound(FORM))
    return SealedValue(FORM, ALGORITHM, secret.key_id, nonce + text)


def opened(ring: Keyring, place: Place, sealed: SealedValue) -> str:
    """The value behind a ciphertext. Raises UnknownKey, or Unopened if it was moved or altered."""
    readable = sealed.algorithm == ALGORITHM and sealed.form in (1, FORM)
    if not readable or len(sealed.ciphertext) < NONCE_BYTES + TAG_BYTES:
        raise Unopened(sealed.algorithm)
    nonce, text = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
    try:
        return ring.of(sealed.key_id).cipher.decrypt(nonce, text, place.bound(sealed.form)).decode()
    except InvalidTag:
        raise Unopened(place.member) from None


def seal_values(ring: Keyring, t: RecordType, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Clear]]:
    """Replace sealed members by their digests; return the values, and the clear values for `store_sealed`."""
    kept, clear = dict(values), []
    for f in t.sealed:
        if f.name not in kept:
            continue
        value = kept.pop(f.name)
        if value is None:
            kept[f.digest_column] = None
            continue
        member = t.sealed_member(f)
        clear.append(Clear(member, ring.digest(member, value), value))
        kept[f.digest_column] = clear[-1].digest
    return kept, clear


async def store_sealed(
    connection: Any, context: str, ring: Keyring, jurisdiction: str, values: Iterable[tuple[str, Clear]]
) -> None:
    """Encrypt values, each with the identifier of its record, and store them in the transaction of those records."""
    rows = []
    for record_id, clear in values:
        sealed = locked(ring, Place(jurisdiction, record_id, clear.member, clear.digest), clear.value)
        rows.append(
            (record_id, clear.member, clear.digest, sealed.form, sealed.algorithm, sealed.key_id, sealed.ciphertext)
        )
    if not rows:
        return
    await connection.execute(
        f"""insert into sealed_value (jurisdiction, record_id, member, digest, form, algorithm, key_id, ciphertext)
        select $2, x.* from unnest($3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::text[],
          $9::bytea[]) x where {GUARD}
        on conflict do nothing""",
        context, jurisdiction, *map(list, zip(*rows, strict=True)),
    )  # fmt: skip
