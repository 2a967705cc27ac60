"""Requests with an Idempotency-Key: each is carried out once, and its row is written in the transaction of its write.

A row names what was written and holds no answer: whoever repeats the request is answered with what stands there now, by
the rights of now (docs/decisions/0035-carried-out-once.md).
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import orjson

from app.db.context import GUARD
from app.db.held import HeldPools
from app.errors import Refusal
from app.kernel.store.batcher import Unbatched
from app.kernel.store.context import RequestContext

KEPT = "interval '7 days'"  # prune_idempotency_keys.sql removes what is older
_ALONE = Unbatched()
_FIND = f"""select fingerprint, status, type, name from idempotency_key
  where maker = $2 and request = $3 and at > now() - {KEPT} and {GUARD}"""
# A key that is past its time and was not pruned yet is taken anew.
_KEEP = f"""insert into idempotency_key as k (maker, request, fingerprint, status, type, name)
  select $2, $3, $4, $5, $6, $7 where {GUARD}
  on conflict (maker, request) do update set fingerprint = excluded.fingerprint, status = excluded.status,
    type = excluded.type, name = excluded.name, at = excluded.at
  where k.at <= now() - {KEPT} returning true"""


@dataclass(frozen=True, slots=True)
class Written:
    """What a request has written: the status of its answer, the type's path segment, and the identifier."""

    status: int
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request with a key. `place` says which one of its maker it is, `fingerprint` what was sent."""

    place: bytes
    fingerprint: str

    @property
    def lock(self) -> int:
        """The key of the advisory lock that is held while the request is under way."""
        return int.from_bytes(self.place[:8], "big", signed=True)


def keyed_request(ctx: RequestContext, method: str, path: str, key: str, sent: Any) -> KeyedRequest:
    """The request of this caller. `sent` is what must be the same in a repeat, as a JSON value.

    It may hold a password, so the digest is keyed: nobody finds out by trying.
    """
    place = hashlib.sha256("\0".join((ctx.caller.account, method, path, key)).encode()).digest()
    text = orjson.dumps(sent, option=orjson.OPT_SORT_KEYS).decode()
    return KeyedRequest(place, ctx.runtime.seal.digest("idempotency_key", text))


async def claim(connection: Any, keyed: KeyedRequest) -> None:
    """Refuse with `idempotency_key_in_use` (409) while the same request is under way, without waiting for it.

    The claim ends with the transaction of the connection: also where its process is killed.
    """
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", keyed.lock):
        raise _in_use()


def _in_use() -> Refusal:
    return Refusal("idempotency_key_in_use", headers={"Retry-After": "1"})


async def find_written(ctx: RequestContext, connection: Any, keyed: KeyedRequest) -> Written | None:
    """What the request has written; None if it was not carried out yet.

    In a statement after the one that claims, which might not see what was committed before the lock came free. Refuses
    with `idempotency_key_reused` (422) if something else was sent.
    """
    row = await connection.fetchrow(_FIND, ctx.context(), ctx.caller.account, keyed.place)
    if row is None:
        return None
    if row["fingerprint"] != keyed.fingerprint:
        raise Refusal("idempotency_key_reused")
    return Written(row["status"], row["type"], row["name"])


async def keep_written(ctx: RequestContext, connection: Any, keyed: KeyedRequest, written: Written) -> None:
    """Keep the row of the request, in the transaction that has written `written`."""
    row = (keyed.place, keyed.fingerprint, written.status, written.type, written.name)
    if not await connection.fetchval(_KEEP, ctx.context(), ctx.caller.account, *row):
        raise _in_use()


def in_transaction(ctx: RequestContext, role: str, connection: Any) -> RequestContext:
    """The same context, for which every connection of this database role is `connection`, in its open transaction.

    Its writes and reads join no batch: others wait for no transaction of this caller.
    """
    pools = HeldPools(ctx.runtime.pools, role, connection)
    runtime = replace(ctx.runtime, pools=pools, write_batcher=_ALONE, read_batcher=_ALONE)
    return replace(ctx, runtime=runtime)
