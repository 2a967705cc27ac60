"""API keys: `ledger_<id>_<secret><checksum>`, for scripts that cannot fetch a token. Only a digest is stored.

The beginning names the principal. The checksum recognises a mistyped key without a query.
"""

import hashlib
import hmac
import secrets
import zlib

BEGINNING = "ledger_"
_ID, _SECRET, _CHECK = 8, 43, 8


def new_identifier() -> str:
    """The identifier of a new key."""
    return f"key-{secrets.token_hex(_ID // 2)}"


def shown(identifier: str) -> str:
    """How keys of this identifier begin."""
    return f"{BEGINNING}{identifier.removeprefix('key-')}_"


def generated(identifier: str) -> tuple[str, str]:
    """A new key to show once, and its digest to store. 256 random bits need no slow hash."""
    text = shown(identifier) + secrets.token_urlsafe(32)
    key = text + _checksum(text)
    return key, digest(key)


def digest(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def identifier_of(key: str) -> str | None:
    """The principal that a key names; None for a text that cannot be a key."""
    if len(key) != len(BEGINNING) + _ID + 1 + _SECRET + _CHECK or not key.isascii():
        return None
    if not hmac.compare_digest(_checksum(key[:-_CHECK]), key[-_CHECK:]):
        return None
    return f"key-{key[len(BEGINNING) : len(BEGINNING) + _ID]}"


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
