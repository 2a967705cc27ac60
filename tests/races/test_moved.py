"""An opinion or a look-back that is given to another finding: both findings follow."""

import sys
from typing import Any

import pytest

from app.kernel.store import effects
from tests.races.pairs import breaks, tries
from tests.races.test_followed_states import BEGUN, DONE, OPINIONS, OUT_OF_STEP, act
from tests.support.callers import Api
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker


class Findings:
    """Findings that were fed back, with opinions in the states that a test asks for."""

    def __init__(self, office: Api, make: Maker) -> None:
        self.office, self.make = office, make

    async def one(self, *opinions: tuple[str, ...]) -> tuple[Any, list[Any]]:
        """A finding, and its opinions after these actions each."""
        finding = await self.make("findings")
        answer = await self.office.act(finding, "findings", "feed_back", on="2017-06-09")
        assert answer.status_code == 200, answer.text
        made = [await self.make(OPINIONS, finding_number=finding["number"]) for _ in opinions]
        for n, actions in enumerate(opinions):
            for action in actions:
                made[n] = await act(self.office, made[n], action)
        return finding, made

    async def state(self, finding: Any) -> str:
        """The state of a finding now."""
        return str((await self.office.read(f"/v1/findings/{finding['id']}"))["state"])

    async def move(self, opinion: Any, finding: Any, api: Api | None = None) -> Any:
        """The answer to giving an opinion to another finding."""
        return await (api or self.office).change(opinion, OPINIONS, {"finding_number": finding["number"]})


@pytest.fixture
def findings(office: Api, make: Maker) -> Findings:
    return Findings(office, make)


# What was done with the opinion that moves; the other opinions of the finding it comes to; the states of both findings.
MOVES = {
    "the last that was not done": (BEGUN, (), "rectified", "rectifying"),
    "one that is not begun": ((), (), "rectified", "fed_back"),
    "one that is done, to a finding without others": (DONE, (), "rectified", "rectified"),
    "one that is done, beside one that is not": (DONE, (BEGUN,), "rectified", "rectifying"),
    "one that is begun, to a finding that was rectified": (BEGUN, (DONE,), "rectified", "rectifying"),
    "one that is not begun, to a finding that was rectified": ((), (DONE,), "rectified", "rectifying"),
    "one that is begun, to a finding that is under way": (BEGUN, (BEGUN,), "rectified", "rectifying"),
}


@pytest.mark.parametrize("name", MOVES)
async def test_both_findings_follow_an_opinion_that_moves(
    name: str, findings: Findings, meet: Meeting, office: Api
) -> None:
    actions, others, left, reached = MOVES[name]
    old, (_, moving) = await findings.one(DONE, actions)
    new, _ = await findings.one(*others)
    answer = await findings.move(moving, new)
    assert answer.status_code == 200, answer.text
    assert (await findings.state(old), await findings.state(new)) == (left, reached)
    for finding in (old, new):
        assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"])
    entry = (await office.read(f"/v1/findings/{old['id']}/revisions"))["items"][0]
    assert actions == DONE or entry["reason"] == f"整改意见 {moving['number']}", entry


async def test_a_change_that_leaves_the_opinion_where_it_is_moves_no_finding(findings: Findings, office: Api) -> None:
    finding, (_, opinion) = await findings.one(DONE, BEGUN)
    before = await office.read(f"/v1/findings/{finding['id']}")
    answer = await office.change(opinion, OPINIONS, {"finding_number": finding["number"], "note": "核对过"})
    assert answer.status_code == 200, answer.text
    assert await office.read(f"/v1/findings/{finding['id']}") == before


@pytest.mark.parametrize("member", ["conclusion", "finding_number"])
async def test_a_relapse_that_is_entered_later_opens_the_finding(
    member: str, findings: Findings, office: Api, make: Maker, meet: Meeting
) -> None:
    finding, _ = await findings.one(DONE)
    given = {"conclusion": "relapsed", "finding_number": finding["number"]}
    asked = {member: given.pop(member)}
    look_back = await make("look-backs", **given)
    assert await findings.state(finding) == "rectified"
    answer = await office.change(look_back, "look-backs", {**asked, "note": "核对过"})
    assert answer.status_code == 200, answer.text
    assert await findings.state(finding) == "rectifying"
    assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"])
    answer = await office.change(answer.json(), "look-backs", {"note": "再核对", **asked})
    assert answer.status_code == 200 and await findings.state(finding) == "rectifying"


