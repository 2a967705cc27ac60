"""docs/api-changes.md names every change of the document that a program can see, and no other."""

import copy
import json
import re
from fnmatch import fnmatchcase

from tests.support.documented import DOCUMENT
from tests.support.interface import RELEASED, changes, facts, text

CHANGES = RELEASED.parents[1] / "docs" / "api-changes.md"
BEFORE, AFTER = json.loads(RELEASED.read_text(encoding="utf-8")), facts(DOCUMENT)


def named() -> list[str]:
    """What the part about what is not released names: each in backquotes at the beginning of its line."""
    unreleased = CHANGES.read_text(encoding="utf-8").partition("\n## Unreleased\n")[2].partition("\n## ")[0]
    return [name for line in unreleased.splitlines() for name in re.findall(r"`([^`]+)`", line.partition(":")[0])]


def test_every_change_of_the_document_is_named() -> None:
    unnamed = [change for change in changes(BEFORE, AFTER) if not any(fnmatchcase(change, name) for name in named())]
    assert not unnamed, f"name in docs/api-changes.md what a caller sees of: {unnamed}"


def test_what_is_named_has_changed() -> None:
    found = changes(BEFORE, AFTER)
    assert not [name for name in named() if not any(fnmatchcase(change, name) for change in found)]


def test_a_change_of_each_kind_is_seen() -> None:
    changed = copy.deepcopy(DOCUMENT)
    paths, schemas = changed["paths"], changed["components"]["schemas"]
    paths["/v1/new"] = {"get": paths["/v1/units"].pop("get")}
    del paths["/v1/rounds"]["post"]["responses"]["409"]
    paths["/v1/teams"]["get"]["parameters"][0]["required"] = True
    paths["/v1/teams"]["post"]["x-roles"].append("auditor")
    schemas["Unit"]["required"].remove("name")
    schemas["Finding"]["properties"]["colour"] = {"type": "string"}
    schemas["Finding"]["description"] = "for people"
    first = DOCUMENT["paths"]["/v1/teams"]["get"]["parameters"][0]["name"]
    assert sorted(changes(AFTER, facts(changed))) == sorted([
        "GET /v1/new", "GET /v1/units", "POST /v1/rounds 409", f"GET /v1/teams ?{first}", "POST /v1/teams roles",
        "Unit.name", "Finding.colour",
    ])  # fmt: skip


def test_what_callers_know_is_kept_as_it_was_written() -> None:
    assert RELEASED.read_text(encoding="utf-8") == text(BEFORE)
