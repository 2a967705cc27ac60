"""The process of a server: forked from one that has imported the application, which takes two seconds of processor."""

import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import forkserver, get_context, process
from multiprocessing.process import BaseProcess
from pathlib import Path

import uvicorn

import app.cli
import app.cli.launcher
import app.main
from app.cli.worker import end_with

assert app.main and app.cli.launcher  # imported before the fork

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def served(port: int, settings: Mapping[str, str]) -> BaseProcess:
    """Starts to serve, as `uvicorn --factory app.main:application` does."""
    process = FORKS.Process(target=_serve, args=(port, dict(settings)), daemon=True)
    process.start()
    return process


def launched(settings: Mapping[str, str], log: Path) -> BaseProcess:
    """Starts to serve, as `python -m app serve` does with these settings and no others."""
    started = FORKS.Process(target=_launch, args=(dict(settings), str(log)), daemon=True)
    started.start()
    return started


class Command:
    """`python -m app serve` with this environment and cheap passwords, with what tests ask of a `subprocess.Popen`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            said = os.path.join(folder, "said")
            os.mkfifo(said)
            self._process = FORKS.Process(target=_command, args=(dict(environment), said), daemon=True)
            self._process.start()
            self.stdout = open(said, encoding="utf-8")  # noqa: SIM115  # it waits for the process to open it
        assert self._process.pid
        self.pid = self._process.pid
        self.terminate, self.kill = self._process.terminate, self._process.kill

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self._process.join()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """The exit status."""
        self._process.join(seconds)
        return self._process.exitcode


def end() -> None:
    """Ends the process that the servers are forked from, and waits for it."""
    forkserver._forkserver._stop()


def _serve(port: int, settings: Mapping[str, str]) -> None:
    os.environ.update(settings)
    uvicorn.run("app.main:application", factory=True, port=port, loop="uvloop", log_level="warning")


def _command(environment: Mapping[str, str], said: str) -> None:
    from tests.cli import cheaply

    assert cheaply  # passwords cost little from here on
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests run under `nohup`
    _become(environment, said)
    sys.argv = ["python -m app", "serve"]
    app.cli.main()


def _launch(settings: Mapping[str, str], log: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    _become(clean | dict(settings), log)
    app.cli.launcher.launch()


def _become(environment: Mapping[str, str], log: str) -> None:
    end_with(os.getppid())
    with open(log, "ab") as out:
        for number in (1, 2):
            os.dup2(out.fileno(), number)
    streams = [open(number, "w", buffering=1, encoding="utf-8", closefd=False) for number in (1, 2)]  # noqa: SIM115
    sys.stdout, sys.stderr = streams
    os.environ.clear()
    os.environ.update(environment)
    process._parent_process = None  # type: ignore[attr-defined]  # it is the launcher, and no worker of one
