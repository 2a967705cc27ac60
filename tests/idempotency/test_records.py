"""A write that carries an Idempotency-Key is carried out once, and its repeats are answered as the first was."""

import asyncio
import json
from typing import Any

import pytest

from app.records import REGISTRY
from tests.support.bodies import TYPES, full
from tests.support.callers import UNREAD, Api
from tests.support.records import Maker
from tests.support.retrying import acted, changed, created, fresh_key, keyed, refused, replayed, same
from tests.support.walk import Walker

AT_ONCE = 50


async def versions(api: Api, path: str, record: Any) -> int:
    """How many revisions a record has."""
    return len((await api.read(f"/v1/{path}/{record['id']}/revisions", limit="200"))["items"])


@pytest.mark.parametrize("path", TYPES)
async def test_a_record_is_registered_once_and_answered_again_byte_for_byte(
    path: str, make: Maker, office: Api
) -> None:
    t, key = REGISTRY.by_path[path], fresh_key()
    body = await full(make, t)
    first = await created(office, path, body, key)
    assert first.status_code == 201, first.text
    again = await created(office, path, body, key)
    assert same(first, again), (first.text, again.text)
    assert await versions(office, path, first.json()) == 1
    quoted = await created(office, path, dict(reversed(body.items())), f'"{key}"')
    assert same(first, quoted), "in quotes, and with the members in another order, it is the same request"


@pytest.mark.parametrize("path", TYPES)
async def test_a_change_a_correction_and_a_voiding_are_carried_out_once(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    key = fresh_key()
    first = await changed(office, path, record, {"note": "改"}, key)
    assert first.status_code == 200, first.text
    assert same(first, await changed(office, path, record, {"note": "改"}, key))
    record = first.json()
    key = fresh_key()
    first = await acted(office, path, record, "void", {"reason": "重复"}, key)
    assert first.status_code == 200, first.text
    assert same(first, await acted(office, path, record, "void", {"reason": "重复"}, key))
    assert await versions(office, path, record) == 3


ACTIONS = [(t.path, x.action) for t in REGISTRY for x in t.lifecycle.public if x.action not in UNREAD]


@pytest.mark.parametrize(("path", "action"), ACTIONS)
async def test_an_action_is_taken_once_with_its_effects(path: str, action: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    arrow, walker, key = t.lifecycle.transition(action), Walker(make), fresh_key()
    record = await walker.ready(path, arrow.origins[0], arrow)
    body = await walker.body(arrow)
    first = await acted(office, path, record, action, body, key)
    before = await versions(office, path, record)
    again = await acted(office, path, record, action, body, key)
    assert first.status_code in (200, 204) and same(first, again), (first.text, again.text)
    assert await versions(office, path, record) == before


async def test_of_fifty_at_once_one_registers_and_the_others_are_told_so(make: Maker, office: Api) -> None:
    body, key = await make.body(REGISTRY.by_path["findings"]), fresh_key()
    title = body["title"]
    answers = await asyncio.gather(*(created(office, "findings", body, key) for _ in range(AT_ONCE)))
    done = [a for a in answers if a.status_code == 201]
    assert len(done) + sum(a.status_code == 409 for a in answers) == AT_ONCE
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency_key_in_use"}
    assert len({a.content for a in done}) == 1 and sum(not replayed(a) for a in done) == 1
    assert len(await office.every("findings", q=title)) == 1
    assert (await created(office, "findings", body, key)).content == done[0].content


async def test_a_key_is_not_given_for_another_request(make: Maker, office: Api) -> None:
    record, key = await make("findings"), fresh_key()
    first = await changed(office, "findings", record, {"note": "甲"}, key)
    assert first.status_code == 200
    for body, version in (({"note": "乙"}, record), ({"note": "甲"}, first.json())):
        answer = await changed(office, "findings", version, body, key)
        assert refused(answer) == (422, "idempotency_key_reused")
    assert await versions(office, "findings", record) == 2
    elsewhere = await acted(office, "findings", first.json(), "feed_back", {"on": "2017-06-09"}, key)
    assert elsewhere.status_code == 200 and not replayed(elsewhere), "another path is another request"
    assert (await created(office, "findings", await make.body(REGISTRY.by_path["findings"]), key)).status_code == 201


async def test_a_refusal_leaves_the_key_free(make: Maker, office: Api) -> None:
    body, key = await make.body(REGISTRY.by_path["findings"]), fresh_key()
    assert (await created(office, "findings", {**body, "title": None}, key)).status_code == 422
    first = await created(office, "findings", body, key)
    assert first.status_code == 201 and not replayed(first)
    record, key = first.json(), fresh_key()
    stale = {**record, "version": 7}
    assert (await changed(office, "findings", stale, {"note": "甲"}, key)).status_code == 412
    assert (await changed(office, "findings", record, {"note": "乙"}, key)).status_code == 200


async def test_an_answer_is_read_again_so_a_later_change_shows(make: Maker, office: Api) -> None:
    body, key = await make.body(REGISTRY.by_path["findings"]), fresh_key()
    record = (await created(office, "findings", body, key)).json()
    later = (await office.change(record, "findings", {"note": "后来"})).json()
    again = await created(office, "findings", body, key)
    assert (again.status_code, again.headers["etag"], again.json()) == (201, '"2"', later)
    assert again.headers["location"] == f"/v1/findings/{record['id']}" and replayed(again)


@pytest.mark.parametrize("key", ["", " ", '""', "钥匙".encode(), "a\tb", "x" * 256, '"x', "a b", b"\x00"])
async def test_what_is_no_key_is_refused(key: str | bytes, make: Maker, office: Api) -> None:
    record = await make("findings")
    given = key if isinstance(key, bytes) else key.encode()
    for method, path in (("POST", "/v1/findings"), ("PATCH", f"/v1/findings/{record['id']}")):
        answer = await office.request(method, path, json={}, headers=[(b"idempotency-key", given)])
        assert refused(answer) == (400, "bad_idempotency_key")


async def test_two_keys_are_none(make: Maker, office: Api) -> None:
    body = await make.body(REGISTRY.by_path["findings"])
    twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
    answer = await office.post("/v1/findings", json=body, headers=twice)
    assert refused(answer) == (400, "bad_idempotency_key")


async def test_a_read_ignores_the_key(make: Maker, office: Api) -> None:
    record, key = await make("persons"), fresh_key()
    for _ in range(2):
        answer = await office.get(f"/v1/persons/{record['id']}", headers=keyed(key))
        assert answer.status_code == 200 and not replayed(answer)
        number = REGISTRY.by_path["persons"].field("id_number").sample
        found = await office.post("/v1/persons/find", json={"id_number": number}, headers=keyed(key))
        assert found.status_code == 200 and not replayed(found)
    assert json.loads(answer.content)["id"] == record["id"]
