"""Who asks, and for what: the context in which every record is read and written."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import asyncpg

from app.db.context import HAND, Caller
from app.db.engine import Pools
from app.errors import Refusal
from app.kernel import violations
from app.kernel.access import READERS, Right
from app.kernel.documents import View, view_of
from app.kernel.gathering import Gathering
from app.kernel.keyring import Keyring
from app.kernel.record_type import RecordType, Registry
from app.kernel.schemas import Schemas

UNBOUND = 1000  # reads wait for no lock: only the pool bounds how many statements of them are under way


@dataclass(frozen=True)
class Ledger:
    """What the running service holds: the record types, their schemas, and the connections."""

    registry: Registry
    schemas: Mapping[str, Schemas]
    pools: Pools
    seal: Keyring
    gathering: Gathering = field(default_factory=Gathering)
    readings: Gathering = field(default_factory=lambda: Gathering(turns=UNBOUND))


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def view(self) -> View:
        """The eyes with which every document of this request is read."""
        return view_of(self.ledger.registry, self.caller.role)

    def right(self, t: RecordType) -> Right:
        """What the caller may do with records of a type."""
        return self.view.right(t)

    @asynccontextmanager
    async def as_ledger(self, connection: Any) -> AsyncIterator[None]:
        """Within a transaction: what follows is done by the ledger's own hand, not with the caller's eyes.

        For what a write brings about in records the caller may not see, and for handing a record on out of the
        caller's own sight, which its own policy would refuse. The caller's jurisdiction and standing still bind it.
        """
        await connection.execute(f"set local role {HAND}")
        yield
        await connection.execute(f"set local role {self.caller.database_role}")

    @asynccontextmanager
    async def connection(self, transaction: bool = False) -> AsyncIterator[Any]:
        """A connection of the caller's class; constraint violations become refusals."""
        with self.refusing():
            async with self.ledger.pools.of(self.caller).acquire() as connection:
                if transaction:
                    async with connection.transaction():
                        yield connection
                else:
                    yield connection

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """What the database refuses of a write becomes a refusal."""
        try:
            yield
        except asyncpg.InsufficientPrivilegeError:
            if self.caller.role not in READERS and not self.caller.importing:
                raise Refusal("not_found", label="记录") from None  # no record exists for a role that reads none
            raise Refusal("not_your_record") from None  # a policy refused a row that was to be written
        except asyncpg.IntegrityConstraintViolationError as problem:
            raise violations.refusal(self.ledger.registry, problem) from None
