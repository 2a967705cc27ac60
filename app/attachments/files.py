"""The directory of contents: how a file is named, received, found and removed.

The name of a file holds the identifier of its record and its digest. Of two uploads at once the one that the database
refuses leaves a file that no record names, and `prune` removes it.
"""

import asyncio
import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from app.errors import Refusal
from app.settings import Settings

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OFFICE = "application/vnd.openxmlformats-officedocument."
# Content-Type -> how such a file begins; '' where any text may stand.
BEGINNINGS = {
    "application/pdf": b"%PDF-",
    "application/ofd": ZIP,
    f"{OFFICE}wordprocessingml.document": ZIP,
    f"{OFFICE}spreadsheetml.sheet": ZIP,
    f"{OFFICE}presentationml.presentation": ZIP,
    "application/msword": OLE,
    "application/vnd.ms-excel": OLE,
    "application/zip": ZIP,
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/tiff": b"II*\x00",
    "text/plain": b"",
    "text/csv": b"",
}
LEFT_BEHIND = 86_400.0  # seconds after which a file that no record names is one that was left
_NAME = re.compile(r"([0-9a-f-]{36})\.([0-9a-f]{64})")


class Stored(NamedTuple):
    """What was received."""

    path: Path
    media_type: str
    size: int
    sha256: str


def folder(settings: Settings) -> Path:
    """The directory of contents."""
    return settings.attachment_dir or settings.data_dir / "attachments"


def place(root: Path, record_id: str, sha256: str) -> Path:
    """Where the content of a record lies: a directory for the last digits, so that none holds too many."""
    return root / record_id[-2:] / f"{record_id}.{sha256}"


async def receive(root: Path, record_id: str, media_type: str, body: AsyncIterator[bytes]) -> Stored:
    """Write a body to its place as it arrives; a part of it is never seen there.

    Refuses an empty body, and one that does not begin as its type does.
    """
    await asyncio.to_thread(root.mkdir, mode=0o700, parents=True, exist_ok=True)
    part = root / f".{record_id}.{secrets.token_hex(4)}"
    digest, size, begun = hashlib.sha256(), 0, b""
    try:
        with part.open("xb") as file:
            async for chunk in body:
                begun = (begun + chunk)[:16] if size < 16 else begun
                size += len(chunk)
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(_settle, file)
        if not size:
            raise Refusal("content_empty")
        if not begun.startswith(BEGINNINGS[media_type]) or (b"\0" in begun and not BEGINNINGS[media_type]):
            raise Refusal("content_of_another_type", media=media_type)
        final = place(root, record_id, digest.hexdigest())
        await asyncio.to_thread(_move, part, final)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    return Stored(final, media_type, size, digest.hexdigest())


def _settle(file: object) -> None:
    file.flush()  # type: ignore[attr-defined]  # any file
    os.fsync(file.fileno())  # type: ignore[attr-defined]  # any file


def _move(part: Path, final: Path) -> None:
    """Rename it, and have the directory on the disk before the database says that it is there."""
    final.parent.mkdir(mode=0o700, exist_ok=True)
    part.rename(final)
    for directory in (final.parent, final.parent.parent):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def left_behind(root: Path, before: float | None = None) -> Iterator[tuple[Path, str | None]]:
    """Files that are a day old, each with the key by which a record would name it; None of an upload that broke off."""
    before = time.time() - LEFT_BEHIND if before is None else before
    if not root.is_dir():
        return
    for path in root.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < before:
                yield path, path.name if _NAME.fullmatch(path.name) else None
