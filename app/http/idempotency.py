"""A write that carries an `Idempotency-Key` is carried out once, however often it is sent.

A request without one pays for a look over its header fields (`exchange.key_of`). One with it pays for a transaction of
its own: BEGIN, the lock, the look for the row, a savepoint around the write, the row, COMMIT.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from app.db.outcome import Transaction
from app.errors import Refusal
from app.http.exchange import key_of
from app.kernel.store import (
    KeyedRequest,
    RequestContext,
    Written,
    claim,
    find_written,
    in_transaction,
    keep_written,
    keyed_request,
)

REPLAYED = "Idempotent-Replayed"


class Attempt:
    """One sending of a request.

    ctx     the context to write in
    found   what an earlier sending has written: then nothing is to be written, and the answer is read anew
    """

    def __init__(self, ctx: RequestContext, found: Written | None = None) -> None:
        self.ctx, self.found, self.written = ctx, found, found

    def wrote(self, status: int, kind: str, name: str) -> None:
        """Say what was written: the status of the answer, the type's path segment, the identifier."""
        self.written = self.written or Written(status, kind, name)

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of it."""
        return {REPLAYED: "true"} if self.found else {}


def keyed(request: Request, ctx: RequestContext, sent: Any) -> KeyedRequest | None:
    """The request with its key, and with what was sent; None without the header."""
    key = key_of(request)
    return keyed_request(ctx, request.method, request.scope["path"], key, sent) if key else None


@asynccontextmanager
async def once(request: Request, ctx: RequestContext, role: str, sent: Any) -> AsyncIterator[Attempt]:
    """Carry a write out once. The block writes through `attempt.ctx`, unless something was `found`, and says what.

    role   the database role that writes
    sent   what must be the same in a repeat, as a JSON value
    A refusal keeps no row, so the key is free for the next sending: what is refused leaves nothing that could be
    doubled. Refuses with `idempotency_key_in_use` (409) and `idempotency_key_reused` (422).
    """
    this = keyed(request, ctx, sent)
    if this is None:
        yield Attempt(ctx)
        return
    refusal = None
    async with ctx.runtime.pools[role].acquire() as connection, Transaction(connection):
        await claim(connection, this)
        found = await find_written(ctx, connection, this)
        if found is None:
            attempt = Attempt(in_transaction(ctx, role, connection))
            try:
                yield attempt
            except Refusal as problem:  # what it has written beside, the log entry of a read, stays
                refusal = problem
            else:
                assert attempt.written
                await keep_written(ctx, connection, this, attempt.written)
    if refusal:
        raise refusal
    if found:  # the connection was given back: the answer is read on one of its own
        try:
            yield Attempt(ctx, found)
        except Refusal as problem:
            problem.headers[REPLAYED] = "true"
            raise
