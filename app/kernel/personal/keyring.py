"""The secrets of this installation: the current one encrypts, former ones still decrypt what they encrypted.

They stand in the file `secret-key` of the data directory, one a line, the current one first, or in LEDGER_SECRET_KEY,
separated by commas. A running service notices a changed file, so a key is rotated without a restart. Digests are made
with the oldest secret for ever: they stand in revisions, which nobody rewrites (docs/decisions/0016-keys.md).
"""

import base64
import hashlib
import hmac
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.logging import log

SECRET_BYTES = 32
FILE = "secret-key"


class NoSecret(Exception):
    """The secret of this installation is missing or malformed."""


class UnknownKey(Exception):
    """A value names a key that is not in the ring."""


@dataclass(frozen=True, repr=False)
class Secret:
    """One secret, from which two keys are derived: one encrypts, the other makes digests."""

    secret: bytes

    @cached_property
    def key_id(self) -> str:
        """The name of the key. It tells nothing about the key itself."""
        return hashlib.sha256(b"key-id" + self.secret).hexdigest()[:16]

    @cached_property
    def cipher(self) -> AESGCM:
        """What encrypts and decrypts."""
        return AESGCM(hmac.new(self.secret, b"cipher", hashlib.sha256).digest())

    @cached_property
    def digesting(self) -> bytes:
        """The key of digests."""
        return hmac.new(self.secret, b"digest", hashlib.sha256).digest()


class Keyring:
    """The secrets, current one first. When the file at `path` changes, they are read again."""

    def __init__(self, secrets: tuple[Secret, ...], path: Path | None = None) -> None:
        self._secrets, self._path = secrets, path
        self._seen = _mark(path) if path else None

    def digest(self, member: str, value: str) -> str:
        """The keyed digest of a value of this member (`type.name`), the same for ever."""
        return hmac.new(self._secrets[-1].digesting, f"{member}\0{value}".encode(), hashlib.sha256).hexdigest()

    @property
    def current(self) -> Secret:
        """The secret that encrypts now."""
        self._look()
        return self._secrets[0]

    def of(self, key_id: str) -> Secret:
        """The secret of a key that a value names. Raises UnknownKey."""
        self._look()
        found = next((s for s in self._secrets if s.key_id == key_id), None)
        if found is None:
            self._look(anew=True)  # the clock of the file system may be too coarse to show that the file has changed
            found = next((s for s in self._secrets if s.key_id == key_id), None)
        if found is None:
            raise UnknownKey(key_id)
        return found

    def opens(self, key_id: str) -> bool:
        """Whether the secret of this key is in the ring."""
        try:
            self.of(key_id)
        except UnknownKey:
            return False
        return True

    def renew(self) -> None:
        """Put a fresh secret in front; it is on disk before it is used. Raises NoSecret if there is no file."""
        if self._path is None:
            raise NoSecret("LEDGER_SECRET_KEY")
        self._look(anew=True)
        _write(self._path, (Secret(os.urandom(SECRET_BYTES)), *self._secrets))
        self._look(anew=True)

    @property
    def from_file(self) -> bool:
        """Whether the secrets stand in the data directory, where a rotation can add one."""
        return self._path is not None

    def __len__(self) -> int:
        return len(self._secrets)

    def _look(self, anew: bool = False) -> None:
        """Read the file again if it has changed. A file that cannot be read leaves the ring as it was."""
        if self._path is None or (not anew and _mark(self._path) == self._seen):
            return
        self._seen = _mark(self._path)
        try:
            found = _secrets(self._path.read_text().split(), str(self._path))
        except (OSError, NoSecret, UnicodeDecodeError) as problem:
            log.error("secret-key not readable, the former ring stays", problem=type(problem).__name__)
            return
        if found[-1] != self._secrets[-1]:
            log.error("secret-key has lost its oldest secret, the former ring stays")
            return
        self._secrets = found


def load_keyring(given: str | None, folder: Path, make: bool = True) -> Keyring:
    """The ring from the setting, else from the file in the folder. Raises NoSecret.

    `make` a missing file. The service makes one only where nothing was sealed yet (app/auth/tokens.py, `load_ring`).
    """
    if given:
        return Keyring(_secrets(given.split(","), "LEDGER_SECRET_KEY"))
    path = folder / FILE
    if not make and not path.exists():
        raise NoSecret(
            f"{path} 不见了，没有它就打不开已加密的身份证号和签发令牌的密钥：请由备份放回（或设置 LEDGER_SECRET_KEY）。"
            f"没有另造新的。/ {path} is gone, and without it the sealed identity numbers and the token key do not "
            "open: put it back from the backup (or set LEDGER_SECRET_KEY). No new one was made."
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():  # several workers may start at once: the first link wins, whole
        fresh = folder / f"{FILE}.{os.getpid()}"
        _write(fresh, (Secret(os.urandom(SECRET_BYTES)),))
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return Keyring(_secrets(path.read_text().split(), str(path)), path)


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _write(path: Path, secrets: tuple[Secret, ...]) -> None:
    """Replace the file at once: a reader sees the former ring or the new one, never a part."""
    fresh = path.with_name(f"{path.name}.new-{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(base64.b64encode(s.secret) + b"\n" for s in secrets)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():  # who started the service may be another than who rotates its key
        owner = path.stat()
        with suppress(PermissionError):
            os.chown(fresh, owner.st_uid, owner.st_gid)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _secrets(texts: list[str], where: str) -> tuple[Secret, ...]:
    found = tuple(Secret(_decoded(text.strip(), where)) for text in texts if text.strip())
    if not found or len(set(found)) < len(found):
        raise NoSecret(f"{where} 没有密钥，或有一个写了两次。/ holds no secret, or one of them twice.")
    return found


def _decoded(text: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise NoSecret(f"{where} 须是 {SECRET_BYTES} 字节密钥的 Base64。/ must be Base64 of {SECRET_BYTES} bytes.")
    return secret
