"""Processes: starting a server and ending it, and what a tree of processes has cost so far."""

import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

MIB = 2**20
PAGE = os.sysconf("SC_PAGE_SIZE")
START_SECONDS, STOP_SECONDS = 90, 15


def tree(pid: int) -> list[psutil.Process]:
    """A process and everything below it."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(*pids: int) -> float:
    """Processor time of these trees, of children that have ended as well."""
    spent = 0.0
    for process in (p for pid in pids for p in tree(pid)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


def resident(processes: list[psutil.Process]) -> float:
    """Resident memory of processes, MiB; pages that they share count in each."""
    held = 0
    for process in processes:
        try:
            held += int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
        except OSError:
            continue
    return held / MIB


@contextmanager
def peak(pid: int, every: float = 0.05, anew: int = 20) -> Iterator[list[float]]:
    """The highest resident memory of a tree during the block, in the one element of the list.

    Which processes there are is looked up once in `anew` times: that walk through /proc would itself cost a tenth of
    what is measured.
    """
    highest, over = [resident(tree(pid))], threading.Event()

    def watch() -> None:
        looked, processes = 0, tree(pid)
        while not over.wait(every):
            looked += 1
            processes = tree(pid) if looked % anew == 0 else processes
            highest[0] = max(highest[0], resident(processes))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield highest
    finally:
        over.set()
        watcher.join()


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], probe: str, log: Path
) -> Iterator[int]:
    """A server for the length of the block, from its first answer to `probe`; gives its process id."""
    with log.open("ab") as lines:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **environment},
            stdout=lines,
            stderr=lines,
            start_new_session=True,
        )
    try:
        _await_answer(process, probe, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], probe: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(probe, timeout=2):  # noqa: S310  # an address of this machine
                return
        except urllib.error.HTTPError as answer:
            if answer.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"no server at {probe}; its log ends:\n{log.read_text()[-2000:]}")
