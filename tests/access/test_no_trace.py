"""A clue or a filing leaves no trace where others, or kin of today, read on: in histories, in rows of imports."""

from tests.access.test_kin_holes import SignIn, sent, sign_in, status  # noqa: F401  # a fixture
from tests.conftest import AsTeam
from tests.support.callers import NDJSON, SUPERVISION, Api
from tests.support.ledgers import lines
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


async def test_the_rows_of_an_import_tell_kin_of_today_nothing(
    make: Maker, office: Api, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    unit, apart = await make("units"), await make("units")
    person = await make("persons", unit_number=apart["number"])
    filing = await make("case-filings", person_number=person["number"], summary="原来的案情")
    api = await sign_in("case_supervision", unit)
    row = {k: filing[k] for k in ("number", "round_number", "person_number", "lane", "filed_on")}
    row |= {"authority_unit_number": filing["authority_unit_number"], "summary": "另外的案情"}
    done = await api.import_file(lines([row]), NDJSON, mode="preview", type="case-filings")
    assert [r["changes"][0]["from"] for r in await api.rows(done)] == ["原来的案情"]
    now = await office.read(f"/v1/persons/{person['id']}")
    assert (await office.change(now, "persons", {"unit_number": unit["number"]})).status_code == 200
    assert await status(api, "case-filings", filing) == 404
    assert [(r["result"], r["changes"]) for r in await api.rows(done)] == [("updated", [])]
    answer = await api.post(f"/v1/imports/{done['id']}/actions/commit")
    assert (answer.status_code, answer.json()["code"]) == (412, "plan_moved"), answer.text
