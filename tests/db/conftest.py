"""Clusters of the trial database, at rest or run by another process, and how tests look at them."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.db.embedded import embedded_postgres
from tests.support.folders import folder

AS_ROOT = os.geteuid() == 0
PROJECT = Path(__file__).resolve().parents[2]
SERVICE = """
import sys, time
from pathlib import Path
from app.db.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as server:
    print(server.superuser_url, server.process_id, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of its own."""
    with folder("db") as made:
        yield made


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """A directory with a cluster, at rest, shared by the tests of this file."""
    with folder("db") as made:
        with embedded_postgres(made / "ledger", durable=False):
            pass
        yield made / "ledger"


@pytest.fixture
def service(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Another process that runs the server: the process, the superuser's address, the postmaster."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE, directory], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout:
        url, postmaster = process.stdout.readline().split()
        yield process, url, int(postmaster)
        process.kill()
    assert ended(int(postmaster))


def ended(process_id: int, seconds: float = 20) -> bool:
    """Whether a process that is not our child has gone; as a zombie nobody reaps, it has."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


async def ask(url: str, *statements: str) -> Any:
    """The first value that the last statement returns."""
    connection = await asyncpg.connect(url, timeout=20)
    try:
        for statement in statements:
            value = await connection.fetchval(statement)
    finally:
        await connection.close()
    return value


def mode(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid


def is_bilingual(sentence: str) -> bool:
    chinese, _, english = sentence.partition("。 ")
    return any("\u4e00" <= character <= "\u9fff" for character in chinese) and english[:1].isascii() and bool(english)
