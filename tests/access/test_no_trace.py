"""A clue leaves no trace in the history of its person, which others read."""

from tests.access.test_kin_holes import SignIn, sent, sign_in, status  # noqa: F401  # a fixture
from tests.conftest import AsTeam
from tests.support.callers import SUPERVISION, Api
from tests.support.records import Maker


async def test_a_transfer_makes_no_version_of_the_person(
    make: Maker, office: Api, as_team: AsTeam, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    holder, team = await make("units"), await make("teams")
    api = await as_team(team)
    person = await api.write("/v1/persons", {"name": "王某", "unit_number": (await make("units"))["number"]})
    entered = {"source": "petition", "registered_on": "2017-05-20", "summary": "反映问题"}
    clue = await api.write(
        "/v1/clues", {**entered, "round_number": team["round_number"], "person_number": person["number"]}
    )
    others = Api(office.app, auth=office.acting(SUPERVISION))  # who see every person, and not this clue
    place = f"/v1/persons/{person['id']}"
    before = await others.read(f"{place}/revisions")
    assert (await status(api, "persons", person), await status(others, "clues", clue)) == (200, 404)
    transfer = await sent(make, office, clue, holder)
    assert await status(api, "persons", person) == 404 and await api.every("persons") == [], "handed over"
    assert (await others.read(place))["version"] == 1 and await others.read(f"{place}/revisions") == before
    receiver = await sign_in("organisation_department", holder)
    now = await receiver.read(f"/v1/clue-transfers/{transfer['id']}")
    answer = await receiver.act(now, "clue-transfers", "give_back", reason="不属管辖")
    assert answer.status_code == 204, answer.text
    assert await status(api, "persons", person) == 200, "its own again"
    assert await others.read(f"{place}/revisions") == before
