"""The routes of imports: send a file, follow the import, read its rows, commit a preview."""

import re
import uuid
from pathlib import Path
from typing import Annotated, Any

import orjson
import uuid_utils
from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from app.db.context import GUARD
from app.errors import FieldError, Refusal
from app.http.dependencies import bearer
from app.http.exchange import REPEATABLE, key_of, language, only, request_context, service_of
from app.http.idempotency import REPLAYED, keyed, once
from app.http.operations import problems
from app.http.paging import PAGING, documented
from app.http.upload import spool
from app.imports import jobs, worker
from app.imports.commit import commit_preview
from app.imports.files.limits import UnreadableFile
from app.imports.mapping.sheets import ACCEPTED_MEDIA, CSV, FILE_ENDINGS, ImportSource, guess_jurisdiction
from app.imports.models import FILE_BODY, OF_ROWS, PARAMETERS, ImportRead, RowPage
from app.imports.plan.plan_rows import with_sentences
from app.imports.plan.told import SHOWS_STORED, still_told
from app.imports.plan.type_info import not_permitted
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.personal import access_log
from app.kernel.sql import listing
from app.kernel.store import RequestContext

TAG = "00 导入台账"
RESULTS = ("created", "updated", "unchanged", "rejected")
IMPORT_ID = Annotated[str, PathParameter(description="导入的标识")]


def router() -> APIRouter:
    """The routes. Their limit for the size of a body is larger than that of other routes (app/main.py)."""
    made = APIRouter(tags=[TAG], dependencies=[Depends(bearer)])
    made.add_api_route(
        "/v1/imports", receive, methods=["POST"], status_code=202, summary="导入台账文件", response_model=ImportRead,
        openapi_extra={**FILE_BODY, **documented(**PARAMETERS)}, responses=problems(400, 403, 413, 415, 422),
        dependencies=[REPEATABLE],
    )  # fmt: skip
    made.add_api_route(
        "/v1/imports/{import_id}",
        follow,
        methods=["GET"],
        summary="查一次导入",
        response_model=ImportRead,
        responses=problems(400, 403, 404),
    )
    made.add_api_route(
        "/v1/imports/{import_id}/rows",
        rows,
        methods=["GET"],
        summary="查导入的逐行结果",
        response_model=RowPage,
        responses=problems(400, 403, 404, 410),
        openapi_extra=documented(**OF_ROWS, **PAGING),
    )
    made.add_api_route(
        "/v1/imports/{import_id}/actions/commit", commit, methods=["POST"], summary="提交预览过的导入",
        response_model=ImportRead, responses=problems(403, 404, 409, 410, 412), dependencies=[REPEATABLE],
    )  # fmt: skip
    return made


def _answer(document: Any, status: int = 200, **headers: str) -> Response:
    headers = {"Cache-Control": "private, no-store", **headers}
    return Response(orjson.dumps(document, default=str), status, headers, "application/json")


def _language(request: Request) -> str:
    return language(request.headers.get("accept-language", ""))


async def receive(request: Request) -> Response:
    """收下文件，转入后台检查；到 Location 所指处查看进度和结果。"""
    ctx, service = await request_context(request), service_of(request)
    given = only(request, *PARAMETERS)
    _check_parameters(ctx.runtime.registry, given)
    if not any(ctx.imports(any_type) for any_type in ctx.runtime.registry.types):
        raise Refusal("forbidden")
    t = _importable_type(ctx, given)
    key, more = key_of(request), {}
    import_id = str(uuid_utils.uuid7())
    path = worker.uploads(service.settings) / import_id
    try:
        new = await _receive_file(request, ctx, path, t, given)
        if key is None:
            await worker.take_in(service, ctx, import_id, new)
        else:
            async with once(request, ctx, ctx.caller.database_role, [given, new.media, new.sha256]) as attempt:
                if not attempt.found:
                    await worker.take_in(service, attempt.ctx, import_id, new)
                attempt.wrote(202, "imports", import_id)
            if attempt.found:  # the file was received before
                path.unlink(missing_ok=True)
                import_id, more = attempt.found.name, attempt.headers
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    document = jobs.document(await jobs.read(ctx, import_id), _language(request))
    return _answer(document, 202, Location=f"/v1/imports/{import_id}", **more)


async def _receive_file(
    request: Request, ctx: RequestContext, path: Path, t: RecordType | None, given: dict[str, str]
) -> jobs.NewImport:
    """Write the uploaded file to `path`. Refuses a csv without a type, and a jurisdiction that is not the caller's."""
    upload = await spool(request, path, ACCEPTED_MEDIA, FILE_ENDINGS, service_of(request).settings.import_limit)
    if upload.fields:
        given.update(_fields_of_form(ctx.runtime.registry, given, upload.fields))
        t = _importable_type(ctx, given)
    source = ImportSource(upload.media, t)
    if upload.media == CSV and t is None:
        raise listing.bad_query("type", "type_missing", allowed=list(ctx.runtime.registry.by_path))
    code = given.get("jurisdiction") or ctx.caller.code or _guess(path, source, ctx.runtime.registry)
    if code is None:
        raise Refusal("jurisdiction_required", field_errors=[FieldError("jurisdiction", "jurisdiction_required")])
    if not re.fullmatch(r"[1-9]\d{5}", code) or not ctx.caller.covers(code):
        raise Refusal("validation_failed", field_errors=[FieldError("jurisdiction", "jurisdiction_outside")], count=1)
    return jobs.NewImport(
        jurisdiction=code,
        mode=given.get("mode", "preview"),
        on_error=given.get("on_error", "reject_all"),
        allow_register_changes=given.get("allow_register_changes") == "true",
        type=t.path if t else None,
        file_name=upload.name,
        media=upload.media,
        sha256=upload.sha256,
    )


