"""The header fields of every answer: whose request it was, and what a browser may do with it."""

import re

import pytest

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.support.callers import PATCH, Api
from tests.support.client import Client
from tests.support.records import Maker
from tests.support.sql import owning

NAMING = ("persons", "clues", "case-filings", "units", "teams", "rectification-opinions")


async def test_no_browser_guesses_what_an_answer_is(make: Maker, office: Api, anonymous: Client) -> None:
    unit = await make("units")
    for place in (f"/v1/units/{unit['id']}", "/v1/units", "/v1/imports/x", "/v1/nothing", "/v1/units?x=1"):
        assert (await office.get(place)).headers["x-content-type-options"] == "nosniff", place
    for place in ("/health/live", "/docs", "/docs/assets/docs.js", "/openapi.json", "/v1/units", "/v1/errors", "/x"):
        assert (await anonymous.get(place)).headers["x-content-type-options"] == "nosniff", place
    assert (await anonymous.post("/v1/oauth/token", data={})).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", NAMING)
async def test_what_names_persons_is_stored_nowhere(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    place = f"/v1/{path}/{record['id']}"
    first = await office.get(place)
    changed = await office.patch(
        place, json={"note": "另注"}, headers={"If-Match": first.headers["etag"], "Content-Type": PATCH}
    )
    answers = {"get": first, "patch": changed}
    for part in ("", "/actions", "/revisions", "/revisions/1", "/revisions/2/diff"):
        answers[part] = await office.get(f"{place}{part}")
    answers["list"] = await office.get(f"/v1/{path}?limit=1")
    for name, answer in answers.items():
        assert answer.status_code in (200, 403), (name, answer.text)
        assert "no-store" in answer.headers["cache-control"], name
    assert (await office.get(place, headers={"If-None-Match": '"2"'})).status_code == 304


async def test_what_names_nobody_may_be_kept_and_asked_for_anew(make: Maker, office: Api) -> None:
    record = await make("rounds")
    assert (await office.get(f"/v1/rounds/{record['id']}")).headers["cache-control"] == "private, no-cache"
    assert not REGISTRY.by_path["rounds"].names_persons


async def test_an_answer_that_says_nothing_of_it_is_not_stored(office: Api, anonymous: Client) -> None:
    for place in ("/v1/me", "/v1/nothing", "/v1/findings/absent", "/health/live"):
        assert (await office.get(place)).headers["cache-control"] == "no-store", place
    assert (await anonymous.get("/v1/units")).headers["cache-control"] == "no-store"


async def test_an_id_of_the_caller_stands_beside_ours(office: Api, database: EmbeddedPostgres) -> None:
    given = {"X-Request-Id": "chosen-by-the-caller"}
    seen = set()
    for name in ("甲单位", "乙单位"):
        answer = await office.post("/v1/units", json={"name": name, "kind": "other"}, headers=given)
        request = answer.headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{32}\.chosen-by-the-caller", request)
        seen.add(request)
        async with owning(database) as owner:
            written = "select request_id from revision where record_id = $1"
            assert await owner.fetchval(written, answer.json()["id"]) == request
    assert len(seen) == 2
    for strange in ("a b", "x" * 65, "x", "431382190001010019", "a.b.c.d.e"):
        answer = await office.get("/v1/nothing", headers={"X-Request-Id": strange})
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"]), strange


async def test_metrics_are_told_to_no_caller_that_a_proxy_passes_on(anonymous: Client) -> None:
    assert (await anonymous.get("/metrics")).status_code == 200
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"):
        answer = await anonymous.get("/metrics", headers={name: "127.0.0.1"})
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path"), name
