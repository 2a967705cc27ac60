"""The import itself: its row in import_job, its states, and its document in the API."""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

import orjson

from app.auth import principals
from app.clock import SHANGHAI, now
from app.db.context import GUARD
from app.errors import Refusal
from app.imports.mapping.given import ONLY_TABLE
from app.imports.plan.plan_rows import NO_WAIT_FOR_DISK
from app.imports.remembered.stored import remember_used
from app.kernel.declare.values import is_identifier
from app.kernel.store import RequestContext
from app.sentences import SENTENCES

STATES = {
    "received": "已收到", "checking": "检查中", "checked": "预览通过", "committing": "写入中", "committed": "已写入",
    "rejected": "有错行，已退回", "failed": "已失败", "undoing": "撤销中", "undone": "已撤销", "redoing": "恢复中",
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
    mapping: str | None  # JSON, as sent
    remember: bool
    file_name: str | None
    media: str
    sha256: str


async def maker(service: Any, account: str, request: str, import_id: str) -> RequestContext:
    """The maker of an import as it is now. Refuses with `not_found` if its account is closed."""
    found = await principals.find(service.runtime.pools, account)
    if found is None or not found.open:
        raise Refusal("not_found", label="导入")
    return RequestContext(service.runtime, found.caller.for_import(), request, import_id)


async def create(ctx: RequestContext, connection: Any, import_id: str, new: NewImport) -> None:
    """Store a received import."""
    columns = ", ".join(f.name for f in fields(new))
    values = ", ".join(f"${i}" for i in range(3, 3 + len(fields(new))))
    await connection.execute(
        f"""insert into import_job (id, maker, belongs_to, state, {columns})
        select $2::uuid, caller_context() ->> 'sub', caller_ownership(), 'received', {values} where {GUARD}""",
        ctx.context(), import_id, *astuple(new),
    )  # fmt: skip


# Beside an import that is to be checked: what is remembered of headings in its jurisdiction, of types of its maker.
_REMEMBERED = """, (select jsonb_agg(m)::text from import_mapping m where m.jurisdiction = j.jurisdiction) as known"""


async def read(ctx: RequestContext, import_id: str, to_check: bool = False) -> Any:
    """The row of an import. It exists for its maker alone, in the same role and bound alike; else `not_found`."""
    row = await head(ctx, import_id, to_check)
    if not row["own"]:
        raise Refusal("not_found", label="导入")
    return row


async def head(ctx: RequestContext, import_id: str, to_check: bool = False) -> Any:
    """The row of an import, for its maker (`own`) and for the loaders of the division, who may undo it.

    Refuses with `not_found`, as also an address that holds no identifier.
    """
    if not is_identifier(import_id):
        raise Refusal("not_found", label="导入")
    async with ctx.connection() as connection:
        row = await connection.fetchrow(
            "select *, belongs_to is not distinct from caller_ownership() as own, written_in::text as imported_in,"
            f" undone_in::text as reverted_in{_REMEMBERED if to_check else ''} from import_job j"
            f" where id = $2 and {GUARD}",
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
    modes: tuple[str, ...] = ("preview", "commit"),
) -> None:
    """Set the state of an import that is in one of `origins`, as the queue's role: it may be its maker's no more."""
    await queue.execute(
        "update import_job set state = $2, problem = $3::text::jsonb, finished_at = now()"
        " where id = $1::text::uuid and state = any($4::text[]) and mode = any($5::text[])",
        import_id, state, orjson.dumps(problem, default=str).decode() if problem else None, list(origins), list(modes),
    )  # fmt: skip


async def mark_committed(ctx: RequestContext, connection: Any, job: Any, rows: int) -> None:
    """Set the state `committed`, in the transaction that writes the records. Each row counts twice in the progress.

    The transaction itself is kept: by it an undo finds what the import has written.
    """
    import_id = str(job["id"])
    if job["remember"]:
        await remember_used(ctx, connection, import_id)
    written = f"update import_job set written_in = pg_current_xact_id() where id = $2 and {GUARD}"
    await connection.execute(written, ctx.context(), import_id)
    end: dict[str, Any] = {"state": "committed", "finished_at": now(), "problem": None}
    await write(ctx, import_id, connection, **end, done=rows * 2, total=rows * 2)


def lock_key(import_id: str) -> int:
    """The key of the advisory lock that is held as long as a process works on an import."""
    return int.from_bytes(hashlib.sha256(import_id.encode()).digest()[:8], "big", signed=True)


def require_rows(row: Any) -> None:
    """Refuse with `import_rows_removed` (410) if the rows of the plan have been removed (app/cli/prune.py)."""
    if row["rows_removed_at"]:
        raise Refusal("import_rows_removed", on=row["rows_removed_at"].astimezone(SHANGHAI).date().isoformat())


def problem_of(row: Any) -> dict[str, Any]:
    """What went wrong, by its code and what fills its sentence; nothing, if nothing did."""
    return orjson.loads(row["problem"] or "null") or {}


def rows_of(row: Any) -> int:
    """How many rows the plan of an import has."""
    return sum(s["rows"] for s in orjson.loads(row["sheets"]))


def used_mapping(row: Any) -> dict[str, dict[str, str | None]]:
    """What the headings of each sheet were taken for, as a mapping: with it the file is read once more as it was."""
    sheets = [sheet for sheet in orjson.loads(row["sheets"]) if sheet["type"]]
    return {s["sheet"] or ONLY_TABLE: {"@type": s["type"], **s.get("mapping_used", {})} for s in sheets}


def document(row: Any, language: str) -> dict[str, Any]:
    """The import as the API answers it (contract section 3); its head alone for a loader who has not sent it."""
    problem = problem_of(row)
    if problem and not row["own"] and not problem["code"].startswith(("undo_", "redo_")):
        problem = {}  # it may name what stands in the file
    stored = orjson.loads(row["sheets"])
    sheets = [_sheet(sheet, language) for sheet in (stored if row["own"] else _counts(stored))]
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
        "proposed_mapping": _whole_proposal(row, sheets) if row["own"] else {},
        "remember": row["remember"],
        "problem": _problem(problem, language) if problem else None,
        "undo": orjson.loads(row["undo"]) if row["undo"] else None,
        **{name: _moment(row[name]) for name in ("created_at", "finished_at", "rows_removed_at")},
    }


