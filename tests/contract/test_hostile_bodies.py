"""Bodies that trip services up: each is refused as what it is, and none is answered with a fault of the service."""

import json
from typing import Any

import pytest

from app.records import REGISTRY
from tests.support.bodies import TYPES
from tests.support.callers import PATCH, Api
from tests.support.problems import checked
from tests.support.proofs import share
from tests.support.records import Maker

# A body, its status, and its code: of the whole request, or of the member.
TEXTS: dict[str, tuple[bytes, int, str]] = {
    "a lone surrogate": (rb'{"note": "\ud800"}', 400, "malformed_json"),
    "a NUL": (rb'{"note": "a\u0000b"}', 422, "control_characters"),
    "a control character": (rb'{"note": "a\u001bb"}', 422, "control_characters"),
    "NaN": (b'{"note": NaN}', 400, "malformed_json"),
    "Infinity": (b'{"note": Infinity}', 400, "malformed_json"),
    "a number too large for a float": (b'{"note": 1e400}', 400, "malformed_json"),
    "a whole number in the place of a text": (b'{"note": 12}', 422, "not_text"),
    "an integer of 5000 digits": (b'{"note": ' + b"9" * 5000 + b"}", 400, "malformed_json"),
    "a member given twice": (b'{"note": "a", "note": "b"}', 400, "duplicate_member"),
    "a member given twice, once escaped": (rb'{"note": "a", "\u006eote": "b"}', 400, "duplicate_member"),
    "a member given twice further in": (b'{"note": {"a": 1, "a": 2}}', 400, "duplicate_member"),
    "an unknown member": (b'{"colour": 1}', 422, "unknown_member"),
    "a member named by a prototype": (b'{"__proto__": {}}', 422, "unknown_member"),
    "an empty name": (b'{"": 1}', 422, "unknown_member"),
    "GB18030": ('{"note": "台账"}'.encode("gb18030"), 400, "malformed_json"),
    "UTF-16": ('{"note": "台账"}'.encode("utf-16"), 400, "malformed_json"),
    "a byte order mark": ("﻿{}".encode(), 400, "malformed_json"),
    "overlong UTF-8": (b'{"note": "\xc0\x80"}', 400, "malformed_json"),
    "900 levels": (b'{"note": ' + b"[" * 900 + b"]" * 900 + b"}", 400, "too_deep"),
    "100,000 levels": (b'{"note": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "malformed_json"),
    "nothing": (b"", 400, "no_body"),
    "half of it": (b'{"note": "a"', 400, "malformed_json"),
    "more than one": (b"{}{}", 400, "malformed_json"),
    "a comment": (b'{"note": "a" /* b */}', 400, "malformed_json"),
    "a trailing comma": (b'{"note": "a",}', 400, "malformed_json"),
    "a list": (b"[]", 422, "not_an_object"),
    "a text": (b'"x"', 422, "not_an_object"),
    "null": (b"null", 422, "not_an_object"),
    "true": (b"true", 422, "not_an_object"),
    "only spaces in a text": ('{"note": " \u3000 "}'.encode(), 422, "empty_text"),
    "a text that is too long": (b'{"note": "' + b"x" * 2001 + b'"}', 422, "text_too_long"),
}


def codes(answer: Any) -> set[str]:
    """The code of the answer and of each of its errors."""
    problem = answer.json()
    return {problem["code"], *(e["code"] for e in problem["errors"])}


@share(2)
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("path", ["findings", "persons", "clue-transfers"])
async def test_a_body_that_cannot_be_is_refused_wherever_it_is_sent(
    path: str, name: str, make: Maker, office: Api
) -> None:
    body, status, code = TEXTS[name]
    record = await make(path)
    version = {"If-Match": '"1"'}
    place = f"/v1/{path}/{record['id']}"
    for answer in (
        await office.post(f"/v1/{path}", content=body, headers={"Content-Type": "application/json"}),
        await office.patch(place, content=body, headers={"Content-Type": PATCH, **version}),
        await office.post(
            f"{place}/actions/correct",
            content=body.replace(b"note", b"reason").replace(rb"\u006eote", rb"\u0072eason"),
            headers={"Content-Type": "application/json", **version},
        ),
    ):
        assert answer.status_code == status and code in codes(checked(answer)), answer.text[:500]
    assert await office.read(place) == record


WRONG: dict[str, list[tuple[Any, str]]] = {
    "Text": [(1, "not_text"), (True, "not_text"), ([], "not_text"), ({}, "not_text"), ("", "empty_text")],
    "Whole": [
        ("12", "not_whole"),
        (1.5, "not_whole"),
        (1.0, "not_whole"),
        (True, "not_whole"),
        (2**63, "out_of_range"),
        (10**20, "not_whole"),
        (-1, "out_of_range"),
        ([], "not_whole"),
    ],
    "Flag": [("true", "not_yes_no"), (1, "not_yes_no"), (0, "not_yes_no"), ("是", "not_yes_no")],
    "Day": [
        ("2017-02-30", "not_a_day"),
        ("2017-1-1", "not_a_day"),
        ("20170101", "not_a_day"),
        ("2017-01-01T00:00:00Z", "not_a_day"),
        ("0000-00-00", "not_a_day"),
        (20170101, "not_a_day"),
        ("２０１７-01-01", "not_a_day"),
        ("2017-W01-1", "not_a_day"),
    ],
    "Choice": [("none_of_them", "not_a_choice"), (1, "not_a_choice"), (None, ""), ([["x"]], "not_a_choice")],
    "Lines": [
        ("a", "not_a_list"),
        ([1], "not_text"),
        ([""], "empty_text"),
        (["x"] * 501, "list_too_long"),
        ({}, "not_a_list"),
    ],
    "Quantity": [
        (3, "not_an_object"),
        ({"value": 3}, "required"),
        ({"value": -1, "qualifier": "exact"}, "out_of_range"),
        ({"value": 1.5, "qualifier": "exact"}, "not_whole"),
        ({"value": 1, "qualifier": "maybe"}, "not_a_choice"),
        ({"value": 1, "qualifier": "exact", "x": 1}, "unknown_member"),
    ],
    "Entries": [
        ("a", "not_a_list"),
        ([1], "not_an_object"),
        ([[]], "not_an_object"),
        ([{}] * 501, "list_too_long"),
    ],
    "Reference": [
        (1, "not_a_number"),
        ("x", "not_a_number"),
        ("没有", "not_a_number"),
        ({}, "not_a_number"),
        ("a" * 65, "not_a_number"),
    ],
}


@pytest.mark.parametrize("path", TYPES)
async def test_a_value_of_the_wrong_kind_is_refused_at_its_place_and_never_echoed(
    path: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    record = await make(path)
    for f in (f for f in t.fields if f.writable and not f.fixed):
        kind = "Text" if type(f).__name__ == "Sealed" else type(f).__name__
        for value, code in WRONG[kind]:
            if value is None or (kind == "Choice" and f.many and not isinstance(value, list)):
                continue
            value = [value] if kind == "Reference" and f.many else value
            answer = await office.change(record, path, {f.columns[-1] if kind == "Reference" else f.name: value})
            assert answer.status_code == 422, (f.name, value, answer.text)
            errors = checked(answer).json()["errors"]
            member = f.columns[-1] if kind == "Reference" else f.name
            assert all(e["pointer"].split("/")[1] == member for e in errors), (f.name, value, errors)
            assert {e["code"] for e in errors} == {code}, (f.name, value, errors)
            assert "none_of_them" not in answer.text
    assert await office.read(f"/v1/{path}/{record['id']}") == record


TEXTS_TO_KEEP = [
    "𠀀𪚥㐀",
    "e\u0301",
    "👨‍👩‍👧",
    "‮abc",
    "a\tb\nc",
    "'; drop table unit; --",
    "<script>alert(1)</script>",
    "=1+1",
    "${jndi:x}",
    "%s{0}{x}",
    "\\u0000",
]


@pytest.mark.parametrize("text", TEXTS_TO_KEEP)
async def test_a_strange_text_is_kept_as_it_was_written(text: str, make: Maker, office: Api) -> None:
    record = await make("findings", note=text, title=text)
    assert (record["note"], record["title"]) == (text, text)
    assert (await office.read(f"/v1/findings/{record['id']}/revisions/1"))["record"]["note"] == text
    assert record["id"] in {r["id"] for r in (await office.read("/v1/findings", q=text.strip()))["items"]}


@pytest.mark.parametrize(
    "media",
    [
        "",
        "text/plain",
        "application/xml",
        "application/json; charset=gb18030",
        "application/json; charset=latin-1",
        "multipart/form-data",
        PATCH,
    ],
)
async def test_a_body_of_another_media_type_is_told_the_right_one(media: str, office: Api) -> None:
    headers = {"Content-Type": media} if media else {}
    answer = await office.post("/v1/units", content=b'{"name": "x", "kind": "other"}', headers=headers)
    assert answer.status_code == 415 and "application/json" in checked(answer).json()["detail"]


async def test_a_body_in_utf8_may_say_so(office: Api) -> None:
    for media in ("application/json; charset=utf-8", 'application/json; charset="UTF-8"', "Application/JSON"):
        answer = await office.post(
            "/v1/units", content=json.dumps({"name": "某镇", "kind": "other"}), headers={"Content-Type": media}
        )
        assert answer.status_code == 201, media


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(make: Maker, office: Api) -> None:
    record = await make("units")
    large = b'{"note": "' + b"x" * 1_100_000 + b'"}'

    async def pieces() -> Any:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    for content in (large, pieces()):
        answer = await office.post("/v1/units", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, checked(answer).json()["code"]) == (413, "too_large")
    headers = {"Content-Type": PATCH, "If-Match": '"1"'}
    answer = await office.patch(f"/v1/units/{record['id']}", content=large, headers=headers)
    assert (answer.status_code, checked(answer).json()["code"]) == (413, "too_large")


async def test_broken_json_is_told_where_it_breaks(office: Api) -> None:
    answer = await office.post("/v1/findings", content=b'{"note": "a"', headers={"Content-Type": "application/json"})
    assert answer.json()["detail"].startswith("请求正文不是正确的 JSON：第 1 行第 "), answer.text
