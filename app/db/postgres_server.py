"""The server process of the trial database: waiting for its predecessor, starting it, stopping it."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from app.db.logins import private
from app.db.postgres_home import EmbeddedPostgresError, Home, as_server, log_tail, start_failure
from app.db.postgres_processes import end_orphans, working_directory

DYING_SECONDS, STOP_SECONDS = 60, 30
READY_SECONDS = 300  # a start after a crash first replays up to max_wal_size
LOG_BYTES = 16 * 2**20

SETTINGS = {"max_connections": "100", "shared_buffers": "256MB", "checkpoint_timeout": "5min", "max_wal_size": "2GB"}
SETTINGS |= {"jit": "off", "timezone": "UTC", "log_timezone": "UTC"}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MARK = "cluster_name=inspection-ledger"  # by it the next starter knows our server in the process table
FIXED = ("listen_addresses=127.0.0.1", "unix_socket_directories=", MARK)
# Another program took the port between our look and the server's; children of a killed server still linger.
PASSING = ("could not create any TCP/IP sockets", "pre-existing shared memory block")


def await_predecessor(home: Home) -> None:
    """Let the server of a killed service finish its shutdown, and end what a killed server has left behind.

    Refuses a server that somebody else runs, and one that does not end. Raises EmbeddedPostgresError.
    """
    deadline = time.monotonic() + DYING_SECONDS
    while found := _server_on(home.data):
        server, ours = found
        if not ours or time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"{home.data} 上还有一个 PostgreSQL(进程 {server})在运行,请停止它后再启动。 "
                f"A PostgreSQL (process {server}) is still running on {home.data}: stop it, then start again."
            )
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGINT)
        time.sleep(0.05)
    end_orphans(home.data)


def _server_on(data: Path) -> tuple[int, bool] | None:
    """The live server that postmaster.pid names, and whether it is one of ours.

    The file may be that of a copied directory, whose server goes on elsewhere: then it says nothing of this one.
    """
    pid_file = data / "postmaster.pid"
    try:
        lines = pid_file.read_text().split("\n")
        server = int(lines[0])
        command = Path(f"/proc/{server}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    place = working_directory(server) or Path(lines[1] if lines[1:] else data)
    if Path(command[0]).name in ("postgres", "postmaster") and place == data:
        return server, str(data) in command and MARK in command
    # A crash left the file, and its number is now another program's, or a zombie's that nobody reaps (containers).
    # PostgreSQL would refuse to start for ever; against orphaned sessions it still has its shared memory, by inode.
    pid_file.unlink(missing_ok=True)
    return None


def start_server(
    home: Home, binaries: Path, settings: Mapping[str, str], stopping: threading.Event
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server: its process and its port. The server ends with the thread that calls this.

    Raises EmbeddedPostgresError with the end of its log, also when `stopping` is set meanwhile.
    """
    if home.log.exists() and home.log.stat().st_size > LOG_BYTES:
        home.log.rename(home.log.with_suffix(".log.1"))
    chosen = SETTINGS | ({} if home.durable else FORGETFUL) | dict(settings)
    for _ in range(5):
        port = _free_port(home.directory / "port")
        command = [f"{binaries}/bin/postgres", "-D", f"{home.data}"]
        for setting in (*(f"{name}={value}" for name, value in chosen.items()), *FIXED, f"port={port}"):
            command += ["-c", setting]
        server = _forked(home, command)
        if _becomes_ready(home, server, stopping):
            _remember(home.directory / "port", port)
            return server, port
        stop_server(server)
        if stopping.is_set() or not any(reason in log_tail(home) for reason in PASSING):
            break
        time.sleep(0.2)
    raise start_failure(home)


def _forked(home: Home, command: list[str]) -> subprocess.Popen[bytes]:
    options = as_server(home, signal.SIGINT)
    with open(home.log, "ab", opener=private) as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **options)  # noqa: S603 our binary


def _remember(file: Path, port: int) -> None:
    with suppress(OSError):  # a full disk; the next start then looks for another port
        if not file.exists() or file.read_text().strip() != str(port):
            file.write_text(f"{port}\n")


def stop_server(server: subprocess.Popen[bytes]) -> None:
    """Stop a server, in order if it can be."""
    server.send_signal(signal.SIGINT)  # fast: ends sessions and writes a checkpoint
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # immediate: the next start replays the write-ahead log
        server.wait(STOP_SECONDS)


def _becomes_ready(home: Home, server: subprocess.Popen[bytes], stopping: threading.Event) -> bool:
    """Whether the server says in postmaster.pid that it accepts connections, before it ends or the time is up."""
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline and not stopping.is_set():
        with suppress(FileNotFoundError):
            lines = (home.data / "postmaster.pid").read_text().split("\n")
            if lines[0] == str(server.pid) and lines[7:] and lines[7].strip() == "ready":
                return True
        time.sleep(0.01)
    return False


def _free_port(remembered: Path) -> int:
    wanted = [0]
    with suppress(FileNotFoundError, ValueError):
        wanted.insert(0, int(remembered.read_text()))
    for port in wanted:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: ended sessions linger
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
