"""Every cell of the matrix: role by type by channel. What a role may not see answers as if it were not there.

A test goes through all roles of one type: a test for each cell cost as much around it as within.
"""

import asyncio
import re
from typing import Any

import pytest

from app.records import REGISTRY
from app.roles import READERS
from tests.access.matrix import EVERY, HIDDEN, NO_LIST, SEES
from tests.access.ways import ABSENT, NO_NUMBER, requests, seen
from tests.access.world import World
from tests.support.client import Answer, Client
from tests.support.proofs import share

TYPES = [t.path for t in REGISTRY]
every_role = pytest.mark.parametrize("role", list(SEES))
every_type = pytest.mark.parametrize("path", TYPES)
INSTANCE = re.compile(r'"instance":"[^"]*"')


def test_the_matrix_names_every_type_and_every_record() -> None:
    assert set(EVERY) == set(TYPES)


async def everything(api: Any, path: str, **params: str) -> Answer:
    """A list, which is short."""
    answer: Answer = await api.get(f"/v1/{path}", params={"limit": "200", **params})
    return answer


@every_type
async def test_a_list_holds_what_the_role_sees_and_nothing_else(path: str, world: World, table: str) -> None:
    for role in SEES:
        api = world.callers[role]
        for params in ({}, {"sort": "-number"}, {"q": "鸣"}, {"state": "voided"}):
            answer = await everything(api, path, **params)
            if answer.status_code == 403 and table == "as it is":
                assert not seen(role, path) or (role, path) in NO_LIST, role
                continue
            if answer.status_code == 404:  # its reading would be logged, and this role may not even enter that
                assert role not in READERS, role
                continue
            assert answer.status_code == 200, (role, answer.text)
            found = {r["id"] for r in answer.json()["items"]}
            expected = {world.id(label) for label in seen(role, path)}
            if params.get("state") == "voided":
                assert not found, role
            elif "q" in params:
                assert found <= expected, role
            else:
                other = {x for x in world.labels(path) if (world.id(x) in found) != (world.id(x) in expected)}
                assert found == expected, (role, other)


@share(3)
@every_type
async def test_a_hidden_record_answers_as_an_absent_one_to_the_byte(path: str, world: World, table: str) -> None:
    for turn, role in enumerate(SEES):
        api = world.callers[role]
        hidden = EVERY[path] - seen(role, path)
        for by, absent in ((world.id, ABSENT), (world.number, NO_NUMBER)):
            ways = requests(path, "{}", turn) if by == world.id else requests(path, "{}")[:2]
            for method, address, rest in ways if hidden else ():
                none = await api.request(method, address.format(absent), **rest)
                assert none.status_code == 404, (role, address, none.text)
                for label in hidden:
                    key = by(label)
                    one = await api.request(method, address.format(key), **rest)
                    assert one.status_code == 404, (role, label, method, address, one.text)
                    told, wanted = (INSTANCE.sub("", a.text) for a in (one, none))
                    assert told == wanted.replace(absent, key), (role, address)
                    assert set(one.headers) == set(none.headers), (role, address)


