"""Finding a person by identity number: exact, by digest, never through a URL."""

from dataclasses import replace
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.db.context import GUARD
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, check_media, json_body, only, request_context, service_of
from app.http.operations import problems
from app.kernel.declare.fields import Sealed
from app.kernel.personal.access_log import Reading, with_log_entry
from app.kernel.schema.models import body_model, members
from app.kernel.schema.validation import validated
from app.kernel.sql.projection import answer_sql
from app.records.person.record import RECORD

ID_NUMBER = next(f for f in RECORD.of_kind(Sealed) if f.name == "id_number")
router = APIRouter(tags=[RECORD.tag], dependencies=[Depends(bearer)])


PersonFind = body_model("PersonFind", "按身份证号查找。", [members(replace(ID_NUMBER, required=True), False)])
FIND_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/PersonFind"}}},
    }
}
FIND_ANSWER: dict[str, Any] = {JSON: {"schema": {"$ref": "#/components/schemas/PersonPage"}}}


@router.post(
    "/v1/persons/find",
    summary="按身份证号查找人员",
    operation_id="find_person",
    openapi_extra=FIND_BODY,
    response_model=None,
    responses={200: {"description": "持有此号码的人员", "content": FIND_ANSWER}, **problems(400, 403, 415, 422)},
)
async def find_person(request: Request) -> Response:
    """身份证号加密保存，只能整号查找；号码不出现在地址和日志中。"""
    ctx = await request_context(request)
    only(request)
    check_media(request, JSON)
    if not ctx.right(RECORD).lists:
        raise Refusal("forbidden")
    number = validated(PersonFind, await json_body(request))["id_number"]
    digest = service_of(request).runtime.seal.digest(RECORD.sealed_member(ID_NUMBER), number)
    sql = answer_sql(ctx.view, RECORD, "t").format(source=RECORD.table)
    sql += f" where t.id_number_digest = $2 and t.state <> 'voided' and {GUARD} order by t.number limit 50"
    sql, arguments = with_log_entry(
        ctx.caller, RECORD, Reading("find", (ID_NUMBER.name,)), sql, (ctx.context(), digest)
    )
    async with ctx.connection() as connection:
        rows = await connection.fetch(sql, *arguments)
    items = [orjson.Fragment(row["document"]) for row in rows]
    return Response(
        orjson.dumps({"items": items, "next_cursor": None}), 200, {"Cache-Control": "private, no-store"}, JSON
    )
