"""What a program can see of openapi/v1.json, as short facts that two states of it are compared by.

Prose is left out: summaries, descriptions, examples and tags are for people. `python -m tests.support.interface` writes
the facts of the present document to openapi/released.json: what callers know from then on (`make released`).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.documented import DOCUMENT

RELEASED = Path(__file__).parents[2] / "openapi" / "released.json"
PROSE = {"description", "summary", "title", "example", "examples"}
Facts = dict[str, dict[str, Any]]  # operation or schema -> part of it -> what is said of it


def facts(document: Any) -> Facts:
    """The facts of a document. The part '' says that the operation or the schema is there, and what holds for all."""
    found: Facts = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found[f"{method.upper()} {path}"] = dict(_operation(document, operation))
    for name, schema in document["components"]["schemas"].items():
        found[name] = dict(_schema(schema))
    return found


def _operation(document: Any, operation: Any) -> Iterator[tuple[str, Any]]:
    yield "", {"open": "security" not in operation}
    yield "roles", sorted(operation.get("x-roles", []))
    for parameter in operation.get("parameters", []):
        yield f"?{parameter['name']}", _plain({k: v for k, v in parameter.items() if k != "name"})
    if body := operation.get("requestBody"):
        yield "body", {"required": body.get("required", False), **_content(body)}
    for status, answer in operation["responses"].items():
        name = answer.get("$ref", "").rpartition("/")[2]
        yield status, _content(document["components"]["responses"][name] if name else answer)


def _content(said: Any) -> dict[str, Any]:
    """By content type, the name of the schema, or the schema itself; of a problem document its name is enough."""
    schemas = {media: _plain(content["schema"]) for media, content in said.get("content", {}).items()}
    named = {media: schema.get("$ref", "").rpartition("/")[2] or schema for media, schema in schemas.items()}
    return {"problem": problem} if (problem := named.pop("application/problem+json", None)) and not named else named


def _schema(schema: Any) -> Iterator[tuple[str, Any]]:
    members, required = schema.get("properties", {}), schema.get("required", [])
    yield "", _plain({k: v for k, v in schema.items() if k not in ("properties", "required")})
    for name, member in members.items():
        yield f".{name}", {"required": name in required, **_plain(member)}


def _plain(said: Any) -> Any:
    """Without prose. A member that is called like it, such as a record's `title`, stands in `properties`."""
    if isinstance(said, list):
        return [_plain(one) for one in said]
    if not isinstance(said, dict):
        return said
    kept = {k: v for k, v in said.items() if k not in PROSE}
    return {k: {n: _plain(m) for n, m in v.items()} if k == "properties" else _plain(v) for k, v in kept.items()}


def changes(before: Facts, after: Facts) -> list[str]:
    """What differs, each by its name: `GET /v1/units`, `GET /v1/units ?limit`, `GET /v1/units 404`, `Unit.name`."""
    found = []
    for whole in sorted(before.keys() | after.keys()):
        old, new = before.get(whole), after.get(whole)
        parts = ({""} if old is None or new is None else old.keys() | new.keys()) if old != new else set()
        differing = [part for part in sorted(parts) if (old or {}).get(part) != (new or {}).get(part)]
        found += [f"{whole}{'' if not part or part[0] == '.' else ' '}{part}" for part in differing]
    return found


def text(found: Facts) -> str:
    """As it is kept: one operation or schema in a line."""
    lines = (f"{json.dumps(name)}: {json.dumps(found[name], sort_keys=True)}" for name in sorted(found))
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    RELEASED.write_text(text(facts(DOCUMENT)), encoding="utf-8")