@every_type
async def test_a_visible_record_is_read_by_every_way_and_its_hidden_members_by_none(
    path: str, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    for role in SEES:
        api = world.callers[role]
        for label in seen(role, path):
            hidden = HIDDEN.get(role, {}).get(path, set()) | HIDDEN.get(role, {}).get(label, set())
            words = {member: word for member, word in world.canaries[label].items() if member in hidden}
            one = f"/v1/{path}/{world.id(label)}"
            answers = [
                await api.get(one + more) for more in ("", "/actions", "/revisions", "/revisions/1", "/revisions/2")
            ]
            assert answers[0].status_code == 200, (role, label, answers[0].text)
            document = answers[0].json()
            assert {m for m in hidden if m in document} <= set(document["masked"]), (role, label)
            for member, word in world.canaries[label].items():
                if member not in hidden and member in document:
                    assert document[member] == word, (role, label, member)
            for word in words.values():
                found = await everything(api, path, q=word)
                assert found.status_code == 403 or found.json()["items"] == [], (role, label, word)
                assert all(word not in a.text for a in answers), (role, label, word)
            if answers[2].status_code == 200:
                last = answers[2].json()["items"][0]["version"]
                diff = await api.get(f"{one}/revisions/{last}/diff")
                assert all(word not in diff.text for word in words.values()), (role, label)
        await asyncio.sleep(0)  # lines are written when the event loop turns
        told = capfd.readouterr()
        logged = told.out + told.err
        assert not re.search(r"鸣\d{5}雀", logged), role


@every_role
async def test_no_answer_of_any_list_names_what_its_reader_may_not_see(role: str, world: World) -> None:
    """Identifiers, numbers and words of hidden records are in no document: not as a reference either."""
    api = world.callers[role]
    texts = []
    for path in TYPES:
        answer = await everything(api, path)
        texts.append(answer.text)
    told = "".join(texts)
    for path, labels in EVERY.items():
        for label in labels - seen(role, path):
            assert world.id(label) not in told, (path, label)
            assert f'"{world.number(label)}"' not in told, (path, label)
            for member, word in world.canaries[label].items():
                assert word not in told, (path, label, member)


@every_type
async def test_a_filter_tells_nothing_of_what_is_hidden(path: str, world: World) -> None:
    """Neither of hidden records, nor of references that are null to this reader."""
    for role in SEES:
        api = world.callers[role]
        for f in REGISTRY.by_path[path].references:
            for label in EVERY[f.to] - seen(role, f.to):
                for member, value in ((f"{f.name}_id", world.id(label)), (f"{f.name}_number", world.number(label))):
                    answer = await everything(api, path, **{member: value})
                    assert answer.status_code == 403 or answer.json()["items"] == [], (role, member, label)


@every_type
async def test_a_reference_to_a_hidden_record_is_refused_as_one_to_none(path: str, world: World) -> None:
    for role in SEES:
        t, api = REGISTRY.by_path[path], world.callers[role]
        right = t.access.of(role if role in t.access.rights else {"other_team": "inspection_team"}.get(role, role))
        if right is None or not right.creates:
            continue
        for f in t.references:
            hidden = EVERY[f.to] - seen(role, f.to)
            if not f.writable or not hidden:
                continue
            answers = []
            for number in (world.number(next(iter(hidden))), NO_NUMBER):
                body = {f.number_column: [number] if f.many else number}
                whole = {**dict(next(iter(t.examples.values()))), **body}
                whole = {k: v for k, v in whole.items() if k in body or not k.endswith(("_number", "_numbers"))}
                answers.append(INSTANCE.sub("", (await api.post(f"/v1/{path}", json=whole)).text))
            assert answers[0] == answers[1], (role, f.name)


@every_role
async def test_the_actions_that_are_offered_are_those_that_are_permitted(role: str, world: World) -> None:
    api = world.callers[role]
    for path in TYPES:
        for label in seen(role, path):
            document = await api.read(f"/v1/{path}/{world.id(label)}")
            items = (await api.read(f"/v1/{path}/{world.id(label)}/actions"))["items"]
            assert {i["action"] for i in items if i["allowed"]} == set(document["available_actions"]), label
            for item in items:
                if item["allowed"]:
                    continue
                one = f"/v1/{path}/{world.id(label)}/actions/{item['action']}"
                answer = await api.post(one, json={"reason": "x"}, headers={"If-Match": f'"{document["version"]}"'})
                assert answer.status_code in (403, 409, 422), (path, label, item, answer.text)


async def test_the_metrics_name_no_record(world: World, anonymous: Client) -> None:
    """Nor does the document that is served: http/test_openapi.py says that it is the committed one."""
    text = (await anonymous.get("/metrics")).text
    assert not re.search(r"鸣\d{5}雀", text)
    assert not any(record["id"] in text for record in world.records.values())
