"""How an import that is there is begun again: its plan is to be written, or its file to be checked anew."""

from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import Refusal
from app.imports.jobs import INTERRUPTED, STATES, problem_of, read, require_rows
from app.kernel.store import RequestContext

# Of an interrupted import the plan may be whole: then it is committed as one that is checked, its rows being there.
_COMMITTABLE = f"""(state = 'checked' or (state = 'failed' and checked_at is not null
  and problem ->> 'code' = '{INTERRUPTED["code"]}')) and rows_removed_at is null"""
_INTERRUPTED = f"state = 'failed' and problem ->> 'code' = '{INTERRUPTED['code']}' and rows_removed_at is null"


def uncommittable(state: str) -> Refusal:
    """The refusal to commit an import that is in this state."""
    return Refusal("import_state", state=STATES[state], state_code=state)


def is_interrupted(row: Any) -> bool:
    """Whether the import has ended because its process or its connection did, with nothing written."""
    return bool(row["state"] == "failed") and problem_of(row).get("code") == INTERRUPTED["code"]


def require_committable(row: Any) -> None:
    """Refuse with `import_state`, with `import_rejected` because of a row, or with `import_rows_removed`."""
    if row["state"] != "checked" and not (is_interrupted(row) and row["checked_at"]):
        raise uncommittable(row["state"])
    require_rows(row)
    rejected = sum(s["rejected"] for s in orjson.loads(row["sheets"]))
    if rejected and row["on_error"] == "reject_all":
        raise Refusal("import_rejected", count=rejected)


async def begin_commit(ctx: RequestContext, connection: Any, import_id: str, remember: bool, rows: int) -> None:
    """Set the state `committing`. Of two at once the second is refused with `import_state`."""
    done = await connection.execute(
        f"""update import_job set state = 'committing', problem = null, finished_at = null, done = $3, total = $3 * 2,
        remember = remember or $4 where id = $2 and {_COMMITTABLE} and {GUARD}""",
        ctx.context(), import_id, rows, remember,
    )  # fmt: skip
    if done != "UPDATE 1":
        row = await read(ctx, import_id)
        require_committable(row)
        raise uncommittable(row["state"])


async def begin_again(ctx: RequestContext, connection: Any, import_id: str) -> None:
    """Set an interrupted import back to the state in which its file was received. Refuses with `import_state`."""
    done = await connection.execute(
        f"""update import_job set state = 'received', problem = null, finished_at = null, done = 0, total = 0,
        sheets = '[]', checked_at = null where id = $2 and {_INTERRUPTED} and {GUARD}""",
        ctx.context(), import_id,
    )  # fmt: skip
    if done != "UPDATE 1":
        row = await read(ctx, import_id)
        require_rows(row)
        raise uncommittable(row["state"])
