"""Showing what is sealed: for a stated purpose, to a role from which nothing of the type is hidden, and entered."""

from typing import Any

import orjson

from app.errors import Refusal
from app.kernel.declare.access import Hidden
from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.access_log import PURPOSES as PURPOSES
from app.kernel.personal.access_log import Reading
from app.kernel.personal.encryption import Place, SealedValue, Unopened, member_of, opened
from app.kernel.personal.keyring import UnknownKey
from app.kernel.store import create
from app.kernel.store.context import RequestContext
from app.logging import log

NOTHING = {"form": 0, "algorithm": "", "key_id": ""}  # of a digest whose value is missing: it does not open


async def reveal(ctx: RequestContext, t: RecordType, key: str, purpose: str) -> bytes:
    """The document with its sealed members shown. Refuses with `not_found`, `forbidden`, `value_not_opened`.

    An attempt that is refused is entered in the access log, too.
    """
    fields = t.of_kind(Sealed)
    if ctx.right(t).hides != Hidden():
        # To whom it does not exist, that is all that is said. Where it does, the attempt is entered, naming no member.
        await create.get(ctx, t, key, Reading("reveal", (), purpose) if t.access.logged else None)
        raise Refusal("forbidden")
    reading = Reading("reveal", tuple(f.name for f in fields), purpose) if fields else Reading("read", (), purpose)
    row = await create.get(ctx, t, key, reading, "".join(_columns(t, f) for f in fields))
    document = orjson.loads(row["document"])
    document |= {f.name: _shown(ctx, t, f, row, document) for f in fields}
    document["masked"] = [m for m in document["masked"] if m not in reading.members]
    return orjson.dumps(document)


def _columns(t: RecordType, f: Sealed) -> str:
    """The digest of the record `t`, and the ciphertext that belongs to it; row security decides who reads that."""
    stored = (
        "select jsonb_build_object('form', s.form, 'algorithm', s.algorithm, 'key_id', s.key_id,"
        " 'ciphertext', encode(s.ciphertext, 'hex'))::text from sealed_value s where s.jurisdiction = t.jurisdiction"
        f" and s.record_id = t.id and s.member = '{member_of(t, f)}' and s.digest = t.{f.digest_column}"
    )
    return f", t.{f.digest_column} as digest_{f.name}, ({stored}) as sealed_{f.name}"


def _shown(ctx: RequestContext, t: RecordType, f: Sealed, row: Any, document: Any) -> str | None:
    digest, stored = row[f"digest_{f.name}"], orjson.loads(row[f"sealed_{f.name}"] or "{}")
    if digest is None:
        return None
    place = Place(document["jurisdiction"], str(row["id"]), member_of(t, f), digest)
    try:
        ciphertext = bytes.fromhex(stored.pop("ciphertext", ""))
        return opened(ctx.runtime.seal, place, SealedValue(**{**NOTHING, **stored, "ciphertext": ciphertext}))
    except (UnknownKey, Unopened) as problem:
        log.error("sealed value not opened", request=ctx.request, problem=type(problem).__name__)
        raise Refusal("value_not_opened", request=ctx.request) from None
