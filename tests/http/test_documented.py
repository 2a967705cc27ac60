"""The check that every answer of a test goes through sees what the document does not tell."""

import json
from typing import Any

import pytest

from tests.support.client import Answer, Client
from tests.support.documented import check

PROBLEM = {"type": "/v1/errors/x", "title": "x", "status": 404, "code": "x", "detail": "x", "instance": "x"}


def answer(status: int, body: Any, media: str = "application/problem+json") -> Answer:
    return Answer(status, [(b"content-type", media.encode())], b"" if body is None else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("method", "path", "given", "said"),
    [
        ("GET", "/v1/units/x", answer(418, PROBLEM), "418"),
        ("GET", "/v1/units/x", answer(404, PROBLEM, "text/plain"), "text/plain"),
        ("GET", "/v1/units/x", answer(404, {**PROBLEM, "code": 4}), "code"),
        ("GET", "/v1/units/x", answer(404, {**PROBLEM, "colour": "red"}), "colour"),
        ("GET", "/v1/units/x", answer(404, {"code": "x"}), "required"),
        ("GET", "/v1/units/x", answer(304, PROBLEM), "body"),
        ("GET", "/v1/units", answer(200, {"items": [{}], "next_cursor": None}, "application/json"), "required"),
        ("GET", "/v1/units/x/revisions/1/diff", answer(200, {}, "application/json-patch+json"), "array"),
        ("GET", "/v1/nowhere", answer(404, PROBLEM), "no documented address"),
        ("PUT", "/v1/units", answer(200, {}, "application/json"), "no documented address"),
    ],
)
def test_what_the_document_does_not_tell_is_refused(method: str, path: str, given: Answer, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check(method, path, given)


def test_what_no_operation_tells_is_an_address_or_a_method_that_is_not_there_and_a_service_that_broke() -> None:
    check("GET", "/v1/nowhere", answer(404, {**PROBLEM, "code": "no_such_path"}))
    check("PUT", "/v1/units", answer(405, {**PROBLEM, "code": "method_not_allowed"}))
    check("GET", "/v1/units", answer(500, {**PROBLEM, "code": "internal"}))
    check("HEAD", "/v1/units/x", answer(404, None))


async def test_the_client_of_the_tests_checks_what_it_is_answered() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"{}"})

    with pytest.raises(AssertionError, match="text/plain is documented as application/json"):
        await Client(app).get("/v1/units")
