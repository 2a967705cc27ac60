"""The import as a record of its own: where it stands, who made it, what it counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson

from app.clock import SHANGHAI
from app.db.context import GUARD
from app.errors import Refusal
from app.imports.mapping.sheets import Source
from app.kernel.declare.record_type import RecordType
from app.kernel.store import RequestContext
from app.sentences import SENTENCES

LOADER = "ledger_loader"
STATES = {
    "received": "已收到", "checking": "检查中", "checked": "预览通过", "committing": "写入中", "committed": "已写入",
    "rejected": "有错行，已退回", "failed": "已失败",
}  # fmt: skip
OPEN_STATES = ("received", "checking", "committing")
# The plan of a file and how far it has got need not be on disk with every batch: after a crash the import has failed
# anyway. What makes it final waits for the disk, and with it all that was written before.
UNHURRIED = "(select set_config('synchronous_commit', 'off', true)) is not null"


def importable(ctx: RequestContext, t: RecordType) -> bool:
    """Whether the caller may import this type: a loader every one, others what they keep and wholly see."""
    return ctx.caller.role == LOADER or ctx.right(t).imports


def not_permitted(*types: RecordType) -> Refusal:
    """The refusal of a file with types that the caller may not import."""
    return Refusal("import_not_permitted", label="、".join(t.label for t in types))


@contextmanager
def naming_all(ctx: RequestContext, source: Source) -> Iterator[None]:
    """Of a file with several types that the caller may not import, all are named: the first is no help by itself."""
    try:
        yield
    except Refusal as refusal:
        types = [t for t in ctx.runtime.registry if t.path in (source.present or ()) and not importable(ctx, t)]
        if refusal.code == "import_not_permitted" and types:
            raise not_permitted(*types) from None
        raise


def uncommittable(state: str) -> Refusal:
    """The refusal to commit an import that is in this state."""
    return Refusal("import_state", state=STATES[state], state_code=state)


def logged(ctx: RequestContext, row: Any) -> list[str]:
    """The types of an import whose stored records may only be shown with an entry in the access log."""
    every = [t.path for t in ctx.runtime.registry if t.access.logged]
    if row["type"]:
        return [path for path in every if path == row["type"]]
    if row["state"] in OPEN_STATES:  # its sheets are not all known yet
        return every
    held = {sheet["type"] for sheet in orjson.loads(row["sheets"])}
    return [path for path in every if path in held]


async def read(ctx: RequestContext, import_id: str) -> Any:
    """The import, visible to its maker alone. Refuses with `not_found`."""
    async with ctx.connection() as connection:
        row = await connection.fetchrow(
            f"select * from import_job where id = $2 and {GUARD}",
            ctx.context(),
            import_id,
        )
    if row is None:
        raise Refusal("not_found", label="导入")
    return row


async def write(ctx: RequestContext, import_id: str, connection: Any = None, **changes: Any) -> None:
    """Sets columns of an import; on a connection of its own, so that progress is seen while a transaction is open."""
    sets = ", ".join(f"{name} = ${i + 3}" for i, name in enumerate(changes))
    unhurried = "" if "state" in changes else f" and {UNHURRIED}"
    sql = f"update import_job set {sets} where id = $2 and {GUARD}{unhurried}"  # names of this module
    values = [
        orjson.dumps(v, default=str).decode() if name in ("sheets", "problem") else v for name, v in changes.items()
    ]
    if connection is not None:
        await connection.execute(sql, ctx.context(), import_id, *values)
        return
    async with ctx.connection() as own:
        await own.execute(sql, ctx.context(), import_id, *values)


def require_rows(row: Any) -> None:
    """Refuses with `import_rows_removed` (410) where the rows were kept their time and are gone (app/cli/prune.py)."""
    if row["rows_removed_at"]:
        raise Refusal("import_rows_removed", on=row["rows_removed_at"].astimezone(SHANGHAI).date().isoformat())


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat() if at else None


def document(row: Any, tongue: str) -> dict[str, Any]:
    """The import as it is answered (contract section 3)."""
    problem = orjson.loads(row["problem"]) if row["problem"] else None
    if problem:
        problem = {"code": problem["code"], "message": SENTENCES[problem["code"]].say(tongue, problem["params"])}
    sheets = orjson.loads(row["sheets"])
    for sheet in sheets:
        if "skipped_because" in sheet:
            sheet["skipped_because"] = SENTENCES[sheet["skipped_because"]].say(tongue, {"sheet": sheet["sheet"]})
    return {
        "id": str(row["id"]),
        "state": row["state"],
        "mode": row["mode"],
        "on_error": row["on_error"],
        "file_name": row["file_name"],
        "sha256": row["sha256"],
        "encoding": row["encoding"],
        "jurisdiction": row["jurisdiction"],
        "progress": {"done": row["done"], "total": row["total"]},
        "sheets": sheets,
        "problem": problem,
        **{name: _moment(row[name]) for name in ("created_at", "finished_at", "rows_removed_at")},
    }
