"""A finding follows its opinions, whoever writes two of them at once."""

from typing import Any

import pytest

from app.kernel.store import effects
from app.records import REGISTRY
from tests.races.pairs import breaks, tries
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
FINISH, RESUME = "finish_rectification", "resume_rectification"
CAUSES = {"complete": FINISH, "void": FINISH, "send_back": RESUME, "reopen": RESUME}
FINISHES = ("only_if", "findings", FINISH)


async def act(api: Api, opinion: Any, action: str) -> Any:
    """The opinion after an action that must succeed."""
    answer = await api.act(opinion, OPINIONS, action, **BODIES[action])
    assert answer.status_code == 200, answer.text
    return answer.json()


class Pair:
    """A finding with an opinion that was completed, and one for each of two writers."""

    def __init__(self, office: Api, colleague: Api, make: Maker) -> None:
        self.writers, self.office, self.make = (office, colleague), office, make
        self.finding: Any = None

    async def __call__(self, meet: Meeting, name: str, seed: int) -> tuple[str, set[str]]:
        """The state of the finding after both have written, and those of its opinions."""
        finding = await self.make("findings")
        answer = await self.office.act(finding, "findings", "feed_back", on="2017-06-09")
        assert answer.status_code == 200, answer.text
        self.finding = finding
        opinions = [await self.make(OPINIONS, finding_number=finding["number"]) for _ in range(3)]
        befores, actions = [DONE, *(before for before, _ in PAIRS[name])], [action for _, action in PAIRS[name]]
        for n, before in enumerate(befores):
            for action in before:
                opinions[n] = await act(self.office, opinions[n], action)
        turns = [act(api, o, a) for api, o, a in zip(self.writers, opinions[1:], actions, strict=True)]
        await meet(*turns[:: 1 if seed % 2 else -1])
        states = {(await self.office.read(f"/v1/{OPINIONS}/{o['id']}"))["state"] for o in opinions}
        return await self.state(), states

    async def state(self) -> str:
        """The state of the last finding now."""
        return str((await self.office.read(f"/v1/findings/{self.finding['id']}"))["state"])


@pytest.fixture
def pair(office: Api, colleague: Api, make: Maker) -> Pair:
    return Pair(office, colleague, make)


def expected(states: set[str]) -> str:
    """The state of a finding with opinions in these states, one of which was completed."""
    return "rectifying" if states & {"issued", "in_progress"} else "rectified"


