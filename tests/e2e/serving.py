"""The process of a server: forked from one that has imported the application, which takes two seconds of processor."""

import os
from collections.abc import Mapping
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess

import uvicorn

import app.main

assert app.main  # imported before the fork

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def served(port: int, settings: Mapping[str, str]) -> BaseProcess:
    """Starts to serve, as `uvicorn --factory app.main:application` does."""
    process = FORKS.Process(target=_serve, args=(port, dict(settings)), daemon=True)
    process.start()
    return process


def end() -> None:
    """Ends the process that the servers are forked from, and waits for it."""
    forkserver._forkserver._stop()


def _serve(port: int, settings: Mapping[str, str]) -> None:
    os.environ.update(settings)
    uvicorn.run("app.main:application", factory=True, port=port, loop="uvloop", log_level="warning")
