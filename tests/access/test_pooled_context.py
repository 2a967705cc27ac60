"""Connections are shared by callers of one role, whoever they are: none ever sees or writes as another."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.db.opening import Opening, session
from app.kernel.store.batcher import Batcher
from app.main import create_app
from app.roles import READERS
from app.settings import Settings
from tests.access.load import CODES, LOGGED, SEES, Load, Made, Person, word
from tests.support.bureaus import account
from tests.support.callers import Api
from tests.support.databases import addresses
from tests.support.sql import owning

ROLES = {"second": "inspection_office", "leaders": "leading_group", "office": "inspection_office"}
Serving = Callable[[], AbstractAsyncContextManager[ASGIApp]]


@pytest.fixture
def serving(database: EmbeddedPostgres, folder: Path) -> Serving:
    """A service with two connections for each role."""

    @asynccontextmanager
    async def started() -> AsyncIterator[ASGIApp]:
        options = Settings(**addresses(database.application_url), data_dir=folder / "data", pool_size=2)
        app = create_app(options)
        async with app.router.lifespan_context(app):
            yield app

    return started


class Both:
    """The callers of both jurisdictions, and what stands there."""

    def __init__(self, service: ASGIApp, url: str) -> None:
        self.service, self.url = service, url
        self.people: list[Person] = []
        self.made: dict[str, Made] = {}

    async def joins(self, who: str, code: str, role: str, **bound: Any) -> Api:
        """A new account, signed in."""
        name = await account(self.url, f"p{who.replace('_', '')}{code}", role, code, **bound)
        async with Api.signed_in(self.service, name) as api:
            token = api.headers["Authorization"].removeprefix("Bearer ")
        self.people.append(Person(who, code, name, role, token))
        return Api(self.service, headers={"Authorization": f"Bearer {token}"})

    async def fill(self, code: str) -> None:
        """A record for each word of the jurisdiction."""
        office = await self.joins("office", code, "inspection_office")
        for who in ("second", "leaders"):
            await self.joins(who, code, ROLES[who])
        unit = await office.write("/v1/units", {"name": word(code, "unit"), "kind": "township_street"})
        body = await office.write("/v1/units", {"name": word(code, "unit") + "监督", "kind": "discipline_body"})
        round_ = await office.write(
            "/v1/rounds", {"year": 2099, "sequence": 77, "kind": "special", "starts_on": "2017-04-20", "theme": "主题"}
        )
        of = {"round_number": round_["number"]}
        category = await office.write(
            "/v1/finding-categories", {**of, "phase": "feedback", "code": "1", "name": "类别"}
        )
        made: dict[str, Any] = {"unit": unit}
        supervision = await self.joins("supervision", code, "case_supervision", unit_number=body["number"])
        made["person"] = await supervision.write(
            "/v1/persons", {"name": word(code, "person"), "unit_number": unit["number"], "post": word(code, "person")}
        )
        for who in ("team_a", "team_b"):
            team = await office.write("/v1/teams", {**of, "name": who, "head_name": "组长"})
            api = await self.joins(who, code, "inspection_team", team_number=team["number"])
            place = {"unit_number": unit["number"], "category_number": category["number"], "found_on": "2017-05-14"}
            text = {"title": word(code, who), "description": word(code, who)}
            made[who] = await api.write("/v1/findings", {**of, **place, **text})
            if who == "team_a":
                clue = {"source": "petition", "summary": word(code, "clue"), "registered_on": "2017-05-20"}
                made["clue"] = await api.write("/v1/clues", {**of, **clue})
        await self.joins("inspected", code, "inspected_unit", unit_number=unit["number"])
        self.made[code] = Made(made, round_["number"], category["number"], unit["number"])


@pytest.fixture(scope="module")
async def both(service: ASGIApp, database: EmbeddedPostgres) -> Both:
    """Both jurisdictions, arranged through the ordinary service."""
    found = Both(service, database.application_url)
    for code in CODES:
        await found.fill(code)
    return found


GIVEN = "split_part(request_id, '.', 2)"  # the id that the caller gave, which follows ours


async def misattributed(load: Load, people: Mapping[str, Person], database: EmbeddedPostgres) -> list[str]:
    """Revisions and entries of the access log that name another than who made the request, or that are missing."""
    async with owning(database) as owner:
        written = await owner.fetch(
            f"select {GIVEN} as request_id, jurisdiction, record_id::text, actor, snapshot ->> 'note' as note,"
            f" source ->> 'kind' as kind from revision where {GIVEN} like $1 || '-%'", load.prefix,
        )  # fmt: skip
        read = await owner.fetch(
            f"select {GIVEN} as request_id, jurisdiction, principal, role, record_ids::text[] as ids from access_log"
            f" where {GIVEN} like $1 || '-%'", load.prefix,
        )  # fmt: skip
    found = []
    for row in written:
        person = people[row["request_id"].split("-")[1]]
        said = row["note"] if row["kind"] == "api" else row["request_id"]
        if (row["actor"], row["jurisdiction"], said) != (person.account, person.code, row["request_id"]):
            found.append(f"revision {dict(row)}")
    for row in read:
        person = people[row["request_id"].split("-")[1]]
        if (row["principal"], row["role"], row["jurisdiction"]) != (person.account, person.role, person.code):
            found.append(f"entry {dict(row)}")
    of, entered = {r["request_id"]: r["record_id"] for r in written}, {r["request_id"]: r["ids"] for r in read}
    for request, (_, call, document) in load.answered.items():
        if call.body is not None and of.get(request) != document["id"]:
            found.append(f"{request}: no revision of {document['id']}")
        if call.method == "GET" and call.about and call.path in LOGGED and call.about not in entered.get(request, ()):
            found.append(f"{request}: reading {call.about} was not entered")
    return found


async def leaks(serving: Serving, both: Both, database: EmbeddedPostgres, prefix: str, each: int) -> Load:
    """The load, with everything that went to the wrong one."""
    async with serving() as app:
        load = Load(app, both.made, prefix, arranging=both.service)
        await load.run(both.people, each)
    load.leaks += await misattributed(load, {p.account: p for p in both.people}, database)
    return load


async def test_under_load_every_answer_and_every_write_is_its_own_caller_s(
    serving: Serving, both: Both, database: EmbeddedPostgres
) -> None:
    assert {p.who for p in both.people} == set(SEES) and len(both.people) == 2 * len(SEES)
    load = await leaks(serving, both, database, "pooled", 60)
    assert load.leaks == []
    assert all(load.seen[kind] >= 5 for kind in (200, 201, 403, 404, 409, 412, 422, "cancelled")), load.seen


class Keeping(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is untyped
    """What a caller set at session level would be: the connection stays that of its first borrower."""

    first = ""

    def _named(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        if not (arguments and isinstance(arguments[0], str) and arguments[0].startswith('{"sub"')):
            return arguments
        context = json.loads(arguments[0])
        self.first = self.first or context["sub"]
        return json.dumps({**context, "sub": self.first}), *arguments[1:]

    async def fetch(self, query: str, *arguments: Any, **more: Any) -> Any:
        return await super().fetch(query, *self._named(arguments), **more)

    async def fetchrow(self, query: str, *arguments: Any, **more: Any) -> Any:
        return await super().fetchrow(query, *self._named(arguments), **more)


async def test_the_load_notices_connections_that_keep_their_caller(
    serving: Serving, both: Both, database: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keeping(self: Opening, role: str) -> Any:
        kind = Keeping if role.removeprefix("ledger_") in READERS else asyncpg.Connection
        return await asyncpg.connect(self.logins.of(role), server_settings=session(role), connection_class=kind)

    monkeypatch.setattr(Opening, "pooled", keeping)
    found = (await leaks(serving, both, database, "keeping", 24)).leaks
    signs = ("was answered", "was answered what", "revision", "entry", ": 200, not (404,)")
    noticed = [sign for sign in signs if any(sign in leak for leak in found)]
    assert len(noticed) >= 3, (noticed, found[:20])  # which of them show depends on who meets whom


async def test_the_load_notices_writes_that_are_gathered_whoever_asks(
    serving: Serving, both: Both, database: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = Batcher.submit

    async def careless(self: Batcher, kind: Any, *rest: Any) -> Any:
        return await submit(self, kind[1:] if kind[-1] == "change" else kind, *rest)

    monkeypatch.setattr(Batcher, "submit", careless)
    found = (await leaks(serving, both, database, "careless", 24)).leaks
    assert any(leak.startswith("revision") for leak in found), found[:20]
