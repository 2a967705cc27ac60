"""What every answer that is not a success has to be."""

import json
from typing import Any

from app.sentences import SENTENCES
from tests.support.client import Answer

# Sentences of the libraries beneath: none of them may reach a caller.
LIBRARIES = (
    "Input should be",
    "Field required",
    "Extra inputs",
    "Not Found",
    "Method Not Allowed",
    "Unprocessable",
    "Value error",
    "Internal Server Error",
    "String should",
    "JSON decode",
    "Expecting",
    "pydantic",
    "asyncpg",
    "Traceback",
    "relation ",
    "constraint",
    "violates",
    "syntax error",
    "Bad Request",
    "invalid input",
    "Request body",
)


def checked(answer: Answer) -> Answer:
    """The answer, after seeing that it is a problem document of ours."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail", "instance", "errors"} <= set(problem)
    assert problem["status"] == answer.status_code == SENTENCES[problem["code"]].status
    assert problem["type"] == f"/v1/errors/{problem['code']}"
    assert problem["instance"] == f"urn:request:{answer.headers['x-request-id']}"
    for error in problem["errors"]:
        assert error["code"] in SENTENCES and error["message"], error
    text = json.dumps(problem, ensure_ascii=False)
    found = [sentence for sentence in LIBRARIES if sentence in text]
    assert not found, (found, text)
    return answer
