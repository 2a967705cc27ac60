"""Walking through a list page by page: the pages are the whole, each record once, under every sort."""

import asyncio
import base64
from functools import cmp_to_key
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from app.records import REGISTRY
from tests.support.bodies import TYPES
from tests.support.callers import Api
from tests.support.records import Maker


async def seven(make: Maker, path: str) -> tuple[dict[str, str], list[Any]]:
    """Seven records that only a search for their note finds, with days that repeat and some that are missing."""
    t = REGISTRY.by_path[path]
    word = f"翻页{id(make)}"
    days = [f for f in t.fields if type(f).__name__ == "Day" and f.writable]
    made = []
    for n in range(7):
        given: dict[str, Any] = {"note": word}
        for f in days:
            day = f"2017-05-{14 + n % 3}"
            given |= {f.name: day} if f.required or n % 4 else {}
        made.append(await (make.fresh() if t.unique else make)(path, **given))
    return {"q": word}, made


def in_order(records: list[Any], sort: list[str]) -> list[Any]:
    """The records as Python sorts them: empty values last in either direction, then by identifier."""

    def compare(a: Any, b: Any) -> int:
        for key in [*sort, ("-id" if sort[-1].startswith("-") else "id")]:
            name, sign = key.lstrip("-"), -1 if key.startswith("-") else 1
            x, y = a[name], b[name]
            if x == y:
                continue
            if x is None or y is None:
                return 1 if x is None else -1
            return sign if x > y else -sign
        return 0

    return sorted(records, key=cmp_to_key(compare))


@pytest.mark.parametrize("path", TYPES)
async def test_the_pages_of_a_list_are_the_list_under_every_sort(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    query, made = await seven(make, path)
    sorts = [[s] for s in t.sorts] + [[f"-{s}"] for s in t.sorts]
    sorts += [
        ["state", "-number"],
        ["-updated_at", "number"],
        [t.sorts[-1], "-created_at"],
        [f"-{t.sorts[-1]}", "state", "number"],
    ]
    for sort in sorts:
        pages = await walk(office, path, {**query, "sort": ",".join(sort), "limit": "3"})
        assert [len(p) for p in pages] == [3, 3, 1]
        walked = [r["id"] for page in pages for r in page]
        assert walked == [r["id"] for r in in_order(made, sort)], sort
    newest_first = [r["id"] for page in await walk(office, path, {**query, "limit": "2"}) for r in page]
    assert newest_first == [r["id"] for r in in_order(made, ["-created_at"])]


async def walk(office: Api, path: str, query: dict[str, str]) -> list[list[Any]]:
    """Every page, by the link that each gives to the next; the link and the cursor say the same."""
    pages, url = [], f"/v1/{path}"
    answer = await office.get(url, params=query)
    while True:
        page = answer.json()
        pages.append(page["items"])
        link = answer.headers.get("link")
        assert (link is None) == (page["next_cursor"] is None)
        if link is None:
            return pages
        assert link.startswith("<") and link.endswith('>; rel="next"')
        following = link[1:].split(">")[0]
        given = parse_qs(urlsplit(following).query)
        assert given == {**{k: [v] for k, v in query.items()}, "cursor": [page["next_cursor"]]}
        answer = await office.get(following)


@pytest.mark.parametrize("path", TYPES)
async def test_a_cursor_answers_only_the_question_it_came_from(path: str, make: Maker, office: Api) -> None:
    query, _ = await seven(make, path)
    asked = {**query, "sort": "number", "limit": "3"}
    cursor = (await office.read(f"/v1/{path}", **asked))["next_cursor"]
    assert (await office.get(f"/v1/{path}", params={**asked, "cursor": cursor, "limit": "5"})).status_code == 200
    other = "rounds" if path != "rounds" else "units"
    state = REGISTRY.by_path[path].lifecycle.initial
    for place, changed in (
        (path, {**asked, "sort": "-number"}),
        (path, {**asked, "sort": "number,state"}),
        (path, {k: v for k, v in asked.items() if k != "q"}),
        (path, {**asked, "state": state}),
        (other, asked),
    ):
        answer = await office.get(f"/v1/{place}", params={**changed, "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), (place, changed)


async def test_a_forged_cursor_is_refused(make: Maker, office: Api) -> None:
    query, _ = await seven(make, "units")
    asked = {**query, "limit": "3"}
    cursor = (await office.read("/v1/units", **asked))["next_cursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    flipped = [raw[:n] + bytes([raw[n] ^ 1]) + raw[n + 1 :] for n in (0, 5, 11, 12, 20, len(raw) - 1)]
    forged = [base64.urlsafe_b64encode(f).decode().rstrip("=") for f in (*flipped, raw[:-3], raw + b"x", raw[12:], b"")]
    for text in (*forged, "x", "!!!", "中文", "%00", "a" * 5000):
        answer = await office.get("/v1/units", params={**asked, "cursor": text})
        assert (answer.status_code, answer.json()["code"]) in ((400, "bad_cursor"), (400, "bad_query")), text


async def test_what_is_entered_during_a_walk_neither_hides_nor_doubles_what_was_there(make: Maker, office: Api) -> None:
    query, made = await seven(make, "findings")
    page = await office.read("/v1/findings", **query, limit="3")
    await make("findings", note=query["q"])
    changed = made[0]
    assert (await office.change(changed, "findings", {"title": "改后的标题"})).status_code == 200
    walked, cursor = [r["id"] for r in page["items"]], page["next_cursor"]
    while cursor:
        page = await office.read("/v1/findings", **query, limit="3", cursor=cursor)
        walked += [r["id"] for r in page["items"]]
        cursor = page["next_cursor"]
    assert walked == [r["id"] for r in reversed(made)]


async def test_the_address_of_the_next_page_repeats_the_question_and_can_not_be_broken_out_of(
    make: Maker, office: Api
) -> None:
    text = f'翻页{id(make)}>; rel="next",<https://example.org/?x='
    made = [await make("findings", title=text) for _ in range(3)]
    seen, address = [], f"/v1/findings?{urlencode({'q': text, 'limit': 1})}"
    while address:
        answer = await office.get(address)
        assert answer.status_code == 200, answer.text
        seen += [r["id"] for r in answer.json()["items"]]
        link = answer.headers.get("link", "")
        assert (link.count("<") == link.count(">") == bool(link) and link.endswith('>; rel="next"')) or not link
        address = link[1:].partition(">")[0].replace("cursor=", "%63ursor=")
    assert sorted(seen) == sorted(m["id"] for m in made)


async def test_reads_that_arrive_together_each_get_their_own_record(make: Maker, office: Api) -> None:
    made = [await make("findings") for _ in range(5)]
    absent = "01890000-0000-7000-8000-000000000000"
    wanted = [*(m["id"] for m in made), absent, made[0]["id"].upper()] * 4
    headers = {"X-Request-Id": "one-for-all-of-them"}
    answers = await asyncio.gather(*(office.get(f"/v1/findings/{i}", headers=headers) for i in wanted))
    for identifier, answer in zip(wanted, answers, strict=True):
        assert answer.status_code == (404 if identifier == absent else 200)
        assert identifier == absent or answer.json()["id"] == identifier.lower()
