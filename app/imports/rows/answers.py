"""A row of an import as the API answers it (contract section 3), and what of it may be told to its reader."""

from typing import Any

import orjson

from app.imports.jobs import OPEN_STATES
from app.imports.plan.fallen import FELL
from app.imports.plan.told import with_sentences
from app.kernel.store import RequestContext


def logged_types(ctx: RequestContext, row: Any) -> list[str]:
    """The types of an import whose stored records may be shown only with an entry in the access log."""
    logged = [t.path for t in ctx.runtime.registry if t.access.logged]
    if row["type"]:
        return [path for path in logged if path == row["type"]]
    if row["state"] in OPEN_STATES:  # the sheets are not all known yet
        return logged
    in_file = {sheet["type"] for sheet in orjson.loads(row["sheets"])}
    return [path for path in logged if path in in_file]


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
        "errors": with_sentences(errors, language, row["told"]),
        "warnings": with_sentences(orjson.loads(row["warnings"]), language),
        "changes": orjson.loads(row["changes"]) if new is None else new,
        "merged": orjson.loads(row["merged"]) if row["merged"] else None,
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
