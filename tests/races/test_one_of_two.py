"""Of two writers that want the same, one gets it: a key, a number, a clue, a record that is to be voided."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.records import REGISTRY
from tests.races.pairs import tries
from tests.support.callers import HOME, NDJSON, OFFICE, Api
from tests.support.ledgers import lines
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker

_numbers = itertools.count(5000)
KEYED = [t.path for t in REGISTRY if t.unique]


@tries(*(("unique", path) for path in KEYED))
@pytest.mark.proof
@pytest.mark.parametrize("path", KEYED)
async def test_one_natural_key_is_entered_once(
    path: str, make: Maker, office: Api, colleague: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        body = await make.fresh().body(REGISTRY.by_path[path])
        answers = await meet(*(api.post(f"/v1/{path}", json=body) for api in (office, colleague)))
        assert sorted(a.status_code for a in answers) == [201, 409], [a.text for a in answers]
        assert "key_taken" in {a.json().get("code") for a in answers}
        return 2

    await prove(f"races-key-{path}", 1000, 20, case)


@pytest.mark.proof
async def test_one_number_is_given_once(make: Maker, office: Api, colleague: Api, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        body = {**await make.body(REGISTRY.by_path["units"]), "number": f"{HOME}-W{next(_numbers)}"}
        answers = await meet(*(api.post("/v1/units", json=body) for api in (office, colleague)))
        assert sorted(a.status_code for a in answers) == [201, 409], [a.text for a in answers]
        return 2

    await prove("races-number", 1000, 20, case)


@tries(("effect", "clue-transfers", "send", "transfer"), ("only_if", "clues", "transfer"))
@pytest.mark.proof
async def test_one_clue_is_sent_once(make: Maker, office: Api, colleague: Api, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        clue = await make("clues")
        units = [await make("units") for _ in range(2)]
        transfers = [
            await make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=u["number"]) for u in units
        ]
        sends = [
            api.act(transfer, "clue-transfers", "send", on="2017-06-11")
            for api, transfer in zip((office, colleague), transfers, strict=True)
        ]
        answers = await meet(*sends)
        assert sorted(a.status_code for a in answers) == [200, 409], [a.text for a in answers]
        [sent] = [a.json() for a in answers if a.status_code == 200]
        now = await office.read(f"/v1/clues/{clue['id']}")
        assert (now["state"], now["holder_unit_id"]) == ("transferred", sent["to_unit_id"])
        return 2

    await prove("races-sends", 1000, 20, case)


@pytest.fixture
async def clerk(office: Api) -> AsyncIterator[Api]:
    """The office itself, which imports transfers."""
    async with Api.signed_in(office.app, office.names[OFFICE]) as api:
        yield api


async def transfer_row(make: Maker, clue: Any, unit: Any) -> bytes:
    """A ledger of one transfer that was sent."""
    body = await make.body(REGISTRY.by_path["clue-transfers"], clue_numbers=[clue["number"]])
    number = f"{body['round_number']}-T-{next(_numbers)}"
    return lines([{"number": number, **body, "to_unit_number": unit["number"], "sent_on": "2017-06-11"}])


@pytest.mark.proof
@pytest.mark.parametrize("other", ["import", "send"])
async def test_one_clue_is_handed_over_by_one_ledger_or_one_transfer(
    other: str, make: Maker, office: Api, clerk: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        clue, one, two = await make("clues"), await make("units"), await make("units")
        rows = [await transfer_row(make, clue, unit) for unit in (one, two)]
        draft = await make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=two["number"])
        if other == "send":
            against = office.act(draft, "clue-transfers", "send", on="2017-06-11")
        else:
            against = clerk.import_file(rows[1], NDJSON, type="clue-transfers")
        first, second = await meet(clerk.import_file(rows[0], NDJSON, type="clue-transfers"), against)
        done = [first["state"] == "committed"]
        done.append(second["state"] == "committed" if other == "import" else second.status_code == 200)
        assert sorted(done) == [False, True], (first, second)
        holder = await meet.owner.fetchval("select holder_unit_id::text from clue where id = $1", clue["id"])
        assert holder == (one if done[0] else two)["id"]
        return 2

    await prove(f"races-ledger-{other}", 1000, 4, case)


@pytest.mark.proof
async def test_a_record_is_voided_or_referred_to(make: Maker, office: Api, colleague: Api, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        finding = await make("findings")
        body = await make.body(REGISTRY.by_path["rectification-opinions"], finding_number=finding["number"])
        turns = [
            office.act(finding, "findings", "void", reason="重复"),
            colleague.post("/v1/rectification-opinions", json=body),
        ]
        answers = await meet(*turns[:: 1 if seed % 2 else -1])
        assert sum(a.status_code in (200, 201) for a in answers) == 1, [a.text for a in answers]
        assert {a.status_code for a in answers} <= {200, 201, 409, 422}
        return 2

    await prove("races-voiding", 1000, 20, case)
