"""Who is kept from a clue beside kin: recused accounts, all but few from own cadres, this level from some cadres."""

from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.access.test_kin_holes import SignIn, merge, sent, sign_in, status  # noqa: F401  # a fixture
from tests.accounts.conftest import amend
from tests.conftest import AsTeam
from tests.support.bureaus import account
from tests.support.callers import HOME, LEADERS, OFFICE, Api
from tests.support.records import Maker


async def test_a_recused_account_sees_neither_the_clue_nor_what_follows_from_it(
    make: Maker, office: Api, service: ASGIApp, database: EmbeddedPostgres, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    holder = await make("units")
    api = await sign_in("case_supervision", holder)
    name = f"kin-case_-{holder['number'].lower()}"
    await account(database.application_url, f"{name}-2", "case_supervision", HOME, unit_number=holder["number"])
    clue = await make("clues")
    transfer = await sent(make, office, clue, holder)
    async with Api.signed_in(service, f"{name}-2") as colleague:
        assert {await status(a, "clues", clue) for a in (api, colleague)} == {200}
        current = await colleague.read(f"/v1/clues/{clue['id']}")
        given = {"recusals": [{"account": name, "reason": "与被反映人有亲属关系"}]}
        changed = await colleague.change(current, "clues", given)
        assert changed.status_code == 200 and changed.json()["recusals"] == given["recusals"], changed.text
        for path, record in (("clues", clue), ("clue-transfers", transfer)):
            assert (await status(api, path, record), await status(colleague, path, record)) == (404, 200), path
        assert (await api.get(f"/v1/clues/{clue['id']}/revisions/1")).status_code == 404
        unknown = {"recusals": [{"account": "nobody.of.that.name", "reason": "亲属"}]}
        answer = await colleague.change(changed.json(), "clues", unknown)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "account_unknown"), answer.text
        assert answer.json()["errors"][0]["pointer"] == "/recusals"


