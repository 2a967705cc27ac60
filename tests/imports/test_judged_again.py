"""The rule that a plan was checked by is asked once more when it is committed: what it reads may be another by then."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.imports.apply import judged_again
from app.kernel.store import locks
from app.records import REGISTRY
from tests.support.callers import HOME, NDJSON, Api
from tests.support.client import Answer
from tests.support.ledgers import lines
from tests.support.meeting import Meeting, meeting
from tests.support.problems import checked
from tests.support.proofs import prove
from tests.support.records import Maker

_numbers = itertools.count(3000)
UPPER = {"managed_by": "upper"}


class Plans:
    """Ledgers of one clue about one person."""

    def __init__(self, office: Api, loader: Api, make: Maker) -> None:
        self.office, self.loader, self.make = office, loader, make

    async def ledger(self) -> tuple[Any, str, bytes]:
        """A person, the number of a clue about it, and the ledger."""
        person = await self.make("persons")
        body = await self.make.body(REGISTRY.by_path["clues"], person_number=person["number"])
        number = f"{body['round_number']}-C-{next(_numbers)}"
        return person, number, lines([{"number": number, **body}])

    async def previewed(self) -> tuple[Any, str, Any]:
        """A person, the number of the clue, and the import that was found right."""
        person, number, file = await self.ledger()
        plan = await self.send(file, mode="preview")
        assert plan["state"] == "checked", await self.loader.rows(plan)
        return person, number, plan

    async def send(self, file: bytes, **query: str) -> Any:
        """The import when it has ended."""
        return await self.loader.import_file(file, NDJSON, type="clues", jurisdiction=HOME, **query)

    async def commit(self, plan: Any) -> Answer:
        """The answer to committing a preview."""
        return await self.loader.post(f"/v1/imports/{plan['id']}/actions/commit")

    async def managed_above(self, person: Any) -> Answer:
        """The answer to saying that the person is managed by the upper level: no clue about it is kept here."""
        return await self.office.change(person, "persons", UPPER)


@pytest.fixture
def plans(office: Api, loader: Api, make: Maker) -> Plans:
    return Plans(office, loader, make)


@pytest.fixture
async def meet(database: EmbeddedPostgres) -> AsyncIterator[Meeting]:
    """Two writers are called together."""
    async with meeting(database) as place:
        yield place


def moved(answer: Answer) -> bool:
    """Whether the plan is refused because a record has changed."""
    return checked(answer).status_code == 412 and answer.json()["code"] == "plan_moved"


COUNT = "select count(*) from clue where number = $1"


async def test_a_plan_whose_rule_would_break_by_now_is_not_committed(plans: Plans, meet: Meeting) -> None:
    person, number, plan = await plans.previewed()
    assert (await plans.managed_above(person)).status_code == 200
    assert moved(await plans.commit(plan))
    assert await meet.owner.fetchval(COUNT, number) == 0
    assert (await plans.loader.read(f"/v1/imports/{plan['id']}"))["state"] == "checked", (
        "to be looked at, or sent again"
    )


async def test_a_change_that_breaks_no_rule_holds_no_plan_up(plans: Plans, meet: Meeting) -> None:
    person, number, plan = await plans.previewed()
    assert (await plans.office.change(person, "persons", {"post": "副镇长"})).status_code == 200
    answer = await plans.commit(plan)
    assert answer.status_code == 200, answer.text
    assert await meet.owner.fetchval(COUNT, number) == 1


async def test_a_change_of_a_record_is_judged_again_too(plans: Plans, make: Maker) -> None:
    """The row names a person for a clue that is there."""
    person = await make("persons")
    body = await make.body(REGISTRY.by_path["clues"])
    row = {**body, "number": f"{body['round_number']}-C-{next(_numbers)}"}
    assert (await plans.send(lines([row])))["state"] == "committed"
    plan = await plans.send(lines([{**row, "person_number": person["number"]}]), mode="preview")
    [planned] = await plans.loader.rows(plan)
    assert (plan["state"], planned["result"]) == ("checked", "updated"), planned
    assert (await plans.managed_above(person)).status_code == 200
    assert moved(await plans.commit(plan))


async def turn(plans: Plans, meet: Meeting, how: str, change_first: bool) -> tuple[bool, int]:
    """Whether the clue was entered, and how many there are: by a commit or at one go, beside a change of the person."""
    person, number, plan_or_file = await (plans.previewed() if how == "preview" else plans.ledger())
    writing = plans.commit(plan_or_file) if how == "preview" else plans.send(plan_or_file)
    turns: Any = [plans.managed_above(person), writing]
    answers = (await meet.in_turn(*turns[:: 1 if change_first else -1]))[:: 1 if change_first else -1]
    assert answers[0].status_code == 200, answers[0].text
    entered = answers[1].status_code == 200 if how == "preview" else answers[1]["state"] == "committed"
    return entered, await meet.owner.fetchval(COUNT, number)


@pytest.mark.proof
@pytest.mark.parametrize("how", ["preview", "at one go"])
async def test_what_is_changed_just_now_is_awaited_and_seen(how: str, plans: Plans, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        entered, count = await turn(plans, meet, how, change_first=bool(seed % 2))
        assert entered != bool(seed % 2) and count == entered, seed
        return 2

    await prove(f"races-import-judged-{how.replace(' ', '-')}", 1000, 4, case)


async def test_without_the_lock_a_plan_is_committed_by_what_is_over(
    plans: Plans, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged_again, "LOOKED_AT", "key share")
    assert locks.LOOKED_AT == "share"
    assert await turn(plans, meet, "preview", change_first=True) == (True, 1), "the two did not meet"
