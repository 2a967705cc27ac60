"""A record that is hidden costs the statements of one that is absent, so that no timing tells them apart."""

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from app.auth import principals
from app.db.pool import Pool
from app.records import REGISTRY
from app.roles import READERS
from tests.access.matrix import EVERY, SEES
from tests.access.ways import ABSENT, NO_NUMBER, PATCH, requests, seen
from tests.access.world import World
from tests.support.callers import Api
from tests.support.client import Client
from tests.support.proofs import share
from tests.support.records import Maker

Statements = list[str]
Work = tuple[int, Statements]
CREATORS, CHANGERS = (
    [r for r in SEES if r in READERS and any(getattr(t.access.of(r), verb, False) for t in REGISTRY)]
    for verb in ("creates", "changes")
)
# Who asks is looked up from time to time, whatever is asked: once a minute, and while accounts are changing.
OF_THE_CALLER = ("update session", principals.SELECT)
ALL = "verbs open to all"
asking: ContextVar[bool] = ContextVar("asking", default=False)  # true in whatever a request of these tests starts
ASKED = [*((role, "as it is") for role in SEES), ("inspected_unit", ALL), ("inspection_office", ALL), ("auditor", ALL)]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """The text of what requests send to the database over the service's pools, in order; not what its tasks send."""
    found: Statements = []
    lend, heard = Pool.lend, set()

    def hear(query: Any) -> None:
        if asking.get() and not query.query.startswith(OF_THE_CALLER):
            found.append(query.query)

    async def lending(self: Pool) -> Any:
        connection = await lend(self)
        if connection not in heard:
            connection.add_query_logger(hear)
            heard.add(connection)
        return connection

    monkeypatch.setattr(Pool, "lend", lending)
    yield found
    for connection in heard:
        connection.remove_query_logger(hear)


@pytest.fixture(scope="module")
async def abroad(office: Api) -> AsyncIterator[dict[str, Any]]:
    """A record of each type in another jurisdiction."""
    make = Maker(office)
    yield {t.path: await make(t.path) for t in REGISTRY}


async def work(found: Statements, api: Client, method: str, url: str, **rest: Any) -> Work:
    """The status of a request and the statements it takes."""
    found.clear()
    token = asking.set(True)
    answer = await api.request(method, url, **rest)
    asking.reset(token)
    return answer.status_code, list(found)


async def same_work(found: Statements, api: Client, method: str, *asked: tuple[str, dict[str, Any]]) -> Work:
    """What each of these requests takes, which is one and the same.

    Where it is not, all are asked again: what is remembered for a while is looked up by whichever comes first.
    """
    for _ in range(6):
        took = [await work(found, api, method, url, **rest) for url, rest in asked]
        if all(one == took[0] for one in took):
            return took[0]
    raise AssertionError((method, asked, took))


def ways(role: str, path: str, by_number: bool) -> list[tuple[str, str, dict[str, Any]]]:
    """Every way to ask for one record, by identifier or by number; `{}` stands for it."""
    stale = {"content": b'{"note": "x"}', "headers": {**PATCH, "If-Match": '"77"'}}
    found = [*requests(path, "{}", list(SEES).index(role)), ("PATCH", f"/v1/{path}/{{}}", stale)]
    found += [("GET", f"/v1/{path}/{{}}?purpose=handling", {})]
    if path == "rounds" and role != "superior":  # that one counts the rounds that it does not see
        found += [("GET", f"/v1/rounds/{{}}/work-list{more}", {}) for more in ("", "/teams")]
    return found[:: 3 if by_number else 1]


@share(3)
@pytest.mark.parametrize(("role", "table"), ASKED, indirect=["table"])
async def test_asking_for_a_hidden_record_takes_the_statements_of_an_absent_one(
    role: str, world: World, abroad: dict[str, Any], statements: Statements, table: str
) -> None:
    api = world.callers[role]
    for path in EVERY:
        hidden = sorted(EVERY[path] - seen(role, path))[:1]
        for key, absent in (("id", ABSENT), ("number", NO_NUMBER)):
            keys = [absent, abroad[path][key], *(world.records[label][key] for label in hidden)]
            for method, url, rest in ways(role, path, key == "number"):
                await same_work(statements, api, method, *((url.format(one), rest) for one in keys))


