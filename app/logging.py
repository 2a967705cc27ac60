"""Logs: one JSON object a line on standard error. Never a body, a query value, a name or a number of a record.

What merely happened goes where the lines of requests go: a person at a terminal reads sentences there.
"""

import logging
import os
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog


def without_words(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say where an exception came from and of which class, but not its message, which may hold what a clerk typed."""
    problem = sys.exc_info()[1] if event.pop("exc_info", None) else None
    lines: list[str] = []
    while problem is not None:
        state = getattr(problem, "sqlstate", None)
        lines += [*traceback.format_tb(problem.__traceback__), type(problem).__name__ + (f" {state}" if state else "")]
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return {**event, "exception": "\n".join(lines)} if lines else event


class JsonLines(structlog.PrintLogger):
    """Writes lines to standard error; events to a file that every worker appends to, once `events_into` names one."""

    events: int | None = None

    def info(self, message: str) -> None:
        """Write an event that needs no action of an operator."""
        if JsonLines.events is None:
            self.msg(message)
        else:
            os.write(JsonLines.events, f"{message}\n".encode())


def events_into(access_log: str) -> None:
    """Write events to the file of the setting `access_log`. Where that names no file, they stay on standard error."""
    if access_log not in ("-", "off"):
        JsonLines.events = os.open(access_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        without_words,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    logger_factory=lambda *_: JsonLines(sys.stderr),
    cache_logger_on_first_use=True,
)
log = structlog.get_logger()
