"""`GET /v1/imports/{id}/rows`: the plan, row by row."""

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.db.context import GUARD
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, language, only, request_context
from app.http.operations import problems
from app.http.paging import PAGING, documented
from app.imports import jobs
from app.imports.models import OF_ROWS, RowPage
from app.imports.plan.told import SHOWS_STORED, still_told
from app.imports.routes import IMPORT_ID
from app.imports.rows import answers
from app.imports.rows.new_records import changes_of_new
from app.kernel.personal import access_log
from app.kernel.sql import listing

RESULTS = ("created", "updated", "unchanged", "rejected")


def router() -> APIRouter:
    """The one route."""
    made = APIRouter(tags=["00 导入台账"], dependencies=[Depends(bearer)])
    made.add_api_route(
        "/v1/imports/{import_id}/rows",
        rows,
        methods=["GET"],
        summary="查导入的逐行结果",
        response_model=RowPage,
        responses=problems(400, 403, 404, 410),
        openapi_extra=documented(**OF_ROWS, **PAGING),
    )
    return made


async def rows(request: Request, import_id: IMPORT_ID) -> Response:
    """每一行会怎样、为什么。"""
    ctx = await request_context(request)
    given = only(request, *OF_ROWS, *PAGING)
    job = await jobs.read(ctx, import_id)
    if "result" in given and given["result"] not in RESULTS:
        raise listing.bad_query("result", "not_a_choice", allowed=list(RESULTS))
    if given.get("warned", "true") not in ("true", "false"):
        raise listing.bad_query("warned", "not_a_choice", allowed=["true", "false"])
    most, after = listing.page_limit(given.get("limit", str(listing.DEFAULT_LIMIT))), given.get("cursor", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise Refusal("bad_cursor")
    jobs.require_rows(job)
    sql, arguments = access_log.with_log_entries_by_type(
        ctx.caller, answers.logged_types(ctx, job), most,
        f"""select n, sheet, line_number, result, jurisdiction, type, record_id, number, state, errors, warnings,
        case when told then changes else '[]' end as changes, case when told then merged end as merged, told,
        {SHOWS_STORED} as shows, case when result = 'created' then "values" end as given, {answers.FOLLOWING}
        from (select *, {still_told(ctx)} as told from import_row where import_id = $2 and n > $3
          and ($4::text is null or result = $4) and ($6::text is null or (warnings <> '[]') = ($6 = 'true'))
          and follows is null and {GUARD} order by n limit $5) r where {GUARD} order by n""",
        (ctx.context(), job["id"], int(after), given.get("result"), most + 1, given.get("warned")),
    )  # fmt: skip
    async with ctx.connection() as connection:
        page = await connection.fetch(sql, *arguments)
    new = await changes_of_new(ctx, job["id"], page[:most])
    tongue = language(request.headers.get("accept-language", ""))
    items = [answers.row_document(r, new.get(r["n"]), tongue) for r in page[:most]]
    found = {"items": items, "next_cursor": str(page[most - 1]["n"]) if len(page) > most else None}
    return Response(orjson.dumps(found, default=str), 200, {"Cache-Control": "private, no-store"}, JSON)
