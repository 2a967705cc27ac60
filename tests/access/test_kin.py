"""Who is kin of those a clue is about learns nothing of it, whatever the register becomes: against a model."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from tests.access.kin_register import BOUND, CODE, ROLES, Staff
from tests.access.kin_world import Case
from tests.support.bureaus import account
from tests.support.callers import Api
from tests.support.databases import logins
from tests.support.proofs import prove

_names = itertools.count(1)


@pytest.fixture(scope="module")
async def staff(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Staff]:
    """A division of its own: who makes the records is kin of nobody, and the others are bound anew for each case."""
    url = database.application_url
    async with AsyncExitStack() as opened:

        async def signed_in(name: str, role: str, **bound: Any) -> Api:
            await account(url, name, role, CODE, **bound)
            api = await opened.enter_async_context(Api.signed_in(service, name))
            api.username = name
            return api

        office = await signed_in("kin_office", "inspection_office")
        own = await office.write("/v1/units", {"name": "纪委", "kind": "discipline_body"})
        round_ = {"year": 2017, "sequence": 1, "kind": "special", "theme": "专项", "starts_on": "2017-04-20"}
        number = (await office.write("/v1/rounds", round_))["number"]
        team = {"round_number": number, "name": "第一组", "head_name": "组长"}
        team = await office.write("/v1/teams", team)
        supervision = await signed_in("kin_supervision", "case_supervision", unit_number=own["number"])
        callers = {"maker": await signed_in("kin_maker", "inspection_team", team_number=team["number"])}
        for role in ROLES:
            bound = {"unit_number": own["number"]} if role in BOUND else {}
            bound |= {"team_number": team["number"]} if role == "inspection_team" else {}
            callers[role] = await signed_in(f"kin_{role}", role, **bound)
        leaders = await signed_in("kin_leaders", "leading_group")
        makers = {"office": office, "supervision": supervision, "leaders": leaders}
        pools = Pools(logins(url))
        opened.push_async_callback(pools.close)
        yield Staff(pools, makers, own, team, callers)


@pytest.mark.proof
async def test_no_kin_learns_of_a_record_in_any_world(staff: Staff) -> None:
    await prove("kin", cases=5000, share=20, case=lambda seed: Case(staff, seed).run())
