"""The order in which a request is judged: each refusal hides the ones after it (contract section 1)."""

import json
from typing import Any

import pytest

from app.records import REGISTRY
from tests.conftest import AsTeam
from tests.support.bodies import TYPES
from tests.support.callers import PATCH, Api
from tests.support.client import Client
from tests.support.records import Maker

NOWHERE = "00000000-0000-7000-8000-000000000000"


async def send(api: Client, place: str, *, act: bool, **wrong: Any) -> tuple[int, str]:
    """A write with the flaws that are named: status and code."""
    headers = {"Content-Type": wrong.get("media", "application/json" if act else PATCH)}
    headers |= {"If-Match": wrong["version"]} if "version" in wrong else {}
    body = wrong.get("body", {"reason": "改"} if act else {"note": "改"})
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = (f"{place}/actions/void" if act else place) + wrong.get("query", "")
    answer = await api.request("POST" if act else "PATCH", url, content=content, headers=headers)
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("act", [False, True], ids=["patch", "action"])
@pytest.mark.parametrize("path", TYPES)
async def test_a_refusal_hides_every_later_one(
    path: str, act: bool, make: Maker, office: Api, anonymous: Client
) -> None:
    record = await make(path)
    voided = (await office.act(await make.fresh()(path), path, "void", reason="重复")).json()
    gone, here, dead = (f"/v1/{path}/{key}" for key in (NOWHERE, record["id"], voided["id"]))
    bad = {"colour": 1}
    assert (await send(anonymous, gone, act=act, query="?colour=1", media="text/plain", body=b"{"))[0] == 401
    assert (await send(office, gone, act=act, query="?colour=1", media="text/plain", body=b"{"))[0] == 400
    assert await send(office, gone, act=act, media="text/plain", body=b"{", version='"1"') == (415, "wrong_media_type")
    assert await send(office, gone, act=act, body=b"{") == (404, "not_found")
    assert await send(office, gone, act=act, body=bad, version='"9"') == (404, "not_found")
    assert await send(office, here, act=act, body=b"{") == (428, "if_match_required")
    assert await send(office, here, act=act, body=b"{", version='"9"') == (412, "stale")
    assert await send(office, here, act=act, body=bad, version='"9"') == (412, "stale")
    assert await send(office, here, act=act, body=b"{", version='"1"') == (400, "malformed_json")
    assert await send(office, dead, act=act, body=bad, version='"2"') == (422, "validation_failed")
    assert await send(office, dead, act=act, body=bad, version='"1"') == (412, "stale")
    assert await send(office, dead, act=act, version='"2"') == (409, "record_voided")


async def test_a_version_that_cannot_be_read_is_told_after_a_missing_right(make: Maker, as_team: AsTeam) -> None:
    finding = await make("findings")
    team = await as_team(make.made["teams"])
    place, bad = f"/v1/findings/{finding['id']}", '"x"'
    assert await send(team, place, act=False, version=bad) == (400, "bad_if_match")
    await make.api.act(finding, "findings", "feed_back", on="2017-06-09")  # from now on the team only reads it
    assert await send(team, place, act=False, version=bad) == (403, "forbidden")
    assert await send(make.api, place, act=False, version=bad) == (400, "bad_if_match")


@pytest.mark.parametrize("path", TYPES)
async def test_nothing_is_told_to_a_caller_without_a_token(path: str, make: Maker, anonymous: Client) -> None:
    record = await make(path)
    place = f"/v1/{path}/{record['id']}"
    actions = [x.action for x in REGISTRY.by_path[path].lifecycle.public]
    reads = [f"/v1/{path}", place, f"{place}/actions", f"{place}/revisions", f"{place}/revisions/1"]
    reads += [f"{place}/revisions/1/diff", f"/v1/{path}/{NOWHERE}", f"/v1/{path}?colour=1"]
    for url in reads:
        answer = await anonymous.get(url)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), url
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for url in (f"/v1/{path}", *(f"{place}/actions/{a}" for a in (*actions, "void", "correct"))):
        assert (await anonymous.post(url, content=b"{")).status_code == 401, url
    assert (await anonymous.patch(place, content=b"{")).status_code == 401


@pytest.mark.parametrize(
    "token", ["Bearer", "Bearer ", "Bearer x", "Basic b2ZmaWNlOng=", "Bearer a.b.c", "Bearer " + "x" * 5000]
)
async def test_a_token_that_is_none_is_refused(token: str, anonymous: Client) -> None:
    answer = await anonymous.get("/v1/units", headers={"Authorization": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
