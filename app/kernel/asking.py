"""Who asks, and for what: the context in which every record is read and written."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.db.context import Caller
from app.db.engine import Pools
from app.kernel import violations
from app.kernel.record_type import Registry
from app.kernel.schemas import Schemas
from app.kernel.sealing import Seal


@dataclass(frozen=True)
class Ledger:
    """What the running service holds: the record types, their schemas, and the connections."""

    registry: Registry
    schemas: Mapping[str, Schemas]
    pools: Pools
    seal: Seal


@dataclass(frozen=True)
class Asking:
    """One request: who asks, and the identifier it is logged under. `origin` names the import that writes."""

    ledger: Ledger
    caller: Caller
    request: str
    origin: str | None = None

    def context(self, action: str = "", **more: Any) -> str:
        """The caller context of one statement of this request."""
        if self.origin:
            more["import"] = self.origin
        return self.caller.context(self.request, action, **more)

    @asynccontextmanager
    async def connection(self, transaction: bool = False) -> AsyncIterator[Any]:
        """A connection of the caller's class; constraint violations become refusals."""
        async with self.ledger.pools.of(self.caller).acquire() as connection:
            try:
                if transaction:
                    async with connection.transaction():
                        yield connection
                else:
                    yield connection
            except asyncpg.IntegrityConstraintViolationError as problem:
                raise violations.refusal(self.ledger.registry, problem) from None
