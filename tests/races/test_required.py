"""A rule that reads another record is judged by what that one has become: it waits for the change that is under way."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.kernel.store import rules
from app.records import REGISTRY
from tests.races.pairs import breaks, tries
from tests.support.bureaus import account
from tests.support.callers import HOME, Api
from tests.support.client import Answer
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker

Turn = Callable[[], Awaitable[Answer]]
Pair = tuple[Turn, Turn]  # the change of what the rule reads, and the write that the rule forbids from then on


class Pairs:
    """For each reference whose record a rule reads: a change of that record, and a write that reads it."""

    def __init__(self, office: Api, colleague: Api, make: Maker) -> None:
        self.office, self.colleague, self.make = office, colleague, make

    async def body(self, path: str, **given: Any) -> dict[str, Any]:
        """A body of a new record."""
        return await self.make.body(REGISTRY.by_path[path], **given)

    def under(self, unit: Any, above: Any) -> Turn:
        """The unit is put under another one, and so becomes its kin."""
        return lambda: self.office.change(unit, "units", {"parent_number": above["number"]})

    async def case_filings_person(self) -> Pair:
        """A sanction that is not for village managers, when the person becomes one."""
        person = await self.make("persons")
        filing = await self.make("case-filings", person_number=person["number"])
        decision = {"on": "2017-08-18", "admin_sanction": "demotion"}
        return (
            lambda: self.office.change(person, "persons", {"is_village_manager": True}),
            lambda: self.colleague.act(filing, "case-filings", "decide", **decision),
        )

    async def clues_person(self) -> Pair:
        """A clue about a person, whom the upper level manages from now on."""
        person = await self.make("persons")
        body = await self.body("clues", person_number=person["number"])
        return (
            lambda: self.office.change(person, "persons", {"managed_by": "upper"}),
            lambda: self.colleague.post("/v1/clues", json=body),
        )

    async def clues_handling_unit(self) -> Pair:
        """A clue that is given to a department, which becomes kin of the reported unit."""
        reported, department = await self.make("units"), await self.make("units")
        clue = await self.make("clues", reported_unit_number=reported["number"])
        clue = await self.handed_over(clue, self.office.unit)
        handling = {
            "handling": "preliminary_verification",
            "on": "2017-06-28",
            "handling_unit_number": department["number"],
        }
        return (
            self.under(department, reported),
            lambda: self.colleague.act(clue, "clues", "set_handling", **handling),
        )

    async def clue_transfers_to_unit(self) -> Pair:
        """A transfer to a unit, which becomes kin of the reported one."""
        reported, receiver = await self.make("units"), await self.make("units")
        clue = await self.make("clues", reported_unit_number=reported["number"])
        body = await self.body("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=receiver["number"])
        return self.under(receiver, reported), lambda: self.colleague.post("/v1/clue-transfers", json=body)

    async def clue_transfers_clue(self) -> Pair:
        """A transfer of a clue, which is found to be about the unit that is to receive it."""
        receiver, clue = await self.make("units"), await self.make("clues")
        body = await self.body("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=receiver["number"])
        return (
            lambda: self.office.change(clue, "clues", {"reported_unit_number": receiver["number"]}),
            lambda: self.colleague.post("/v1/clue-transfers", json=body),
        )

    async def handed_over(self, clue: Any, to: Any) -> Any:
        """The clue after it was transferred."""
        transfer = await self.make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=to["number"])
        answer = await self.office.act(transfer, "clue-transfers", "send", on="2017-06-11")
        assert answer.status_code == 200, answer.text
        return await self.office.read(f"/v1/clues/{clue['id']}")


@pytest.fixture
def pairs(office: Api, colleague: Api, make: Maker) -> Pairs:
    return Pairs(office, colleague, make)


CASES = {
    "case_filings_person": ("case-filings", "person"),
    "clues_person": ("clues", "person"),
    "clues_handling_unit": ("clues", "handling_unit"),
    "clue_transfers_to_unit": ("clue-transfers", "to_unit"),
    "clue_transfers_clue": ("clue-transfers", "clue"),
}
RULES = [("requires", *rule) for rule in CASES.values()]


async def in_turn(pair: Pair, meet: Meeting, change_first: bool) -> list[int]:
    """The statuses of the change and of the write, the second of which begins when the first is not committed yet."""
    change, write = pair
    if change_first:
        return [a.status_code for a in await meet.in_turn(change(), write())]
    return [a.status_code for a in await meet.in_turn(write(), change())][::-1]


@tries(*RULES)
@pytest.mark.proof
@pytest.mark.parametrize("name", CASES)
async def test_the_rule_is_judged_by_what_is_just_changed(name: str, pairs: Pairs, meet: Meeting) -> None:
    async def case(seed: int) -> int:
        changed, written = await in_turn(await getattr(pairs, name)(), meet, change_first=bool(seed % 2))
        assert changed == 200, (name, seed)
        assert written == 422 if seed % 2 else written in (200, 201), (name, seed, written)
        return 2

    await prove(f"races-required-{name}", 1000, 20, case)


# Of who holds or handles a clue the database has the last word, and a lock of its own.
HOLDING = {"clues_handling_unit"}


@breaks(*(rule for rule in RULES if "handling_unit" not in rule))
@pytest.mark.parametrize("name", [name for name in CASES if name not in HOLDING])
async def test_without_a_lock_the_rule_is_judged_by_what_is_over(
    name: str, pairs: Pairs, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LOOKED_AT", "key share")  # which waits for no change
    monkeypatch.setattr(rules, "CHANGED", "key share")
    changed, written = await in_turn(await getattr(pairs, name)(), meet, change_first=True)
    assert changed == 200 and written in (200, 201), "the two did not meet"


@asynccontextmanager
async def without_last_word(owner: Any) -> AsyncIterator[None]:
    """The trigger that refuses kin does not lock the units that it looks at."""
    written = await owner.fetchval("select pg_get_functiondef('refuse_kin()'::regprocedure)")
    unlocked = re.sub(r"perform from unit .*? for share;", "", written)
    assert unlocked != written
    await owner.execute(unlocked)
    try:
        yield
    finally:
        await owner.execute(written)


@breaks(("requires", "clues", "handling_unit"), ("requires", "clues", "holder_unit"))
async def test_without_a_lock_a_clue_is_given_to_who_is_just_becoming_kin(
    pairs: Pairs, meet: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LOOKED_AT", "key share")
    async with without_last_word(meet.owner):
        assert await in_turn(await pairs.clues_handling_unit(), meet, change_first=True) == [200, 200]


@pytest.fixture
async def holder(make: Maker, service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[tuple[Any, Api]]:
    """A unit that holds clues, and the account that reads them for it."""
    unit = await make("units")
    name = f"holds-{unit['number'].lower()}"
    await account(database.application_url, name, "case_supervision", HOME, unit_number=unit["number"])
    async with Api.signed_in(service, name) as api:
        yield unit, api


@tries(("requires", "clues", "holder_unit"))
@pytest.mark.proof
async def test_a_clue_is_not_found_to_be_about_its_holder_who_is_just_becoming_kin(
    pairs: Pairs, office: Api, make: Maker, meet: Meeting, holder: tuple[Any, Api]
) -> None:
    unit, api = holder

    async def case(seed: int) -> int:
        reported, clue = await make("units"), await make("clues")
        await pairs.handed_over(clue, unit)
        clue = await api.read(f"/v1/clues/{clue['id']}")
        now = await office.read(f"/v1/units/{unit['id']}")

        async def found() -> Answer:
            return await api.change(clue, "clues", {"reported_unit_number": reported["number"]})

        changed, written = await in_turn((pairs.under(now, reported), found), meet, change_first=bool(seed % 2))
        assert changed == 200 and (written in (200, 204)) != bool(seed % 2), (seed, changed, written)
        about = await meet.owner.fetchval("select reported_unit_id::text from clue where id = $1", clue["id"])
        assert about == (None if seed % 2 else reported["id"])
        now = await office.read(f"/v1/units/{unit['id']}")
        answer = await office.change(now, "units", {"parent_number": None})
        assert answer.status_code == 200, answer.text
        return 2

    await prove("races-required-clues_holder_unit", 1000, 20, case)
