"""The file of an import with rejected rows, kept so that it can be sent back with what is wrong.

It is kept in the database, encrypted in parts, so that every machine finds it, and goes with the rows of the import. A
file without a rejected row is kept nowhere.
"""

import os
from asyncio import to_thread
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag

from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.personal.encryption import NONCE_BYTES
from app.kernel.personal.keyring import Keyring, UnknownKey
from app.kernel.store import RequestContext

PART_BYTES, MOST_BYTES = 2**20, 64 * 2**20  # of a larger one the rows say what is wrong


async def keep(ctx: RequestContext, import_id: str, path: Path) -> None:
    """Keep the file at `path`, unless it is too large: all its parts or none."""
    if (await to_thread(path.stat)).st_size > MOST_BYTES:
        return
    parts = enumerate(_parts(path))
    async with ctx.connection(transaction=True) as connection:
        while (one := await to_thread(next, parts, None)) is not None:
            number, part = one
            key_id, content = _sealed(ctx.runtime.seal, import_id, number, part)
            await connection.execute(
                f"""insert into import_file (import_id, part, belongs_to, key_id, content)
                select $2::uuid, $3::integer, caller_ownership(), $4::text, $5::bytea where {GUARD}
                on conflict do nothing""",
                ctx.context(), import_id, number, key_id, content,
            )  # fmt: skip


async def put_back(ctx: RequestContext, import_id: str, path: Path) -> None:
    """Write the file to `path`. Refuses with `file_not_kept`."""
    with path.open("wb") as file:
        number = 0
        while True:
            async with ctx.connection() as connection:
                row = await connection.fetchrow(
                    f"select key_id, content from import_file where import_id = $2 and part = $3 and {GUARD}",
                    ctx.context(), import_id, number,
                )  # fmt: skip
            if row is None:
                break
            opened = _opened(ctx.runtime.seal, import_id, number, row["key_id"], row["content"])
            await to_thread(file.write, opened)
            number += 1
    if not number:
        raise Refusal("file_not_kept", most=MOST_BYTES // 2**20)


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            yield part


def _bound(import_id: str, number: int) -> bytes:
    return f"import-file\0{import_id}\0{number}".encode()


def _sealed(ring: Keyring, import_id: str, number: int, part: bytes) -> tuple[str, bytes]:
    secret, nonce = ring.current, os.urandom(NONCE_BYTES)
    return secret.key_id, nonce + secret.cipher.encrypt(nonce, part, _bound(import_id, number))


def _opened(ring: Keyring, import_id: str, number: int, key_id: str, content: bytes) -> bytes:
    """A part in clear. One whose key is gone, as after a rotation whose former keys were taken out, is not kept."""
    try:
        cipher = ring.of(key_id).cipher
        return cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], _bound(import_id, number))
    except (UnknownKey, InvalidTag):
        raise Refusal("file_not_kept", most=MOST_BYTES // 2**20) from None
