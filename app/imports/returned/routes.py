"""`GET /v1/imports/{id}/workbook`: the file as it was sent, with what is wrong beside each rejected row."""

import uuid
from asyncio import to_thread
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from app.db.context import GUARD
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import language, only, request_context, service_of
from app.http.operations import problems
from app.imports import jobs, kept_file, worker
from app.imports.mapping.given import read_mapping
from app.imports.mapping.sheet_table import SheetTable
from app.imports.mapping.sheets import CSV, NDJSON, XLSX, tables
from app.imports.mapping.source import ImportSource
from app.imports.plan.told import SHOWS_STORED, still_told, with_sentences
from app.imports.returned.text_files import marked_csv, marked_ndjson
from app.imports.returned.workbook_file import MarkedSheet, marked_workbook
from app.imports.routes import IMPORT_ID
from app.imports.rows.answers import logged_types
from app.kernel.declare.registry import Registry
from app.kernel.personal.access_log import with_log_entries_by_type
from app.kernel.store import RequestContext

ENDINGS = {XLSX: "xlsx", CSV: "csv", NDJSON: "ndjson"}
Problems = dict[str | None, dict[int, list[dict[str, Any]]]]  # sheet -> row -> what is wrong


def router() -> APIRouter:
    """The one route."""
    made = APIRouter(tags=["00 导入台账"], dependencies=[Depends(bearer)])
    binary = {m: {"schema": {"type": "string", "format": "binary"}} for m in ENDINGS}
    made.add_api_route(
        "/v1/imports/{import_id}/workbook",
        workbook,
        methods=["GET"],
        summary="取回标明错误的台账",
        response_model=None,
        operation_id="get_workbook_of_import",
        responses={200: {"description": "原文件，标明错误", "content": binary}, **problems(400, 403, 404, 409, 410)},
    )
    return made


async def workbook(request: Request, import_id: IMPORT_ID) -> Response:
    """送来的文件，格式不变；被拒绝的行旁边加一列“错误”，有错的格标出颜色。改好后可以原样再送，这一列不会读入。"""
    ctx = await request_context(request)
    only(request)
    job = await jobs.read(ctx, import_id)
    jobs.require_rows(job)
    tongue = language(request.headers.get("accept-language", ""))
    found = {} if job["state"] in jobs.OPEN_STATES else await _problems(ctx, job, tongue)
    if not found:
        raise Refusal("nothing_rejected")
    folder = worker.uploads(service_of(request).settings)
    source, target = folder / str(uuid.uuid4()), folder / str(uuid.uuid4())  # what is left of them goes at the start
    try:
        await kept_file.put_back(ctx, str(job["id"]), source)
        await to_thread(_mark, source, target, job, found, ctx.runtime.registry)
        file = target.open("rb")
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    return StreamingResponse(_pieces(file), 200, _headers(job), job["media"])


async def _pieces(file: Any) -> AsyncIterator[bytes]:
    with file:
        while piece := await to_thread(file.read, 2**18):
            yield piece


async def _problems(ctx: RequestContext, job: Any, tongue: str) -> Problems:
    """What is wrong with each rejected row, as `GET …/rows` says it."""
    sql, arguments = with_log_entries_by_type(
        ctx.caller, logged_types(ctx, job), None,
        f"""select sheet, line_number, errors, told, jurisdiction, type, record_id, {SHOWS_STORED} as shows
        from (select *, {still_told(ctx)} as told from import_row
          where import_id = $2 and result = 'rejected' and {GUARD}) r order by n""",
        (ctx.context(), job["id"]),
    )  # fmt: skip
    async with ctx.connection() as connection:
        rows = await connection.fetch(sql, *arguments)
    found: Problems = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row["sheet"]][row["line_number"]] += with_sentences(orjson.loads(row["errors"]), tongue, row["told"])
    return found


def _mark(source: Path, target: Path, job: Any, found: Problems, registry: Registry) -> None:
    """Write the marked file. Runs in a thread: the file is read as the import has read it."""
    if job["media"] == NDJSON:
        marked_ndjson(source, target, found[None])
        return
    mapping = read_mapping(orjson.dumps(jobs.used_mapping(job)).decode(), registry)
    read = ImportSource(job["media"], registry.by_path.get(job["type"] or ""), mapping)
    located = {table.sheet: table for table in tables(source, read, registry) if table.type}
    if job["media"] == CSV:
        table = located[None]
        said = {row: _said(errors) for row, errors in found[None].items()}
        marked_csv(source, target, read.encoding or "utf-8", table.header_row, table.positions.get("problem"), said)
    else:
        marked_workbook(source, target, {s: _of_sheet(located[s], found[s]) for s in found if s and s in located})


def _of_sheet(table: SheetTable, problems: dict[int, list[dict[str, Any]]]) -> MarkedSheet:
    places = {heading: table.positions[key] for key, heading in table.headings.items() if key in table.positions}
    marks = MarkedSheet(table.header_row, table.positions.get("problem"))
    for row, errors in problems.items():
        marks.messages[row] = _said(errors)
        marks.wrong[row] = {places[e["column"]] for e in errors if e["column"] in places}
    return marks


def _said(errors: list[dict[str, Any]]) -> str:
    lines = [f"{e['column']}：{e['message']}" if e["column"] else e["message"] for e in errors]
    return "\n".join(lines)


def _headers(job: Any) -> dict[str, str]:
    ending = ENDINGS[job["media"]]
    name = quote(f"错误-{job['file_name'] or f'台账.{ending}'}", safe="")
    return {
        "Content-Disposition": f"attachment; filename=\"errors.{ending}\"; filename*=UTF-8''{name}",
        "Cache-Control": "private, no-store",
        "Vary": "Authorization",
    }
