"""The OpenAPI document: complete, in Chinese, the committed one, and served as it says."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app.http.record_routes import RecordRoute
from app.main import create_app
from app.records import REGISTRY
from app.settings import Settings
from tests.support.callers import PATCH, Api
from tests.support.client import Client
from tests.support.documented import DOCUMENT

CHINESE = re.compile("[\u4e00-\u9fff]")
OPERATIONS = [(method, path, o) for path, item in DOCUMENT["paths"].items() for method, o in item.items()]
NEVER_REFUSED = {"/health/live", "/v1/errors"}
OPEN = {"/health/live", "/health/ready", "/v1/errors", "/v1/errors/{code}", "/v1/oauth/token"}


def schema(name: str) -> Any:
    return DOCUMENT["components"]["schemas"][name]


def examples(operation: Any) -> Iterator[tuple[str, Any]]:
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        for example in content.get("examples", {}).values():
            yield media, example["value"]


async def test_the_committed_document_is_the_one_that_is_served_to_anybody(anonymous: Client) -> None:
    assert (await anonymous.get("/openapi.json")).json() == DOCUMENT


def test_an_operation_is_told_in_chinese_with_its_refusals() -> None:
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for method, path, operation in OPERATIONS:
        place = f"{method} {path}"
        assert CHINESE.search(operation["summary"]) and CHINESE.search(operation["description"]), place
        assert set(operation["tags"]) <= tags and len(operation["tags"]) == 1, place
        for parameter in operation.get("parameters", []):
            assert CHINESE.search(parameter["description"]), (place, parameter["name"])
        refusals = [status for status in operation["responses"] if status >= "400"]
        assert refusals or path in NEVER_REFUSED, place
        assert ("security" in operation) == (path not in OPEN), place
        assert path in OPEN or {"401", "503"} <= set(refusals), place


def test_a_schema_and_each_of_its_members_is_described_in_chinese() -> None:
    for name, found in DOCUMENT["components"]["schemas"].items():
        assert CHINESE.search(found["description"]), name
        for member, part in found.get("properties", {}).items():
            text = part.get("description") or schema(part["$ref"].rpartition("/")[2])["description"]
            assert CHINESE.search(text), (name, member)


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_nothing_is_named_that_is_not_there() -> None:
    for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', json.dumps(DOCUMENT)):
        assert name in DOCUMENT["components"][kind]
    assert all(re.fullmatch(r"[\w.-]+", n, re.ASCII) for part in DOCUMENT["components"].values() for n in part)


def test_every_body_of_a_record_has_an_example() -> None:
    bare = [
        o["operationId"] for _, path, o in OPERATIONS if "/{key}" in path and "requestBody" in o and not [*examples(o)]
    ]
    assert bare == []


async def test_what_is_documented_is_served(office: Api) -> None:
    """Nonsense is refused by the operation itself, not by the router: the handler and its document belong together."""
    given = {"key": "431382-2017-01-Q-9999", "id": "431382-2017-01-Q-9999", "version": "1", "figure": "teams"}
    for method, path, operation in OPERATIONS:
        address = re.sub(r"{(\w+)}", lambda m: given.get(m[1], "nonsense"), path)
        media = PATCH if method == "patch" else "application/json"
        sent = {"headers": {"Content-Type": media, "If-Match": '"1"'}, "content": b'{"nonsense": 1}'}
        answer = await office.request(method, address, **(sent if method != "get" else {}))
        place = (method, path, answer.text)
        assert answer.status_code != 405 and answer.status_code < 500, place
        if answer.status_code >= 400:
            assert answer.json()["code"] != "no_such_path" or path == "/v1/errors/{code}", place
        assert str(answer.status_code) in operation["responses"], place


def record_routes(app: FastAPI) -> list[Any]:
    """Every route of the application that stands under the path of a record type."""
    paths = tuple(f"/v1/{t.path}" for t in REGISTRY)
    return [r for r in app.routes if isinstance(r, BaseRoute) and getattr(r, "path", "").startswith(paths)]


@dataclass(frozen=True)
class Documented:
    """An application whose document was made, and how its routes of records served before."""

    app: FastAPI
    before: list[Any]


@pytest.fixture(scope="module")
def documented() -> Documented:
    """Made once: a document takes seconds of processor."""
    app = create_app(Settings())
    before = [(r.app, r.handler, set(r.methods)) for r in record_routes(app)]
    app.openapi()
    return Documented(app, before)


def test_each_route_of_a_record_is_documented_by_itself(documented: Documented) -> None:
    """One object serves and is documented: a document of these routes alone has the address, method, types of each."""
    found = record_routes(documented.app)
    assert found and all(isinstance(r, RecordRoute) for r in found)
    paths = get_openapi(title="records", version="1", routes=found)["paths"]
    assert sum(map(len, paths.values())) == len(found)
    for route in found:
        method = route.operation.method.lower()
        operation = paths[route.path][method]
        assert operation["operationId"] == DOCUMENT["paths"][route.path][method]["operationId"]
        assert ("requestBody" in operation) == (method != "get")


def test_each_documented_operation_of_a_record_is_served_by_the_route_that_documents_it(documented: Documented) -> None:
    routes = {(method.lower(), r.path): r for r in record_routes(documented.app) for method in r.methods}
    told = {(method, path): o["operationId"] for method, path, o in OPERATIONS if "x-roles" in o}
    told = {(method, path): name for (method, path), name in told.items() if not path.endswith("/export")}
    assert told == {place: r.operation_id for place, r in routes.items()}
    assert all(r.endpoint is r.handler for r in routes.values())


def test_making_the_document_leaves_what_serves_as_it_is(documented: Documented) -> None:
    assert documented.before == [(r.app, r.handler, r.methods) for r in record_routes(documented.app)]


NO_WRITE = {"/v1/oauth/token", "/v1/persons/find"}


def test_every_write_and_nothing_else_takes_an_idempotency_key() -> None:
    taking = {
        (method, path): operation
        for method, path, operation in OPERATIONS
        if "Idempotency-Key" in {parameter["name"] for parameter in operation.get("parameters", ())}
    }
    assert taking.keys() == {(m, path) for m, path, _ in OPERATIONS if m != "get" and path not in NO_WRITE}
    for operation in taking.values():
        assert {"400", "409", "422"} <= operation["responses"].keys()
        done = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert done and all("Idempotent-Replayed" in answer["headers"] for answer in done)


async def test_the_examples_of_a_new_record_are_understood(office: Api) -> None:
    """Nothing of an example is misspelt: at most the records it refers to are missing in an empty ledger."""
    for method, path, operation in OPERATIONS:
        if method != "post" or not operation["operationId"].startswith("create_"):
            continue
        for _, example in examples(operation):
            answer = await office.post(path, json=example)
            if answer.status_code != 201:
                field_errors = {field_error["code"] for field_error in answer.json()["errors"]}
                assert field_errors <= {"reference_not_found", "reference_retired", "number_taken", "key_taken"}, (
                    path,
                    answer.text,
                )