@share(2)
@pytest.mark.parametrize("role", list(SEES))
async def test_filtering_by_a_hidden_record_takes_the_statements_of_an_absent_one(
    role: str, world: World, abroad: dict[str, Any], statements: Statements
) -> None:
    api = world.callers[role]
    keys = itertools.cycle((("id", ABSENT), ("number", NO_NUMBER)))  # each filter by one of them: roles differ in which
    for _ in range(list(SEES).index(role) % 2):
        next(keys)
    for t in REGISTRY:
        for f in (f for f in t.references if f in t.filters):
            hidden = [world.records[label] for label in sorted(EVERY[f.to] - seen(role, f.to))[:1]]
            key, absent = next(keys)
            url = f"/v1/{t.path}?{f.name}_{key}={{}}"
            asked = (absent, abroad[f.to][key], *(record[key] for record in hidden))
            await same_work(statements, api, "GET", *((url.format(one), {}) for one in asked))


def whole(t: Any, world: World, role: str) -> dict[str, Any]:
    """A body whose references exist for the role, as far as it needs any."""
    body = {k: v for k, v in next(iter(t.examples.values())).items() if not re.search("_(number|id)s?$", k)}
    for f in t.references:
        visible = sorted(seen(role, f.to))
        if f.required and f.writable and visible:
            number = world.number(visible[0])
            body[f.number_column] = [number] if f.many else number
    return body


@share(2)
@pytest.mark.parametrize("role", CREATORS)
async def test_referring_to_a_hidden_record_takes_the_statements_of_an_absent_one(
    role: str, world: World, abroad: dict[str, Any], statements: Statements
) -> None:
    api, compared = world.callers[role], 0
    for t in REGISTRY:
        right = t.access.of(role)
        for f in t.references if right and right.creates else ():
            hidden = [world.records[label] for label in sorted(EVERY[f.to] - seen(role, f.to))[:1]]
            for column, key, absent in ((f.id_column, "id", ABSENT), (f.number_column, "number", NO_NUMBER)):
                if not f.writable:
                    continue
                body = {k: v for k, v in whole(t, world, role).items() if k not in f.columns}
                values = (absent, abroad[f.to][key], *(record[key] for record in hidden))
                given = [{"json": {**body, column: [value] if f.many else value}} for value in values]
                status, took = await same_work(statements, api, "POST", *((f"/v1/{t.path}", one) for one in given))
                assert status == 422, (t.path, column)
                compared += bool(took)
    assert compared, "no body came as far as the database"


@share(2)
@pytest.mark.parametrize("role", CHANGERS)
async def test_changing_a_reference_to_a_hidden_record_takes_the_statements_of_an_absent_one(
    role: str, world: World, abroad: dict[str, Any], statements: Statements
) -> None:
    api = world.callers[role]
    for t in REGISTRY:
        right, labels = t.access.of(role), sorted(seen(role, t.path))
        if not (right and right.changes and labels):
            continue
        url = f"/v1/{t.path}/{world.id(labels[0])}"
        headers = {**PATCH, "If-Match": (await api.get(url)).headers["etag"]}
        for f in t.references:
            hidden = [world.records[label] for label in sorted(EVERY[f.to] - seen(role, f.to))[:1]]
            if not f.writable:
                continue
            numbers = (NO_NUMBER, abroad[f.to]["number"], *(record["number"] for record in hidden))
            given = [{f.number_column: [number] if f.many else number} for number in numbers]
            asked = ((url, {"content": json.dumps(one), "headers": headers}) for one in given)
            assert (await same_work(statements, api, "PATCH", *asked))[0] in (403, 422), (t.path, f.name)


async def test_the_statements_of_a_visible_record_are_told_apart(world: World, statements: Statements) -> None:
    api, one = world.callers["inspection_office"], world.id("F-AU")
    patch = {"content": b'{"note": "x"}', "headers": {**PATCH, "If-Match": '"77"'}}
    with pytest.raises(AssertionError):
        await same_work(statements, api, "PATCH", *((f"/v1/findings/{key}", patch) for key in (one, ABSENT)))
    there = await work(statements, api, "PATCH", f"/v1/findings/{one}", **patch)
    nowhere = await work(statements, api, "PATCH", f"/v1/findings/{ABSENT}", **patch)
    assert (there[0], nowhere[0]) == (412, 404) and len(there[1]) > len(nowhere[1]) > 0
