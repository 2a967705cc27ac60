"""The history of a record, as the database wrote it: revisions, what each changed, and the difference of two."""

from collections.abc import Mapping
from typing import Any

import jsonpatch
import orjson

from app.clock import SHANGHAI
from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import is_identifier
from app.kernel.personal.access_log import HISTORY, with_log_entry
from app.kernel.sql.projection import NOBODY, VERSION, RoleView, document_sql
from app.kernel.store import create
from app.kernel.store.context import RequestContext

# What every write touches says nothing about what was changed.
NEWEST = 20  # how many of the changes since are named to one who writes from an old version
BOOKKEEPING = frozenset({"version", "updated_at", "updated_by", "available_actions", "imported"})


def _select(view: RoleView, t: RecordType, condition: str) -> str:
    """Revisions of one visible record. The old row goes through the same projection as the current one.

    Row security leaves out those in which the caller could not have seen the record.
    """
    items, document = document_sql(view, t, VERSION)
    sealed = ", ".join(f"'{f.name}', o.{f.digest_column}" for f in t.of_kind(Sealed))
    return f"""select json_build_object({sealed})::text as sealed, t.id, r.version, r.action, r.at, r.actor, r.reason,
  r.source, {document}
from {t.table} t
  join revision r on r.jurisdiction = t.jurisdiction and r.record_type = '{t.path}' and r.record_id = t.id,
  lateral jsonb_populate_record(null::{t.table}, r.snapshot) {VERSION}{items}
where t.id = $2::uuid and {condition} and {GUARD} order by r.version desc"""


def _document(view: RoleView, t: RecordType, row: Any) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(row["document"])
    return document


def _compared(view: RoleView, t: RecordType, row: Any) -> dict[str, Any]:
    """The document with digests for what is sealed: that it changed is told, unless it is hidden; never what it is."""
    sealed = {name: digest for name, digest in orjson.loads(row["sealed"]).items() if not view.shown(t, name)}
    return {**_document(view, t, row), **sealed}


def changed(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[str]:
    """The members that differ between two documents, as JSON pointers. A first version has changed nothing."""
    if old is None:
        return []
    return [f"/{k}" for k in new if k not in BOOKKEEPING and new[k] != old.get(k)]


def _predecessors(documents: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    """For each document of a list that goes back in time, the one before it."""
    return [*documents[1:], None] if documents else []


def _entry(row: Any, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": row["version"],
        "action": row["action"],
        "at": row["at"].astimezone(SHANGHAI).isoformat(),
        "by": row["actor"],
        "reason": row["reason"],
        "source": orjson.loads(row["source"]),
        "changed": changed(old, new),
    }


async def _fetch(
    ctx: RequestContext, t: RecordType, key: str, condition: str, *arguments: Any, limit: int = 0
) -> list[Any]:
    if ctx.right(t) is NOBODY:  # such a role may not even ask for revisions
        raise Refusal("not_found", label=t.label)
    key = key if is_identifier(key) else str((await create.get(ctx, t, key, None))["id"])
    sql = _select(ctx.view, t, condition) + (f" limit {limit}" if limit else "")
    sql, values = with_log_entry(ctx, t, HISTORY, sql, (ctx.context(), key, *arguments))
    async with ctx.connection() as connection:
        rows = await connection.fetch(sql, *values)
    return list(rows)


async def history(
    ctx: RequestContext, t: RecordType, key: str, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of revisions, newest first, and the version from which the next page goes on."""
    rows = await _fetch(ctx, t, key, "r.version < $3", before or 2**31 - 1, limit=limit + 1)
    if not rows:  # past the oldest, or of a record that does not exist for the caller
        await create.get(ctx, t, key)
    documents = [_compared(ctx.view, t, row) for row in rows]
    pairs = zip(rows, documents, _predecessors(documents), strict=True)
    items = [_entry(row, old, new) for row, new, old in pairs][:limit]
    return items, (items[-1]["version"] if len(rows) > limit else None)


async def revision(ctx: RequestContext, t: RecordType, key: str, version: int) -> dict[str, Any]:
    """One revision with `record`, the document as it was given then."""
    rows = await _fetch(ctx, t, key, "r.version in ($3, $3 - 1)", version)
    if not rows or rows[0]["version"] != version:
        raise Refusal("not_found", label=t.label)
    documents = [_compared(ctx.view, t, row) for row in rows]
    old = documents[1] if len(documents) > 1 else None
    return {**_entry(rows[0], old, documents[0]), "record": _document(ctx.view, t, rows[0])}


async def difference(ctx: RequestContext, t: RecordType, key: str, version: int, base: int) -> list[dict[str, Any]]:
    """What turns the document of version `base` into that of `version` (RFC 6902)."""
    rows = await _fetch(ctx, t, key, "r.version in ($3, $4)", version, base)
    found = {row["version"]: _document(ctx.view, t, row) for row in rows}
    if version not in found or base not in found:
        raise Refusal("not_found", label=t.label)
    patch: list[dict[str, Any]] = jsonpatch.make_patch(found[base], found[version]).patch
    return patch


async def stale(ctx: RequestContext, connection: Any, t: RecordType, row: Any, version: int) -> Refusal:
    """The refusal of a write from an old version: what differs since, who changed it and when."""
    condition = "(r.version = $3 or r.version >= $4)"
    newest = max(version, row["version"] - NEWEST)
    rows = await connection.fetch(_select(ctx.view, t, condition), ctx.context(), str(row["id"]), version, newest)
    documents = [_compared(ctx.view, t, r) for r in rows]
    known = bool(rows) and rows[-1]["version"] == version
    changes = [
        {k: entry[k] for k in ("version", "at", "by", "action", "changed")}
        for entry in (_entry(r, o, n) for r, n, o in zip(rows, documents, _predecessors(documents), strict=True))
        if entry["version"] > newest
    ]
    return Refusal(
        "stale",
        said_as="stale" if 1 <= version < row["version"] else "no_such_version",
        expected=version,
        current=row["version"],
        by=changes[0]["by"] if changes else "",
        members={
            "current_version": row["version"],
            "differing": changed(documents[-1], documents[0]) if known else [],
            "changes": changes,
        },
        headers={"ETag": f'"{row["version"]}"'},
    )
