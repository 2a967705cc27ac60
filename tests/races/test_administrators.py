"""Somebody is always left who can administer every division, whoever resigns at the same moment."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.accounts import register
from app.db.embedded import EmbeddedPostgres
from tests.races.pairs import breaks, tries
from tests.support.bureaus import LIGHT, account
from tests.support.callers import HOME, PATCH, Api
from tests.support.client import Answer
from tests.support.meeting import Meeting
from tests.support.proofs import prove

LAST: tuple[str, ...] = ("last administrator",)
BACK = """update principal set disabled = false, withheld_by = null, role = 'administrator', code = null, low = '',
  high = ':', expires_at = 'infinity' where id = any ($1)"""
LEFT = """select id from principal where role = 'administrator' and low = '' and not disabled
  and withheld_by is null and expires_at = 'infinity'"""
NAMES = ["resigns-one", "resigns-two"]
# What takes an administrator of every division away.
RESIGNATIONS: dict[str, dict[str, Any]] = {
    "disabled": {"disabled": True},
    "another role": {"role": "auditor", "jurisdiction": HOME},
    "a part": {"jurisdiction": HOME[:4]},
    "until a day": {"expires_at": "2099-12-31T00:00Z"},
    "another password": {"password": "昔我往矣-杨柳依依-一"},  # after which a second person has to confirm the role
}


class Pair:
    """The only two administrators of every division that are left."""

    def __init__(self, apis: list[Api], owner: Any) -> None:
        self.apis, self.owner = apis, owner

    async def resign(self, n: int, body: dict[str, Any]) -> Answer:
        """One of them takes the other away."""
        place = f"/v1/accounts/{NAMES[1 - n]}"
        if "password" in body:
            return await self.apis[n].post(f"{place}/actions/set_password", json=body)
        return await self.apis[n].patch(place, json=body, headers={"Content-Type": PATCH})

    async def left(self) -> list[str]:
        """Who is left."""
        return [row["id"] for row in await self.owner.fetch(LEFT)]

    async def again(self) -> None:
        """Both are there again, with their sessions."""
        await self.owner.execute(BACK, NAMES)
        await self.owner.execute("update principal set must_change_password = false where id = any ($1)", NAMES)
        await self.owner.execute("update principal_secret set digest = $2 where id = any ($1)", NAMES, LIGHT)
        for n, name in enumerate(NAMES):  # whose tokens ended with the disabling
            async with Api.signed_in(self.apis[n].app, name) as api:
                self.apis[n] = api


@pytest.fixture
async def pair(service: ASGIApp, database: EmbeddedPostgres, meet: Meeting, admin: Api) -> AsyncIterator[Pair]:
    """Every other administrator is disabled for the length of the test."""
    known = {row["id"] for row in await meet.owner.fetch("select id from principal")}
    for name in NAMES:
        if name not in known:
            await account(database.application_url, name, "administrator", "")
    found = Pair([admin, admin], meet.owner)
    await found.again()
    others = [row["id"] for row in await meet.owner.fetch(LEFT) if row["id"] not in NAMES]
    await meet.owner.execute("update principal set disabled = true where id = any ($1)", others)
    try:
        yield found
    finally:
        await meet.owner.execute("update principal set disabled = false where id = any ($1)", others)
        await meet.owner.execute("update principal set disabled = true where id = any ($1)", NAMES)


@tries(LAST)
@pytest.mark.proof
async def test_of_two_administrators_who_take_each_other_away_one_stays(pair: Pair, meet: Meeting) -> None:
    bodies = [*RESIGNATIONS.values()]

    async def case(seed: int) -> int:
        chosen = bodies[seed % 5], bodies[seed // 5 % 5]
        answers = await meet(*(pair.resign(n, body) for n, body in enumerate(chosen)))
        taken = [a.status_code == 200 for a in answers]
        assert sum(taken) == 1, [a.text for a in answers]
        assert await pair.left() == [NAMES[taken.index(True)]], seed
        await pair.again()
        return 2

    await prove("races-last-administrator", 1000, 20, case)


@breaks(LAST)
async def test_without_the_lock_nobody_is_left(pair: Pair, meet: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None:
        """Lock nothing."""

    monkeypatch.setattr(register, "_lock_administrators", nothing)
    answers = await meet(*(pair.resign(n, RESIGNATIONS["another password"]) for n in range(2)))
    assert [a.status_code for a in answers] == [200, 200] and await pair.left() == [], "the two did not meet"
    await pair.again()