def _sheet(sheet: dict[str, Any], language: str) -> dict[str, Any]:
    if "skipped_because" in sheet:
        sheet["skipped_because"] = SENTENCES[sheet["skipped_because"]].say(language, {"sheet": sheet["sheet"]})
    said = [(at, SENTENCES[code].say(language, {})) for at, code in sheet.get("left_out", ())]
    sheet["left_out"] = [{"row": at, "message": message} for at, message in said]
    warned = [(code, SENTENCES[code].say(language, {})) for code in sheet.get("warnings", ())]
    sheet["warnings"] = [{"code": code, "message": message} for code, message in warned]
    for name, empty in (("not_kept_columns", []), ("mapping_used", {}), ("remembered", []), ("proposed_mapping", {})):
        sheet.setdefault(name, empty)  # what was stored by an earlier version
    sheet["type_remembered"], sheet["warned"] = sheet.get("type_remembered", False), sheet.get("warned", 0)
    return sheet


def _whole_proposal(row: Any, sheets: list[dict[str, Any]]) -> dict[str, Any]:
    """The mapping to be sent with the file in the place of what was sent: that, and what is proposed beside."""
    sent = orjson.loads(row["mapping"]) if row["mapping"] else {}
    only = next(iter(sent), ONLY_TABLE)
    proposed = {s["sheet"] or only: s["proposed_mapping"] for s in sheets if s["proposed_mapping"]}
    if not proposed:
        return {}
    return {name: {**sent.get(name, {}), **proposed.get(name, {})} for name in dict.fromkeys((*sent, *proposed))}


def _problem(problem: Mapping[str, Any], language: str) -> dict[str, Any]:
    message = SENTENCES[problem["code"]].say(language, problem["params"])
    return {
        "code": problem["code"],
        "message": message,
        **{k: problem[k] for k in ("allowed", "moved") if k in problem},
    }


def _counts(sheets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The counts of sheets, without what stands in the file, for a loader who has not sent it."""
    counted = ("type", "rows", "created", "updated", "unchanged", "rejected", "warned")
    return [{"sheet": None, "unknown_columns": [], **{k: sheet[k] for k in counted if k in sheet}} for sheet in sheets]


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat() if at else None
