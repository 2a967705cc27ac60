"""What became of each record of an import at its undo or redo, as its maker is told by today's rights."""

from typing import Any

from app.db.context import GUARD
from app.kernel.sql.projection import maker_sql
from app.kernel.sql.revert import NOT_AVAILABLE
from app.kernel.store import RequestContext
from app.roles import READERS
from app.sentences import SENTENCES

LEFT_ALONE, DONE = "left_alone", "done"


def records_sql(ctx: RequestContext) -> str:
    """A page: $2 import, $3 the place before, $4 result or null, $5 how many.

    Who has changed a record since is told as its history tells it. A loader reads no history, and is told that
    somebody has.
    """
    told = [
        f"u.type = '{t.path}' and not exists (select from {t.table} x where x.id = u.record_id)"
        for t in ctx.runtime.registry
        if ctx.view.right(t).spares_kin
    ]
    hidden = " or ".join(told) or "false"
    shows = "false"  # nothing that is stored is shown, but who has changed it and when
    by, history = "null::text as by, null::text as by_role, null::int as version", ""
    if ctx.caller.role in READERS:
        by = f"{maker_sql(ctx.view, 'r.actor')} as by, r.actor_role as by_role, r.version"
        shows = "r.version is not null"
        history = f"""left join revision r on r.jurisdiction = u.jurisdiction and r.record_type = u.type
    and r.record_id = u.record_id and r.version = u.version and not ({hidden})"""
    return f"""select u.n, i.sheet, i.line_number, u.jurisdiction, u.type, u.record_id, i.number,
    case when u.problem is not null and ({hidden}) then '{NOT_AVAILABLE}' else u.problem end as problem, {by},
    {shows} as shows
  from import_undo u join import_row i on i.import_id = u.import_id and i.record_id = u.record_id
    and i.result in ('created', 'updated') {history}
  where u.import_id = $2 and u.n > $3 and u.direct and {GUARD}
    and ($4::text is null or $4 = case when u.problem is null then '{DONE}' else '{LEFT_ALONE}' end)
  order by u.n limit $5"""


def document(row: Any, language: str) -> dict[str, Any]:
    """One record as the API answers it."""
    code = row["problem"]
    return {
        "sheet": row["sheet"],
        "row": row["line_number"],
        "type": row["type"],
        "record_id": str(row["record_id"]),
        "number": row["number"],
        "result": LEFT_ALONE if code else DONE,
        "code": code,
        "message": SENTENCES[code].say(language, {}) if code else None,
        **{name: row[name] for name in ("version", "by", "by_role")},
    }
