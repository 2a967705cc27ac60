"""Encrypt sealed values anew with the current key, while the service reads and writes.

Each small batch is a transaction of its own and skips rows that others have locked. Killed at any moment, the rotation
is run again and does the rest. At every moment a value opens with the former key or with the new one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.kernel.personal.encryption import FORM, Place, SealedValue, Unopened, locked, opened
from app.kernel.personal.keyring import Keyring, UnknownKey

BATCH = 200
_KEY = "jurisdiction, record_id, member, digest"
_FORMER = f"(key_id <> $1 or form < {FORM})"
_NEXT = f"""select jurisdiction, record_id::text, member, digest, form, algorithm, key_id, ciphertext from sealed_value
  where {_FORMER} and ({_KEY}) > ($2, $3::text::uuid, $4, $5) order by {_KEY} limit {BATCH} for update skip locked"""
_RENEW = """update sealed_value s
  set form = x.form, algorithm = x.algorithm, key_id = x.key_id, ciphertext = x.ciphertext
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::text[], $8::bytea[])
    x(jurisdiction, record_id, member, digest, form, algorithm, key_id, ciphertext)
  where s.jurisdiction = x.jurisdiction and s.record_id = x.record_id::uuid and s.member = x.member
    and s.digest = x.digest"""
_START = ("", "00000000-0000-0000-0000-000000000000", "", "")


@dataclass
class Rotated:
    """How many values were encrypted anew, and how many no key of the ring opens."""

    done: int = 0
    unopened: int = 0


async def not_renewed(connection: Any, ring: Keyring) -> int:
    """The number of values that are not yet encrypted with the current key in the current form."""
    found: int = await connection.fetchval(f"select count(*) from sealed_value where {_FORMER}", ring.current.key_id)
    return found


async def rotate(connection: Any, ring: Keyring, progress: Callable[[int], None]) -> Rotated:
    """Encrypt anew until a whole pass finds nothing to do: meanwhile a writer may have used the former key."""
    whole = Rotated()
    while True:
        found = await _sweep(connection, ring, lambda done: progress(whole.done + done))
        whole.done += found.done
        whole.unopened = found.unopened
        if not found.done:
            return whole


async def _sweep(connection: Any, ring: Keyring, progress: Callable[[int], None]) -> Rotated:
    found, last = Rotated(), _START
    while True:
        async with connection.transaction():
            rows = await connection.fetch(_NEXT, ring.current.key_id, *last)
            if not rows:
                return found
            renewed = [row for row in (_renewed(ring, row) for row in rows) if row]
            if renewed:
                await connection.execute(_RENEW, *map(list, zip(*renewed, strict=True)))
        last = tuple(rows[-1])[:4]
        found.done += len(renewed)
        found.unopened += len(rows) - len(renewed)
        progress(found.done)


def _renewed(ring: Keyring, row: Any) -> tuple[Any, ...] | None:
    """The value as it is to be stored; None for a value that does not open, which then stays as it is."""
    place = Place(row["jurisdiction"], row["record_id"], row["member"], row["digest"])
    stored = SealedValue(row["form"], row["algorithm"], row["key_id"], row["ciphertext"])
    try:
        fresh = locked(ring, place, opened(ring, place, stored))
    except (UnknownKey, Unopened):
        return None
    return *tuple(row)[:4], fresh.form, fresh.algorithm, fresh.key_id, fresh.ciphertext
