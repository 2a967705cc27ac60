"""What generators of clients read of the OpenAPI document: schemas that are some, defaults and examples that fit."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from tests.support.documented import DOCUMENT


def schemas(node: Any, place: str = "#") -> Iterator[tuple[str, Any]]:
    """Every schema of the document that says something by itself, with where it stands."""
    if isinstance(node, list):
        for n, item in enumerate(node):
            yield from schemas(item, f"{place}/{n}")
    elif isinstance(node, dict):
        if place.rpartition("/")[2] == "schema" or place.rpartition("/")[0].endswith(("/schemas", "/properties")):
            yield place, node
        for name, item in node.items():
            if name not in ("example", "examples", "enum", "default"):
                yield from schemas(item, f"{place}/{name}")


def fits(schema: Any, value: Any) -> bool:
    whole = {**schema, "components": DOCUMENT["components"]} if "$ref" in json.dumps(schema) else schema
    return bool(jsonschema_rs.Draft202012Validator(whole).is_valid(value))


def test_every_schema_is_one_of_json_schema() -> None:
    found = [*schemas(DOCUMENT)]
    assert len(found) > 1000
    assert [place for place, schema in found if not jsonschema_rs.meta.is_valid(schema)] == []


def test_every_default_and_every_example_fits_its_schema() -> None:
    tried = 0
    for place, schema in schemas(DOCUMENT):
        given = [schema["default"]] if "default" in schema else []
        for value in [*given, *schema.get("examples", [])]:
            assert fits(schema, value), (place, value)
            tried += 1
    assert tried > 800


def test_every_example_of_a_body_fits_its_schema() -> None:
    tried = 0
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for name, example in content.get("examples", {}).items():
                    assert fits(content["schema"], example["value"]), (method, path, name)
                    tried += 1
    assert tried > 100


def test_an_enumeration_holds_values_of_its_type_each_once() -> None:
    found = [(place, schema) for place, schema in schemas(DOCUMENT) if "enum" in schema]
    assert len(found) > 40
    for place, schema in found:
        assert len({*map(json.dumps, schema["enum"])}) == len(schema["enum"]) > 0, place
        assert "" not in schema["enum"], place