def _importable_type(ctx: RequestContext, given: dict[str, str]) -> RecordType | None:
    t = ctx.runtime.registry.by_path.get(given.get("type", ""))
    if t and not ctx.imports(t):
        raise not_permitted(ctx, t)
    return t


def _fields_of_form(registry: Registry, given: dict[str, str], fields: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters that a form gives beside its file. Refuses with `bad_query` (400) what is none, or given twice."""
    found: dict[str, str] = {}
    for name, value in fields:
        if name not in PARAMETERS:
            raise listing.bad_query(name, "unknown_parameter", allowed=list(PARAMETERS))
        if name in found or given.get(name, value) != value:
            raise listing.bad_query(name, "given_twice")
        found[name] = value
    _check_parameters(registry, found)
    return found


def _check_parameters(registry: Registry, given: dict[str, str]) -> None:
    if "type" in given and given["type"] not in registry.by_path:
        raise listing.bad_query("type", "not_a_choice", allowed=list(registry.by_path))
    for name, allowed in (
        ("mode", ("preview", "commit")),
        ("on_error", ("reject_all", "skip_rows")),
        ("allow_register_changes", ("true", "false")),
    ):
        if name in given and given[name] not in allowed:
            raise listing.bad_query(name, "not_a_choice", allowed=list(allowed))


def _guess(path: Path, source: ImportSource, registry: Registry) -> str | None:
    try:
        return guess_jurisdiction(path, source, registry)
    except UnreadableFile:
        return None


def _checked_id(import_id: str) -> str:
    try:
        return str(uuid.UUID(import_id))
    except ValueError:
        raise Refusal("not_found", label="导入") from None


async def follow(request: Request, import_id: IMPORT_ID) -> Response:
    """状态、进度和各表结果。"""
    ctx = await request_context(request)
    only(request)
    return _answer(jobs.document(await jobs.read(ctx, _checked_id(import_id)), _language(request)))


async def rows(request: Request, import_id: IMPORT_ID) -> Response:
    """每一行会怎样、为什么。"""
    ctx = await request_context(request)
    given = only(request, *OF_ROWS, *PAGING)
    job = await jobs.read(ctx, _checked_id(import_id))
    if "result" in given and given["result"] not in RESULTS:
        raise listing.bad_query("result", "not_a_choice", allowed=list(RESULTS))
    most, after = listing.page_limit(given.get("limit", str(listing.DEFAULT_LIMIT))), given.get("cursor", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise Refusal("bad_cursor")
    jobs.require_rows(job)
    sql, arguments = access_log.with_log_entries_by_type(
        ctx.caller, jobs.logged_types(ctx, job), most,
        f"""select n, sheet, line_number, result, jurisdiction, type, record_id, number, errors, warnings,
        case when told then changes else '[]' end as changes, case when told then merged end as merged, told,
        {SHOWS_STORED} as shows
        from (select *, {still_told(ctx)} as told from import_row where import_id = $2 and n > $3
          and ($4::text is null or result = $4) and {GUARD} order by n limit $5) r order by n""",
        (ctx.context(), job["id"], int(after), given.get("result"), most + 1),
    )  # fmt: skip
    async with ctx.connection() as connection:
        page = await connection.fetch(sql, *arguments)
    items = [_row(r, _language(request)) for r in page[:most]]
    return _answer({"items": items, "next_cursor": str(page[most - 1]["n"]) if len(page) > most else None})


def _row(row: Any, lang: str) -> dict[str, Any]:
    return {
        "sheet": row["sheet"],
        "row": row["line_number"],
        "result": row["result"],
        "type": row["type"],
        "record_id": str(row["record_id"]) if row["record_id"] and row["result"] != "rejected" else None,
        "number": row["number"],
        "errors": with_sentences(orjson.loads(row["errors"]), lang, row["told"]),
        "warnings": with_sentences(orjson.loads(row["warnings"]), lang),
        "changes": orjson.loads(row["changes"]),
        "merged": orjson.loads(row["merged"]) if row["merged"] else None,
    }


async def commit(request: Request, import_id: IMPORT_ID) -> Response:
    """照预览的结果写入，只能一次；预览之后有记录改动过的，退回 412。"""
    ctx = await request_context(request)
    only(request)
    this = keyed(request, ctx, None)
    import_id = _checked_id(import_id)
    more = {REPLAYED: "true"} if await commit_preview(ctx, import_id, this) else {}
    document = jobs.document(await jobs.read(ctx, import_id), _language(request))
    return _answer(document, 200, **more)
