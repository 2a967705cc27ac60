"""A clue that comes back, is held by what an old ledger tells, or is handled, while another does the same."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.records import REGISTRY
from tests.races.pairs import tries
from tests.support.callers import HOME, NDJSON, OFFICE, Api
from tests.support.client import Answer
from tests.support.ledgers import lines
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker

_numbers = itertools.count(7000)
REFUSED = (403, 404, 409, 412)  # what has come back is no more case supervision's to handle
BACK: dict[str, Any] = {"reason": "不属管辖"}
CONCLUDED: dict[str, Any] = {"on": "2017-07-29", "result": "不属实"}
HANDLED: dict[str, Any] = {"on": "2017-06-28", "handling": "preliminary_verification"}


class Transfers:
    """A clue that was handed to the unit of case supervision, of which there are two readers."""

    def __init__(self, office: Api, colleague: Api, make: Maker) -> None:
        self.office, self.colleague, self.make = office, colleague, make

    async def sent(self) -> tuple[Any, Any]:
        """A clue, and the transfer that was sent with it."""
        clue = await self.make("clues")
        transfer = await self.make("clue-transfers", clue_numbers=[clue["number"]])
        answer = await self.office.act(transfer, "clue-transfers", "send", on="2017-06-11")
        assert answer.status_code == 200, answer.text
        return await self.office.read(f"/v1/clues/{clue['id']}"), answer.json()

    async def given_back(self, transfer: Any) -> Answer:
        """The answer to giving the transfer back."""
        return await self.office.act(transfer, "clue-transfers", "give_back", **BACK)


@pytest.fixture
def transfers(office: Api, colleague: Api, make: Maker) -> Transfers:
    return Transfers(office, colleague, make)


def either_way(seed: int, *turns: Any) -> Any:
    """The turns in the order of the seed."""
    return turns[:: 1 if seed % 2 else -1]


COME_BACK = (("effect", "clue-transfers", "give_back", "come_back"), ("only_if", "clues", "come_back"))
STAND = "select state, holder_unit_id::text as holder, handling, concluded_on from clue where id = $1"


@tries(*COME_BACK)
@pytest.mark.proof
async def test_a_clue_is_concluded_or_comes_back(transfers: Transfers, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        clue, transfer = await transfers.sent()
        concluded = transfers.colleague.act(clue, "clues", "conclude", **CONCLUDED)
        answers = await meet(*either_way(seed, transfers.given_back(transfer), concluded))
        back, done = either_way(seed, *answers)
        assert back.status_code in (200, 204) and done.status_code in (200, *REFUSED), (back.text, done.text)
        now = dict(await meet.owner.fetchrow(STAND, clue["id"]))
        stays = {"state": "concluded", "holder": transfer["to_unit_id"]}
        assert stays.items() <= now.items() if done.status_code == 200 else now["concluded_on"] is None, (seed, now)
        assert done.status_code == 200 or (now["state"], now["holder"]) == ("registered", None), (seed, now)
        return 3

    await prove("races-come-back-concluded", 1000, 20, case)


@tries(*COME_BACK, ("only_if", "clues", "set_handling"))
@pytest.mark.proof
async def test_a_clue_that_comes_back_takes_no_handling_along(transfers: Transfers, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        clue, transfer = await transfers.sent()
        handled = transfers.colleague.act(clue, "clues", "set_handling", **HANDLED)
        back, done = either_way(seed, *await meet(*either_way(seed, transfers.given_back(transfer), handled)))
        assert back.status_code in (200, 204) and done.status_code in (200, *REFUSED), (back.text, done.text)
        now = dict(await meet.owner.fetchrow(STAND, clue["id"]))
        assert now == {"state": "registered", "holder": None, "handling": None, "concluded_on": None}, (seed, now)
        return 2

    await prove("races-come-back-handled", 1000, 20, case)


@tries(*COME_BACK)
@pytest.mark.proof
async def test_of_two_who_give_back_and_answer_one_does(transfers: Transfers, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        clue, transfer = await transfers.sent()
        received = {"on": "2017-06-12", "received_by": "经办01"}
        other = transfers.colleague.act(transfer, "clue-transfers", "receive", **received)
        answers = await meet(*either_way(seed, transfers.given_back(transfer), other))
        back, kept = either_way(seed, *(a.status_code in (200, 204) for a in answers))
        assert back != kept, [a.text for a in answers]
        now = await meet.owner.fetchrow(STAND, clue["id"])
        assert now["state"] == ("registered" if back else "transferred") and (now["holder"] is None) == back
        return 3

    await prove("races-come-back-received", 1000, 20, case)


@pytest.fixture
async def clerk(office: Api) -> AsyncIterator[Api]:
    """The office itself, which imports transfers."""
    async with Api.signed_in(office.app, office.names[OFFICE]) as api:
        yield api


@tries(
    ("effect", "clue-transfers", "create", "be_held"), ("only_if", "clues", "be_held"),
    ("effect", "clue-transfers", "create", "transfer"), ("only_if", "clues", "transfer"),
)  # fmt: skip
@pytest.mark.proof
@pytest.mark.parametrize("state", ["registered", "concluded"])
async def test_two_old_ledgers_give_one_clue_one_holder(
    state: str, make: Maker, loader: Api, clerk: Api, meet: Meeting
) -> None:
    """Each names another receiver of a clue that a ledger has brought, open or concluded long ago."""
    closed = {"concluded_on": "2017-07-29"} if state == "concluded" else {}

    async def case(seed: int) -> int:
        body = {**await make.body(REGISTRY.by_path["clues"]), **closed}
        number = f"{body['round_number']}-C-{next(_numbers)}"
        done = await loader.import_file(lines([{"number": number, **body}]), NDJSON, type="clues", jurisdiction=HOME)
        assert done["state"] == "committed", await loader.rows(done)
        units = [await make("units") for _ in range(2)]
        files = []
        for unit in units:
            row = await make.body(REGISTRY.by_path["clue-transfers"], clue_numbers=[number])
            row |= {"number": f"{row['round_number']}-T-{next(_numbers)}", "to_unit_number": unit["number"]}
            files.append(lines([{**row, "sent_on": "2017-06-11"}]))
        sendings = [loader.import_file(f, NDJSON, type="clue-transfers", jurisdiction=HOME) for f in files]
        states = [a["state"] == "committed" for a in await meet(*sendings)]
        assert sorted(states) == [False, True], states
        now = await meet.owner.fetchrow(
            "select state, holder_unit_id::text as holder from clue where number = $1", number
        )
        wanted = "concluded" if state == "concluded" else "transferred"
        assert (now["state"], now["holder"]) == (wanted, units[states.index(True)]["id"])
        return 2

    await prove(f"races-be-held-{state}", 1000, 3, case)
