"""Every answer that is not a success is a problem document (RFC 9457), in the caller's language."""

import os
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import compile_path

from app.db import faults
from app.db.outcome import SAVED
from app.errors import FieldError, Refusal
from app.http.exchange import language, saves
from app.kernel.declare.values import without_numbers
from app.logging import log
from app.sentences import SENTENCES

PROBLEM_MEDIA = "application/problem+json"


class ProblemFault(BaseModel):
    """一处错误。"""

    pointer: str = Field(description="出错的字段（JSON Pointer），或查询参数名", examples=["/title"])
    code: str = Field(description="错误代码，见 /v1/errors", examples=["required"])
    message: str = Field(description="哪里不对、怎么改", examples=["“问题标题”必须填写。"])
    allowed: list[str] | None = Field(None, description="可选值")


class Problem(BaseModel):
    """错误说明（RFC 9457）。"""

    type: str = Field(description="错误类别的地址", examples=["/v1/errors/validation_failed"])
    title: str = Field(description="错误类别")
    status: int = Field(description="HTTP 状态码", examples=[422])
    code: str = Field(description="错误代码", examples=["validation_failed"])
    detail: str = Field(description="哪里不对、怎么办")
    instance: str = Field(description="请求编号", examples=["urn:request:0f3c…"])
    errors: list[ProblemFault] = Field(default_factory=list, description="逐项错误")
    state: str | None = Field(None, description="409：记录现在的状态")
    allowed_actions: list[str] | None = Field(None, description="409：现在可执行的操作")
    candidates: list[dict[str, str]] | None = Field(None, description="409：几个区划都有这个编号时，各条的标识和区划")
    current_version: int | None = Field(None, description="412：现在的版本号")
    differing: list[str] | None = Field(None, description="412：与所依据的版本不同的字段（JSON Pointer）")
    moved: list[dict[str, Any]] | None = Field(
        None, description="412：预览之后记录已有改动的行：工作表、行号、记录类型、编号"
    )
    error: str | None = Field(None, description="取令牌失败时：RFC 6749 的错误代码")
    changes: list[dict[str, Any]] | None = Field(None, description="412：其间的各次改动：版本、时刻、何人、操作、字段")


def field_error_document(field_error: FieldError, tongue: str) -> dict[str, Any]:
    """One entry of `errors`."""
    document = {
        "pointer": without_numbers(field_error.pointer),
        "code": field_error.code,
        "message": SENTENCES[field_error.code].say(tongue, _without_numbers(field_error.params)),
    }
    return {**document, "allowed": list(field_error.allowed)} if field_error.allowed is not None else document


def _without_numbers(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: without_numbers(v) if isinstance(v, str) and k != "request" else v for k, v in params.items()}


# What is said beside a failure of a request that was to change something, by status.
ON_SAVING = {500: "maybe_saved", 503: "nothing_saved"}


def problem_document(refusal: Refusal, tongue: str, request_id: str, saves_something: bool = False) -> dict[str, Any]:
    """The problem document of a refusal. Rejected input is not echoed.

    saves_something   whether the request was to change something: then a failure says whether that was saved
    """
    sentence, params = SENTENCES[refusal.sentence_code], _without_numbers(refusal.params)
    between = "" if refusal.code == "outcome_unknown" else ON_SAVING.get(sentence.status, "")
    return {
        "type": f"/v1/errors/{refusal.code}",
        "title": sentence.title(tongue, params),
        "status": sentence.status,
        "code": refusal.code,
        "detail": sentence.say(tongue, params, between if saves_something else ""),
        "instance": f"urn:request:{request_id}",
        "errors": [field_error_document(f, tongue) for f in refusal.field_errors],
        **refusal.members,
    }


def problem_response(refusal: Refusal, tongue: str, request_id: str, saves_something: bool = False) -> Response:
    """The answer to a refused request, with its headers."""
    sentence = SENTENCES[refusal.code]
    document = problem_document(refusal, tongue, request_id, saves_something)
    headers = {"Content-Language": "zh-CN" if tongue == "zh" else "en", "Vary": "Accept-Language", **refusal.headers}
    if sentence.status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="ledger"')
    if sentence.status == 503:
        headers.setdefault("Retry-After", str(faults.RETRY_SECONDS.get(refusal.code, 2)))
    return Response(orjson.dumps(document), sentence.status, headers, PROBLEM_MEDIA)


async def refuse_overloaded(scope: Any, receive: Any, send: Any) -> None:
    """Refuse a request because this process has as many connections as it can serve; the connection is closed."""
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    tongue, request_id = language(header.decode("latin-1")), os.urandom(16).hex()
    response = problem_response(Refusal("busy"), tongue, request_id, saves(scope))
    response.headers.update({**UNREAD, "x-request-id": request_id})
    await response(scope, receive, send)