async def test_a_clue_about_an_own_cadre_is_read_by_the_grant_alone(
    make: Maker, office: Api, admin: Api, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    body = await make("units", kind="discipline_body")
    person = await make("persons", unit_number=body["number"])
    clue = await make("clues", person_number=person["number"])
    api = await sign_in("case_supervision", body)
    assert await status(api, "clues", clue) == 404, "the body is kin of its own cadre"
    for masked in (clue, await office.read(f"/v1/clues/{clue['id']}")):
        assert masked["summary"] is None and "summary" in masked["masked"], "whoever entered it reads metadata"
    name = f"kin-case_-{body['number'].lower()}"
    answer = await amend(admin, f"/v1/accounts/{name}", grants=["own_cadres"])
    assert answer.status_code == 200, answer.text
    found = await api.read(f"/v1/clues/{clue['id']}")
    assert found["summary"] and found["masked"] == []
    other = await make("clues")
    assert await status(api, "clues", other) == 404, "the grant opens nothing else"
    home = await make("units")
    answer = await amend(admin, f"/v1/accounts/{name}", home_unit_number=home["number"])
    assert answer.status_code == 200 and await status(api, "clues", clue) == 200
    both = await make("clues", person_number=person["number"], reported_unit_number=home["number"])
    assert await status(api, "clues", both) == 404, "nor what is about the unit its person belongs to"


async def test_a_clue_about_a_cadre_of_the_upper_level_is_not_kept_here(make: Maker, office: Api) -> None:
    person = await make("persons", managed_by="upper")
    body = await make.body(_type("clues"), person_number=person["number"])
    answer = await office.post("/v1/clues", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "belongs_to_upper_level"), answer.text
    assert answer.json()["errors"][0]["pointer"] == "/person_number"
    slip = await make.body(_type("clue-transfers"), route="upper_level", sealed_count=2)
    sent_up = await office.write("/v1/clue-transfers", slip)
    assert (sent_up["sealed_count"], sent_up["clue_ids"]) == (2, None)
    answer = await office.act(sent_up, "clue-transfers", "send", on="2017-06-11")
    assert (answer.status_code, answer.json()["state"]) == (200, "sent")


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({}, "/clue_numbers", "required"),
        ({"sealed_count": 1}, "/sealed_count", "slip_for_upper_level_only"),
        ({"sealed_count": 1, "route": "upper_level", "note": "反映某人"}, "/note", "slip_says_no_more"),
        ({"sealed_count": 0, "route": "upper_level"}, "/sealed_count", "out_of_range"),
    ],
)
async def test_a_slip_says_how_many_and_no_more(
    make: Maker, office: Api, more: dict[str, Any], pointer: str, code: str
) -> None:
    body = await make.body(_type("clue-transfers"), **more)
    answer = await office.post("/v1/clue-transfers", json={k: v for k, v in body.items() if k != "clue_numbers"})
    found = [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert (answer.status_code, found) == (422, [(pointer, code)]), answer.text


async def test_a_clue_whose_holder_became_kin_is_counted_by_number_alone(
    make: Maker, office: Api, leaders: Api, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    holder, reported = await make("units"), await make("units")
    clue = await make("clues", reported_unit_number=reported["number"])
    await sent(make, office, clue, holder)
    place = f"/v1/rounds/{clue['round_number']}/work-list"
    assert (await leaders.read(place))["clues_without_reader"] == 0
    await merge(office, reported, holder)
    assert (await leaders.read(place))["clues_without_reader"] == 1
    (item,) = (await leaders.read(f"{place}/clues_without_reader"))["items"]
    assert item["number"] == clue["number"]


def _type(path: str) -> Any:
    from app.records import REGISTRY

    return REGISTRY.by_path[path]


async def test_a_clue_without_a_reader_is_handed_on_unread_by_two_persons(
    make: Maker,
    office: Api,
    sign_in: SignIn,  # noqa: F811
) -> None:
    holder, reported, apart = await make("units"), await make("units"), await make("units")
    clue = await make("clues", reported_unit_number=reported["number"])
    await sent(make, office, clue, holder)
    leaders, desk = (Api(office.app, auth=office.acting(who)) for who in (LEADERS, OFFICE))
    given = {"to_unit_number": apart["number"], "reason": "接收单位须回避", "document": "示批〔2017〕3号"}

    async def act(by: Api, action: str, **body: Any) -> Any:
        return await by.act(await by.read(f"/v1/clues/{clue['id']}"), "clues", action, **body)

    assert (await act(desk, "rehold", **given)).json()["code"] == "condition_not_met", "its holder reads it"
    await merge(office, reported, holder)
    kin = await act(desk, "rehold", **{**given, "to_unit_number": holder["number"]})
    assert kin.status_code == 200, "nothing is told of whom it is about"
    assert (await act(leaders, "confirm_rehold")).json()["code"] == "clue_not_available"
    assert (await act(leaders, "decline_rehold", reason="须另行提出")).status_code == 200
    assert (await act(leaders, "confirm_rehold")).status_code == 409, "nothing is proposed"
    assert (await act(desk, "rehold", **given)).status_code == 200
    assert (await act(desk, "confirm_rehold")).status_code == 403, "another person decides"
    api = await sign_in("case_supervision", apart)
    assert await status(api, "clues", clue) == 404
    done = await act(leaders, "confirm_rehold")
    assert done.status_code == 200 and done.json()["holder_unit_number"] == apart["number"], done.text
    assert done.json()["summary"] is None, "unread"
    read = await api.read(f"/v1/clues/{clue['id']}")
    assert read["summary"] and read["proposed_holder_unit_id"] is None
    assert (await act(desk, "rehold", **given)).json()["code"] == "condition_not_met"


async def handed_over(make: Maker, office: Api) -> tuple[Any, Any, Any, Any]:
    """A discipline body, the holder of a clue, its person, who is no cadre of the body yet, and the clue."""
    body, holder, person = await make("units", kind="discipline_body"), await make("units"), await make("persons")
    clue = await make("clues", person_number=person["number"])
    await sent(make, office, clue, holder)
    return body, holder, person, clue


async def test_who_reads_metadata_of_an_own_cadre_meets_nobody_by_it(
    make: Maker, office: Api, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    body, holder, person, clue = await handed_over(make, office)
    readers = [await sign_in(role, holder) for role in ("organisation_department", "handling_department")]
    for api in readers:
        assert [p["id"] for p in await api.every("persons")] == [person["id"]]
    now = await office.read(f"/v1/persons/{person['id']}")
    assert (await office.change(now, "persons", {"unit_number": body["number"]})).status_code == 200
    for api in readers:
        masked = await api.read(f"/v1/clues/{clue['id']}")
        assert masked["person_id"] is None and "person_id" in masked["masked"]
        assert await api.every("persons") == [] and await status(api, "persons", person) == 404


async def test_the_voiding_of_an_own_cadre_names_no_clue(
    make: Maker, office: Api, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    body, holder, person, clue = await handed_over(make, office)
    api = await sign_in("case_supervision", holder)
    for code, named in (("still_referred_to", True), ("still_referred_to_unseen", False)):
        now = await api.read(f"/v1/persons/{person['id']}")
        answer = await api.act(now, "persons", "void", reason="重复")
        assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
        assert (clue["number"] in answer.text) == named
        if named:
            moved = await office.change(now, "persons", {"unit_number": body["number"]})
            assert moved.status_code == 200, moved.text
    assert (await api.read(f"/v1/clues/{clue['id']}"))["person_number"] is None, "which it sees, but not about whom"


async def test_the_office_meets_no_own_cadre_by_a_clue(make: Maker, office: Api, as_team: AsTeam) -> None:
    body, other, team = await make("units", kind="discipline_body"), await make("units"), await make("teams")
    api = await as_team(team)
    for unit, found in ((body, 404), (other, 200)):
        person = await api.write("/v1/persons", {"name": "王某", "unit_number": unit["number"]})
        entered = {"source": "petition", "registered_on": "2017-05-20", "summary": "反映问题"}
        entered |= {"round_number": team["round_number"], "person_number": person["number"]}
        await api.write("/v1/clues", entered)
        assert await status(Api(office.app, auth=office.acting(OFFICE)), "persons", person) == found, (
            "it knows a person by what it reads in full"
        )


@pytest.mark.parametrize("action", ["change", "correct"])
async def test_a_masked_member_is_not_written_blindly(make: Maker, office: Api, action: str) -> None:
    body = await make("units", kind="discipline_body")
    persons = [await make("persons", unit_number=body["number"]) for _ in range(2)]
    clue = await make("clues", person_number=persons[0]["number"], reported_name="王某甲", reported_post="主任")
    api = Api(office.app, auth=office.acting(OFFICE))
    if action == "correct":
        answer = await api.act(clue, "clues", "correct", reason="核对", result="不属实")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "masked_value"), answer.text
        return
    guesses: list[dict[str, Any]] = [{"person_number": p["number"]} for p in persons]
    guesses += [{"reported_name": "王某甲"}, {"reported_name": "王某乙"}, {"reported_name": "王*"}]
    guesses += [{"reported_post": None}, {"person_id": None}, {"note": "改"}, {"recusals": []}, {"summary": "改"}]
    for guess in guesses:
        answer = await api.change(clue, "clues", guess)
        found = [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
        assert (answer.status_code, found) == (422, [(f"/{next(iter(guess))}", "masked_value")]), answer.text
    answer = await api.change(clue, "clues", {"conduct": ["slow"]})
    assert (answer.status_code, answer.json()["version"]) == (200, 2), "what it sees it may change"
