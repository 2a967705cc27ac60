"""The OpenAPI document: FastAPI's, with Chinese tags in the order of a clerk's work, and each refusal written once."""

import asyncio
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.errors import FieldError, Refusal
from app.http import operations
from app.http.answers import PatchStep
from app.http.dependencies import offer_keys
from app.http.exchange import KEY
from app.http.problems import PROBLEM_MEDIA, Problem, problem_document
from app.http.record_routes import RecordRoute
from app.kernel.declare.record_type import RecordType
from app.sentences import SENTENCES

DESCRIPTION = """巡察台账：发现问题、线索移交、问责结果，每条记录都有版本和修订历史。

先点右上角“登录授权”，填用户名和密码。修改记录时，在 If-Match 填当前版本号；状态只由操作改变。

登记、修改和操作可带 Idempotency-Key：断线后以同一个值重发，只办一次。本页自动填写，不必理会。

日期是北京时间的一天，时刻带时区；金额以分计；引用其他记录可填编号或标识，答复中两者都有。
一切失败都答 application/problem+json：写明哪里不对、怎么办；Accept-Language 为 en 时用英文。"""

TAGS = {
    "00 导入台账": "Excel、CSV、NDJSON 台账：先预览，再提交。",
    "01 单位与人员": "单位名录和人员。",
    "02 轮次与组织": "巡察轮次、问题类别、巡察组和成员。",
    "03 发现与反馈": "巡察对象、走访谈话、发现问题、集中反馈、组办会商、巡察文书。",
    "04 整改与回头看": "整改意见、立行立改、整改报告、督查、评估、函、回头看。",
    "05 线索与移交": "问题线索和线索移交。",
    "06 立案问责": "立案审查、问责、约谈、移送司法。",
    "07 佐证材料": "随记录保存的文件：先登记，再上传内容。谁能看到记录的全部内容，谁就能看到文件。",
    "80 工作清单": "由台账记录数出的工作清单，每个数都能查到所数的记录。",
    "81 问题链条": "一条记录由哪里来，又引出了什么：问题、意见、线索、移交、立案、问责、移送和回头看。",
    "82 统计": "一个时期的监督执纪情况，并列上年同期。",
    "83 期限": "未了事项何时到期、是否超期和搁置；延期、暂停；工作日历和期限规则。",
    "85 审计": "访问日志和修订目录，只供审计员查阅。",
    "90 账号与系统": "登录、账号、健康检查、错误代码。",
}
SERVERS = [{"url": "/", "description": "提供本文档的服务"}]
LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _sample(code: str, **more: Any) -> Refusal:
    """A refusal with the example parameters of its sentence."""
    return Refusal(code, **{**SENTENCES[code].sample, **more})


# One example for each status.
SAMPLE_REFUSALS = {
    "400": _sample(
        "bad_query", field_errors=[FieldError("colour", "unknown_parameter", {"name": "colour"}, ["state", "q"])]
    ),
    "401": _sample("unauthenticated"),
    "403": _sample("forbidden"),
    "404": _sample("not_found", label="发现问题"),
    "409": _sample("illegal_action", members={"state": "registered", "allowed_actions": ["feed_back", "void"]}),
    "410": _sample("import_rows_removed"),
    "412": _sample("stale", members={"current_version": 2, "differing": ["/basis"]}),
    "413": _sample("too_large"),
    "415": _sample("wrong_media_type"),
    "422": _sample("validation_failed", field_errors=[FieldError("/title", "required", {"label": "问题标题"})]),
    "428": _sample("if_match_required"),
    "429": _sample("too_many_requests", seconds=2),
    "503": _sample("busy"),
}


def _refusals(made: dict[str, Any]) -> None:
    """Move each refusal to `components`, with an example, and let the operations refer to it."""
    found = made["components"].setdefault("responses", {})
    for operation in (o for path in made["paths"].values() for o in path.values()):
        answers = operation["responses"]
        if "HTTPValidationError" in str(answers.get("422", {})):
            answers.pop("422")
        for status, answer in answers.items():
            if PROBLEM_MEDIA in answer.get("content", {}):
                example = problem_document(SAMPLE_REFUSALS[status], "zh", "86c42628647e6cf877943660587daa5d")
                answer["content"][PROBLEM_MEDIA]["example"] = example
                found[f"Refused{status}"] = answer
                answers[status] = {"$ref": f"#/components/responses/Refused{status}"}


def _repeatable(made: dict[str, Any]) -> None:
    """Add to each operation that takes an Idempotency-Key what it answers to one."""
    for operation in (o for path in made["paths"].values() for o in path.values()):
        if any(parameter["name"] == KEY for parameter in operation.get("parameters", ())):
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    answer["headers"] = {**answer.get("headers", {}), **operations.REPLAYED}
            told = operation["responses"]
            for status, answer in operations.problems(400, 409, 422).items():
                if str(status) not in told or "HTTPValidationError" in str(told[str(status)]):
                    told[str(status)] = answer


def _untitled(node: Any) -> None:
    """Remove the titles that are made from the names of fields: English noise beside Chinese descriptions."""
    if isinstance(node, list):
        for item in node:
            _untitled(item)
    elif isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for name, item in node.items():
            if name not in ("example", "examples"):
                _untitled(item)


def mount_document(app: FastAPI) -> None:
    """Serve the document at `/openapi.json`. `app` must be made with `openapi_url=None`.

    The first request makes the document, which takes more than a second, in a thread, so that others need not wait.
    """
    making = asyncio.Lock()

    async def openapi(request: Request) -> Response:
        async with making:
            made: Any = app.openapi_schema or await asyncio.to_thread(app.openapi)
        root = request.scope.get("root_path", "").rstrip("/")
        return JSONResponse({**made, "servers": [{"url": root}, *made["servers"]]} if root else made)

    app.router.add_route("/openapi.json", openapi, include_in_schema=False)


def document(app: FastAPI, types: Iterable[RecordType], bodies: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The document, made once and kept. `bodies` are the models to which routes only refer by name."""
    if app.openapi_schema:
        return app.openapi_schema
    unknown = {t.tag for t in types} - TAGS.keys()
    assert not unknown, f"tags without a description: {unknown}"
    for route in app.routes:
        if isinstance(route, RecordRoute):
            route.document()
    made = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        description=DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[dict(server) for server in SERVERS],
        license_info=dict(LICENSE),
    )
    parts = made.setdefault("components", {}).setdefault("schemas", {})
    named: list[type[BaseModel]] = [Problem, PatchStep, *bodies]
    for model in named:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        parts |= schema.pop("$defs", {})
        parts[model.__name__] = schema
    offer_keys(made)
    _repeatable(made)
    _refusals(made)
    _untitled(made["paths"])
    _untitled(parts)
    for name in ("HTTPValidationError", "ValidationError"):
        parts.pop(name, None)
    app.openapi_schema = made
    return made
