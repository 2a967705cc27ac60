"""Paths, queries, headers and methods that trip services up; and what every refusal looks like."""

import pytest

from app.records import REGISTRY
from app.sentences import SENTENCES
from tests.support.bodies import TYPES
from tests.support.callers import Api
from tests.support.client import Client
from tests.support.problems import checked
from tests.support.records import Maker

NASTY = [
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "%C0%80",
    "%0A",
    "%27",
    "'%20or%201=1--",
    "%25",
    "..%2F..%2Fetc",
    "%F0%A0%80%80",
    "NaN",
    "1e400",
    "9" * 400,
    "-1",
    "null",
    "[]",
    "{}",
    "%7B%22a%22:1%7D",
    "%E2%80%AE",
    "%20",
    "${x}",
    "a" * 5000,
]

FEW = ["%00", "%FF", "%ED%A0%80", "'%20or%201=1--"]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("path", ["units", "findings", "rounds"])
async def test_a_hostile_path_is_refused_as_not_found(path: str, nasty: str, make: Maker, office: Api) -> None:
    record = await make.shared("units")
    places = [f"/v1/{path}/{nasty}", f"/v1/{path}/{nasty}/revisions", f"/v1/{path}/{nasty}/actions"]
    places += [
        f"/v1/units/{record['id']}/revisions/{nasty}",
        f"/v1/rounds/{nasty}/work-list",
        f"/v1/imports/{nasty}",
        f"/v1/{nasty}",
    ]
    for place in places:
        answer = await office.get(place)
        assert answer.status_code in (404, 400), (place, answer.text)
        checked(answer)


@pytest.mark.parametrize("path", TYPES)
async def test_a_hostile_query_is_refused_or_finds_nothing(path: str, office: Api) -> None:
    t = REGISTRY.by_path[path]
    names = [
        "q",
        "sort",
        "limit",
        "cursor",
        "state",
        "x",
        *(c for f in t.filters for c in (f.name, f"{f.name}_id", f"{f.name}_number", f"{f.name}_from")),
    ]
    for n, name in enumerate(dict.fromkeys(names)):
        for nasty in NASTY[:22] if n < 6 else FEW:
            answer = await office.get(f"/v1/{path}?{name}={nasty}")
            if answer.status_code == 200:
                assert name == "q" or name.endswith("_number") or (name == "limit") or not answer.json()["items"], (
                    name,
                    nasty,
                )
            else:
                assert answer.status_code == 400, (name, nasty, answer.text)
                checked(answer)
    for raw in ("%00=1", "%FF=%FF", "&&&", "=", "q", "state=&state=", "?" * 50, "a[]=1", "x" * 3000):
        answer = await office.get(f"/v1/{path}?{raw}")
        assert answer.status_code in (200, 400), (raw, answer.text)
    too_many = (
        "&".join(f"round_number=431382-2017-{n}" for n in range(101))
        if "round" in {f.name for f in t.filters}
        else "&".join(["state=voided"] * 101)
    )
    answer = await office.get(f"/v1/{path}?{too_many}")
    assert answer.status_code == 400 and checked(answer).json()["errors"][0]["code"] == "too_many_values"


@pytest.mark.parametrize(
    "name", ["If-Match", "If-None-Match", "Accept-Language", "X-Request-Id", "Authorization", "Content-Type", "Accept"]
)
async def test_a_hostile_header_is_refused_or_ignored(name: str, make: Maker, office: Api) -> None:
    record = await make("units")
    for value in (
        b"\xff\xfe",
        b"\x01",
        "中文".encode(),
        b"x" * 4000,
        b'"' * 50,
        b",,,;q=;q=x",
        b"*",
        b"zh;q=nan",
        b"zh;q=inf, en;q=-1",
        b"q=" + b"9" * 999,
    ):
        for method, place in (("GET", f"/v1/units/{record['id']}"), ("PATCH", f"/v1/units/{record['id']}")):
            answer = await office.request(method, place, headers={name: value}, content=b"{")
            assert answer.status_code < 500, (value, answer.text)
            if answer.status_code >= 400:
                checked(answer)
    assert (await office.read(f"/v1/units/{record['id']}"))["version"] == 1


