"""Logs: one JSON object a line on standard error. Never a body, a query value, a name or a number of a record."""

import logging
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


structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        without_words,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ],
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    cache_logger_on_first_use=True,
)
log = structlog.get_logger()
