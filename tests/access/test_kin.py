"""Who is kin of those a clue is about learns nothing of it, whatever the register becomes: against a model."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from tests.access.kin_register import BOUND, ROLES, Staff
from tests.access.kin_world import Case
from tests.support.bureaus import account
from tests.support.callers import Api
from tests.support.databases import logins
from tests.support.proofs import prove

CASES_A_DIVISION = 100  # what a division holds makes its lists and its kin dearer to ask for


class Divisions:
    """A division of its own for every so many cases: who makes its records is kin of nobody."""

    def __init__(self, service: ASGIApp, url: str, opened: AsyncExitStack) -> None:
        self.service, self.url, self.opened = service, url, opened
        self.pools = Pools(logins(url))
        self.code = ""
        self.staff: Staff | None = None

    async def staff_of(self, seed: int) -> Staff:
        """The accounts for a case; the case binds them anew."""
        code = str(450000 + seed // CASES_A_DIVISION)
        if self.staff is None or code != self.code:
            await self.opened.aclose()
            self.code, self.staff = code, await self.staffed(code)
        return self.staff

    async def signed_in(self, code: str, role: str, name: str = "", **bound: Any) -> Api:
        username = f"kin_{name or role}_{code}"
        await account(self.url, username, role, code, **bound)
        api = await self.opened.enter_async_context(Api.signed_in(self.service, username))
        api.username = username
        return api

    async def staffed(self, code: str) -> Staff:
        office = await self.signed_in(code, "inspection_office", "maker_office")
        own = await office.write("/v1/units", {"name": "纪委", "kind": "discipline_body"})
        round_ = {"year": 2017, "sequence": 1, "kind": "special", "theme": "专项", "starts_on": "2017-04-20"}
        number = (await office.write("/v1/rounds", round_))["number"]
        team = {"round_number": number, "name": "第一组", "head_name": "组长"}
        team = await office.write("/v1/teams", team)
        supervision = await self.signed_in(code, "case_supervision", "supervision", unit_number=own["number"])
        callers = {"maker": await self.signed_in(code, "inspection_team", "maker", team_number=team["number"])}
        for role in ROLES:
            bound = {"unit_number": own["number"]} if role in BOUND else {}
            bound |= {"team_number": team["number"]} if role == "inspection_team" else {}
            callers[role] = await self.signed_in(code, role, **bound)
        leaders = await self.signed_in(code, "leading_group", "leaders")
        makers = {"office": office, "supervision": supervision, "leaders": leaders}
        return Staff(self.pools, makers, own, team, callers)


@pytest.fixture(scope="module")
async def divisions(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Divisions]:
    async with AsyncExitStack() as opened:
        made = Divisions(service, database.application_url, opened)
        yield made
        await made.pools.close()


@pytest.mark.proof
async def test_no_kin_learns_of_a_record_in_any_world(divisions: Divisions) -> None:
    async def case(seed: int) -> int:
        return await Case(await divisions.staff_of(seed), seed).run()

    await prove("kin", cases=5000, share=20, case=case)
