"""Uploads that a killed process has left behind. They may hold identity numbers, so the next start removes them."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Container, Mapping
from pathlib import Path
from typing import Any

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


Keep = Callable[[str, str, Path], Awaitable[None]]  # the file of an import of this maker


async def remove_orphan_files(
    connection: Any, folder: Path, open_states: Container[str], alone: bool, keep: Keep
) -> None:
    """Remove uploads whose import has ended. That of one which was interrupted is kept elsewhere before.

    `alone`: no other process uses the folder. Then uploads from before this call that never became an import are
    removed as well.
    """
    before = time.time() if alone else 0.0
    uploads = await asyncio.to_thread(_uploads, folder)
    rows = await connection.fetch(
        "select id::text, state, maker, problem ->> 'code' as code from import_job where id = any($1::text[]::uuid[])",
        list(uploads),
    )
    for row in rows:
        if row["state"] == "failed" and row["code"] == "import_interrupted":
            await keep(row["maker"], row["id"], uploads[row["id"]])
    states = {row["id"]: row["state"] for row in rows}
    await asyncio.to_thread(_remove, uploads, states, open_states, before)


def _uploads(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.iterdir() if _ID.fullmatch(path.name)}


def _remove(uploads: Mapping[str, Path], states: Mapping[str, str], open_states: Container[str], before: float) -> None:
    for name, path in uploads.items():
        ended = states[name] not in open_states if name in states else path.stat().st_mtime < before
        if ended:
            path.unlink(missing_ok=True)
