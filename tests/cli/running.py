"""`python -m app` as another process: its words, its children, and its end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.e2e.serving import Command

PROJECT = Path(__file__).resolve().parents[2]
LAST_WORDS = "停止 to stop"  # the line with which a start is complete
SECONDS = 120  # a machine may be busy


def free_port() -> int:
    """A port that nobody listens on. Another process may take it meanwhile, which is unlikely enough."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(directory: Path, **more: str) -> dict[str, str]:
    """The caller's environment without its LEDGER_ settings, and with these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    return {**clean, "LEDGER_DATA_DIR": str(directory), **more}


@dataclass
class Running:
    """A command that serves, and what it has said so far."""

    process: subprocess.Popen[str] | Command
    port: int
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self) -> str:
        """Everything it has said."""
        return "".join(self.said)

    def until(self, words: str) -> str:
        """Reads on until a line holds these words, and gives that line."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"ended without saying {words!r}:\n{self.text}")

    def children(self) -> list[psutil.Process]:
        """Every process that it started, and those that these started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        assert self.process.stdout
        self.said += self.process.stdout.readlines()
        status = self.process.wait(SECONDS)
        assert status is not None, "it does not end"
        return status


@contextmanager
def running(command: str, directory: Path, module: str = "", **more: str) -> Iterator[Running]:
    """The command, already started; killed at the end if it still runs.

    `serve` by itself is forked from a process that has imported it. As it is delivered, the module is `app`; with
    passwords that cost little, `tests.cli.cheaply`.
    """
    port = free_port()
    settings = environment(directory, **{"LEDGER_PORT": str(port), **more})
    alone = command == "serve" and not module and "LEDGER_WORKERS" not in more
    started = Command(settings) if alone else _started(command, settings, module or "tests.cli.cheaply")
    with started as process:
        try:
            yield Running(process, port)
        finally:
            process.kill()


def _started(command: str, settings: dict[str, str], module: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, command],
        cwd=PROJECT,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # also where the tests run under `nohup`
    )


def run(directory: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=PROJECT,
        env=environment(directory, **more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
    )


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of them end within some seconds; as a zombie that nobody reaps, one has ended."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if all(map(_ended, processes)):
            return True
        time.sleep(0.05)
    return False


def _ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
