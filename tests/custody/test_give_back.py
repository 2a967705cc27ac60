"""Who gives a transfer back names of its clues only what it sees; the others are neither told of nor looked up."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.support.bureaus import account
from tests.support.callers import HOME, OFFICE, Api
from tests.support.records import Maker


@pytest.fixture
async def receiver(make: Maker, service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[tuple[Api, Any]]:
    """Case supervision of a unit of its own, and the unit."""
    unit = await make("units")
    name = f"back-{unit['number'].lower()}"
    await account(database.application_url, name, "case_supervision", HOME, unit_number=unit["number"])
    async with Api.signed_in(service, name) as api:
        yield api, unit


async def received(make: Maker, office: Api, unit: Any, seen: int, hidden: int) -> tuple[Any, list[Any]]:
    """A transfer that was sent to the unit, and its clues. Whom the last are about has come to that unit since."""
    clues, persons = [await make("clues") for _ in range(seen)], []
    for _ in range(hidden):
        persons.append(await make("persons"))
        clues.append(await make("clues", person_number=persons[-1]["number"]))
    transfer = await make("clue-transfers", clue_numbers=[c["number"] for c in clues], to_unit_number=unit["number"])
    sent = await office.act(transfer, "clue-transfers", "send", on="2017-06-11")
    assert sent.status_code == 200, sent.text
    for person in persons:
        current = await office.read(f"/v1/persons/{person['id']}")
        assert (await office.change(current, "persons", {"unit_number": unit["number"]})).status_code == 200
    return sent.json(), clues


async def states(office: Api, clues: list[Any]) -> list[str]:
    """The states of clues, as the office knows them."""
    answers = [await office.get(f"/v1/clues/{c['id']}", auth=office.acting(OFFICE)) for c in clues]
    return [a.json()["state"] for a in answers]


async def given_back(api: Api, transfer: Any, **clues: Any) -> Any:
    """The answer to a return by the receiver, from the version it has."""
    current = await api.read(f"/v1/clue-transfers/{transfer['id']}")
    return await api.act(current, "clue-transfers", "give_back", reason="不属管辖", **clues)


async def test_a_clue_that_the_receiver_does_not_see_is_not_in_its_list(
    receiver: tuple[Api, Any], make: Maker, office: Api
) -> None:
    api, unit = receiver
    transfer, clues = await received(make, office, unit, 2, 0)
    stranger = await make("clues")
    texts = set()
    for named in ({"clue_numbers": [stranger["number"]]}, {"clue_ids": [stranger["id"]]}):
        answer = await given_back(api, transfer, **named)
        assert answer.status_code == 422
        texts.add(str(answer.json()["errors"]).replace("clue_ids", "clue_numbers"))
    assert len(texts) == 1 and "not_in_list" in texts.pop()
    assert await states(office, clues) == ["transferred"] * 2


async def test_a_transfer_is_gone_for_a_receiver_who_became_kin_of_one_of_its_clues(
    receiver: tuple[Api, Any], make: Maker, office: Api
) -> None:
    api, unit = receiver
    transfer, clues = await received(make, office, unit, 2, 1)
    assert (await api.get(f"/v1/clue-transfers/{transfer['id']}")).status_code == 404
    found = [(await api.get(f"/v1/clues/{c['id']}")).status_code for c in clues]
    assert found == [200, 200, 404], "it goes on with the others"


async def test_part_of_a_transfer_goes_back_whatever_else_it_carries(
    receiver: tuple[Api, Any], make: Maker, office: Api
) -> None:
    api, unit = receiver
    transfer, clues = await received(make, office, unit, 2, 0)
    answer = await given_back(api, transfer, clue_numbers=[clues[0]["number"]])
    assert answer.status_code == 200, answer.text
    assert await states(office, clues) == ["registered", "transferred"]
    assert (answer.json()["state"], answer.json()["clue_numbers"]) == ("sent", [clues[1]["number"]])
    last = await given_back(api, transfer, clue_numbers=[clues[1]["number"]])
    assert last.status_code == 204, last.text
    assert await states(office, clues) == ["registered"] * 2, "all that it sees of it is all of it"