async def refuse_at_the_end(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request that the end of the service has cut short. Whether its transaction committed is not known."""
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    response = problem_response(Refusal("service_ended"), language(header.decode("latin-1")), scope["request_id"])
    response.headers["connection"] = "close"
    await response(scope, receive, send)


UNREAD = {"connection": "close", "x-content-type-options": "nosniff", "cache-control": "no-store"}


def refused_unread(code: str, **params: Any) -> bytes:
    """The whole answer to what could not be read as a request, in Chinese: its header fields are not known."""
    request_id = os.urandom(16).hex()
    response = problem_response(Refusal(code, **params), "zh", request_id)
    response.headers.update({**UNREAD, "x-request-id": request_id})
    head = f"HTTP/1.1 {response.status_code} {HTTPStatus(response.status_code).phrase}\r\n".encode()
    return head + b"".join(b"%b: %b\r\n" % field for field in response.raw_headers) + b"\r\n" + bytes(response.body)


def _respond(request: Request, refusal: Refusal) -> Response:
    tongue = language(request.headers.get("accept-language", ""))
    return problem_response(refusal, tongue, request.scope.get("request_id", ""), saves(request.scope))


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return _respond(request, refusal)


@lru_cache(maxsize=2048)
def _pattern(path: str) -> Any:
    return compile_path(path)[0]


def _methods(request: Request) -> str:
    """Every method of this address. Starlette names only those of the first route that matches."""
    found: set[str] = set()
    for context in iter_route_contexts(request.app.router.routes):
        if context.path and _pattern(context.path).match(request.url.path):
            found |= context.methods or set()
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


async def _http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    headers: Mapping[str, str] = {"Allow": _methods(request)} if problem.status_code == 405 else problem.headers or {}
    # app/strict_json.py reads JSON bodies, so a body that the framework cannot read is a form.
    codes = {400: "malformed_form", 404: "no_such_path", 405: "method_not_allowed"}
    code = codes.get(problem.status_code, "internal")
    params = {"method": request.method, "request": request.scope.get("request_id", "")}
    return _respond(request, Refusal(code, headers=headers, **params))


async def _invalid(request: Request, problem: Exception) -> Response:
    """A request that FastAPI itself has validated: the same answer as ours, with none of pydantic's sentences."""
    assert isinstance(problem, RequestValidationError)
    field_errors, query = [], False
    for error in problem.errors():
        where, *path = error["loc"]
        query = query or where in ("query", "path", "header")
        code = {"missing": "required", "extra_forbidden": "unknown_member"}.get(error["type"], "wrong_value")
        name = str(path[-1]) if path else ""
        pointer = name if where != "body" else "/" + "/".join(map(str, path))
        field_errors.append(FieldError(pointer, code, {"label": name, "name": name}))
    return _respond(
        request,
        Refusal("bad_query" if query else "validation_failed", field_errors=field_errors, count=len(field_errors)),
    )


async def _database_fault(request: Request, problem: Exception) -> Response:
    """What the driver raised: a fault of the database (503), or a mistake of ours (500).

    A read has no outcome. A write that has committed, and then lost the connection over its answer, is unknown, too.
    """
    code = faults.code_of(problem)
    if code is None:
        return await _broken(request, problem)
    if not saves(request.scope) and isinstance(problem, faults.OutcomeUnknown):
        code = faults.code_of(problem.__cause__ or problem) or faults.UNREACHABLE
    elif saves(request.scope) and SAVED.get():
        code = "outcome_unknown"
    state = getattr(problem.__cause__ or problem, "sqlstate", None)
    request_id = request.scope.get("request_id", "")
    log.warning("database", request=request_id, code=code, problem=type(problem).__name__, sqlstate=state)
    return _respond(request, Refusal(code))


async def _left(request: Request, problem: Exception) -> Response:
    """The body has not come whole, or what came was refused as no HTTP: nobody reads this answer, the log has it."""
    return _respond(request, Refusal("body_cut_short"))


async def _bad_characters(request: Request, problem: Exception) -> Response:
    """A text that Postgres cannot hold. Routes refuse it before, where they look at it."""
    return _respond(request, Refusal("bad_characters"))


async def _denied(request: Request, problem: Exception) -> Response:
    """The caller's database role has no grant on a table of the statement."""
    log.warning("denied by the database", request=request.scope.get("request_id", ""))
    return _respond(request, Refusal("forbidden"))


async def _broken(request: Request, problem: Exception) -> Response:
    route = getattr(request.scope.get("route"), "path", "")
    log.exception("unhandled", request=request.scope.get("request_id", ""), route=route)
    return _respond(request, Refusal("internal", request=request.scope.get("request_id", "")))


def answer_problems(app: FastAPI) -> None:
    """Answer every failure of the application with a problem document."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in (faults.OutcomeUnknown, *faults.DRIVER_ERRORS):
        app.add_exception_handler(kind, _database_fault)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(asyncpg.InsufficientPrivilegeError, _denied)
    for kind in (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError):
        app.add_exception_handler(kind, _bad_characters)
    app.add_exception_handler(Exception, _broken)
