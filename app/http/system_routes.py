"""Health, metrics, and the catalogue of errors."""

from typing import Annotated, Any

import prometheus_client
from fastapi import APIRouter, Path, Request
from prometheus_client import multiprocess
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.errors import Refusal
from app.http.exchange import request_context, service_of
from app.http.problems import PROBLEM_MEDIA
from app.http.readiness import require_ready
from app.sentences import SENTENCES

router = APIRouter(tags=["90 账号与系统"])
METRICS_READERS = {"127.0.0.1", "::1", "testclient"}
PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
PROBLEM = {PROBLEM_MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Health(BaseModel):
    """健康状况。"""

    status: str = Field(description="live 在运行，ready 能办理业务", examples=["ready"])


class ErrorRead(BaseModel):
    """一个错误代码。"""

    code: str = Field(description="错误代码", examples=["stale"])
    status: int | None = Field(description="HTTP 状态码；只说一个字段或单元格的为 null", examples=[412])
    zh: str = Field(description="哪里不对（示例）")
    zh_do: str = Field(description="怎么办")
    en: str = Field(description="哪里不对（英文示例）")
    en_do: str = Field(description="怎么办（英文）")


class ErrorList(BaseModel):
    """全部错误代码。"""

    items: list[ErrorRead] = Field(description="错误代码，按字母顺序")


@router.get("/health/live", summary="进程是否在运行", response_model=Health)
async def live() -> dict[str, str]:
    """进程在运行。"""
    return {"status": "live"}


@router.get(
    "/health/ready",
    summary="能否办理业务",
    response_model=Health,
    responses={503: {"description": "尚未就绪，写明缘由", "content": PROBLEM}},
)
async def ready(request: Request) -> dict[str, str]:
    """能查阅也能办理：数据库可读可写，结构和密钥相符，后台任务都在运行，上次中断的导入已了结。否则 503，写明缘由。"""
    service = service_of(request)
    await require_ready(service)
    return {"status": "ready"}


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus metrics, for the machine itself. What a proxy has passed on may come from anywhere."""
    passed_on = any(name in request.headers for name in PASSED_ON)
    if passed_on or request.client is None or request.client.host not in METRICS_READERS:
        raise Refusal("no_such_path")
    registry: Any = prometheus_client.REGISTRY
    if service_of(request).settings.metrics_dir:
        registry = prometheus_client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return Response(prometheus_client.generate_latest(registry), media_type=prometheus_client.CONTENT_TYPE_LATEST)


async def _not_yet(request: Request) -> None:
    await request_context(request)
    raise Refusal("not_available_yet", name=request.url.path.partition("/v1/")[2])


# Addresses that the contract promises and that do not exist yet: refused with `not_available_yet`, and not with 404.
for _path in (
    "/v1/changes", "/v1/deadlines",
):  # fmt: skip
    router.add_api_route(_path, _not_yet, methods=["GET"], include_in_schema=False)
router.add_api_route("/v1/imports/{import_id}/actions/undo", _not_yet, methods=["POST"], include_in_schema=False)


def error_document(code: str) -> dict[str, Any]:
    """One entry of the catalogue, with an example sentence in both languages."""
    s = SENTENCES[code]
    return {
        "code": code,
        "status": s.status or None,
        "zh": s.text["zh"].format_map(s.sample),
        "zh_do": s.remedy["zh"].format_map(s.sample),
        "en": s.text["en"].format_map(s.sample),
        "en_do": s.remedy["en"].format_map(s.sample),
    }


@router.get("/v1/errors", summary="错误代码一览", response_model=ErrorList)
async def list_errors() -> dict[str, Any]:
    """每个错误代码：含义、怎么办、示例。"""
    return {"items": [error_document(code) for code in sorted(SENTENCES)]}


@router.get(
    "/v1/errors/{code}",
    summary="一个错误代码",
    response_model=ErrorRead,
    responses={404: {"description": "没有找到", "content": PROBLEM}},
)
async def get_error(code: Annotated[str, Path(description="错误代码", examples=["stale"])]) -> dict[str, Any]:
    """这个错误代码的含义、怎么办、示例。"""
    if code not in SENTENCES:
        raise Refusal("no_such_path")
    return error_document(code)
