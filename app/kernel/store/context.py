"""Who asks, and for what: the context in which every record is read and written."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import asyncpg

from app.db.context import SYSTEM_ROLE, Caller
from app.db.engine import Pools
from app.errors import Refusal
from app.kernel.declare.access import Right
from app.kernel.declare.record_type import RecordType, Registry
from app.kernel.personal.keyring import Keyring
from app.kernel.schema.models import Schemas
from app.kernel.sql.projection import RoleView, role_view
from app.kernel.store import db_errors
from app.kernel.store.batcher import Batcher
from app.roles import READERS

UNBOUND = 1000  # reads wait for no lock: only the pool bounds how many statements of them are under way


@dataclass(frozen=True)
class Runtime:
    """What the running service holds: the record types, their schemas, and the connections."""

    registry: Registry
    schemas: Mapping[str, Schemas]
    pools: Pools
    seal: Keyring
    write_batcher: Batcher = field(default_factory=Batcher)
    read_batcher: Batcher = field(default_factory=lambda: Batcher(max_concurrent=UNBOUND))


@dataclass(frozen=True, eq=False)
class RequestContext:
    """One request: who asks, and the identifier it is logged under. `origin` names the import that writes."""

    runtime: Runtime
    caller: Caller
    request: str
    origin: str | None = None

    def context(self, action: str = "", **more: Any) -> str:
        """The caller context of one statement of this request."""
        if self.origin:
            more["import"] = self.origin
        return self.caller.context(self.request, action, **more)

    @cached_property
    def view(self) -> RoleView:
        """The eyes with which every document of this request is read."""
        return role_view(self.runtime.registry, self.caller.role)

    def right(self, t: RecordType) -> Right:
        """What the caller may do with records of a type."""
        return self.view.right(t)

    @asynccontextmanager
    async def as_system(self, connection: Any) -> AsyncIterator[None]:
        """Within a transaction: what follows is done by the ledger's own hand, not with the caller's eyes.

        For what a write brings about in records the caller may not see, and for handing a record on out of the
        caller's own sight, which its own policy would refuse. The caller's jurisdiction and standing still bind it.
        """
        await connection.execute(f"set local role {SYSTEM_ROLE}")
        yield
        await connection.execute(f"set local role {self.caller.database_role}")

    @asynccontextmanager
    async def connection(self, transaction: bool = False) -> AsyncIterator[Any]:
        """A connection of the caller's class; constraint violations become refusals."""
        with self.refusing():
            async with self.runtime.pools[self.caller.database_role].acquire() as connection:
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
            raise db_errors.refusal(self.runtime.registry, problem) from None
