"""A clue that nobody reads is handed on while the unit that is to have it, or its holder, is put elsewhere."""

import sys
from typing import Any

import pytest

from tests.races.pairs import breaks, tries
from tests.races.test_merges import REHOLD, Units, units  # noqa: F401  # a fixture
from tests.support.callers import Api
from tests.support.meeting import Meeting
from tests.support.proofs import prove


async def confirmed_beside(units: Units, leaders: Api, meet: Meeting, confirm_first: bool) -> tuple[bool, bool]:  # noqa: F811
    """Whether the unit that is to hold the clue was put under the reported one, and whether it got the clue."""
    [receiver] = await units.several(1)
    clue, _, reported = await units.proposed(receiver)
    clue = await leaders.read(f"/v1/clues/{clue['id']}")
    turns: Any = [units.put_under(receiver, reported), leaders.act(clue, "clues", "confirm_rehold")]
    answers = (await meet.in_turn(*turns[:: -1 if confirm_first else 1]))[:: -1 if confirm_first else 1]
    held = await meet.owner.fetchval("select holder_unit_id::text from clue where id = $1", clue["id"])
    assert (held == receiver["id"]) == (answers[1].status_code == 200), [a.text for a in answers]
    return answers[0].status_code == 200, held == receiver["id"]


@tries(REHOLD[1])
@pytest.mark.proof
async def test_a_clue_is_not_handed_to_who_is_just_becoming_kin(units: Units, leaders: Api, meet: Meeting) -> None:  # noqa: F811
    async def case(seed: int) -> int:
        moved, held = await confirmed_beside(units, leaders, meet, confirm_first=bool(seed % 2))
        assert moved and held == bool(seed % 2), seed
        return 2

    await prove("races-rehold-confirmed", 1000, 10, case)


@tries(REHOLD[0])
@pytest.mark.proof
async def test_a_proposal_that_comes_too_late_is_asked_once_more(units: Units, leaders: Api, meet: Meeting) -> None:  # noqa: F811
    """The holder may just read the clue again: it is proposed by what is over, and not confirmed."""

    async def case(seed: int) -> int:
        [receiver] = await units.several(1)
        clue, holder, _ = await units.unread()
        [now] = await units.now(holder)
        turns: Any = [units.put_under(now, None), units.rehold(clue, receiver)]
        moved, proposed = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        assert moved.status_code == 200 and proposed.status_code in (200, 409), proposed.text
        clue = await leaders.read(f"/v1/clues/{clue['id']}")
        answer = await leaders.act(clue, "clues", "confirm_rehold")
        assert answer.status_code == 409, answer.text
        return 2

    await prove("races-rehold-proposed", 1000, 10, case)


@tries(("only_if", "clues", "decline_rehold"))
@pytest.mark.proof
async def test_a_proposal_is_confirmed_or_declined(units: Units, leaders: Api, meet: Meeting) -> None:  # noqa: F811
    async def case(seed: int) -> int:
        [receiver] = await units.several(1)
        clue, holder, _ = await units.proposed(receiver)
        clue = await leaders.read(f"/v1/clues/{clue['id']}")
        turns: Any = [
            leaders.act(clue, "clues", "confirm_rehold"),
            leaders.act(clue, "clues", "decline_rehold", reason="须另行提出"),
        ]
        answers = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        confirmed, declined = (a.status_code == 200 for a in answers)
        assert confirmed != declined, [a.text for a in answers]
        held = await meet.owner.fetchval("select holder_unit_id::text from clue where id = $1", clue["id"])
        assert held == (receiver if confirmed else holder)["id"]
        return 2

    await prove("races-rehold-declined", 1000, 10, case)


@tries(("only_if", "units", "propose_merge"), ("only_if", "units", "decline_merge"))
@pytest.mark.proof
@pytest.mark.parametrize("second", ["propose_merge", "decline_merge", "confirm_merge"])
async def test_a_proposed_merge_is_decided_or_proposed_anew(
    second: str, units: Units, leaders: Api, meet: Meeting  # noqa: F811
) -> None:  # fmt: skip
    async def case(seed: int) -> int:
        unit, heir, other = await units.several(3)
        body = {"on": "2019-12-30", "reason": "撤并"}
        answer = await units.office.act(unit, "units", "propose_merge", merged_into_number=heir["number"], **body)
        assert answer.status_code == 200, answer.text
        [unit] = await units.now(unit)
        first = units.office.act(unit, "units", "propose_merge", merged_into_number=other["number"], **body)
        given: dict[str, Any] = {"decline_merge": {"reason": "不同意"}, "confirm_merge": {}}.get(second, body)
        if second == "propose_merge":
            given = {**given, "merged_into_number": heir["number"]}
        by = units.office if second == "propose_merge" else leaders
        turns: Any = [first, by.act(unit, "units", second, **given)]
        answers = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        assert sorted(a.status_code == 200 for a in answers) == [False, True], [a.text for a in answers]
        [now] = await units.now(unit)
        done = answers[1].status_code == 200
        into = (
            {"propose_merge": heir["id"], "decline_merge": None, "confirm_merge": None}[second] if done else other["id"]
        )
        assert now["proposed_into_id"] == into and now["state"] == (
            "merged" if done and "confirm" in second else "active"
        )
        return 3

    await prove(f"races-proposed-{second}", 1000, 10, case)


@breaks(*REHOLD)
async def test_without_the_lock_a_clue_is_confirmed_by_what_is_over(
    units: Units, leaders: Api, meet: Meeting, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    async def nothing(*_: Any) -> None:
        """Lock nothing."""

    monkeypatch.setattr(sys.modules["app.kernel.store.change"], "lock_judged_with", nothing)
    from tests.races.test_required import without_last_word

    async with without_last_word(meet.owner):
        assert await confirmed_beside(units, leaders, meet, confirm_first=False) == (True, True), "the two did not meet"
