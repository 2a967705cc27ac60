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
    """Where an exception came from and of what kind, not what it says: that may be what a clerk has typed."""
    problem = sys.exc_info()[1] if event.pop("exc_info", None) else None
    told: list[str] = []
    while problem is not None:
        state = getattr(problem, "sqlstate", None)
        told += [*traceback.format_tb(problem.__traceback__), type(problem).__name__ + (f" {state}" if state else "")]
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return {**event, "exception": "\n".join(told)} if told else event


class Lines(structlog.PrintLogger):
    """Standard error; for events, once `events_into` names one, a file that every worker appends to."""

    events: int | None = None

    def info(self, message: str) -> None:
        """What happened and calls for nobody."""
        if Lines.events is None:
            self.msg(message)
        else:
            os.write(Lines.events, f"{message}\n".encode())


def events_into(access_log: str) -> None:
    """Events follow the setting `access_log` into its file. Where it names none, they stay on standard error."""
    if access_log not in ("-", "off"):
        Lines.events = os.open(access_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        without_words,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    logger_factory=lambda *_: Lines(sys.stderr),
    cache_logger_on_first_use=True,
)
log = structlog.get_logger()
