"""Passwords: argon2id, hashed and checked in a thread, because one check costs tens of milliseconds of processor."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Fault, invalid

SHORTEST = 10
_hasher = PasswordHasher()
_decoy = _hasher.hash(secrets.token_hex(16))


async def hashed(password: str) -> str:
    """The hash to store. Refuses a password that is too short."""
    if len(password) < SHORTEST:
        raise invalid(Fault("/password", "password_too_short", {"least": SHORTEST}))
    return await asyncio.to_thread(_hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. An unknown account costs as much time as a known one."""
    try:
        await asyncio.to_thread(_hasher.verify, password_hash or _decoy, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def generated() -> str:
    """A password to print once."""
    return secrets.token_urlsafe(12)
