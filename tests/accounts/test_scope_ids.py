"""The scope ids of a principal: its team, or its unit with every unit merged into it, at every moment."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.pool import Pools
from tests.support.bureaus import entered
from tests.support.callers import HOME, Api
from tests.support.records import Maker
from tests.support.sql import OFFICE, named, owning, waits_or_ends

_names = itertools.count()


class Desk:
    """Opens principals and reads their scope ids."""

    def __init__(self, pools: Pools, owner: Any) -> None:
        self.pools, self.owner = pools, owner

    async def of_unit(self, unit: Any) -> str:
        name = f"scope-{next(_names)}"
        await entered(self.pools, name, "inspected_unit", HOME, unit_number=unit["number"])
        return name

    async def of_team(self, team: Any) -> str:
        name = f"scope-{next(_names)}"
        await entered(self.pools, name, "inspection_team", HOME, team_number=team["number"])
        return name

    async def scope_ids(self, name: str) -> set[str]:
        return {str(k) for k in await self.owner.fetchval("select scope_ids from principal where id = $1", name)}


@pytest.fixture
async def desk(database: EmbeddedPostgres) -> AsyncIterator[Desk]:
    pools = Pools(database.logins)
    async with owning(database) as owner:
        yield Desk(pools, owner)
    await pools.close()


async def merged(office: Api, unit: Any, into: Any) -> Any:
    current = await office.read(f"/v1/units/{unit['id']}")
    answer = await office.act(
        current, "units", "merge", merged_into_number=into["number"], on="2019-12-30", reason="撤并"
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_unit_answers_for_itself_and_for_what_was_merged_into_it(desk: Desk, make: Maker, office: Api) -> None:
    a, b, c = [await make("units") for _ in range(3)]
    of_a, of_b, of_c = [await desk.of_unit(u) for u in (a, b, c)]
    assert [await desk.scope_ids(p) for p in (of_a, of_b, of_c)] == [{a["id"]}, {b["id"]}, {c["id"]}]
    await merged(office, a, b)
    assert [await desk.scope_ids(p) for p in (of_a, of_b, of_c)] == [set(), {a["id"], b["id"]}, {c["id"]}]
    await merged(office, b, c)
    assert [await desk.scope_ids(p) for p in (of_a, of_b, of_c)] == [set(), set(), {a["id"], b["id"], c["id"]}]
    later = await desk.of_unit(c)
    assert await desk.scope_ids(later) == {a["id"], b["id"], c["id"]}, "one that comes later has the same"


async def test_a_merge_into_the_wrong_unit_is_undone_and_made_anew(desk: Desk, make: Maker, office: Api) -> None:
    a, wrong, right = [await make("units") for _ in range(3)]
    of_a, of_wrong, of_right = [await desk.of_unit(u) for u in (a, wrong, right)]
    record = await merged(office, a, wrong)
    undone = await office.act(record, "units", "unmerge", reason="核对")
    assert undone.status_code == 200, undone.text
    found = [await desk.scope_ids(p) for p in (of_a, of_wrong, of_right)]
    assert found == [{a["id"]}, {wrong["id"]}, {right["id"]}]
    await merged(office, a, right)
    assert [await desk.scope_ids(p) for p in (of_wrong, of_right)] == [{wrong["id"]}, {a["id"], right["id"]}]


async def test_the_scope_ids_come_back_with_the_unit(desk: Desk, make: Maker, office: Api) -> None:
    """Whatever path a row takes, the scope ids follow."""
    a, b = [await make("units") for _ in range(2)]
    of_a, of_b = [await desk.of_unit(u) for u in (a, b)]
    await merged(office, a, b)
    async with desk.owner.transaction():
        await named(desk.owner, OFFICE)
        await desk.owner.execute(
            "update unit set state = 'active', merged_into_id = null, merged_into_number = null, version = version + 1"
            " where id = $1",
            a["id"],
        )
    assert [await desk.scope_ids(p) for p in (of_a, of_b)] == [{a["id"]}, {b["id"]}]


async def test_renaming_a_unit_changes_nothing_and_voiding_it_leaves_nothing(
    desk: Desk, make: Maker, office: Api
) -> None:
    unit = await make("units")
    principal = await desk.of_unit(unit)
    renamed = await office.act(unit, "units", "rename", name="某街道", reason="撤镇设街道")
    assert renamed.status_code == 200, renamed.text
    assert await desk.scope_ids(principal) == {unit["id"]}
    assert (await office.act(renamed.json(), "units", "void", reason="重复登记")).status_code == 200
    assert await desk.scope_ids(principal) == set()


async def test_a_team_answers_for_itself_until_it_is_voided(desk: Desk, make: Maker, office: Api) -> None:
    team = await make("teams")
    principal = await desk.of_team(team)
    assert await desk.scope_ids(principal) == {team["id"]}
    assert (await office.act(team, "teams", "void", reason="重复登记")).status_code == 200
    assert await desk.scope_ids(principal) == set()


async def test_a_unit_that_arrives_merged_is_counted(desk: Desk, make: Maker, office: Api) -> None:
    heir = await make("units")
    principal = await desk.of_unit(heir)
    async with desk.owner.transaction():
        await named(desk.owner, OFFICE)
        old = await desk.owner.fetchval(
            "insert into unit (jurisdiction, id, number, version, state, name, kind, merged_into_id,"
            " merged_into_number, created_at, created_by, updated_at, updated_by) values ($1, gen_random_uuid(), $2, 1,"
            " 'merged', '旧镇', 'other', $3, $4, now(), 'x', now(), 'x') returning id",
            HOME, f"{heir['number']}-1", heir["id"], heir["number"],
        )  # fmt: skip
    assert await desk.scope_ids(principal) == {heir["id"], str(old)}


MERGE = """update unit u set state = 'merged', merged_into_id = h.id, merged_into_number = h.number,
  version = u.version + 1 from unit h where u.id = $1 and h.id = $2"""


@pytest.mark.parametrize("first", ["the merge", "the principal"])
async def test_a_principal_that_is_opened_during_a_merge_misses_nothing(
    first: str, desk: Desk, make: Maker, database: EmbeddedPostgres
) -> None:
    a, heir = [await make("units") for _ in range(2)]
    async with owning(database) as one, owning(database) as two, owning(database) as watch:
        for connection in (one, two):
            await connection.execute("begin")
            await named(connection, OFFICE)
        names = {u["id"]: f"scope-{next(_names)}" for u in (a, heir)}

        async def merge(connection: Any) -> None:
            await connection.execute(MERGE, a["id"], heir["id"])

        async def enter(connection: Any) -> None:
            for unit, name in names.items():
                await connection.execute(
                    "insert into principal (id, kind, role, code, low, high, unit_id, created_by)"
                    f" values ($1, 'account', 'inspected_unit', '{HOME}', '{HOME}', '{HOME}:', $2, 'x')",
                    name, unit,
                )  # fmt: skip

        acts = [merge, enter] if first == "the merge" else [enter, merge]
        await acts[0](one)
        second = asyncio.create_task(acts[1](two))
        await waits_or_ends(watch, second)
        assert not second.done(), "whichever comes second waits"
        await one.execute("commit")
        try:
            await second
            await two.execute("commit")
        except asyncpg.ForeignKeyViolationError:
            assert first == "the merge", "a unit that was merged takes no new principal"
            return
    assert await desk.scope_ids(names[a["id"]]) == set()
    assert await desk.scope_ids(names[heir["id"]]) == {a["id"], heir["id"]}


async def test_two_merges_into_one_unit_at_the_same_moment_both_count(
    desk: Desk, make: Maker, database: EmbeddedPostgres
) -> None:
    a, b, heir, last = [await make("units") for _ in range(4)]
    of_heir, of_last = await desk.of_unit(heir), await desk.of_unit(last)
    async with owning(database) as one, owning(database) as two, owning(database) as watch:
        for connection in (one, two):
            await connection.execute("begin")
            await named(connection, OFFICE)
        await one.execute(MERGE, a["id"], heir["id"])
        second = asyncio.create_task(two.execute(MERGE, b["id"], heir["id"]))
        await waits_or_ends(watch, second)
        await one.execute("commit")
        await second
        await two.execute("commit")
        assert await desk.scope_ids(of_heir) == {a["id"], b["id"], heir["id"]}
        await one.execute("begin")
        await named(one, OFFICE)
        await one.execute(MERGE, heir["id"], last["id"])
        await one.execute("commit")
    assert await desk.scope_ids(of_last) == {a["id"], b["id"], heir["id"], last["id"]}


async def test_a_principal_is_bound_to_a_living_unit_of_its_jurisdiction(
    desk: Desk, make: Maker, make_next_door: Maker, database: EmbeddedPostgres
) -> None:
    foreign = await make_next_door("units")
    connection = await connect(database.logins.auth, "ledger_auth")
    try:
        for column, value in (("unit_id", foreign["id"]), ("unit_number", "no-such-1")):
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await connection.execute(
                    f"insert into principal (id, kind, role, code, low, high, {column}, created_by)"
                    f" values ('stray', 'account', 'inspected_unit', '{HOME}', '{HOME}', '{HOME}:', $1, 'x')",
                    value,
                )
    finally:
        await connection.close()
