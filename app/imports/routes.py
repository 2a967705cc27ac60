"""The routes of imports: send a file, follow the import, read its rows."""

import re
from pathlib import Path
from typing import Annotated, Any

import orjson
import uuid_utils
from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from app.errors import FieldError, Refusal
from app.http.dependencies import bearer
from app.http.exchange import REPEATABLE, key_of, language, only, request_context, service_of
from app.http.idempotency import once
from app.http.operations import problems
from app.http.paging import documented
from app.http.service import Service
from app.http.upload import spool
from app.imports import jobs, worker
from app.imports.files.limits import UnreadableFile
from app.imports.mapping.given import BadMapping, SheetMapping, read_mapping
from app.imports.mapping.sheets import ACCEPTED_MEDIA, CSV, FILE_ENDINGS, guess_jurisdiction
from app.imports.mapping.source import ImportSource
from app.imports.models import FILE_BODY, PARAMETERS, ImportRead
from app.imports.plan.type_info import not_permitted
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.sql import listing
from app.kernel.store import RequestContext

IMPORT_ID = Annotated[str, PathParameter(description="导入的标识")]
TAG = "00 导入台账"


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
    check_parameters(ctx.runtime.registry, given)
    if not any(ctx.imports(any_type) for any_type in ctx.runtime.registry.types):
        raise Refusal("forbidden")
    t = importable_type(ctx, given)
    mapping_of(ctx, given)
    key, more = key_of(request), {}
    import_id = str(uuid_utils.uuid7())
    path = worker.uploads(service.settings) / import_id
    try:
        new = await _receive_file(request, ctx, path, t, given)
        if key is None:
            await _take_in(service, ctx, import_id, new)
        else:
            async with once(request, ctx, ctx.caller.database_role, [given, new.media, new.sha256]) as attempt:
                if not attempt.found:
                    await _take_in(service, attempt.ctx, import_id, new)
                attempt.wrote(202, "imports", import_id)
            if attempt.found:  # the file was received before
                path.unlink(missing_ok=True)
                import_id, more = attempt.found.name, attempt.headers
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    document = jobs.document(await jobs.read(ctx, import_id), _language(request))
    return _answer(document, 202, Location=f"/v1/imports/{import_id}", **more)


async def _take_in(service: Service, ctx: RequestContext, import_id: str, new: jobs.NewImport) -> None:
    async with worker.queueing(service, ctx, import_id) as connection:
        await jobs.create(ctx, connection, import_id, new)


async def _receive_file(
    request: Request, ctx: RequestContext, path: Path, t: RecordType | None, given: dict[str, str]
) -> jobs.NewImport:
    """Write the uploaded file to `path`. Refuses a csv without a type, and a jurisdiction that is not the caller's."""
    upload = await spool(request, path, ACCEPTED_MEDIA, FILE_ENDINGS, service_of(request).settings.import_limit)
    if upload.fields:
        given.update(fields_of_form(ctx.runtime.registry, given, upload.fields))
        t = importable_type(ctx, given)
    source = ImportSource(upload.media, t, mapping_of(ctx, given))
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
        mapping=given.get("mapping"),
        remember=given.get("remember") == "true",
        file_name=upload.name,
        media=upload.media,
        sha256=upload.sha256,
    )


def _guess(path: Path, source: ImportSource, registry: Registry) -> str | None:
    try:
        return guess_jurisdiction(path, source, registry)
    except BadMapping as problem:
        raise bad_mapping(problem) from None
    except UnreadableFile:
        return None


async def follow(request: Request, import_id: IMPORT_ID) -> Response:
    """状态、进度和各表结果。"""
    ctx = await request_context(request)
    only(request)
    return _answer(jobs.document(await jobs.head(ctx, import_id), _language(request)))


def bad_mapping(problem: BadMapping) -> Refusal:
    """The refusal (400) of a mapping."""
    error = FieldError("mapping", problem.code, problem.params, problem.allowed)
    return Refusal("bad_query", field_errors=[error])


def mapping_of(ctx: RequestContext, given: dict[str, str]) -> dict[str, SheetMapping]:
    """The mapping that is given. Refuses with `bad_query`, and with `import_not_permitted` for a type of it."""
    if "mapping" not in given:
        return {}
    try:
        mapping = read_mapping(given["mapping"], ctx.runtime.registry)
    except BadMapping as problem:
        raise bad_mapping(problem) from None
    for t in (sheet.type for sheet in mapping.values()):
        if t and not ctx.imports(t):
            raise not_permitted(ctx, t)
    return mapping


def importable_type(ctx: RequestContext, given: dict[str, str]) -> RecordType | None:
    """The type that is asked for. Refuses with `import_not_permitted`."""
    t = ctx.runtime.registry.by_path.get(given.get("type", ""))
    if t and not ctx.imports(t):
        raise not_permitted(ctx, t)
    return t


def fields_of_form(registry: Registry, given: dict[str, str], fields: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters that a form gives beside its file. Refuses with `bad_query` (400) what is none, or given twice."""
    found: dict[str, str] = {}
    for name, value in ((name, value) for name, value in fields if value):  # an empty field is not given
        if name not in PARAMETERS:
            raise listing.bad_query(name, "unknown_parameter", allowed=list(PARAMETERS))
        if name in found or given.get(name, value) != value:
            raise listing.bad_query(name, "given_twice")
        found[name] = value
    check_parameters(registry, found)
    return found


def check_parameters(registry: Registry, given: dict[str, str]) -> None:
    """Refuse with `bad_query` (400) what is none of the choices."""
    if "type" in given and given["type"] not in registry.by_path:
        raise listing.bad_query("type", "not_a_choice", allowed=list(registry.by_path))
    for name, allowed in (
        ("mode", ("preview", "commit")),
        ("on_error", ("reject_all", "skip_rows")),
        ("allow_register_changes", ("true", "false")),
        ("remember", ("true", "false")),
    ):
        if name in given and given[name] not in allowed:
            raise listing.bad_query(name, "not_a_choice", allowed=list(allowed))