@pytest.mark.parametrize("path", TYPES)
async def test_head_is_answered_as_get_without_a_body(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    for place in (f"/v1/{path}", f"/v1/{path}/{record['id']}", f"/v1/{path}/{record['id']}/revisions"):
        there, body = await office.head(place), await office.get(place)
        assert (there.status_code, there.content) == (200, b""), place
        assert (
            there.headers.get("etag") == body.headers.get("etag")
            and there.headers["content-type"] == body.headers["content-type"]
        )


@pytest.mark.parametrize("path", TYPES)
async def test_a_method_that_is_not_there_is_told_all_that_are(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    one = f"/v1/{path}/{record['id']}"
    places = {f"/v1/{path}": {"GET", "HEAD", "POST"}, one: {"GET", "HEAD", "PATCH"}, f"{one}/actions/void": {"POST"}}
    places |= {
        f"{one}/actions": {"GET", "HEAD"},
        f"{one}/revisions": {"GET", "HEAD"},
        f"{one}/revisions/1": {"GET", "HEAD"},
        f"{one}/revisions/1/diff": {"GET", "HEAD"},
    }
    for place, methods in places.items():
        for method in {"DELETE", "PUT", "PATCH", "POST", "TRACE", "GET"} - methods:
            answer = await office.request(method, place)
            assert (answer.status_code, checked(answer).json()["code"]) == (405, "method_not_allowed"), (method, place)
            assert {m.strip() for m in answer.headers["allow"].split(",")} == methods, (method, place)
    assert await office.read(one) == record


async def test_an_address_that_is_not_there_is_a_problem_document_too(office: Api, anonymous: Client) -> None:
    for place in (
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/units/",
        "/v1//units",
        "/v2/units",
        "/v1/units/a/b/c/d",
        "/redoc",
    ):
        for api in (office, anonymous):
            answer = await api.get(place)
            assert (answer.status_code, checked(answer).json()["code"]) in (
                (404, "no_such_path"),
                (404, "not_found"),
                (401, "unauthenticated"),
            ), place


PROVOKED = [
    ("GET", "/v1/units/none-1", None),
    ("GET", "/v1/units?colour=1", None),
    ("POST", "/v1/units", b"{"),
    ("POST", "/v1/units", b"{}"),
    ("GET", "/v1/nothing", None),
    ("PUT", "/v1/units", None),
    ("GET", "/v1/units?cursor=x", None),
    ("POST", "/v1/units", b'{"kind": 1}'),
]


@pytest.mark.parametrize(("method", "place", "body"), PROVOKED)
async def test_a_refusal_speaks_the_language_that_was_asked_for(
    method: str, place: str, body: bytes | None, office: Api
) -> None:
    said = {}
    for asked, tongue in (
        ("", "zh"),
        ("zh-CN", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("zh;q=0.1, en;q=0.2", "en"),
        ("fr", "zh"),
        ("en;q=0.1, zh", "zh"),
        ("*", "zh"),
        ("en, zh", "en"),
        ("zh, en", "zh"),
    ):
        headers = {"Content-Type": "application/json", "Accept-Language": asked}
        answer = checked(await office.request(method, place, content=body, headers=headers))
        assert answer.headers["content-language"] == ("zh-CN" if tongue == "zh" else "en"), asked
        assert "Accept-Language" in answer.headers["vary"]
        problem = answer.json()
        texts = [problem["title"], problem["detail"], *(e["message"] for e in problem["errors"])]
        chinese = [any("一" <= c <= "鿿" for c in t) for t in texts]
        if tongue == "zh":
            assert all(chinese), texts
        else:
            assert not chinese[0] or "{" not in texts[0]
        said.setdefault(tongue, set()).add((problem["code"], problem["detail"]))
    assert len(said["zh"]) == len(said["en"]) == 1 and {c for c, _ in said["zh"]} == {c for c, _ in said["en"]}


async def test_the_register_of_errors_holds_every_code_in_both_languages(anonymous: Client) -> None:
    items = (await anonymous.get("/v1/errors")).json()["items"]
    assert [i["code"] for i in items] == sorted(SENTENCES)
    for item in items:
        assert item["zh"] and item["en"] and "{" not in item["zh"] + item["en"] + item["zh_do"] + item["en_do"], item
        assert (await anonymous.get(f"/v1/errors/{item['code']}")).json() == item
    assert (await anonymous.get("/v1/errors/none")).status_code == 404
