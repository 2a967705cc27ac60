"""A key belongs to its caller alone, a repeat is answered by the rights of now, and a key ends after seven days."""

from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.context import AUTH_ROLE, Caller
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.records import REGISTRY
from tests.conftest import AsTeam
from tests.support.bureaus import account
from tests.support.callers import HOME, PATCH, Api
from tests.support.records import Maker
from tests.support.retrying import changed, created, fresh_key, refused, replayed, same
from tests.support.sql import acting, named, owning

COUNT = "select count(*) from idempotency_key"


async def aged(database: EmbeddedPostgres, maker: str, interval: str) -> None:
    """Makes the keys of this maker older."""
    async with owning(database) as owner:
        await owner.execute(f"update idempotency_key set at = at - interval '{interval}' where maker = $1", maker)


async def test_the_same_key_of_another_caller_is_another_key(make: Maker, office: Api, colleague: Api) -> None:
    body, key = await make.body(REGISTRY.by_path["findings"]), fresh_key()
    first = await created(office, "findings", body, key)
    other = await created(colleague, "findings", body, key)
    assert (first.status_code, other.status_code) == (201, 201) and not replayed(other)
    assert first.json()["id"] != other.json()["id"]
    mended = await created(colleague, "findings", {**body, "title": "另一件"}, key)
    assert refused(mended) == (422, "idempotency_key_reused"), "each is told of its own request alone"


async def test_what_the_caller_sees_no_more_is_not_shown_to_a_repeat(make: Maker, as_team: AsTeam, office: Api) -> None:
    finding, team = await make("findings"), await as_team(make.made["teams"])
    key = fresh_key()
    first = await changed(team, "findings", finding, {"note": "甲"}, key)
    assert first.status_code == 200, first.text
    other = await make.fresh()("teams")
    moved = {"team_number": other["number"], "round_number": other["round_number"]}
    category = await make.fresh()("finding-categories", phase="feedback", round_number=other["round_number"])
    answer = await office.change(first.json(), "findings", {**moved, "category_number": category["number"]})
    if answer.status_code != 200:  # a finding that stays with its team: then it is the team that goes
        pytest.fail(answer.text)
    again = await changed(team, "findings", finding, {"note": "甲"}, key)
    assert refused(again) == (404, "not_found") and replayed(again), "it was carried out, and is not shown"
    assert (await office.read(f"/v1/findings/{finding['id']}"))["version"] == 3


async def test_a_caller_that_was_closed_is_told_nothing(
    make: Maker, service: ASGIApp, database: EmbeddedPostgres, admin: Api
) -> None:
    name = await account(database.application_url, "key-closed", "inspection_office", HOME)
    body, key = await make.body(REGISTRY.by_path["findings"]), fresh_key()
    async with Api.signed_in(service, name) as caller:
        assert (await created(caller, "findings", body, key)).status_code == 201
        closing = {"content": b'{"disabled": true}', "headers": {"Content-Type": PATCH}}
        assert (await admin.patch(f"/v1/accounts/{name}", **closing)).status_code == 200
        assert refused(await created(caller, "findings", body, key)) == (401, "unauthenticated")


async def test_members_that_were_hidden_meanwhile_are_hidden_in_a_repeat(
    make: Maker, service: ASGIApp, database: EmbeddedPostgres
) -> None:
    """The answer is read anew: a caller who has another role since is answered as that role reads."""
    name = await account(database.application_url, "key-moved", "inspection_office", HOME)
    body, key = await make.body(REGISTRY.by_path["clues"]), fresh_key()
    async with Api.signed_in(service, name) as caller:
        clue = (await created(caller, "clues", body, fresh_key())).json()
        first = await changed(caller, "clues", clue, {"note": "甲"}, key)
        assert (first.status_code, first.json()["note"], first.json()["masked"]) == (200, "甲", []), first.text
    async with owning(database) as owner:
        await owner.execute("update principal set role = 'leading_group' where id = $1", name)
    async with Api.signed_in(service, name) as caller:
        again = await changed(caller, "clues", clue, {"note": "甲"}, key)
        assert (again.status_code, replayed(again)) == (200, True), again.text
        assert again.json() == await caller.read(f"/v1/clues/{clue['id']}")
        assert again.json()["note"] is None and "note" in again.json()["masked"]
        assert refused(await created(caller, "clues", body, fresh_key())) == (403, "forbidden")


async def test_a_key_is_good_for_seven_days_and_then_another_request(
    make: Maker, service: ASGIApp, database: EmbeddedPostgres
) -> None:
    name = await account(database.application_url, "key-aged", "inspection_office", HOME)
    body, key = await make.body(REGISTRY.by_path["findings"]), fresh_key()
    async with Api.signed_in(service, name) as caller:
        first = await created(caller, "findings", body, key)
        await aged(database, name, "6 days 23 hours")
        assert same(first, await created(caller, "findings", body, key))
        await aged(database, name, "1 hour")
        anew = await created(caller, "findings", {**body, "title": "另一件"}, key)
        assert anew.status_code == 201 and not replayed(anew)
        assert same(anew, await created(caller, "findings", {**body, "title": "另一件"}, key))


async def test_the_database_shows_a_key_to_its_maker_alone(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    await created(office, "findings", await make.body(REGISTRY.by_path["findings"]), fresh_key())
    names = [Caller(office.names[who], role, HOME) for who, role in WHO.items()]
    assert names[0].account == office.writer("findings")
    async with acting(database, names[0]) as own:
        assert await own.fetchval(COUNT) > 0
        assert await own.fetchval(f"{COUNT} where maker <> $1", names[0].account) == 0
        columns = "maker, request, fingerprint, status, type, name"
        forged = f"insert into idempotency_key ({columns}) values ($1, '', '', 201, '', '')"
        with pytest.raises(Exception, match="row-level security"):
            await own.execute(forged, names[1].account)
    async with acting(database, names[1]) as other:
        assert await other.fetchval(f"{COUNT} where maker <> $1", names[1].account) == 0
    auth = await connect(database.logins.auth, AUTH_ROLE)
    async with auth.transaction():
        assert await auth.fetchval(COUNT) == 0, "the role that signs in sees those of a caller it has named"
        await named(auth, names[0])
        assert await auth.fetchval(COUNT) > 0
    await auth.close()


WHO = {"office": "inspection_office", "supervision": "case_supervision"}


async def test_nothing_of_what_was_sent_or_answered_is_kept(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    body, key = await make.body(REGISTRY.by_path["persons"]), fresh_key()
    body["id_number"] = REGISTRY.by_path["persons"].field("id_number").sample
    person: Any = (await created(office, "persons", body, key)).json()
    async with owning(database) as owner:
        row = await owner.fetchrow("select * from idempotency_key where name = $1", person["id"])
    kept = repr(dict(row))
    assert (row["status"], row["type"]) == (201, "persons")
    assert not [v for v in (key, body["name"], body["id_number"], "/v1/persons") if v in kept]
