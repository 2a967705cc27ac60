"""What uvicorn runs in a serving process, how the process logs, and how it ends with its parent."""

import ctypes
import gc
import logging
import multiprocessing
import os
import signal
from typing import Any

import orjson

from app.cli.words import prepare_streams
from app.clock import now
from app.db.embedded import PR_SET_PDEATHSIG


class JsonLine(logging.Formatter):
    """Formats the warnings of libraries as our log is: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a log record."""
        line = {"at": now().isoformat(), "level": record.levelname.lower(), "event": record.getMessage()}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps({**line, "logger": record.name}).decode()


LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.cli.worker.JsonLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}


def end_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends. No write is cut in half: each is one transaction."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def application() -> Any:
    """The application, in the launcher's own process or in one of several workers."""
    if (parent := multiprocessing.parent_process()) is not None and parent.pid is not None:
        end_with(parent.pid)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent hears it, too, and ends its workers
        prepare_streams()
    gc.disable()  # until all is there: `main.application` puts it beyond collection
    from app import main

    return main.application()
