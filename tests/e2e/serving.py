"""The process of a server: forked from one that has imported the application, which takes two seconds of processor."""

import os
import sys
from collections.abc import Mapping
from multiprocessing import forkserver, get_context, process
from multiprocessing.process import BaseProcess
from pathlib import Path

import uvicorn

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


def end() -> None:
    """Ends the process that the servers are forked from, and waits for it."""
    forkserver._forkserver._stop()


def _serve(port: int, settings: Mapping[str, str]) -> None:
    os.environ.update(settings)
    uvicorn.run("app.main:application", factory=True, port=port, loop="uvloop", log_level="warning")


def _launch(settings: Mapping[str, str], log: str) -> None:
    end_with(os.getppid())
    with open(log, "ab") as out:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(out.fileno(), stream.fileno())
    for name in [n for n in os.environ if n.startswith("LEDGER_")]:
        del os.environ[name]
    os.environ.update(settings)
    process._parent_process = None  # type: ignore[attr-defined]  # it is the launcher, and no worker of one
    app.cli.launcher.launch()
