"""A history begins with the version that stood when its reader first knew the record."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.support.bureaus import account
from tests.support.callers import HOME, OFFICE, Api
from tests.support.records import Maker

_names = itertools.count()
CanSignIn = Callable[..., Any]
HANDLING = {"handling": "preliminary_verification", "on": "2017-06-28"}


@pytest.fixture
async def sign_in(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[CanSignIn]:
    """Opens an account of a role and signs in with it."""
    async with AsyncExitStack() as stack:

        async def opened(role: str, **bound: Any) -> Api:
            name = await account(database.application_url, f"knows-{next(_names)}", role, HOME, **bound)
            return await stack.enter_async_context(Api.signed_in(service, name))

        yield opened


async def changed(office: Api, path: str, record: Any, **body: Any) -> Any:
    """The record after a change."""
    now = await office.read(f"/v1/{path}/{record['id']}")
    answer = await office.change(now, path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def begins_with(api: Api, path: str, record: Any, first: int, last: int) -> None:
    """The history that this caller reads begins with a version, and nothing before it is told in any way."""
    place = f"/v1/{path}/{record['id']}"
    items = (await api.read(f"{place}/revisions"))["items"]
    assert [e["version"] for e in items] == list(range(last, first - 1, -1)), path
    assert items[-1]["changed"] == [], "it is not compared with what came before"
    for version in range(1, first):
        for address in (f"{place}/revisions/{version}", f"{place}/revisions/{last}/diff?from={version}"):
            assert (await api.get(address)).status_code == 404, address
    assert (await api.get(f"{place}/revisions/{first}")).status_code == 200


async def test_a_unit_knows_a_round_its_categories_and_team_from_entry_on_and_a_team_from_when_it_was_set_up(
    make: Maker, office: Api, sign_in: CanSignIn
) -> None:
    of, unit = await make.shared("rounds"), await make("units")
    category = await make("finding-categories")
    for n in (1, 2):
        await changed(office, "rounds", of, theme=f"旧题{n}")
        await changed(office, "finding-categories", category, name=f"旧类{n}")
    team = await make("teams")
    await changed(office, "rounds", of, theme="主题三")
    await changed(office, "teams", team, head_post="组长一")
    target = await make("targets", unit_number=unit["number"], team_number=team["number"])
    session = await make("feedback-sessions", unit_number=unit["number"])
    await changed(office, "rounds", of, theme="主题四")
    entered = await office.act(target, "targets", "enter", on="2017-04-22")
    assert entered.status_code == 200, entered.text
    await changed(office, "rounds", of, theme="主题五")
    await changed(office, "teams", team, head_post="组长二")
    own = await sign_in("inspected_unit", unit_number=unit["number"])
    of_unit = await sign_in("partner_system", unit_number=unit["number"], types=["rounds", "finding-categories"])
    members = await sign_in("inspection_team", team_number=team["number"])
    anybody = await sign_in("partner_system", types=["rounds"])
    for api in (own, of_unit):
        await begins_with(api, "rounds", of, 5, 6)
        await begins_with(api, "finding-categories", category, 3, 3)
    await begins_with(own, "teams", team, 2, 3)
    await begins_with(members, "rounds", of, 3, 6)
    await begins_with(members, "teams", team, 1, 3)
    await begins_with(members, "feedback-sessions", session, 1, 1)
    await begins_with(anybody, "rounds", of, 1, 6)
    for api in (office, members):
        assert len((await api.read(f"/v1/rounds/{of['id']}/revisions"))["items"]) == (6 if api is office else 4)


async def test_a_team_reads_of_a_session_what_was_written_since_the_unit_was_its_target(
    make: Maker, office: Api, sign_in: CanSignIn
) -> None:
    unit, first, second = await make("units"), await make("teams"), await make("teams")
    session = await make("feedback-sessions", unit_number=unit["number"])
    await changed(office, "feedback-sessions", session, note="一")
    target = await make("targets", unit_number=unit["number"], team_number=first["number"])
    await changed(office, "feedback-sessions", session, note="二")
    await changed(office, "targets", target, team_number=second["number"])
    api = await sign_in("inspection_team", team_number=second["number"])
    await begins_with(api, "feedback-sessions", session, 3, 3)


async def test_a_department_reads_a_persons_history_from_when_the_clue_was_assigned_to_it(
    make: Maker, office: Api, sign_in: CanSignIn
) -> None:
    department = await make("units", kind="discipline_body")
    handles = await sign_in("handling_department", unit_number=department["number"])
    person = await make("persons")
    clue = await make("clues", person_number=person["number"])
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]])
    assert (await office.act(transfer, "clue-transfers", "send", on="2017-06-11")).status_code == 200
    before = (await changed(office, "persons", person, post="一"))["version"]
    clue = await office.read(f"/v1/clues/{clue['id']}")
    handled = await office.act(clue, "clues", "set_handling", **HANDLING, handling_unit_number=department["number"])
    assert handled.status_code == 200, handled.text
    last = (await changed(office, "persons", person, post="二"))["version"]
    assert before > 1 and last == before + 1
    await begins_with(handles, "persons", person, before, last)


async def test_those_who_direct_read_a_persons_history_from_the_first_record_about_it(
    make: Maker, office: Api, leaders: Api
) -> None:
    unit = await make.shared("units")
    person = await office.write("/v1/persons", {"name": "某某", "unit_number": unit["number"]})
    await changed(office, "persons", person, post="一")
    alone = Api(office.app, auth=office.acting(OFFICE))
    for api in (leaders, alone):
        assert (await api.get(f"/v1/persons/{person['id']}")).status_code == 404
    await make("accountability-decisions", subject_kind="person", person_number=person["number"])
    await changed(office, "persons", person, post="二")
    for api in (leaders, alone):
        items = (await api.read(f"/v1/persons/{person['id']}/revisions"))["items"]
        assert [e["version"] for e in items] == [3, 2]


async def test_an_opinion_exists_for_its_units_from_when_its_finding_is_fed_back(
    make: Maker, office: Api, sign_in: CanSignIn
) -> None:
    unit, helping = await make("units"), await make("units")
    finding = await make("findings", unit_number=unit["number"])
    given = {"unit_number": unit["number"], "cooperating_unit_numbers": [helping["number"]]}
    opinion = await make("rectification-opinions", finding_number=finding["number"], **given)
    place = f"/v1/rectification-opinions/{opinion['id']}"
    readers = [await sign_in("inspected_unit", unit_number=u["number"]) for u in (unit, helping)]
    readers.append(await sign_in("partner_system", unit_number=unit["number"], types=["rectification-opinions"]))
    for api in readers:
        assert (await api.get(place)).status_code == 404
        assert (await api.read("/v1/rectification-opinions"))["items"] == []
    accepted = {"responsible_person": "责任人甲01", "due_on": "2017-08-08", "measures": ["补齐档案"]}
    assert (await readers[0].act(opinion, "rectification-opinions", "accept", **accepted)).status_code == 404
    fed_back = await office.act(finding, "findings", "feed_back", on="2017-06-09")
    assert fed_back.status_code == 200, fed_back.text
    for api in readers:
        await begins_with(api, "rectification-opinions", opinion, 2, 2)
    now = await readers[0].read(place)
    assert (await readers[0].act(now, "rectification-opinions", "accept", **accepted)).status_code == 200
    assert (await readers[1].act(now, "rectification-opinions", "accept", **accepted)).status_code == 403
