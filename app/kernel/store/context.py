"""The context of one request: the caller, the identifier of the request, the rights, and the connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import asyncpg

from app.db.context import Caller
from app.db.faults import LOST, OutcomeUnknown, code_of
from app.db.held import HeldPool
from app.db.outcome import Transaction
from app.db.pool import WAIT_SECONDS, Loan, Pool, Pools, commit_limit
from app.db.replica import Replica
from app.errors import Refusal
from app.kernel.declare.access import Right
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.personal.keyring import Keyring
from app.kernel.schema.models import Schemas
from app.kernel.sql.projection import RoleView, role_view
from app.kernel.sql.reference_joins import ReferenceInputs, locks_references
from app.kernel.store.batcher import Batcher, WriteItem
from app.kernel.store.db_errors import locked, refusal_of
from app.roles import READERS

Answer = TypeVar("Answer")
# Reads wait for no lock, so the pool alone bounds how many batches of them are under way.
UNLIMITED = 1000
LOADER = "ledger_loader"
EXPORTS = 4  # at once in one process: each has a connection of its own


@dataclass(frozen=True)
class Runtime:
    """What the running service holds: record types, their models, connections, keys, and the lines of the batchers."""

    registry: Registry
    schemas: Mapping[str, Schemas]
    pools: Pools
    seal: Keyring
    replica: Replica | None = None
    write_batcher: Batcher = field(default_factory=Batcher)
    read_batcher: Batcher = field(default_factory=lambda: Batcher(max_concurrent=UNLIMITED))
    exports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EXPORTS))


@dataclass(frozen=True, eq=False)
class RequestContext:
    """The caller, and the identifier under which the request is logged.

    origin  names the import that writes
    lags    whether `read_lagging` may read from the replica; app/http/lagging.py says for which requests
    """

    runtime: Runtime
    caller: Caller
    request: str
    origin: str | None = None
    lags: bool = False

    def context(self, action: str = "", **more: Any) -> str:
        """The argument of the caller guard for one statement: the caller, and what a revision will say of it."""
        if self.origin:
            more["import"] = self.origin
        return self.caller.context(self.request, action, **more)

    @cached_property
    def view(self) -> RoleView:
        """What the caller's role sees of each type; every document of this request is made for it."""
        return role_view(self.runtime.registry, self.caller.role)

    def right(self, t: RecordType) -> Right:
        """What the caller may do with records of a type."""
        return self.view.rights[t.path]

    def imports(self, t: RecordType) -> bool:
        """Whether the caller may import records of a type: a loader all, others what they keep and fully see."""
        return t.from_ledgers and (self.caller.role == LOADER or self.right(t).imports)

    def held(self, t: RecordType, inputs: ReferenceInputs) -> dict[str, bool]:
        """The mark in the caller context of an INSERT that itself locks all that its rows refer to.

        The trigger that holds references then does not look again: 50 of 510 µs of a create.
        """
        return {"held": True} if locks_references(self.view, t, inputs, self.caller.importing) else {}

    @asynccontextmanager
    async def as_system(self, connection: Any) -> AsyncIterator[None]:
        """Run what follows as the system role, inside a transaction. Row security then sees the whole jurisdiction.

        It is for effects on records that the caller may not see, and for a write after which the record no longer
        exists for the caller, whose own policy would refuse that row. The caller's jurisdiction still binds.
        """
        await connection.fetch("select become_system($1)", self.context())
        yield
        await connection.execute(f"set local role {self.caller.database_role}")

    @asynccontextmanager
    async def connection(self, t: RecordType | None = None, transaction: bool = False) -> AsyncIterator[Any]:
        """A connection of the caller's own database role. A violated constraint becomes a refusal.

        `t` is the type that is asked for: while its table is locked, connections are left to those who ask for others.
        """
        with self.refusing(t):
            async with self.borrowed(t) as connection:
                if transaction:
                    async with Transaction(connection):
                        yield connection
                else:
                    yield connection

    def borrowed(self, t: RecordType | None) -> Loan:
        """A connection of the caller's own database role, counted for the type that is asked for.

        One that a transaction around the request holds already takes no share.
        """
        pool = self.runtime.pools[self.caller.database_role]
        return acquire_share(pool, t.name) if t and not isinstance(pool, HeldPool) else pool.acquire()

    async def read_lagging(self, role: str, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """Read on a connection that acts as the role: to the replica if this request may lag, else to the primary.

        `work` may be called twice, the second time on the primary, so it hands out nothing before it returns.
        """
        pool, replica = self.runtime.pools[role], self.runtime.replica
        if self.lags and replica:
            return await replica.read(pool, role, self.context(), work)
        async with pool.acquire() as connection:
            return await work(connection)

    async def run_batch(
        self, t: RecordType, action: str, sql: str, arguments: Sequence[Any], items: Sequence[WriteItem], **more: Any
    ) -> list[Any]:
        """Run the one statement of a batch of writes; return each item's row, or None where none was written.

        The revision of each record names the request that asked for it, and not the first of the batch. Raises
        OutcomeUnknown if the connection is lost once the statement was sent.
        """
        if len(items) > 1:
            more["requests"] = {item.record_id: item.request for item in items}
        context = self.caller.context(items[0].request, action, **more)
        async with self.borrowed(t) as connection:
            limit = commit_limit(connection)
            try:
                rows = await connection.fetch(sql, context, *arguments)
            except LOST as lost:  # the statement commits itself
                raise OutcomeUnknown from lost
            finally:
                limit.cancel()
        if len(items) == 1:
            return [rows[0] if rows else None]
        written = {str(row["id"]): row for row in rows}
        return [written.get(item.record_id) for item in items]

    @contextmanager
    def refusing(self, t: RecordType | None = None) -> Iterator[None]:
        """Turn an error of the database into a refusal: a row that a policy refused, a violated constraint, or a lock.

        `t` is the type that is asked for, by which a lock is named if the database does not say more.
        """
        try:
            yield
        except asyncpg.InsufficientPrivilegeError as problem:
            if self.caller.role not in READERS and not self.caller.importing:
                raise Refusal("not_found", label="记录") from None  # a role that reads no record learns of none
            if code_of(problem):  # what the caller asked for cannot be logged
                raise
            raise Refusal("not_your_record") from None  # a policy refused the row that was to be written
        except asyncpg.IntegrityConstraintViolationError as problem:
            if code_of(problem):
                raise
            raise refusal_of(self.runtime.registry, problem) from None
        except asyncpg.LockNotAvailableError as problem:
            raise locked(self.runtime.registry, problem, t) from None


# While a table is locked, as by a migration or by a person with psql, whoever reads it waits and keeps a connection for
# as long. A quarter of each pool is left to those who read other tables. Costs a semaphore's counting: below 1 µs.
def acquire_share(pool: Pool, kind: str) -> "SharedLoan":
    """`async with acquire_share(pool, kind) as connection`, as `pool.acquire()`, and counted as one of its kind."""
    share = pool.kinds.get(kind)
    if share is None:
        share = pool.kinds[kind] = asyncio.Semaphore(max(1, pool.size - pool.size // 4))
    return SharedLoan(pool, share)


class SharedLoan(Loan):
    """One connection for the length of a block, of which its kind has a share."""

    __slots__ = ("_share",)

    def __init__(self, pool: Pool, share: asyncio.Semaphore) -> None:
        super().__init__(pool)
        self._share = share

    async def __aenter__(self) -> Any:
        if self._share.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._share.acquire()
        else:
            await self._share.acquire()
        try:
            return await super().__aenter__()
        except BaseException:
            self._share.release()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        await super().__aexit__(kind, *rest)
        self._share.release()
