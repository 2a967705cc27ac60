"""Passwords: argon2id, hashed and checked in a thread, because one check costs tens of milliseconds of processor."""

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn_rs_py import zxcvbn

from app.errors import FieldError

SHORTEST, LONGEST = 10, 200
# zxcvbn knows the passwords that attackers try first, names, words, keyboard walks and dates, of the English-speaking
# world. These are tried first here, too: alone or with something put before or after them.
LOCAL = (
    "woaini", "woaini1314", "5201314", "1314520", "520520", "qq123456", "xuncha", "xunchaban", "jiwei", "jijian",
    "jianwei", "zuzhibu", "lianjie", "lianzheng", "dangwei", "taizhang", "administrator", "ledger", "inspection",
    "巡察", "巡察办", "巡察组", "纪委", "监委", "组织部", "台账", "廉洁", "管理员", "密码", "我爱你",
)  # fmt: skip
LEAST_SCORE = 2  # of zxcvbn, 0 to 4: below, a million guesses find it, and the lock alone must protect
_hasher = PasswordHasher()
# A hash that fits no password. Checking it costs as much as any other, and making it costs a start nothing.
_decoy = "$argon2id$v=19$m={},t={},p={}${}${}".format(
    _hasher.memory_cost, _hasher.time_cost, _hasher.parallelism,
    *(base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (_hasher.salt_len, _hasher.hash_len)),
)  # fmt: skip


def field_errors(password: str, username: str, pointer: str = "/password") -> list[FieldError]:
    """What is wrong with a new password: its length, or that it is guessed soon. No character is asked for."""
    if len(password) < SHORTEST:
        return [FieldError(pointer, "password_too_short", {"least": SHORTEST})]
    if len(password) > LONGEST:
        return [FieldError(pointer, "text_too_long", {"length": len(password), "longest": LONGEST})]
    if "\x00" in password:
        return [FieldError(pointer, "control_characters")]
    if int(zxcvbn(password, [username.partition("@")[0], *LOCAL]).score) < LEAST_SCORE or _is_name(password, username):
        return [FieldError(pointer, "password_obvious")]
    return []


def _is_name(password: str, username: str) -> bool:
    """Whether the password is the user name, also backwards or with digits and signs after it."""
    plain = password.casefold()
    return username in (plain, plain[::-1], plain.rstrip("0123456789.@!#_-"))


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
