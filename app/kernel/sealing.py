"""Values kept encrypted apart from the rows that hold them (identity numbers; design.md section 3).

The row and every revision hold a keyed digest only: equal numbers have equal digests, so that 'unchanged' and an exact
search need no decryption, and a value can be destroyed without touching history. The key is not in the database.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.db.context import GATE
from app.kernel.record_type import RecordType

ALGORITHM = "AES-256-GCM"
SECRET_BYTES = 32


class NoSecret(Exception):
    """The secret of this installation is missing or malformed."""


@dataclass(frozen=True)
class SealedValue:
    """One encrypted value, as it is stored: under its digest, with algorithm and key named beside it."""

    digest: str
    algorithm: str
    key_id: str
    ciphertext: bytes


@dataclass(frozen=True)
class Seal:
    """Seals and digests with the secret of this installation; the two keys are derived apart."""

    secret: bytes

    @property
    def key_id(self) -> str:
        """Names the key without telling anything about it."""
        return hashlib.sha256(b"key-id" + self.secret).hexdigest()[:16]

    def digest(self, member: str, value: str) -> str:
        """The keyed digest of a value of this member (`persons.id_number`)."""
        key = hmac.new(self.secret, b"digest", hashlib.sha256).digest()
        return hmac.new(key, f"{member}\0{value}".encode(), hashlib.sha256).hexdigest()

    def locked(self, member: str, value: str) -> SealedValue:
        """The value encrypted, bound to its member and digest."""
        digest = self.digest(member, value)
        nonce = os.urandom(12)
        text = AESGCM(self._cipher_key()).encrypt(nonce, value.encode(), f"{member}\0{digest}".encode())
        return SealedValue(digest, ALGORITHM, self.key_id, nonce + text)

    def opened(self, member: str, sealed: SealedValue) -> str:
        """The value behind a ciphertext. Raises InvalidTag if it was moved or altered."""
        data = f"{member}\0{sealed.digest}".encode()
        return AESGCM(self._cipher_key()).decrypt(sealed.ciphertext[:12], sealed.ciphertext[12:], data).decode()

    def _cipher_key(self) -> bytes:
        return hmac.new(self.secret, b"cipher", hashlib.sha256).digest()


def load_seal(given: str | None, folder: Path) -> Seal:
    """The secret from the setting, else from `secret-key` in the folder, made on first start. Raises NoSecret."""
    if given:
        return Seal(_decoded(given, "LEDGER_SECRET_KEY"))
    path = folder / "secret-key"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():  # several workers may start at once: the first link wins, whole
        fresh = folder / f"secret-key.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(base64.b64encode(os.urandom(SECRET_BYTES)) + b"\n")
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return Seal(_decoded(path.read_text().strip(), str(path)))


def _decoded(text: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise NoSecret(f"{where} 须是 {SECRET_BYTES} 字节密钥的 Base64。/ must be Base64 of {SECRET_BYTES} bytes.")
    return secret


def seal_values(seal: Seal, t: RecordType, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[SealedValue]]:
    """The values with digests in the place of what is sealed, and what is to be stored apart."""
    kept, sealed = dict(values), []
    for f in t.sealed:
        if f.name not in kept:
            continue
        value = kept.pop(f.name)
        if value is None:
            kept[f.digest_column] = None
            continue
        sealed.append(seal.locked(f"{t.path}.{f.name}", value))
        kept[f.digest_column] = sealed[-1].digest
    return kept, sealed


async def store_sealed(connection: Any, context: str, jurisdiction: str, sealed: list[SealedValue]) -> None:
    """Stores sealed values, in the transaction of the row that holds their digests."""
    if not sealed:
        return
    columns = zip(*((s.digest, s.algorithm, s.key_id, s.ciphertext) for s in sealed), strict=True)
    await connection.execute(
        f"""insert into sealed_value (jurisdiction, digest, algorithm, key_id, ciphertext)
        select $2, x.* from unnest($3::text[], $4::text[], $5::text[], $6::bytea[]) x where {GATE}
        on conflict do nothing""",
        context, jurisdiction, *map(list, columns),
    )  # fmt: skip
