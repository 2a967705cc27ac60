"""What an attacker found open after the moment of a right, each by itself; `test_kin.py` has the whole rule."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.support.bureaus import account
from tests.support.callers import HOME, LEADERS, Api
from tests.support.records import Maker

SignIn = Callable[[str, Any], Awaitable[Api]]


@pytest.fixture
async def sign_in(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[SignIn]:
    """Signs in an account of a role that is bound to a unit."""
    async with AsyncExitStack() as opened:

        async def one(role: str, unit: Any) -> Api:
            name = f"kin-{role[:5]}-{unit['number'].lower()}"
            await account(database.application_url, name, role, HOME, unit_number=unit["number"])
            return await opened.enter_async_context(Api.signed_in(service, name))

        yield one


async def sent(make: Maker, office: Api, clue: Any, to: Any) -> Any:
    """The clue, handed to a unit."""
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=to["number"])
    answer = await office.act(transfer, "clue-transfers", "send", on="2017-06-11")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def merge(office: Api, one: Any, into: Any) -> None:
    unit = await office.read(f"/v1/units/{one['id']}")
    given = {"merged_into_number": into["number"], "on": "2019-12-30", "reason": "撤并"}
    answer = await office.act(unit, "units", "propose_merge", **given)
    assert answer.status_code == 200, answer.text
    leaders = Api(office.app, auth=office.acting(LEADERS))
    answer = await leaders.act(answer.json(), "units", "confirm_merge")
    assert answer.status_code == 200, answer.text


async def status(api: Api, path: str, record: Any) -> int:
    return (await api.get(f"/v1/{path}/{record['id']}")).status_code


@pytest.mark.parametrize("by", ["unit", "person"])
async def test_a_holder_into_which_the_reported_unit_is_merged_goes_blind(
    by: str, make: Maker, office: Api, sign_in: SignIn
) -> None:
    holder, reported = await make("units"), await make("units")
    person = await make("persons", unit_number=reported["number"])
    about = {"reported_unit_number": reported["number"]} if by == "unit" else {"person_number": person["number"]}
    clue = await make("clues", **about)
    transfer = await sent(make, office, clue, holder)
    api = await sign_in("case_supervision", holder)
    before = await api.read(f"/v1/clues/{clue['id']}")
    assert (await status(api, "clue-transfers", transfer), before["version"]) == (200, 2)
    await merge(office, reported, holder)
    for place in (f"clues/{clue['id']}", f"clues/{clue['id']}/revisions", f"clues/{clue['id']}/revisions/2",
                  f"clue-transfers/{transfer['id']}", f"clues/{clue['number']}"):  # fmt: skip
        assert (await api.get(f"/v1/{place}")).status_code == 404, place
    assert clue["id"] not in [c["id"] for c in await api.every("clues")]


async def test_a_unit_put_under_the_reported_one_later_goes_blind(make: Maker, office: Api, sign_in: SignIn) -> None:
    holder, reported = await make("units"), await make("units")
    clue = await make("clues", reported_unit_number=reported["number"])
    await sent(make, office, clue, holder)
    api = await sign_in("organisation_department", holder)
    assert await status(api, "clues", clue) == 200
    now = await office.read(f"/v1/units/{holder['id']}")
    assert (await office.change(now, "units", {"parent_number": reported["number"]})).status_code == 200
    assert await status(api, "clues", clue) == 404
    now = await office.read(f"/v1/units/{holder['id']}")
    assert (await office.change(now, "units", {"parent_number": None})).status_code == 200
    assert await status(api, "clues", clue) == 200, "and sees it again when it is no longer below it"


@pytest.mark.parametrize("below", [False, True])
async def test_supervision_does_not_assign_a_clue_to_whom_it_is_about(make: Maker, office: Api, below: bool) -> None:
    reported = await make("units")
    unit = await make("units", parent_number=reported["number"]) if below else reported
    clue = await make("clues", reported_unit_number=reported["number"])
    await sent(make, office, clue, office.unit)
    clue = await office.read(f"/v1/clues/{clue['id']}")
    given = {"handling": "preliminary_verification", "on": "2017-06-28", "handling_unit_number": unit["number"]}
    answer = await office.act(clue, "clues", "set_handling", **given)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "receiver_is_kin"), answer.text
    assert answer.json()["errors"][0]["pointer"] == "/handling_unit_number"


@pytest.mark.parametrize("key", ["id", "number"])
async def test_supervision_does_not_assign_a_clue_once_more_to_whom_it_is_about_by_now(
    make: Maker, office: Api, key: str
) -> None:
    reported, department = await make("units"), await make("units")
    clue = await make("clues", reported_unit_number=reported["number"])
    await sent(make, office, clue, office.unit)
    clue = await office.read(f"/v1/clues/{clue['id']}")
    given = {"handling": "preliminary_verification", "on": "2017-06-28", f"handling_unit_{key}": department[key]}
    clue = (await office.act(clue, "clues", "set_handling", **given)).json()
    await merge(office, reported, department)
    answer = await office.act(clue, "clues", "set_handling", **given)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "receiver_is_kin"), answer.text


async def test_a_filing_is_gone_for_the_department_to_which_its_person_moves(
    make: Maker, office: Api, sign_in: SignIn
) -> None:
    department, elsewhere = await make("units"), await make("units")
    person = await make("persons", unit_number=elsewhere["number"])
    clue = await make("clues", person_number=person["number"])
    await sent(make, office, clue, office.unit)
    clue = await office.read(f"/v1/clues/{clue['id']}")
    given = {"handling": "preliminary_verification", "on": "2017-06-28", "handling_unit_number": department["number"]}
    assert (await office.act(clue, "clues", "set_handling", **given)).status_code == 200
    filing = await make("case-filings", person_number=person["number"], clue_number=clue["number"])
    api = await sign_in("handling_department", department)
    assert await status(api, "case-filings", filing) == 200
    now = await office.read(f"/v1/persons/{person['id']}")
    assert (await office.change(now, "persons", {"unit_number": department["number"]})).status_code == 200
    for path, record in (("case-filings", filing), ("clues", clue), ("persons", person)):
        assert await status(api, path, record) == 404, path


async def test_the_database_itself_refuses_a_kin_as_holder(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    reported = await make("units")
    clue = await make("clues", reported_unit_number=reported["number"])
    connection = await asyncpg.connect(database.superuser_url)
    try:
        for column in ("holder_unit_id", "handling_unit_id"):
            with pytest.raises(asyncpg.CheckViolationError, match="kin"):
                await connection.execute(
                    f"update clue set version = version + 1, {column} = $1 where id = $2", reported["id"], clue["id"]
                )
    finally:
        await connection.close()
