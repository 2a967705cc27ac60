"""`GET /v1/import-mappings` lists what imports remember of headings, `DELETE /v1/import-mappings/{id}` forgets it."""

import uuid
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.clock import SHANGHAI
from app.db.context import GUARD
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, only, request_context
from app.http.idempotency import once
from app.http.operations import problems
from app.http.paging import PAGING, documented, paged, paging
from app.kernel.sql.listing import bad_query
from app.kernel.store import RequestContext

TEXT = {"type": "string"}
FILTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "jurisdiction": ("区划代码", TEXT),
    "type": ("记录类型，如 findings", TEXT),
}


class MappingRead(BaseModel):
    """一个区划的一种台账，记住了哪些列名是什么。"""

    id: str = Field(description="标识")
    jurisdiction: str = Field(description="区划代码")
    type: str = Field(description="记录类型")
    sheets: list[str] = Field(description="认作这种台账的工作表名")
    mapping: dict[str, str | None] = Field(description="列名 → 字段，null 为不导入")
    made_at: str = Field(description="最近记住的时刻")
    made_by_role: str = Field(description="由哪个角色记住")


class MappingPage(BaseModel):
    """一页。"""

    items: list[MappingRead] = Field(description="记住的对应")
    next_cursor: str | None = Field(description="下一页的游标")


def router() -> APIRouter:
    """Both routes."""
    made = APIRouter(tags=["00 导入台账"], dependencies=[Depends(bearer)])
    made.add_api_route(
        "/v1/import-mappings", listed, methods=["GET"], summary="列出导入时记住的列名对应", response_model=MappingPage,
        responses=problems(400, 403), openapi_extra=documented(**FILTERS, **PAGING),
        operation_id="list_import_mappings",
    )  # fmt: skip
    made.add_api_route(
        "/v1/import-mappings/{mapping_id}", forget, methods=["DELETE"], summary="不再记住", status_code=204,
        response_class=Response, responses=problems(400, 403, 404, 409, 422),
        dependencies=[REPEATABLE],
        operation_id="forget_import_mapping",
    )  # fmt: skip
    return made


async def _importer(request: Request) -> RequestContext:
    """The context of a caller who may import something. Refuses with `forbidden` (403)."""
    ctx = await request_context(request)
    if not any(ctx.imports(t) for t in ctx.runtime.registry.types):
        raise Refusal("forbidden")
    return ctx


async def listed(request: Request) -> Response:
    """本账号可以导入的各种台账，以前导入时说明过、今后照用的列名。"""
    ctx = await _importer(request)
    given = only(request, *FILTERS, *PAGING)
    most, after = paging(given)
    if "type" in given and given["type"] not in ctx.runtime.registry.by_path:
        raise bad_query("type", "not_a_choice", allowed=list(ctx.runtime.registry.by_path))
    async with ctx.connection() as connection:
        rows = await connection.fetch(
            f"""select * from import_mapping
            where ($2::text is null or jurisdiction = $2) and ($3::text is null or type = $3)
            and ($4::uuid is null or id > $4) and {GUARD} order by id limit $5""",
            ctx.context(), given.get("jurisdiction"), given.get("type"), _place(after), most + 1,
        )  # fmt: skip
    cursor = str(rows[most - 1]["id"]) if len(rows) > most else None
    page = {"items": [_item(row) for row in rows[:most]], "next_cursor": cursor}
    return Response(orjson.dumps(page), 200, paged(request, cursor), JSON)


def _place(cursor: str | None) -> str | None:
    try:
        return str(uuid.UUID(cursor)) if cursor else None
    except ValueError:
        raise Refusal("bad_cursor") from None


def _item(row: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "jurisdiction": row["jurisdiction"],
        "type": row["type"],
        "sheets": orjson.loads(row["sheets"]),
        "mapping": orjson.loads(row["columns"]),
        "made_at": row["made_at"].astimezone(SHANGHAI).isoformat(),
        "made_by_role": row["made_by_role"],
    }


async def forget(request: Request, mapping_id: Annotated[str, PathParameter(description="标识")]) -> Response:
    """今后导入不再照用；已经导入的不受影响。已经不在的答 404。"""
    ctx = await _importer(request)
    only(request)
    try:
        wanted = str(uuid.UUID(mapping_id))
    except ValueError:
        raise Refusal("not_found", label="列名对应") from None
    async with once(request, ctx, ctx.caller.database_role, None) as attempt:
        if not attempt.found:
            async with attempt.ctx.connection() as connection:
                gone = await connection.execute(
                    f"delete from import_mapping where id = $2 and {GUARD}", ctx.context(), wanted
                )
            if gone != "DELETE 1":
                raise Refusal("not_found", label="列名对应")
        attempt.wrote(204, "import-mappings", wanted)
    return Response(status_code=204, headers=attempt.headers)