CHANGE: Any = ("effect", OPINIONS, "change")


async def both_moved(findings: Findings, colleague: Api, meet: Meeting, seed: int) -> tuple[str, str]:
    """The states of two findings, after two opinions at once have left the first for the second."""
    old, (_, one, other) = await findings.one(DONE, BEGUN, BEGUN)
    new, _ = await findings.one(DONE)
    turns = [findings.move(one, new), findings.move(other, new, colleague)]
    answers = await meet(*turns[:: 1 if seed % 2 else -1])
    assert [a.status_code for a in answers] == [200, 200], [a.text for a in answers]
    return await findings.state(old), await findings.state(new)


@tries((*CHANGE, "finish_rectification"), (*CHANGE, "resume_rectification"))
@pytest.mark.proof
async def test_two_opinions_leave_a_finding_at_once(findings: Findings, colleague: Api, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        assert await both_moved(findings, colleague, meet, seed) == ("rectified", "rectifying"), seed
        return 2

    await prove("races-moved-together", 1000, 20, case)


@tries((*CHANGE, "finish_rectification"))
@pytest.mark.proof
async def test_two_opinions_change_places(findings: Findings, colleague: Api, meet: Meeting) -> None:
    """Each of two findings is left by an opinion that is under way and reached by one that is done, or the reverse."""

    async def case(seed: int) -> int:
        (a, (_, begun)), (b, (_, done)) = await findings.one(DONE, BEGUN), await findings.one(DONE, DONE)
        turns = [findings.move(begun, b), findings.move(done, a, colleague)]
        answers = await meet(*turns[:: 1 if seed % 2 else -1])
        assert [x.status_code for x in answers] == [200, 200], [x.text for x in answers]
        assert (await findings.state(a), await findings.state(b)) == ("rectified", "rectifying"), seed
        return 2

    await prove("races-moved-crosswise", 1000, 20, case)


@tries((*CHANGE, "begin_rectification"))
@pytest.mark.proof
async def test_one_opinion_leaves_while_the_other_is_done(findings: Findings, colleague: Api, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        (old, (_, one, other)), (new, _) = await findings.one(DONE, BEGUN, BEGUN), await findings.one()
        turns = [findings.move(one, new), act(colleague, other, "complete")]
        await meet(*turns[:: 1 if seed % 2 else -1])
        assert (await findings.state(old), await findings.state(new)) == ("rectified", "rectifying"), seed
        return 2

    await prove("races-moved-completed", 1000, 20, case)


@tries(("effect", "look-backs", "change", "reopen"))
@pytest.mark.proof
async def test_a_relapse_is_entered_later_while_the_finding_is_closed_off(
    findings: Findings, make: Maker, colleague: Api, office: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        finding, _ = await findings.one(DONE)
        look_back = await make("look-backs", finding_number=finding["number"])
        finding = await office.read(f"/v1/findings/{finding['id']}")
        closing = colleague.act(finding, "findings", "close_off", on="2017-08-06")
        turns = [closing, office.change(look_back, "look-backs", {"conclusion": "relapsed"})]
        closed, found = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        assert found.status_code == 200 and closed.status_code in {200, 412}, (closed.text, found.text)
        assert await findings.state(finding) == "rectifying"
        return 2

    await prove("races-relapse-later", 1000, 20, case)


@breaks(("only_if", "findings", "finish_rectification"))
async def test_without_the_lock_a_finding_that_was_left_stays_and_the_check_finds_and_mends_it(
    findings: Findings, colleague: Api, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None:
        """Lock nothing."""

    monkeypatch.setattr(sys.modules["app.kernel.store.change"], "lock_moved", nothing)
    monkeypatch.setattr(effects, "lock_records", nothing)
    old, (_, one, other) = await findings.one(DONE, BEGUN, BEGUN)
    targets = [(await findings.one())[0] for _ in range(2)]
    await meet(findings.move(one, targets[0]), findings.move(other, targets[1], colleague))
    assert await findings.state(old) == "rectifying", "the two did not meet"
    [found] = await meet.owner.fetch(OUT_OF_STEP, old["id"])
    assert (found["number"], found["action"], found["cause_type"]) == (old["number"], "finish_rectification", OPINIONS)
    await meet.owner.fetch("select * from mend_records()")
    assert await findings.state(old) == "rectified" and not await meet.owner.fetch(OUT_OF_STEP, old["id"])
