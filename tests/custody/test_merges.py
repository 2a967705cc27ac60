"""A merge that moves clues, or those who read them, to other accounts takes two persons; so does its undoing."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from tests.support.bureaus import entered
from tests.support.callers import HOME, LOADER, NDJSON, OFFICE, Api
from tests.support.client import Answer
from tests.support.ledgers import lines
from tests.support.records import Maker
from tests.support.sql import OFFICE as CLERK
from tests.support.sql import named, owning, waits_or_ends

_names = itertools.count()
SECOND = (409, "second_person_needed")
UNREADY = (409, "condition_not_met")


def refused(answer: Answer) -> tuple[int, str]:
    """How an answer refuses."""
    return answer.status_code, answer.json().get("code")


class Register:
    """The register of units, and the accounts that are bound to them."""

    def __init__(self, office: Api, leaders: Api, make: Maker, pools: Pools, owner: Any) -> None:
        self.office, self.leaders, self.make, self.pools, self.owner = office, leaders, make, pools, owner

    async def account(self, unit: Any, role: str = "case_supervision") -> str:
        """A new account of a unit."""
        name = f"merges-{next(_names)}"
        await entered(self.pools, name, role, HOME, unit_number=unit["number"])
        return name

    async def answers_for(self, name: str) -> set[str]:
        """The units that an account answers for."""
        return {str(k) for k in await self.owner.fetchval("select scope_ids from principal where id = $1", name)}

    async def act(
        self, unit: Any, action: str, by: Api | None = None, version: int | None = None, **body: Any
    ) -> Answer:
        """An action on a unit, from the version it has now unless one is named."""
        current = await self.office.read(f"/v1/units/{unit['id']}")
        given = {"reason": "撤并", **body} if action != "confirm_merge" else body
        return await (by or self.office).act(
            {**current, "version": version or current["version"]}, "units", action, **given
        )

    async def merge(self, unit: Any, into: Any, action: str = "merge", **rest: Any) -> Answer:
        """A merge, or the proposal of one."""
        return await self.act(unit, action, merged_into_number=into["number"], on="2019-12-30", **rest)

    async def confirmed(self, unit: Any, into: Any) -> None:
        """A merge that two persons have made."""
        assert (await self.merge(unit, into, "propose_merge")).status_code == 200
        answer = await self.act(unit, "confirm_merge", self.leaders)
        assert (answer.status_code, answer.json()["state"]) == (200, "merged"), answer.text

    async def holding(self, handling: bool = False) -> Any:
        """A unit that holds a clue, or handles one."""
        unit, clue = await self.make("units"), await self.make("clues")
        transfer = await self.make(
            "clue-transfers", clue_numbers=[clue["number"]], **({} if handling else {"to_unit_number": unit["number"]})
        )
        assert (await self.office.act(transfer, "clue-transfers", "send", on="2017-06-11")).status_code == 200
        if handling:
            current = await self.office.read(f"/v1/clues/{clue['id']}")
            given = {"handling": "talk_inquiry", "on": "2017-06-28", "handling_unit_number": unit["number"]}
            assert (await self.office.act(current, "clues", "set_handling", **given)).status_code == 200
        return unit

    async def read(self, unit: Any) -> Any:
        """The unit as it is now."""
        return await self.office.read(f"/v1/units/{unit['id']}")


@pytest.fixture
async def units(make: Maker, office: Api, leaders: Api, database: EmbeddedPostgres) -> AsyncIterator[Register]:
    pools = Pools(database.logins)
    async with owning(database) as owner:
        yield Register(office, leaders, make, pools, owner)
    await pools.close()


@pytest.mark.parametrize("handling", [False, True])
async def test_one_person_merges_no_unit_that_has_clues_nor_another_into_it(handling: bool, units: Register) -> None:
    holder, plain = await units.holding(handling), await units.make("units")
    for unit, into in ((holder, plain), (plain, holder)):
        assert refused(await units.merge(unit, into)) == SECOND
        assert (await units.read(unit))["version"] == unit["version"] == (await units.read(into))["version"]


@pytest.mark.parametrize("role", ["case_supervision", "organisation_department", "handling_department"])
async def test_one_person_merges_no_unit_whose_accounts_read_clues(role: str, units: Register) -> None:
    one, other, plain, another = [await units.make("units") for _ in range(4)]
    await units.account(one, role)
    await units.account(other, "inspected_unit")
    assert refused(await units.merge(one, other)) == refused(await units.merge(other, one)) == SECOND
    assert (await units.merge(other, plain)).status_code == 200, "an inspected unit reads no clue"
    assert (await units.merge(plain, another)).status_code == 200


async def test_what_was_merged_before_counts_in_both_directions(units: Register) -> None:
    holder, heir, last, plain = await units.holding(), *[await units.make("units") for _ in range(3)]
    await units.confirmed(holder, heir)
    for unit, into in ((heir, plain), (plain, heir)):
        assert refused(await units.merge(unit, into)) == SECOND
    await units.confirmed(heir, last)
    assert refused(await units.merge(plain, last)) == refused(await units.merge(last, plain)) == SECOND
    assert refused(await units.merge(plain, holder)) == (422, "validation_failed"), "it is merged itself"


async def test_the_office_proposes_and_the_leading_group_confirms(units: Register) -> None:
    holder, heir = await units.holding(), await units.make("units")
    theirs, ours = await units.account(holder), await units.account(heir)
    proposed = (await units.merge(holder, heir, "propose_merge", reason="机构改革")).json()
    assert (proposed["state"], proposed["proposed_into_number"], proposed["proposed_on"]) == (
        "active", heir["number"], "2019-12-30",
    )  # fmt: skip
    assert await units.answers_for(theirs) == {holder["id"]}, "a proposal changes nothing yet"
    entry = (await units.leaders.read(f"/v1/units/{holder['id']}/revisions"))["items"][0]
    assert (entry["action"], entry["reason"]) == ("propose_merge", "机构改革")
    alone = Api(units.office.app, auth=units.office.acting(OFFICE))
    for action in ("confirm_merge", "decline_merge"):
        assert (await units.act(holder, action, alone)).status_code == 403, "not the office itself"
    assert (await units.merge(holder, heir, by=units.leaders)).status_code == 403
    answer = await units.act(holder, "confirm_merge", units.leaders)
    merged = answer.json()
    assert (answer.status_code, merged["state"], merged["merged_into_number"]) == (200, "merged", heir["number"])
    assert (merged["valid_until"], merged["proposed_into_id"], merged["proposed_on"]) == ("2019-12-30", None, None)
    assert [await units.answers_for(a) for a in (theirs, ours)] == [set(), {holder["id"], heir["id"]}]
    assert (await units.read(heir))["former_names"] == [holder["name"]]


async def test_nobody_confirms_what_is_not_proposed_or_what_was_declined(units: Register) -> None:
    unit, into = await units.make("units"), await units.make("units")
    assert refused(await units.act(unit, "confirm_merge", units.leaders)) == UNREADY
    assert refused(await units.act(unit, "decline_merge", units.leaders)) == UNREADY
    assert (await units.merge(unit, into, "propose_merge")).status_code == 200
    declined = (await units.act(unit, "decline_merge", units.leaders, reason="不宜")).json()
    assert (declined["state"], declined["proposed_into_id"], declined["undoing_agreed"]) == ("active", None, None)
    assert refused(await units.act(unit, "confirm_merge", units.leaders)) == UNREADY
    assert refused(await units.merge(unit, unit, "propose_merge")) == UNREADY
    answer = await units.merge(unit, unit)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "own_heir")


async def test_nobody_confirms_the_own_proposal_in_another_role(units: Register) -> None:
    unit, into = await units.make("units"), await units.make("units")
    name = f"merges-{next(_names)}"
    await entered(units.pools, name, "inspection_office", HOME)
    async with Api.signed_in(units.office.app, name) as api:
        assert (await units.merge(unit, into, "propose_merge", by=api)).status_code == 200
    await units.owner.execute("update principal set role = 'leading_group' where id = $1", name)
    async with Api.signed_in(units.office.app, name) as api:
        assert refused(await units.act(unit, "confirm_merge", api)) == UNREADY
    assert (await units.act(unit, "confirm_merge", units.leaders)).status_code == 200


async def test_what_has_changed_since_a_proposal_was_read_is_not_confirmed(units: Register) -> None:
    unit, first, second = [await units.make("units") for _ in range(3)]
    read = (await units.merge(unit, first, "propose_merge")).json()["version"]
    assert (await units.merge(unit, second, "propose_merge")).status_code == 200, "the later one counts"
    assert (await units.act(unit, "confirm_merge", units.leaders, version=read)).status_code == 412
    assert (await units.merge(second, first)).status_code == 200
    assert refused(await units.act(unit, "confirm_merge", units.leaders)) == UNREADY, "the unit it names is gone"
    assert (await units.merge(unit, first)).status_code == 200, "a plain merge ends the proposal"
    assert (await units.read(unit))["proposed_into_id"] is None
    assert refused(await units.act(unit, "confirm_merge", units.leaders)) == (409, "illegal_action")


async def test_of_two_proposals_into_each_other_one_is_confirmed(units: Register) -> None:
    pair = [await units.make("units") for _ in range(2)]
    for unit, into in (pair, pair[::-1]):
        assert (await units.merge(unit, into, "propose_merge")).status_code == 200
    answers = await asyncio.gather(*(units.act(unit, "confirm_merge", units.leaders) for unit in pair))
    assert sorted(a.status_code for a in answers) in ([200, 409], [200, 412], [200, 422]), [a.text for a in answers]
    assert sorted([(await units.read(unit))["state"] for unit in pair]) == ["active", "merged"]


async def test_a_merge_waits_for_a_transfer_that_is_under_way_and_sees_it(units: Register) -> None:
    unit, into, clue = await units.make("units"), await units.make("units"), await units.make("clues")
    async with units.owner.transaction():
        await named(units.owner, CLERK)
        await units.owner.execute("select from unit where id = $1 for share", unit["id"])
        await units.owner.execute(
            "update clue set holder_unit_id = $2, holder_unit_number = $3, state = 'transferred', version = version + 1"
            " where id = $1",
            clue["id"], unit["id"], unit["number"],
        )  # fmt: skip
        merging = asyncio.create_task(units.merge(unit, into))
        await waits_or_ends(units.owner, merging)
    assert refused(await merging) == SECOND


async def test_the_reference_that_a_proposal_names_is_refused_by_the_name_it_was_sent_by(units: Register) -> None:
    unit = await units.make("units")
    for body in ({"merged_into_number": "431382-X999"}, {}, {"merged_into_number": None}):
        answer = await units.act(unit, "propose_merge", on="2019-12-30", **body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/merged_into_number", body


async def test_a_ledger_and_a_correction_merge_nothing(units: Register, make: Maker) -> None:
    unit, into = await units.make("units"), await units.make("units")
    for who in (OFFICE, LOADER):
        async with Api.signed_in(units.office.app, units.office.names[who]) as api:
            row = {"number": unit["number"], "name": unit["name"], "kind": unit["kind"]}
            for column in ("merged_into_number", "proposed_into_number"):
                done = await api.import_file(lines([{**row, column: into["number"]}]), NDJSON, type="units")
                [found] = await api.rows(done)
                assert [e["code"] for e in found["errors"]] == ["set_by_action"], found
    assert (await units.merge(unit, into)).status_code == 200
    for column, value in (("merged_into_number", unit["number"]), ("undoing_agreed", True), ("name_left", "甲")):
        answer = await units.act(unit, "correct", **{column: value})
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "set_by_action"


# Undoing


async def test_a_merge_undone_leaves_everything_as_it_was(units: Register) -> None:
    unit, into = await units.make("units"), await units.make("units")
    theirs, ours = [await units.account(u, "inspected_unit") for u in (unit, into)]
    before = [await units.read(u) for u in (unit, into)]
    assert (await units.merge(unit, into)).status_code == 200
    answer = await units.act(unit, "unmerge", reason="撤并有误")
    assert (answer.status_code, answer.json()["state"]) == (200, "active"), answer.text
    touched = {"version", "updated_at"}
    for old, now in zip(before, [await units.read(u) for u in (unit, into)], strict=True):
        assert {k: v for k, v in now.items() if k not in touched} == {k: v for k, v in old.items() if k not in touched}
    assert [await units.answers_for(a) for a in (theirs, ours)] == [{unit["id"]}, {into["id"]}]
    assert refused(await units.act(unit, "unmerge")) == (409, "illegal_action")


async def test_an_undoing_takes_only_the_name_that_the_merge_has_added(units: Register) -> None:
    unit, into = await units.make("units", name="小河乡"), await units.make("units", former_names=["小河乡", "大河乡"])
    assert (await units.merge(unit, into)).status_code == 200
    assert (await units.read(into))["former_names"] == ["小河乡", "大河乡"]
    assert (await units.act(unit, "unmerge")).status_code == 200
    assert (await units.read(into))["former_names"] == ["小河乡", "大河乡"]
    assert (await units.act(into, "rename", name="大河镇")).status_code == 200
    other = await units.make("units", name="清溪乡")
    assert (await units.merge(other, into)).status_code == 200
    changed = await units.office.change(await units.read(other), "units", {"name": "大河乡"})
    assert changed.status_code == 200
    assert (await units.act(other, "unmerge")).status_code == 200
    assert (await units.read(into))["former_names"] == ["小河乡", "大河乡", into["name"]]


async def test_the_undoing_of_what_took_two_takes_two(units: Register) -> None:
    holder, heir = await units.holding(), await units.make("units")
    theirs, ours = await units.account(holder), await units.account(heir)
    await units.confirmed(holder, heir)
    assert refused(await units.act(holder, "unmerge")) == SECOND
    assert await units.answers_for(ours) == {holder["id"], heir["id"]}
    agreed = (await units.act(holder, "decline_merge", units.leaders, reason="改革方案调整")).json()
    assert (agreed["state"], agreed["undoing_agreed"]) == ("merged", True)
    assert await units.answers_for(ours) == {holder["id"], heir["id"]}, "an agreement changes nothing yet"
    undone = (await units.act(holder, "unmerge")).json()
    assert (undone["state"], undone["undoing_agreed"], undone["merged_into_id"]) == ("active", None, None)
    assert [await units.answers_for(a) for a in (theirs, ours)] == [{holder["id"]}, {heir["id"]}]
    await units.confirmed(holder, heir)
    assert refused(await units.act(holder, "unmerge")) == SECOND, "an agreement is good for once"
