"""Finding a person by identity number: exact, by digest, never through a URL."""

from dataclasses import replace
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.db.context import GATE
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.operations import problems
from app.http.record_handlers import JSON, check_media, json_body, only
from app.http.service import asking, service_of
from app.kernel.access_log import Reading, entered
from app.kernel.bodies import validated
from app.kernel.documents import answer_sql
from app.kernel.fields import Sealed
from app.kernel.schemas import body_model, members
from app.kernel.sealing import member_of
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
FOUND: dict[str, Any] = {JSON: {"schema": {"$ref": "#/components/schemas/PersonPage"}}}


@router.post(
    "/v1/persons/find",
    summary="按身份证号查找人员",
    operation_id="find_person",
    openapi_extra=FIND_BODY,
    response_model=None,
    responses={200: {"description": "持有此号码的人员", "content": FOUND}, **problems(400, 415, 422)},
)
async def find_person(request: Request) -> Response:
    """身份证号加密保存，只能整号查找；号码不出现在地址和日志中。"""
    who = await asking(request)
    only(request)
    check_media(request, JSON)
    if not who.right(RECORD).lists:
        raise Refusal("forbidden")
    number = validated(PersonFind, await json_body(request))["id_number"]
    digest = service_of(request).ledger.seal.digest(member_of(RECORD, ID_NUMBER), number)
    sql = answer_sql(who.view, RECORD, "t").format(source=RECORD.table)
    sql += f" where t.id_number_digest = $2 and t.state <> 'voided' and {GATE} order by t.number limit 50"
    sql, arguments = entered(who, RECORD, Reading("find", (ID_NUMBER.name,)), sql, (who.context(), digest))
    async with who.connection() as connection:
        rows = await connection.fetch(sql, *arguments)
    items = [orjson.Fragment(row["document"]) for row in rows]
    return Response(
        orjson.dumps({"items": items, "next_cursor": None}), 200, {"Cache-Control": "private, no-store"}, JSON
    )
