"""Without its lock each rule breaks, so the pairs that meet do show it."""

import re
import sys
from typing import Any

import pytest

from app.kernel.store import effects, rules
from tests.races.pairs import breaks
from tests.races.test_kept_columns import CASES, KEPT, Case, stale
from tests.races.test_merges import CONFIRM, MERGE, UNMERGE, Units
from tests.support.callers import Api
from tests.support.meeting import Meeting
from tests.support.records import Maker


@breaks(*KEPT)
@pytest.mark.parametrize(("path", "what"), CASES)
async def test_without_a_lock_on_what_it_looks_at_a_new_record_keeps_what_is_over(
    path: str, what: str, make: Maker, office: Api, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lock in ("LOOKED_AT", "CHANGED"):  # which a rule of values takes, of some of these types
        monkeypatch.setattr(rules, lock, "key share")
    monkeypatch.setattr(effects, "lock_records", nothing)  # which waits for what a new record resumes
    body, changed = await getattr(Case(office, make), what)(path)
    table = path.replace("-", "_").removesuffix("s")
    await meet.owner.execute(f"alter table {table} disable trigger await_looked_at_first")
    try:
        created, _ = await meet(office.post(f"/v1/{path}", json=body), changed())
    finally:
        await meet.owner.execute(f"alter table {table} enable trigger await_looked_at_first")
    assert await stale(meet.owner, path, created.json()["id"]), "the two did not meet"


async def nothing(*_: Any) -> None:
    """Lock nothing."""


@breaks(MERGE, CONFIRM)
@pytest.mark.parametrize("action", ["merge", "confirm_merge"])
async def test_without_a_lock_on_the_successor_two_merges_leave_a_name_twice(
    action: str, office: Api, colleague: Api, leaders: Api, make: Maker, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["app.kernel.store.change"], "lock_judged_with", nothing)
    units, name = Units(office, colleague, make), f"同名的村{action}"
    one, other = await units.several(2, name=name)
    [heir] = await units.several(1)
    if action == "merge":
        turns = [units.merge(unit, heir) for unit in (one, other)]
    else:
        body = {"merged_into_number": heir["number"], "on": "2019-12-30", "reason": "撤并"}
        for unit in (one, other):
            assert (await office.act(unit, "units", "propose_merge", **body)).status_code == 200
        turns = [leaders.act(unit, "units", "confirm_merge") for unit in await units.now(one, other)]
        await meet.owner.execute(await without_row_lock(meet.owner, "merge_is_proposed(text, uuid, uuid)"))
    try:
        await meet(*turns)
    finally:
        await meet.owner.execute(WRITTEN.pop("merge_is_proposed(text, uuid, uuid)", "select"))
    [heir] = await units.now(heir)
    assert heir["former_names"] == [name, name], "the two did not meet"


WRITTEN: dict[str, str] = {}


async def without_row_lock(owner: Any, function: str) -> str:
    """The text of a function of the database that locks no unit; what it was is kept in `WRITTEN`."""
    WRITTEN[function] = await owner.fetchval("select pg_get_functiondef($1::regprocedure)", function)
    unlocked = re.sub(r"for (share|update);", ";", WRITTEN[function])
    assert unlocked != WRITTEN[function]
    return unlocked


@breaks(MERGE, UNMERGE)
@pytest.mark.parametrize("action", ["merge", "unmerge"])
async def test_without_a_lock_one_person_merges_a_unit_that_is_just_given_a_clue(
    action: str, office: Api, colleague: Api, make: Maker, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["app.kernel.store.change"], "lock_judged_with", nothing)
    units = Units(office, colleague, make)
    unit, heir = await units.several(2)
    clue = await make("clues", reported_unit_number=(await make("units"))["number"])
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=heir["number"])
    if action == "unmerge":
        assert (await units.merge(unit, heir)).status_code == 200
    [unit] = await units.now(unit)
    second = units.merge(unit, heir) if action == "merge" else office.act(unit, "units", "unmerge", reason="有误")
    await meet.owner.execute(await without_row_lock(meet.owner, "merge_takes_two(text, uuid, uuid)"))
    try:
        answers = await meet.in_turn(office.act(transfer, "clue-transfers", "send", on="2017-06-11"), second)
    finally:
        await meet.owner.execute(WRITTEN.pop("merge_takes_two(text, uuid, uuid)"))
    assert [a.status_code for a in answers] == [200, 200], "the two did not meet"
