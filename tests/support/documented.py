"""Every answer that a test gets is held against openapi/v1.json: its status, its content type and its body.

What is answered and not told is a defect of the document, or of the answer. The schemas are compiled when first used
(5 ms each, once for a test process); an answer then costs 10 to 30 µs.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parents[2] / "openapi" / "v1.json").read_text(encoding="utf-8"))
PROBLEM = {"application/problem+json": "/components/schemas/Problem"}
# Served beside the interface: the pages for people, the document itself, the figures for Prometheus.
BESIDE = ("/docs", "/openapi.json", "/metrics")
# At an address that is none: that it is not there, or knows no such method. Without a token not even that is said.
NOWHERE = {404: ("no_such_path", "not_found"), 405: ("method_not_allowed",), 401: ("unauthenticated",)}
# Of any operation, and told by none: nobody who calls can do anything about it.
BROKEN = {500: PROBLEM}


def check(method: str, path: str, answer: Any) -> None:
    """Raises AssertionError where the document does not tell this answer to a request of this method and `path`.

    `answer` is one of ours or of httpx; `path` is decoded.
    """
    if path.startswith(BESIDE):
        return
    status, media = answer.status_code, answer.headers.get("content-type", "").partition(";")[0]
    place = f"{method} {path}: {status} {media}"
    told = _told("GET" if method == "HEAD" else method, path)
    if told is None:
        content = PROBLEM
        known = status in NOWHERE and (method == "HEAD" or answer.json()["code"] in NOWHERE[status])
        assert known, f"{place} at no documented address"
    else:
        told = told | BROKEN
        assert status in told, f"{place} is not documented; {sorted(told)} are: {answer.text}"
        content = told[status]
    if not content:
        assert not answer.content, f"{place} has a body, and none is documented"
        return
    assert media in content, f"{place} is documented as {', '.join(content)}"
    if method != "HEAD" and media.endswith(("/json", "+json")):
        problem = next(_validator(content[media]).iter_errors(answer.json()), None)
        assert problem is None, f"{place} does not fit the document: {problem}: {answer.text}"


def _told(method: str, path: str) -> dict[int, dict[str, str]] | None:
    """By status and content type, where in the document the schema stands; None where there is no such operation."""
    found = [_paths()]
    for segment in path.split("/")[1:]:
        found = [below[name] for below in found for name in (segment, "{}") if name in below and segment]
    return next((below[None][method] for below in found if method in below.get(None, ())), None)


@cache
def _paths() -> Any:
    """The addresses as a tree of segments, a parameter as `{}`; under None the methods and what they answer."""
    tree: dict[Any, Any] = {}
    for path, item in DOCUMENT["paths"].items():
        below = tree
        for segment in path.split("/")[1:]:
            below = below.setdefault("{}" if segment.startswith("{") else segment, {})
        below[None] = {
            method.upper(): {
                int(status): _content(answer, f"/paths/{_escaped(path)}/{method}/responses/{status}")
                for status, answer in operation["responses"].items()
            }
            for method, operation in item.items()
        }
    return tree


def _content(answer: dict[str, Any], place: str) -> dict[str, str]:
    if "$ref" in answer:
        place = answer["$ref"].removeprefix("#")
        answer = DOCUMENT["components"]["responses"][place.rpartition("/")[2]]
    return {
        media: content["schema"].get("$ref", f"#{place}/content/{_escaped(media)}/schema").removeprefix("#")
        for media, content in answer.get("content", {}).items()
    }


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


@cache
def _validator(place: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"$ref": f"urn:document#{place}"}, registry=_registry())


@cache
def _registry() -> Any:
    """The document, in which an object has no members but those it names: what it does not tell is not answered."""
    schemas = {
        name: {"additionalProperties": False, **schema} if "properties" in schema else schema
        for name, schema in DOCUMENT["components"]["schemas"].items()
    }
    whole = {**DOCUMENT, "components": {**DOCUMENT["components"], "schemas": schemas}}
    return jsonschema_rs.Registry([("urn:document", whole)], draft=jsonschema_rs.Draft202012)
