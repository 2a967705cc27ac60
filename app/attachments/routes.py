"""`/v1/attachments/{key}/content`: a file is sent up once, and handed out to whoever sees the record it belongs to."""

from typing import Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse, Response

from app.attachments.files import BEGINNINGS, folder, place, receive
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, only, record_headers, request_context, service_of
from app.http.operations import problems
from app.kernel import store
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.projection import may
from app.kernel.store import ChangeRequest
from app.records import REGISTRY

ATTACHMENT: RecordType = REGISTRY.by_path["attachments"]
PATH = "/v1/attachments/{key}/content"
FILE = {"schema": {"type": "string", "format": "binary"}}
CONTENT: dict[str, Any] = {"requestBody": {"required": True, "content": dict.fromkeys(BEGINNINGS, FILE)}}
STORED: dict[str, Any] = {JSON: {"schema": {"$ref": "#/components/schemas/Attachment"}}}
router = APIRouter(tags=[ATTACHMENT.tag], dependencies=[Depends(bearer)])


@router.put(
    PATH, summary="上传佐证材料的内容", operation_id="put_attachment_content", response_model=None,
    openapi_extra=CONTENT,
    responses={
        200: {"description": "已上传的佐证材料", "content": STORED}, **problems(400, 403, 404, 409, 413, 415, 422),
    },
)  # fmt: skip
async def put_content(request: Request) -> Response:
    """文件本身作请求正文，Content-Type 写明格式；边收边存，记下大小和 SHA-256。只上传一次。"""
    ctx = await request_context(request)
    only(request)
    media = _media(request)
    row = await store.get(ctx, ATTACHMENT, request.path_params["key"], None)
    if not may(ctx.view, ATTACHMENT, row, "store"):
        raise Refusal("forbidden")
    if row["state"] == VOIDED:
        raise Refusal("record_voided", label=ATTACHMENT.label)
    if row["state"] != ATTACHMENT.lifecycle.initial:
        raise Refusal("content_is_there")
    record_id = str(row["id"])
    got = await receive(folder(service_of(request).settings), record_id, media, request.stream())
    body = {"media_type": got.media_type, "size": got.size, "sha256": got.sha256}
    row = await store.change(ctx, ATTACHMENT, record_id, ChangeRequest("store", row["version"], body))
    return Response(row["document"], 200, record_headers(ATTACHMENT, row["version"]), JSON)


def _media(request: Request) -> str:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in BEGINNINGS:
        raise Refusal("wrong_media_type", allowed="、".join(BEGINNINGS))
    return media


@router.get(
    PATH, summary="下载佐证材料的内容", operation_id="get_attachment_content", response_model=None,
    responses={
        200: {"description": "文件", "content": dict.fromkeys(BEGINNINGS, FILE)}, **problems(400, 403, 404, 409, 410),
    },
)  # fmt: skip
async def get_content(request: Request) -> Response:
    """每次下载都由数据库判断能否看到所属的记录，并记入访问日志。作废的不再提供内容。"""
    ctx = await request_context(request)
    only(request)
    row = await store.get(ctx, ATTACHMENT, request.path_params["key"])
    document = orjson.loads(row["document"])
    if document["state"] == VOIDED:
        raise Refusal("content_withdrawn")
    if document["sha256"] is None:
        raise Refusal("content_awaited")
    path = place(folder(service_of(request).settings), document["id"], document["sha256"])
    if not path.is_file() or path.stat().st_size != document["size"]:
        raise Refusal("content_lost", number=document["number"])
    headers = {
        "Cache-Control": "private, no-store",
        "Vary": "Authorization",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document['file_name'], safe='')}",
        "Content-Security-Policy": "sandbox",
    }
    return FileResponse(path, 200, headers, document["media_type"])
