"""What may be wrong with the database and not with the request: one table, from the driver's errors to a sentence.

Whoever meets an error of the driver asks here: the edge for its answer (503), an import for its end, `/health/ready`
for its reason. An error that is not in the table is a mistake of ours (500).
"""

import errno
from typing import Any

import asyncpg

# By SQLSTATE, whole or by class. The codes are those of the sentences (app/sentences/faults.py).
CODES = {
    "08": "database_unreachable",
    "25006": "database_read_only",
    "25P03": "took_too_long",
    "25P04": "took_too_long",
    "40001": "busy",
    "40P01": "busy",
    "53100": "disk_full",
    "53200": "out_of_memory",
    "53300": "too_many_connections",
    "53400": "took_too_long",  # a limit that the operator has set, as for temporary files
    "55P03": "busy",  # a lock that was not to be had in time
    "57014": "took_too_long",  # cancelled: by statement_timeout, or by a person
    "57P01": "database_stopping",
    "57P02": "database_stopping",
    "57P03": "database_stopping",
    "57P05": "database_stopping",
    "58": "database_damaged",
    "XX001": "database_damaged",
    "XX002": "database_damaged",
}
UNREACHABLE, BUSY, DISK_FULL, READ_ONLY = "database_unreachable", "busy", "disk_full", "database_read_only"
# The seconds after which it is worth while to try again.
RETRY_SECONDS = {
    "database_unreachable": 5, "database_stopping": 5, "took_too_long": 5, "too_many_connections": 5,
    "database_read_only": 10, "out_of_memory": 10, "disk_full": 60, "database_damaged": 60,
}  # fmt: skip

# The connection is gone, and with it the answer: a statement that was under way may have been carried out.
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,  # an answer that was not expected: the server has just ended the session
    OSError,
)
# The classes under which the driver's errors come. Not all that is of one is a fault: ask `code_of`.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
MISUSED = (asyncpg.exceptions.DataError, asyncpg.exceptions.ClientConfigurationError)
_DISKS = (errno.ENOSPC, errno.EDQUOT)


class OutcomeUnknown(Exception):
    """The connection was lost after the statement that saves had been sent: nobody knows whether it was carried out."""


def code_of(problem: BaseException) -> str | None:
    """The code of a fault of the database; None for anything else. Never `outcome_unknown` where nothing was sent."""
    if isinstance(problem, OutcomeUnknown):
        return "outcome_unknown"
    if isinstance(problem, asyncpg.PostgresError):
        state: Any = problem.sqlstate or ""
        return CODES.get(state) or CODES.get(state[:2]) or ("access_log_failing" if _of_access_log(problem) else None)
    if isinstance(problem, OSError):
        return _code_of_system(problem)
    if isinstance(problem, asyncpg.InterfaceError | asyncpg.InternalClientError):
        # A closed connection; a value that the driver cannot encode is a mistake of ours.
        return None if isinstance(problem, MISUSED) or _is_misuse(problem) else UNREACHABLE
    return None


def _of_access_log(problem: Any) -> bool:
    """Whether the entry of a read could not be written: its grant, its table or a constraint of it is not as it was."""
    state, said = problem.sqlstate or "", problem.message or ""
    return (state[:2] == "42" and "access_log" in said) or (state[:2] == "23" and problem.table_name == "access_log")


def _is_misuse(problem: Exception) -> bool:
    return type(problem) is asyncpg.InterfaceError and "another operation is in progress" in str(problem)


def _code_of_system(problem: OSError) -> str | None:
    """The code of an error of the operating system: no way to the database, no connection free in time, a full disk."""
    if problem.errno in _DISKS:
        return DISK_FULL
    if isinstance(problem, TimeoutError) and problem.errno is None:
        return BUSY  # no connection of the pool came free
    reachable = problem.filename is not None  # an error of a file names it
    return None if reachable else UNREACHABLE
