"""Without its lock each rule breaks, so the pairs that meet do show it."""

import sys
from typing import Any

import pytest

from tests.races.test_kept_columns import Case, stale
from tests.races.test_merges import Units
from tests.support.callers import Api
from tests.support.meeting import Meeting
from tests.support.records import Maker

ONES = [("judicial-referrals", "person"), ("rectification-opinions", "finding")]


@pytest.mark.parametrize(("path", "what"), ONES)
async def test_without_a_lock_on_what_it_looks_at_a_new_record_keeps_what_is_over(
    path: str, what: str, make: Maker, office: Api, meet: Meeting
) -> None:
    body, changed = await getattr(Case(office, make), what)(path)
    table = path.replace("-", "_").removesuffix("s")
    await meet.owner.execute(f"alter table {table} disable trigger await_looked_at_first")
    try:
        created, _ = await meet(office.post(f"/v1/{path}", json=body), changed())
    finally:
        await meet.owner.execute(f"alter table {table} enable trigger await_looked_at_first")
    assert await stale(meet.owner, path, created.json()["id"]), "the two did not meet"


async def test_without_a_lock_on_the_successor_two_merges_leave_a_name_twice(
    office: Api, colleague: Api, make: Maker, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        """Lock nothing."""

    monkeypatch.setattr(sys.modules["app.kernel.store.change"], "lock_judged_with", nothing)
    units = Units(office, colleague, make)
    one, other = await units.several(2, name="同名的村")
    [heir] = await units.several(1)
    await meet(units.merge(one, heir), units.merge(other, heir))
    [heir] = await units.now(heir)
    assert heir["former_names"] == ["同名的村", "同名的村"], "the two did not meet"