@tries(*(("effect", OPINIONS, *cause) for cause in CAUSES.items()), FINISHES)
@pytest.mark.proof
@pytest.mark.parametrize("name", PAIRS)
async def test_a_finding_follows_two_opinions_that_are_written_at_once(name: str, pair: Pair, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        state, states = await pair(meet, name, seed)
        assert state == expected(states), (name, seed, states)
        return len(states) + 1

    await prove(f"races-{name}", 1000, 20, case)


BREAKING = ["complete-complete", "complete-send_back", "complete-reopen", "complete-void", "void-void"]
OUT_OF_STEP = "select * from records_out_of_step($1::uuid)"


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service without the lock on what follows."""

    async def nothing(*_: Any) -> None:
        """Lock nothing."""

    monkeypatch.setattr(effects, "lock_records", nothing)


@breaks(FINISHES)
@pytest.mark.parametrize("name", BREAKING)
async def test_without_the_lock_a_finding_is_left_behind_and_the_check_finds_and_mends_it(
    name: str, pair: Pair, meet: Meeting, unlocked: None
) -> None:
    state, states = await pair(meet, name, seed=0)
    assert state != expected(states), "the two did not meet"
    [found] = await meet.owner.fetch(OUT_OF_STEP, pair.finding["id"])
    assert (found["number"], found["state"], found["cause_type"]) == (pair.finding["number"], state, OPINIONS)
    mended = await meet.owner.fetch("select * from mend_records()")
    assert pair.finding["number"] in {row["number"] for row in mended}
    assert await pair.state() == expected(states) and not await meet.owner.fetch(OUT_OF_STEP, pair.finding["id"])
    entry = (await pair.office.read(f"/v1/findings/{pair.finding['id']}/revisions"))["items"][0]
    assert (entry["action"], entry["changed"]) == (found["action"], ["/state"])
    assert entry["by"] == "系统核对" and entry["by_role"] is None
    assert entry["reason"] == f"核对补记：整改意见 {found['cause_number']}", "whoever sees the opinion is told of it"
    assert not await meet.owner.fetch("select * from mend_records()"), "and it is mended once"


async def test_what_was_done_on_purpose_is_not_out_of_step(make: Maker, office: Api, meet: Meeting) -> None:
    """A finding reopened after its opinions were done, a relapse, a transfer given back in part and sent again."""
    finding = await make("findings")
    finding = (await office.act(finding, "findings", "feed_back", on="2017-06-09")).json()
    opinion = await make(OPINIONS, finding_number=finding["number"])
    for action in STRUCK:
        opinion = await act(office, opinion, action)
    for change in ("reopen", "look-back"):
        finding = await office.read(f"/v1/findings/{finding['id']}")
        if change == "reopen":
            assert (await office.act(finding, "findings", "reopen", reason="整改不实")).status_code == 200
            for action in ("reopen", "complete"):
                opinion = await act(office, opinion, action)
        else:
            await make("look-backs", finding_number=finding["number"], conclusion="relapsed")
        assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"]), change
    clues = [await make("clues") for _ in range(2)]
    transfer = await make("clue-transfers", clue_numbers=[c["number"] for c in clues])
    transfer = (await office.act(transfer, "clue-transfers", "send", on="2017-06-11")).json()
    back = {"reason": "重复", "clue_numbers": [clues[0]["number"]]}
    assert (await office.act(transfer, "clue-transfers", "give_back", **back)).status_code == 200
    again = await make("clue-transfers", clue_numbers=[clues[0]["number"]])
    assert (await office.act(again, "clue-transfers", "send", on="2017-06-20")).status_code == 200
    for clue in clues:
        assert not await meet.owner.fetch(OUT_OF_STEP, clue["id"])


BEGINS: Any = ("effect", OPINIONS, "accept", "begin_rectification")


@tries(BEGINS)
@pytest.mark.proof
@pytest.mark.parametrize("other", ["accept", "void", "feed_back"])
async def test_a_finding_begins_once_whatever_is_written_beside(
    other: str, make: Maker, office: Api, colleague: Api, meet: Meeting
) -> None:
    """An opinion is accepted, the first of its finding, while another is, or is voided, or the finding is fed back."""

    async def case(seed: int) -> int:
        finding = await make("findings")
        if other != "feed_back":
            finding = (await office.act(finding, "findings", "feed_back", on="2017-06-09")).json()
        opinions = [await make(OPINIONS, finding_number=finding["number"]) for _ in range(2)]
        which, path = (finding, "findings") if other == "feed_back" else (opinions[1], OPINIONS)
        body = {"on": "2017-06-09"} if other == "feed_back" else BODIES[other]
        turns = [office.act(opinions[0], OPINIONS, "accept", **PROMISE), colleague.act(which, path, other, **body)]
        accepted, beside = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        # An opinion follows its finding, so that it may be another version when it is accepted.
        assert beside.status_code == 200 and accepted.status_code in {200, 412 if other == "feed_back" else 200}
        now = await office.read(f"/v1/findings/{finding['id']}")
        entries = (await office.read(f"/v1/findings/{finding['id']}/revisions"))["items"]
        begun = [e for e in entries if e["action"] == "begin_rectification"]
        assert len(begun) == (now["state"] == "rectifying") and (begun or other == "feed_back"), (other, seed, now)
        assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"])
        return 2

    await prove(f"races-begin-{other}", 1000, 20, case)


@tries(("effect", "look-backs", "create", "reopen"))
@pytest.mark.proof
async def test_a_relapse_opens_a_finding_that_is_just_closed_off(
    make: Maker, office: Api, colleague: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        finding = await make("findings")
        assert (await office.act(finding, "findings", "feed_back", on="2017-06-09")).status_code == 200
        opinion = await make(OPINIONS, finding_number=finding["number"])
        for action in DONE:
            opinion = await act(office, opinion, action)
        finding = await office.read(f"/v1/findings/{finding['id']}")
        body = await make.body(REGISTRY.by_path["look-backs"], finding_number=finding["number"], conclusion="relapsed")
        closing = office.act(finding, "findings", "close_off", on="2017-08-06")
        turns = [closing, colleague.post("/v1/look-backs", json=body)]
        closed, found = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        assert found.status_code == 201 and closed.status_code in {200, 412}, (closed.text, found.text)
        assert (await office.read(f"/v1/findings/{finding['id']}"))["state"] == "rectifying"
        return 2

    await prove("races-relapse", 1000, 20, case)
