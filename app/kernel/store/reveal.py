"""Show sealed members: for a stated purpose, to a role from which nothing of the type is hidden, and logged."""

from typing import Any

import orjson

from app.errors import Refusal
from app.kernel.declare.access import Hidden
from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.access_log import Reading
from app.kernel.personal.encryption import Place, SealedValue, Unopened, opened
from app.kernel.personal.keyring import UnknownKey
from app.kernel.store.context import RequestContext
from app.kernel.store.read import get
from app.logging import log

MISSING = {"form": 0, "algorithm": "", "key_id": ""}  # stands for the value of a digest that has none: it never opens


async def reveal(ctx: RequestContext, t: RecordType, key: str, purpose: str) -> bytes:
    """The document with its sealed members in clear. Refuses with `not_found`, `forbidden`, `value_not_opened`.

    A refused attempt is logged, too.
    """
    fields = t.of_kind(Sealed)
    if ctx.right(t).hides != Hidden():
        # For whom the record does not exist, the answer is 404. For others the attempt is logged, naming no member.
        await get(ctx, t, key, Reading("reveal", (), purpose) if t.access.logged else None)
        raise Refusal("forbidden")
    reading = Reading("reveal", tuple(f.name for f in fields), purpose) if fields else Reading("read", (), purpose)
    row = await get(ctx, t, key, reading, "".join(_columns(t, f) for f in fields))
    document = orjson.loads(row["document"])
    document |= {f.name: _shown(ctx, t, f, row, document) for f in fields}
    document["masked"] = [m for m in document["masked"] if m not in reading.members]
    return orjson.dumps(document)


def _columns(t: RecordType, f: Sealed) -> str:
    """SQL of the digest of record `t` and of its ciphertext, which row security gives to those who may open it."""
    stored = (
        "select jsonb_build_object('form', s.form, 'algorithm', s.algorithm, 'key_id', s.key_id,"
        " 'ciphertext', encode(s.ciphertext, 'hex'))::text from sealed_value s where s.jurisdiction = t.jurisdiction"
        f" and s.record_id = t.id and s.member = '{t.sealed_member(f)}' and s.digest = t.{f.digest_column}"
    )
    return f", t.{f.digest_column} as digest_{f.name}, ({stored}) as sealed_{f.name}"


def _shown(ctx: RequestContext, t: RecordType, f: Sealed, row: Any, document: Any) -> str | None:
    digest, stored = row[f"digest_{f.name}"], orjson.loads(row[f"sealed_{f.name}"] or "{}")
    if digest is None:
        return None
    place = Place(document["jurisdiction"], str(row["id"]), t.sealed_member(f), digest)
    try:
        ciphertext = bytes.fromhex(stored.pop("ciphertext", ""))
        return opened(ctx.runtime.seal, place, SealedValue(**{**MISSING, **stored, "ciphertext": ciphertext}))
    except (UnknownKey, Unopened) as problem:
        log.error("sealed value not opened", request=ctx.request, problem=type(problem).__name__)
        raise Refusal("value_not_opened", request=ctx.request) from None
