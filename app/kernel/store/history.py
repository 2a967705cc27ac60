"""The history of a record as the database wrote it: its revisions, what each changed, the difference of two."""

from collections.abc import Mapping
from typing import Any

import jsonpatch
import orjson

from app.clock import SHANGHAI
from app.db.context import GUARD
from app.errors import Refusal
from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.access_log import HISTORY, with_log_entry
from app.kernel.sql.projection import NO_RIGHT, NOTE, OLD_VERSION, RoleView, document_sql, maker_sql
from app.kernel.store.context import RequestContext
from app.kernel.store.read import get, identify
from app.roles import ROLES

MAX_NAMED = 20  # how many changes are named to a caller who writes from an old version
# Members that every write touches; they are not named as changed.
BOOKKEEPING = frozenset({"version", "updated_at", "updated_by", "updated_by_role", "available_actions", "imported"})


async def history(
    ctx: RequestContext, t: RecordType, key: str, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of revisions, newest first, and the version before which the next page begins (None: no next page)."""
    rows = await _fetch(ctx, t, key, "r.version < $3", before or 2**31 - 1, limit=limit + 1)
    if not rows:  # past the oldest, or of a record that does not exist for the caller
        await get(ctx, t, key)
    documents = [_comparable(ctx.view, t, row) for row in rows]
    items = _entries(rows, documents)[:limit]
    return items, (items[-1]["version"] if len(rows) > limit else None)


async def revision(ctx: RequestContext, t: RecordType, key: str, version: int) -> dict[str, Any]:
    """One revision with `record`, the document as it was answered then. Refuses with `not_found`."""
    rows = await _fetch(ctx, t, key, "r.version in ($3, $3 - 1)", version)
    if not rows or rows[0]["version"] != version:
        raise Refusal("not_found", label=t.label)
    documents = [_comparable(ctx.view, t, row) for row in rows]
    return {**_entries(rows, documents)[0], "record": orjson.loads(rows[0]["document"])}


async def difference(ctx: RequestContext, t: RecordType, key: str, version: int, base: int) -> list[dict[str, Any]]:
    """The JSON Patch (RFC 6902) that turns the document of version `base` into that of `version`."""
    rows = await _fetch(ctx, t, key, "r.version in ($3, $4)", version, base)
    documents = {row["version"]: orjson.loads(row["document"]) for row in rows}
    if version not in documents or base not in documents:
        raise Refusal("not_found", label=t.label)
    patch: list[dict[str, Any]] = jsonpatch.make_patch(documents[base], documents[version]).patch
    return patch


async def stale(ctx: RequestContext, connection: Any, t: RecordType, row: Any, version: int) -> Refusal:
    """The refusal of a write from an old version (412): what differs since then, who changed it, and when."""
    newest = max(version, row["version"] - MAX_NAMED)
    sql = _select(ctx.view, t, "(r.version = $3 or r.version >= $4)")
    rows = await connection.fetch(sql, ctx.context(), str(row["id"]), version, newest)
    documents = [_comparable(ctx.view, t, r) for r in rows]
    reaches_back = bool(rows) and rows[-1]["version"] == version
    changes = [
        {k: entry[k] for k in ("version", "at", "by", "by_role", "action", "changed")}
        for entry in _entries(rows, documents)
        if entry["version"] > newest
    ]
    return Refusal(
        "stale",
        sentence_code="stale" if 1 <= version < row["version"] else "no_such_version",
        expected=version,
        current=row["version"],
        by=_named(changes[0]) if changes else "",
        members={
            "current_version": row["version"],
            "differing": changed(documents[-1], documents[0]) if reaches_back else [],
            "changes": changes,
        },
        headers={"ETag": f'"{row["version"]}"'},
    )


def _named(entry: Mapping[str, Any]) -> str:
    """Who made a change, as a sentence names it: by name, or by the role where the name is not told."""
    role = ROLES.get(entry["by_role"])
    return entry["by"] or (role.label if role else "")


def changed(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[str]:
    """The members that differ between two documents, as JSON pointers. A first version has changed nothing."""
    if old is None:
        return []
    return [f"/{k}" for k in new if k not in BOOKKEEPING and new[k] != old.get(k)]


async def _fetch(
    ctx: RequestContext, t: RecordType, key: str, condition: str, *arguments: Any, limit: int = 0
) -> list[Any]:
    if ctx.right(t) is NO_RIGHT:  # such a role has no grant on revisions either
        raise Refusal("not_found", label=t.label)
    record_id = await identify(ctx, t, key)
    sql = _select(ctx.view, t, condition) + (f" limit {limit}" if limit else "")
    sql, values = with_log_entry(ctx.caller, t, HISTORY, sql, (ctx.context(), record_id, *arguments))
    async with ctx.connection(t) as connection:
        return list(await connection.fetch(sql, *values))


def _select(view: RoleView, t: RecordType, condition: str) -> str:
    """The revisions of one visible record, each through the same projection as the current row.

    Row security leaves out the revisions in which the caller could not have seen the record.
    """
    items, document = document_sql(view, t, OLD_VERSION)
    sealed = ", ".join(f"'{f.name}', o.{f.digest_column}" for f in t.of_kind(Sealed))
    return f"""select json_build_object({sealed})::text as sealed, t.id, r.version, r.action, r.at, r.actor_role,
  {maker_sql(view, "r.actor")} as actor, case when told.whole then r.reason end as reason,
  case when told.whole then r.source - 'cause' else jsonb_build_object('kind', r.source -> 'kind') end as source,
  {document}
from {t.table} t
  join revision r on r.jurisdiction = t.jurisdiction and r.record_type = '{t.path}' and r.record_id = t.id,
  lateral jsonb_populate_record(null::{t.table}, r.snapshot) {OLD_VERSION},
  lateral (select {_told(view, t)} as whole) told{items}
where t.id = $2::uuid and {condition} and {GUARD} order by r.version desc"""


def _told(view: RoleView, t: RecordType) -> str:
    """SQL for whether the caller is told the reason of revision `r` and the place in an import that it came from.

    They are masked where the note is. What another record caused names that record, so it is told to those alone for
    whom that record exists; of a change that only follows from another one nothing is told.
    """
    seen = "".join(
        f" when '{other.path}' then exists (select from {other.table} x where x.jurisdiction = t.jurisdiction"
        f" and x.id = (r.source #>> '{{cause,id}}')::uuid)"
        for other in view.registry.causes(t.path)
    )
    caused = f" or case r.source #>> '{{cause,type}}'{seen} else false end" if seen else ""
    return " and ".join(filter(None, [view.shown(t, NOTE, OLD_VERSION), f"(not r.source ? 'cause'{caused})"]))


def _comparable(view: RoleView, t: RecordType, row: Any) -> dict[str, Any]:
    """The document with digests in place of sealed members: it tells that a value changed, never the value."""
    digests = {name: digest for name, digest in orjson.loads(row["sealed"]).items() if not view.shown(t, name)}
    return {**orjson.loads(row["document"]), **digests}


def _entries(rows: list[Any], documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of revisions given newest first, each compared with the one before it in time."""
    older = [*documents[1:], None]
    return [
        {
            "version": row["version"],
            "action": row["action"],
            "at": row["at"].astimezone(SHANGHAI).isoformat(),
            "by": row["actor"],
            "by_role": row["actor_role"],
            "reason": row["reason"],
            "source": orjson.loads(row["source"]),
            "changed": changed(old, new),
        }
        for row, new, old in zip(rows, documents, older[: len(rows)], strict=True)
    ]
