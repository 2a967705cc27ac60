"""Passwords: argon2id, hashed and checked in a thread, because one check costs tens of milliseconds of processor."""

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import FieldError

SHORTEST, LONGEST = 10, 200
# Passwords that attackers try first. No list is complete: the lock after repeated failures protects.
OBVIOUS = (
    "1234567890", "0123456789", "0987654321", "9876543210", "12345678910", "123456789a", "a123456789", "1q2w3e4r5t",
    "qwertyuiop", "password123", "password12", "passw0rd123", "admin12345", "admin123456", "administrator",
    "changeme123", "change-me-please", "woaini1314", "5201314520", "abc1234567", "iloveyou1314",
)  # fmt: skip
_hasher = PasswordHasher()
# A hash that fits no password. Checking it costs as much as any other, and making it costs a start nothing.
_decoy = "$argon2id$v=19$m={},t={},p={}${}${}".format(
    _hasher.memory_cost, _hasher.time_cost, _hasher.parallelism,
    *(base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (_hasher.salt_len, _hasher.hash_len)),
)  # fmt: skip


def field_errors(password: str, username: str, pointer: str = "/password") -> list[FieldError]:
    """What is wrong with a new password."""
    if len(password) < SHORTEST:
        return [FieldError(pointer, "password_too_short", {"least": SHORTEST})]
    if len(password) > LONGEST:
        return [FieldError(pointer, "text_too_long", {"length": len(password), "longest": LONGEST})]
    if "\x00" in password:
        return [FieldError(pointer, "control_characters")]
    plain = password.casefold()
    if plain in OBVIOUS or len(set(plain)) < 4 or username in (plain, plain[::-1], plain.rstrip("0123456789.@!#_-")):
        return [FieldError(pointer, "password_obvious")]
    return []


async def hashed(password: str) -> str:
    """The hash to store."""
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Without a hash (unknown account) the check takes as long and fails."""
    try:
        await asyncio.to_thread(_hasher.verify, password_hash or _decoy, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def generated() -> str:
    """A password to print once."""
    return secrets.token_urlsafe(12)
