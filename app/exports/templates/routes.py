"""`GET /v1/templates/{type}.xlsx|csv` and `/v1/templates/ledger.xlsx`: empty ledgers, for whoever may import them."""

import tempfile
from asyncio import to_thread
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter
from starlette.responses import Response

from app.errors import Refusal
from app.exports.csv_lines import BEGINNINGS
from app.exports.templates.blank_ledger import Choices, Template, csv_template, stamp
from app.http.dependencies import bearer
from app.http.exchange import only, request_context, service_of
from app.http.operations import problems
from app.http.paging import documented
from app.imports.files.cells import fold_name
from app.imports.mapping.sheets import CSV, XLSX
from app.imports.plan.type_info import not_permitted
from app.kernel import store
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.listing import MAX_LIMIT, Condition, Listing, bad_query
from app.kernel.store import RequestContext

TAG = "00 导入台账"
WHOLE = "ledger"
MOST_CHOICES = 2000  # a longer list helps nobody
NAME = Annotated[str, PathParameter(description="记录类型加扩展名，如 findings.xlsx、findings.csv；全套为 ledger.xlsx")]


def router() -> APIRouter:
    """The one route."""
    made = APIRouter(tags=[TAG], dependencies=[Depends(bearer)])
    binary = {m: {"schema": {"type": "string", "format": "binary"}} for m in (XLSX, CSV)}
    charset = ("csv 的编码：utf-8（默认，带 BOM），gb18030", {"type": "string", "enum": [*BEGINNINGS]})
    made.add_api_route(
        "/v1/templates/{name}",
        template,
        methods=["GET"],
        summary="取空白台账",
        response_model=None,
        operation_id="get_template",
        responses={200: {"description": "空白台账", "content": binary}, **problems(400, 403, 404)},
        openapi_extra=documented(charset=charset),
    )
    return made


async def template(request: Request, name: NAME) -> Response:
    """带下拉选项、填写说明和一行示例的空白台账；下拉选项取自本区划的名录。示例行不会导入。"""
    ctx = await request_context(request)
    charset = only(request, "charset").get("charset", "utf-8")
    if charset not in BEGINNINGS:
        raise bad_query("charset", "not_a_choice", allowed=list(BEGINNINGS))
    path, _, ending = name.rpartition(".")
    types = _types(ctx, path)
    if ending not in ("xlsx", "csv") or (path == WHOLE and ending == "csv"):
        raise Refusal("not_found", label="空白台账")
    if ending == "csv":
        content, media = csv_template(types[0], charset), f"{CSV}; charset={charset}"
    else:
        folder = service_of(request).settings.data_dir
        content, media = await to_thread(_workbook, types, await _choices(ctx, types), folder), XLSX
    shown = quote(f"{types[0].ledger.sheets[0] if path != WHOLE else '台账'}-模板.{ending}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{path}-{stamp(types)}.{ending}\"; filename*=UTF-8''{shown}",
        "Cache-Control": "private, no-store",
        "Vary": "Authorization",
    }
    return Response(content, 200, headers, media)


def _types(ctx: RequestContext, path: str) -> list[RecordType]:
    """The types that are asked for. Refuses with `import_not_permitted` what the caller may not import."""
    registry = ctx.runtime.registry
    if path == WHOLE:
        found = [t for t in registry if ctx.imports(t)]
        if not found:
            raise Refusal("forbidden")
        return found
    if path not in registry.by_path:
        raise Refusal("not_found", label="空白台账")
    if not ctx.imports(t := registry.by_path[path]):
        raise not_permitted(ctx, t)
    return [t]


def _workbook(types: list[RecordType], choices: Choices, folder: Path) -> bytes:
    with tempfile.TemporaryDirectory(dir=folder) as made:
        path = Path(made) / "template.xlsx"
        Template(types, path, choices).write()
        return path.read_bytes()


async def _choices(ctx: RequestContext, types: list[RecordType]) -> Choices:
    """What references to a register may name: names that only one record has, or the numbers of rounds."""
    registry = ctx.runtime.registry
    wanted = {f.to for t in types for f in t.references if f.in_ledger and not f.copied}
    found = {}
    for target in (registry.by_path[path] for path in wanted):
        column = target.ledger_name.columns[0] if target.ledger_name else "number" if target.numbering.formula else ""
        if column and ctx.right(target).lists:
            found[target.path] = await _names(ctx, target, column)
    return found


async def _names(ctx: RequestContext, target: RecordType, column: str) -> list[str]:
    """The values of a column of a register, those of several records left out: an import would not know which."""
    states = [s for s in target.lifecycle.states if s != VOIDED and s not in target.lifecycle.retired]
    rule = target.ledger_name
    only = [Condition(f"t.{name} = {{}}", value) for name, value in rule.only.items()] if rule else []
    conditions = (Condition("t.state = any({}::text[])", states), *only)
    page = partial(Listing, conditions, (("number", False), ("id", False)), MAX_LIMIT)
    shared = [target.reference(name).id_column for name in rule.within] if rule else []
    names: dict[tuple[Any, ...], list[str]] = {}
    cursor, key, read = None, b"template", 0
    while read < MOST_CHOICES:
        items, cursor = await store.page(ctx, target, page(cursor), key)
        documents = orjson.loads(b"[" + items + b"]")
        read += len(documents)
        for document in documents:
            name = str(document[column])
            names.setdefault((fold_name(name), *(document[c] for c in shared)), []).append(name)
        if cursor is None:
            break
    return [*dict.fromkeys(same[0] for same in names.values() if len(same) == 1)]
