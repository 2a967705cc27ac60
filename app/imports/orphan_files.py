"""Uploads of a process that was killed: they may hold identity numbers, and are taken away when the next one starts."""

import asyncio
import re
import time
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def remove_leftovers(connection: Any, folder: Path, open_states: Container[str], alone: bool) -> None:
    """Removes files whose import is over; and if nobody else is at work, those that never became an import."""
    before = time.time() if alone else 0.0
    found = await asyncio.to_thread(_files, folder)
    rows = await connection.fetch(
        "select id::text, state from import_job where id = any($1::text[]::uuid[])", list(found)
    )
    states = {row["id"]: row["state"] for row in rows}
    await asyncio.to_thread(_remove, found, states, open_states, before)


def _files(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.iterdir() if _ID.fullmatch(path.name)}


def _remove(found: Mapping[str, Path], states: Mapping[str, str], open_states: Container[str], before: float) -> None:
    for name, path in found.items():
        over = states[name] not in open_states if name in states else path.stat().st_mtime < before
        if over:
            path.unlink(missing_ok=True)
