"""An import and its rows as the API answers them (contract section 3), and what of a row may be told to its reader."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from app.clock import SHANGHAI
from app.imports.jobs import OPEN_STATES, problem_of
from app.imports.mapping.given import ONLY_TABLE
from app.imports.plan.fallen import FELL
from app.imports.plan.plan_rows import with_sentences
from app.kernel.store import RequestContext
from app.sentences import SENTENCES


def logged_types(ctx: RequestContext, row: Any) -> list[str]:
    """The types of an import whose stored records may be shown only with an entry in the access log."""
    logged = [t.path for t in ctx.runtime.registry if t.access.logged]
    if row["type"]:
        return [path for path in logged if path == row["type"]]
    if row["state"] in OPEN_STATES:  # the sheets are not all known yet
        return logged
    in_file = {sheet["type"] for sheet in orjson.loads(row["sheets"])}
    return [path for path in logged if path in in_file]


def told_changes(ctx: RequestContext) -> str:
    """SQL for what a row of an import changes. It holds what the record was, which kin of today are not told."""
    hidden = [
        f"type = '{t.path}' and not exists (select from {t.table} x where x.id = record_id)"
        for t in ctx.runtime.registry
        if ctx.view.right(t).spares_kin
    ]
    if not hidden:
        return "changes"
    return f"case when result = 'updated' and ({' or '.join(hidden)}) then '[]' else changes end as changes"


def document(row: Any, language: str) -> dict[str, Any]:
    """The import as the API answers it."""
    sheets = [_sheet(sheet, language) for sheet in orjson.loads(row["sheets"])]
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
        "proposed_mapping": _whole_proposal(row, sheets),
        "remember": row["remember"],
        "problem": _problem(problem, language) if (problem := problem_of(row)) else None,
        **{name: _moment(row[name]) for name in ("created_at", "finished_at", "rows_removed_at")},
    }


def _sheet(sheet: dict[str, Any], language: str) -> dict[str, Any]:
    if "skipped_because" in sheet:
        sheet["skipped_because"] = SENTENCES[sheet["skipped_because"]].say(language, {"sheet": sheet["sheet"]})
    said = [(at, SENTENCES[code].say(language, {})) for at, code in sheet.get("left_out", ())]
    sheet["left_out"] = [{"row": at, "message": message} for at, message in said]
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


MOST_FOLLOWING = 100  # rows that one entry lists
# Of a row `r`: those that are rejected for the same reason alone.
FOLLOWING = f"""(select count(*) from import_row f where f.import_id = r.import_id and f.follows = r.n) as following,
  array(select line_number from import_row f where f.import_id = r.import_id and f.follows = r.n order by n
    limit {MOST_FOLLOWING}) as following_rows"""


def row_document(row: Any, new: list[dict[str, Any]] | None, language: str) -> dict[str, Any]:
    """A row of the plan. `new` are the fields of a record that it creates."""
    errors = orjson.loads(row["errors"])
    document = {
        "sheet": row["sheet"],
        "row": row["line_number"],
        "result": row["result"],
        "type": row["type"],
        "record_id": str(row["record_id"]) if row["record_id"] and row["result"] != "rejected" else None,
        "number": row["number"],
        "errors": with_sentences(errors, language),
        "warnings": with_sentences(orjson.loads(row["warnings"]), language),
        "changes": orjson.loads(row["changes"]) if new is None else new,
    }
    if (fallen := follows_from(errors)) is None:
        return document
    rows = [row["line_number"], *row["following_rows"]][:MOST_FOLLOWING]
    return {**document, "follows_from": {**fallen, "count": row["following"] + 1, "rows": rows}}


def follows_from(errors: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row, or the sheet, by whose rejection alone a row is rejected."""
    if not errors or not all(error["code"] in FELL for error in errors):
        return None
    params = errors[0]["params"]
    return {"sheet": params.get("sheet"), "row": params.get("row")}


def used_mapping(row: Any) -> dict[str, dict[str, str | None]]:
    """What the headings of each sheet were taken for, as a mapping: with it the file is read once more as it was."""
    sheets = [sheet for sheet in orjson.loads(row["sheets"]) if sheet["type"]]
    return {s["sheet"] or ONLY_TABLE: {"@type": s["type"], **s.get("mapping_used", {})} for s in sheets}


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).isoformat() if at else None
