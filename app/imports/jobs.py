"""The import itself: its row in import_job, its states, and its document in the API."""

import hashlib
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

import orjson

from app.clock import SHANGHAI, now
from app.db.context import GUARD
from app.errors import Refusal
from app.imports.plan.plan_rows import NO_WAIT_FOR_DISK
from app.kernel.store import RequestContext
from app.sentences import SENTENCES

STATES = {
    "received": "已收到", "checking": "检查中", "checked": "预览通过", "committing": "写入中", "committed": "已写入",
    "rejected": "有错行，已退回", "failed": "已失败",
}  # fmt: skip
OPEN_STATES = ("received", "checking", "committing")
# An import that has ended stays as it is: it may have been given up while its connection still worked on.
ENDED = "{committed,rejected,failed}"
INTERRUPTED: dict[str, Any] = {"code": "import_interrupted", "params": {}}


@dataclass(frozen=True, slots=True)
class NewImport:
    """What is stored of an import when its file has been received. The fields are columns of import_job."""

    jurisdiction: str
    mode: str
    on_error: str
    allow_register_changes: bool
    type: str | None
    file_name: str | None
    media: str
    sha256: str


async def create(ctx: RequestContext, connection: Any, import_id: str, new: NewImport) -> None:
    """Store a received import."""
    columns = ", ".join(f.name for f in fields(new))
    values = ", ".join(f"${i}" for i in range(3, 3 + len(fields(new))))
    await connection.execute(
        f"""insert into import_job (id, maker, belongs_to, state, {columns})
        select $2::uuid, caller_context() ->> 'sub', caller_ownership(), 'received', {values} where {GUARD}""",
        ctx.context(), import_id, *astuple(new),
    )  # fmt: skip


async def read(ctx: RequestContext, import_id: str) -> Any:
    """The row of an import. It exists for its maker alone, in the same role and bound alike; else `not_found`."""
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
    """Set columns of an import.

    Without a `connection` another one is used, so that progress is visible while a transaction is open. Only a change
    of the state waits for the disk. Refuses with `not_found` if its maker has meanwhile got another role or place, or
    if the import has ended.
    """
    sets = ", ".join(f"{name} = ${i + 3}" for i, name in enumerate(changes))  # names come from this package
    no_wait = "" if "state" in changes else f" and {NO_WAIT_FOR_DISK}"
    sql = f"update import_job set {sets} where id = $2 and state <> all('{ENDED}') and {GUARD}{no_wait}"
    values = [
        orjson.dumps(v, default=str).decode() if name in ("sheets", "problem") else v for name, v in changes.items()
    ]
    if connection is not None:
        done = await connection.execute(sql, ctx.context(), import_id, *values)
    else:
        async with ctx.connection() as own:
            done = await own.execute(sql, ctx.context(), import_id, *values)
    if done != "UPDATE 1":
        raise Refusal("not_found", label="导入")


async def end(
    queue: Any,
    import_id: str,
    state: str,
    problem: dict[str, Any] | None = None,
    origins: tuple[str, ...] = OPEN_STATES,
) -> None:
    """Set the state of an import that is in one of `origins`, as the queue's role: it may be its maker's no more."""
    await queue.execute(
        "update import_job set state = $2, problem = $3::text::jsonb, finished_at = now()"
        " where id = $1::text::uuid and state = any($4::text[])",
        import_id, state, orjson.dumps(problem).decode() if problem else None, list(origins),
    )  # fmt: skip


async def mark_committed(ctx: RequestContext, import_id: str, connection: Any, rows: int) -> None:
    """Set the state `committed`, in the transaction that writes the records. Each row counts twice in the progress."""
    end: dict[str, Any] = {"state": "committed", "finished_at": now(), "problem": None}
    await write(ctx, import_id, connection, **end, done=rows * 2, total=rows * 2)


def lock_key(import_id: str) -> int:
    """The key of the advisory lock that is held as long as a process works on an import."""
    return int.from_bytes(hashlib.sha256(import_id.encode()).digest()[:8], "big", signed=True)


def uncommittable(state: str) -> Refusal:
    """The refusal to commit an import that is in this state."""
    return Refusal("import_state", state=STATES[state], state_code=state)


def committable_rows(row: Any) -> int:
    """How many rows a checked import has. Refuses with `import_state`, or `import_rejected` because of a row."""
    if row["state"] != "checked":
        raise uncommittable(row["state"])
    sheets = orjson.loads(row["sheets"])
    rejected = sum(s["rejected"] for s in sheets)
    if rejected and row["on_error"] == "reject_all":
        raise Refusal("import_rejected", count=rejected)
    return sum(s["rows"] for s in sheets)


def require_rows(row: Any) -> None:
    """Refuse with `import_rows_removed` (410) if the rows of the plan have been removed (app/cli/prune.py)."""
    if row["rows_removed_at"]:
        raise Refusal("import_rows_removed", on=row["rows_removed_at"].astimezone(SHANGHAI).date().isoformat())


def logged_types(ctx: RequestContext, row: Any) -> list[str]:
    """The types of an import whose stored records may be shown only with an entry in the access log."""
    logged = [t.path for t in ctx.runtime.registry if t.access.logged]
    if row["type"]:
        return [path for path in logged if path == row["type"]]
    if row["state"] in OPEN_STATES:  # the sheets are not all known yet
        return logged
    in_file = {sheet["type"] for sheet in orjson.loads(row["sheets"])}
    return [path for path in logged if path in in_file]


def document(row: Any, language: str) -> dict[str, Any]:
    """The import as the API answers it (contract section 3)."""
    problem = orjson.loads(row["problem"]) if row["problem"] else None
    if problem:
        problem = {"code": problem["code"], "message": SENTENCES[problem["code"]].say(language, problem["params"])}
    sheets = orjson.loads(row["sheets"])
    for sheet in sheets:
        if "skipped_because" in sheet:
            sheet["skipped_because"] = SENTENCES[sheet["skipped_because"]].say(language, {"sheet": sheet["sheet"]})
    for sheet in sheets:
        said = [(at, SENTENCES[code].say(language, {})) for at, code in sheet.get("left_out", ())]
        sheet["left_out"] = [{"row": at, "message": message} for at, message in said]
        sheet.setdefault("not_kept_columns", [])
        warned = [(code, SENTENCES[code].say(language, {})) for code in sheet.get("warnings", ())]
        sheet["warnings"] = [{"code": code, "message": message} for code, message in warned]
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


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat() if at else None
