"""Whether what a request was to save is saved: the transaction of a write, and what is said where nobody knows.

Before COMMIT is sent a lost connection has saved nothing, because Postgres undoes what was not committed. From then on,
and from a statement outside of a transaction on, which commits itself, only the database knows. Also a write that was
committed and whose answer could then not be read is unknown to its caller.
"""

from contextvars import ContextVar
from types import TracebackType
from typing import Any

import asyncpg

from app.db.faults import LOST, OutcomeUnknown
from app.db.pool import commit_limit

# Whether this request has committed something. The edge sets it anew for each request.
SAVED: ContextVar[bool] = ContextVar("saved", default=False)


class Transaction:
    """`async with Transaction(connection)`: as the driver's own, and it says so if the outcome is not known.

    Raises OutcomeUnknown if the connection is lost at COMMIT. Within another transaction it is a savepoint, whose end
    saves nothing yet. If the block fails, its own error leaves the block, also
    where the connection is lost and the driver cannot roll back.
    """

    __slots__ = ("_connection", "_own", "_within")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._own, self._within = connection.transaction(), connection.is_in_transaction()

    async def __aenter__(self) -> None:
        await self._own.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        limit = None if kind or self._within else commit_limit(self._connection)
        try:
            await self._own.__aexit__(kind, problem, trace)
        except LOST as lost:
            if kind is None and self._within:
                raise
            if kind is None:
                raise OutcomeUnknown from lost
        except asyncpg.InterfaceError:  # the connection was closed before: no COMMIT was sent
            if kind is None:
                raise
        else:
            if kind is None and not self._within:
                SAVED.set(True)
        finally:
            if limit:
                limit.cancel()
