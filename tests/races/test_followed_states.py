"""A finding follows its opinions, whoever writes two of them at once."""

from typing import Any

import pytest

from tests.support.callers import Api
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker

OPINIONS = "rectification-opinions"
PROMISE = {"responsible_person": "责任人甲01", "due_on": "2017-08-08", "measures": ["补齐档案"]}
BODIES: dict[str, dict[str, Any]] = {
    "accept": PROMISE,
    "complete": {"on": "2017-07-19", "result": "已补齐"},
    "send_back": {"reason": "整改不实"},
    "close_off": {"on": "2017-08-06"},
    "reopen": {"reason": "反弹"},
    "void": {"reason": "重复"},
}
BEGUN, DONE, STRUCK = ("accept",), ("accept", "complete"), ("accept", "complete", "close_off")
# What two writers do at once, each with an opinion of its own: what was done with it before, and what is done now.
PAIRS = {
    "complete-complete": ((BEGUN, "complete"), (BEGUN, "complete")),
    "complete-send_back": ((BEGUN, "complete"), (DONE, "send_back")),
    "complete-reopen": ((BEGUN, "complete"), (STRUCK, "reopen")),
    "complete-void": ((BEGUN, "complete"), (BEGUN, "void")),
    "void-send_back": ((BEGUN, "void"), (DONE, "send_back")),
    "void-void": ((BEGUN, "void"), (BEGUN, "void")),
    "send_back-send_back": ((DONE, "send_back"), (DONE, "send_back")),
    "accept-accept": (((), "accept"), ((), "accept")),
}


async def act(api: Api, opinion: Any, action: str) -> Any:
    """The opinion after an action that must succeed."""
    answer = await api.act(opinion, OPINIONS, action, **BODIES[action])
    assert answer.status_code == 200, answer.text
    return answer.json()


class Pair:
    """A finding with an opinion that was completed, and one for each of two writers."""

    def __init__(self, office: Api, colleague: Api, make: Maker) -> None:
        self.writers, self.office, self.make = (office, colleague), office, make

    async def __call__(self, meet: Meeting, name: str, seed: int) -> tuple[str, set[str]]:
        """The state of the finding after both have written, and those of its opinions."""
        finding = await self.make("findings")
        answer = await self.office.act(finding, "findings", "feed_back", on="2017-06-09")
        assert answer.status_code == 200, answer.text
        opinions = [await self.make(OPINIONS, finding_number=finding["number"]) for _ in range(3)]
        # Written before, so that a rule has something else to look at; and last, so that the finding is not rectified.
        befores, actions = [(DONE, *(b for b, _ in PAIRS[name]))], [a for _, a in PAIRS[name]]
        for opinion, before in zip(range(3), befores[0], strict=True):
            for action in before:
                opinions[opinion] = await act(self.office, opinions[opinion], action)
        turns = [act(api, o, a) for api, o, a in zip(self.writers, opinions[1:], actions, strict=True)]
        await meet(*turns[:: 1 if seed % 2 else -1])
        states = {(await self.office.read(f"/v1/{OPINIONS}/{o['id']}"))["state"] for o in opinions}
        return (await self.office.read(f"/v1/findings/{finding['id']}"))["state"], states


@pytest.fixture
def pair(office: Api, colleague: Api, make: Maker) -> Pair:
    return Pair(office, colleague, make)


def expected(states: set[str]) -> str:
    """The state of a finding with opinions in these states, one of which was completed."""
    return "rectifying" if states & {"issued", "in_progress"} else "rectified"


@pytest.mark.proof
@pytest.mark.parametrize("name", PAIRS)
async def test_a_finding_follows_two_opinions_that_are_written_at_once(name: str, pair: Pair, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        state, states = await pair(meet, name, seed)
        assert state == expected(states), (name, seed, states)
        return len(states) + 1

    await prove(f"races-{name}", 1000, 20, case)
