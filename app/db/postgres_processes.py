"""The processes on a data directory: its server, and the sessions that a killed server has left behind."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from app.db.postgres_home import EmbeddedPostgresError

ORPHAN_SECONDS = 60
KILL_SECONDS = 10  # after which a session that does not end is killed; the write-ahead log is replayed in any case
SESSION = b"postgres: "  # the title of every process but the server's own


def working_directory(process_id: int) -> Path | None:
    """Where a process works: a server works in its data. None if this cannot be seen."""
    try:
        return Path(os.readlink(f"/proc/{process_id}/cwd"))
    except OSError:
        return None


def _title(process_id: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process_id}/cmdline").read_bytes()
    return b""


def _parent(process_id: int) -> int:
    with suppress(OSError, ValueError):
        return int(Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return 0


def orphans(data: Path) -> list[int]:
    """The sessions on this data whose server is gone."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or not _title(int(entry.name)).startswith(SESSION):
            continue
        process_id = int(entry.name)
        if working_directory(process_id) == data and working_directory(_parent(process_id)) != data:
            found.append(process_id)
    return sorted(found)


def end_orphans(data: Path) -> None:
    """End the sessions that a killed server has left on this data, and wait for their end.

    They still hold its shared memory, so that no server can start. What they had not committed is undone. Raises
    EmbeddedPostgresError, with their processes, if they do not end.
    """
    started = time.monotonic()
    while left := orphans(data):
        waited = time.monotonic() - started
        for process_id in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process_id, signal.SIGKILL if waited > KILL_SECONDS else signal.SIGQUIT)
        if waited > ORPHAN_SECONDS:
            command = f"kill -9 {' '.join(map(str, left))}"
            raise EmbeddedPostgresError(
                f"上一个数据库服务器留下的进程还占用着 {data}，请终止它们后再启动：{command} 。 "
                f"Processes that a former server has left behind still hold {data}: end them, then start again: "
                f"{command}"
            )
        time.sleep(0.05)
