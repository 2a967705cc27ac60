"""Merges that meet: each other, new references, and clues that are just being handed over."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.races.pairs import tries
from tests.support.callers import Api
from tests.support.client import Answer
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker
from tests.support.sql import owning

_names = itertools.count()
REFUSED = {409, 412, 422}  # never 503: what Postgres has undone is tried again inside


class Units:
    """Units that two clerks of the office merge."""

    def __init__(self, office: Api, colleague: Api, make: Maker) -> None:
        self.clerks, self.make = itertools.cycle((office, colleague)), make
        self.office = office

    async def several(self, count: int, **given: Any) -> list[Any]:
        """New units."""
        return [await self.make("units", **given) for _ in range(count)]

    async def merge(self, unit: Any, into: Any) -> Answer:
        """Merge a unit as it was read, by the clerk whose turn it is."""
        body = {"merged_into_number": into["number"], "on": "2019-12-30", "reason": "撤并"}
        return await next(self.clerks).act(unit, "units", "merge", **body)

    async def now(self, *units: Any) -> list[Any]:
        """The units as they are now."""
        return [await self.office.read(f"/v1/units/{unit['id']}") for unit in units]

    async def unread(self) -> tuple[Any, Any, Any]:
        """A clue that nobody reads any more, its holder, and the unit that it is about."""
        [holder], reported = await self.several(1), await self.make("units")
        clue = await self.make("clues", reported_unit_number=reported["number"])
        transfer = await self.make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=holder["number"])
        assert (await self.office.act(transfer, "clue-transfers", "send", on="2017-06-11")).status_code == 200
        # The holder is put under the reported unit: from now on nobody reads the clue.
        answer = await self.put_under((await self.now(holder))[0], reported)
        assert answer.status_code == 200, answer.text
        return await self.office.read(f"/v1/clues/{clue['id']}"), holder, reported

    async def put_under(self, unit: Any, above: Any) -> Answer:
        """The answer to putting a unit under another one, or under none."""
        return await self.office.change(unit, "units", {"parent_number": above and above["number"]})

    async def rehold(self, clue: Any, receiver: Any) -> Answer:
        """The answer to proposing another holder."""
        given = {"to_unit_number": receiver["number"], "reason": "无人可阅", "document": "示批〔2017〕3号"}
        return await self.office.act(clue, "clues", "rehold", **given)

    async def proposed(self, receiver: Any) -> tuple[Any, Any, Any]:
        """The same, with another holder proposed."""
        clue, holder, reported = await self.unread()
        answer = await self.rehold(clue, receiver)
        assert answer.status_code == 200, answer.text
        return await self.office.read(f"/v1/clues/{clue['id']}"), holder, reported


@pytest.fixture
def units(office: Api, colleague: Api, make: Maker) -> Units:
    return Units(office, colleague, make)


def codes(answers: list[Answer]) -> list[int]:
    """The statuses, in their order."""
    return sorted(a.status_code for a in answers)


MERGE, CONFIRM, UNMERGE = (("only_if", "units", action) for action in ("merge", "confirm_merge", "unmerge"))
REHOLD = ("only_if", "clues", "rehold"), ("only_if", "clues", "confirm_rehold")


@tries(MERGE)
@pytest.mark.proof
async def test_of_two_merges_into_each_other_one_is_carried_out(units: Units, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        pair = await units.several(2)
        answers = await meet(units.merge(*pair), units.merge(*pair[::-1]))
        done, refused = codes(answers)
        assert done == 200 and refused in REFUSED, [a.text for a in answers]
        assert sorted(u["state"] for u in await units.now(*pair)) == ["active", "merged"]
        return 2

    await prove("races-crossing-merges", 1000, 20, case)


@pytest.mark.proof
async def test_three_merges_in_a_ring_leave_one_unit(units: Units, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        a, b, c = await units.several(3)
        answers = await meet(units.merge(a, b), units.merge(b, c), units.merge(c, a))
        assert {x.status_code for x in answers} <= {200, *REFUSED}, [x.text for x in answers]
        now = {u["id"]: u for u in await units.now(a, b, c)}
        assert any(u["state"] == "active" for u in now.values())
        for unit in now.values():
            heir = now.get(unit["merged_into_id"])
            assert heir is None or unit["name"] in (heir["former_names"] or ()), "none was merged into one that is gone"
        return 3

    await prove("races-merges-in-a-ring", 1000, 10, case)  # each may wait for a deadlock to be seen


@tries(("effect", "units", "merge", "absorb"))
@pytest.mark.proof
async def test_a_name_that_two_merges_leave_stands_once(units: Units, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        name = f"小河村{next(_names)}"
        one, other = await units.several(2, name=name)
        [heir] = await units.several(1)
        assert codes(await meet(units.merge(one, heir), units.merge(other, heir))) == [200, 200]
        one, other, heir = await units.now(one, other, heir)
        assert heir["former_names"] == [name]
        assert sorted([one["name_left"] or "", other["name_left"] or ""]) == ["", name], "one of them takes it back"
        return 2

    await prove("races-names-left", 1000, 20, case)


@pytest.fixture
async def owner(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """A connection of the superuser."""
    async with owning(database) as connection:
        yield connection


@tries(MERGE, REHOLD[1])
@pytest.mark.proof
async def test_no_single_person_merges_a_unit_that_is_just_given_a_clue(
    units: Units, meet: Meeting, owner: Any, leaders: Api
) -> None:
    """The unit is to hold a clue that nobody reads any more, when one person merges it elsewhere."""

    async def case(seed: int) -> int:
        receiver, heir = await units.several(2)
        clue, holder, _ = await units.proposed(receiver)
        clue = await leaders.read(f"/v1/clues/{clue['id']}")
        into = (receiver, heir) if seed % 2 else (heir, receiver)
        confirmed, merged = await meet(leaders.act(clue, "clues", "confirm_rehold"), units.merge(*into))
        held = await owner.fetchval("select holder_unit_id::text from clue where id = $1", clue["id"])
        if confirmed.status_code == merged.status_code == 200:
            # The heir came first, into a unit that held nothing yet.
            assert into == (heir, receiver) and held == receiver["id"], seed
            written = "select xmin::text::bigint from {} where id = $1"
            came_first, second = written.format("unit"), written.format("clue")
            assert await owner.fetchval(came_first, heir["id"]) < await owner.fetchval(second, clue["id"]), seed
        elif confirmed.status_code == 200:
            assert held == receiver["id"] and merged.json()["code"] == "second_person_needed", merged.text
        else:
            assert (merged.status_code, held) == (200, holder["id"]), (confirmed.text, merged.text)
        return 2

    await prove("races-merge-and-custody", 1000, 20, case)


@tries(CONFIRM, ("effect", "units", "confirm_merge", "absorb"))
@pytest.mark.proof
async def test_of_two_proposals_into_each_other_one_is_confirmed(units: Units, meet: Meeting, leaders: Api) -> None:
    async def case(seed: int) -> int:
        pair = await units.several(2)
        for unit, into in (pair, pair[::-1]):
            body = {"merged_into_number": into["number"], "on": "2019-12-30", "reason": "撤并"}
            assert (await units.office.act(unit, "units", "propose_merge", **body)).status_code == 200
        answers = await meet(*(leaders.act(u, "units", "confirm_merge") for u in await units.now(*pair)))
        done, refused = codes(answers)
        assert done == 200 and refused in REFUSED, [a.text for a in answers]
        assert sorted(u["state"] for u in await units.now(*pair)) == ["active", "merged"]
        return 2

    await prove("races-crossing-confirmations", 1000, 20, case)


@tries(UNMERGE, ("effect", "units", "unmerge", "release"))
@pytest.mark.proof
async def test_a_merge_is_undone_while_its_successor_is_merged(units: Units, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        unit, heir, last = await units.several(3)
        assert (await units.merge(unit, heir)).status_code == 200
        unit, heir = await units.now(unit, heir)
        undone, merged = await meet(
            units.office.act(unit, "units", "unmerge", reason="撤并有误"), units.merge(heir, last)
        )
        assert undone.status_code == 200 and merged.status_code in {200, 412}, (undone.text, merged.text)
        unit, heir = await units.now(unit, heir)
        assert unit["state"] == "active" and unit["name"] not in (heir["former_names"] or ())
        return 2

    await prove("races-merge-undone", 1000, 10, case)  # some wait for a deadlock to be seen, and are tried again
