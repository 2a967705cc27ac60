"""A department files the case of a clue that was assigned to it, though it sees no round."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.support.bureaus import account
from tests.support.callers import HOME, Api
from tests.support.records import Maker

FILED = {"lane": "party", "filed_on": "2017-07-10"}


@pytest.fixture
async def department(make: Maker, service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[tuple[Api, Any]]:
    """A handling department, and its unit."""
    unit = await make("units")
    name = f"files-{unit['number'].lower()}"
    await account(database.application_url, name, "handling_department", HOME, unit_number=unit["number"])
    async with Api.signed_in(service, name) as api:
        yield api, unit


async def assigned(make: Maker, office: Api, unit: Any) -> Any:
    """A clue about a person, sent to case supervision and assigned to the unit."""
    person = await make("persons")
    clue = await make("clues", person_number=person["number"])
    given = {"clue_numbers": [clue["number"]], "to_unit_number": office.unit["number"], "route": "discipline"}
    transfer = await make("clue-transfers", **given)
    sent = await office.act(transfer, "clue-transfers", "send", on="2017-06-11")
    assert sent.status_code == 200, sent.text
    clue = await office.read(f"/v1/clues/{clue['id']}")
    handling = {"handling": "preliminary_verification", "on": "2017-06-28", "handling_unit_number": unit["number"]}
    answer = await office.act(clue, "clues", "set_handling", **handling)
    assert answer.status_code == 200, answer.text
    return clue


async def test_it_files_a_case_of_the_round_of_its_clue(department: tuple[Api, Any], make: Maker, office: Api) -> None:
    api, unit = department
    clue = await assigned(make, office, unit)
    body = {**FILED, "authority_unit_number": office.unit["number"], "person_number": clue["person_number"]}
    answer = await api.post("/v1/case-filings", json={**body, "clue_number": clue["number"]})
    assert answer.status_code == 201, answer.text
    filing = answer.json()
    assert filing["round_id"] is None and filing["clue_number"] == clue["number"], "it sees the clue, and no round"
    assert await api.read(f"/v1/case-filings/{filing['id']}") == filing
    whole = await office.read(f"/v1/case-filings/{filing['id']}")
    assert (whole["round_id"], whole["created_by"], whole["created_by_role"]) == (
        clue["round_id"], None, "handling_department",
    )  # fmt: skip
    decided = await api.act(filing, "case-filings", "decide", on="2017-08-18", party_sanction="warning")
    assert (decided.status_code, decided.json()["state"]) == (200, "decided"), decided.text


async def test_it_files_none_of_a_clue_that_it_does_not_see_nor_without_one(
    department: tuple[Api, Any], make: Maker, office: Api
) -> None:
    api, unit = department
    clue, other = await assigned(make, office, unit), await make("clues")
    body = {**FILED, "authority_unit_number": office.unit["number"], "person_number": clue["person_number"]}
    answers = [
        await api.post("/v1/case-filings", json={**body, **more})
        for more in (
            {"clue_number": other["number"]},
            {"clue_number": "431382-2017-01-C-9999"},
            {},
            {"clue_number": clue["number"], "round_number": clue["round_number"]},
        )
    ]
    found = [(a.status_code, a.json()["errors"][0]["pointer"], a.json()["errors"][0]["code"]) for a in answers]
    assert found == [
        (422, "/clue_number", "reference_not_found"),
        (422, "/clue_number", "reference_not_found"),
        (422, "/clue_number", "required"),
        (422, "/round_number", "reference_not_found"),
    ]
    assert (await api.read("/v1/case-filings"))["items"] == []


async def test_it_hands_its_clue_to_no_other_unit(department: tuple[Api, Any], make: Maker, office: Api) -> None:
    api, unit = department
    clue, other = await assigned(make, office, unit), await make("units")
    place = f"/v1/clues/{clue['id']}"
    for member in ("handling_unit_number", "handling_unit_id"):
        key = member.removeprefix("handling_unit_")
        given = {"handling": "talk_inquiry", "on": "2017-06-29", member: other[key]}
        answer = await api.act(await api.read(place), "clues", "set_handling", **given)
        assert (answer.status_code, answer.json()["code"]) == (409, "handler_by_holder"), answer.text
        answer = await api.act(await api.read(place), "clues", "correct", **{"reason": "另行承办", member: other[key]})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "set_by_action"), answer.text
    for more in ({}, {"handling_unit_number": unit["number"]}):
        answer = await api.act(
            await api.read(place), "clues", "set_handling", handling="talk_inquiry", on="2017-06-29", **more
        )
        assert (answer.status_code, answer.json()["handling_unit_number"]) == (200, unit["number"]), answer.text
    answer = await office.act(
        await office.read(place), "clues", "set_handling", handling="talk_inquiry", on="2017-06-30",
        handling_unit_number=other["number"],
    )  # fmt: skip
    assert (answer.status_code, answer.json()["handling_unit_number"]) == (200, other["number"]), "its holder does"
    assert (await api.get(place)).status_code == 404
