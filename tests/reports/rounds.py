"""Random rounds: steps that a test draws, carried out over HTTP as a clerk would."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from app.records import REGISTRY
from tests.support.callers import Api
from tests.support.records import Maker

DAY, LATER, DUE = "2017-06-01", "2017-07-01", "2017-08-01"
QUANTITIES = (
    {"value": 0, "qualifier": "about"},
    {"value": 7, "qualifier": "exact"},
    {"value": 300, "qualifier": "at_least"},
    {"value": 40, "qualifier": "about"},
    None,
)
KINDS = ("municipal_department", "township_street", "village_group", "other")


class Step(NamedTuple):
    """One record: what kind, in which of the two rounds, and four choices whose meaning depends on the kind."""

    kind: str
    home: int
    a: int
    b: int
    c: int
    voided: bool


class World:
    """Two rounds of one jurisdiction, with few units and persons, so that doubles are common."""

    def __init__(self, api: Api, rounds: list[Maker], units: list[Any], persons: list[Any]) -> None:
        self.api, self.rounds, self.units, self.persons = api, rounds, units, persons
        self.made: list[tuple[str, Any, bool]] = []

    async def round_number(self, home: int) -> str:
        """The number of one of the two rounds."""
        return str((await self.rounds[home].shared("rounds"))["number"])

    async def new(self, step: Step, path: str, **given: Any) -> Any:
        """A record of the step's round; None if the register has one with the same natural key."""
        maker = self.rounds[step.home]
        given = {name: value for name, value in given.items() if value is not None}
        body = await maker.body(REGISTRY.by_path[path], **given)
        answer = await self.api.post(f"/v1/{path}", json=body)
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 409:
            return None
        self.made.append((path, answer.json(), step.voided))
        return answer.json()

    async def walk(self, path: str, record: Any, *actions: tuple[str, dict[str, Any]]) -> None:
        """Takes a record along its lifecycle, as far as it goes."""
        for action, body in actions if record else ():
            record = await self.api.read(f"/v1/{path}/{record['id']}")
            if (await self.api.act(record, path, action, **body)).status_code != 200:
                return

    def some(self, path: str, choice: int) -> Any:
        """One of the records made so far, of either round."""
        found = [record for p, record, _ in self.made if p == path]
        return found[choice % len(found)] if found else None

    async def void(self) -> None:
        """Voids what the steps say, the latest first; what is referred to stays."""
        for path, record, voided in reversed(self.made):
            if voided:
                await self.walk(path, record, ("void", {"reason": "重复登记"}))


async def _team(world: World, step: Step) -> None:
    await world.new(step, "teams")


async def _member(world: World, step: Step) -> None:
    team = world.some("teams", step.a)
    await world.new(step, "team-members", team_number=team and team["number"])


async def _target(world: World, step: Step) -> None:
    await world.new(step, "targets", unit_number=world.units[step.a]["number"])


async def _visit(world: World, step: Step) -> None:
    unit = world.units[step.a]["number"]
    households, interviews = QUANTITIES[step.b], QUANTITIES[step.c]
    await world.new(step, "visits", unit_number=unit, households=households, interviews=interviews)


async def _category(world: World, step: Step) -> None:
    await world.new(step, "finding-categories", phase=("focus", "feedback")[step.a % 2])


async def _finding(world: World, step: Step) -> None:
    category = world.some("finding-categories", step.b)
    finding = await world.new(step, "findings", category_number=category and category["number"])
    if step.c:
        await world.walk("findings", finding, ("feed_back", {"on": DAY}))


async def _opinion(world: World, step: Step) -> None:
    finding = world.some("findings", step.b)
    opinion = await world.new(step, "rectification-opinions", finding_number=finding and finding["number"])
    accept = {"responsible_person": "责任人甲", "due_on": DUE, "measures": ["补齐资料"]}
    way = (("accept", accept), ("complete", {"on": DAY, "result": "已补齐"}), ("close_off", {"on": LATER}))
    await world.walk("rectification-opinions", opinion, *way[: step.c])
    await world.walk("findings", finding, *(("close_off", {"on": LATER}),)[: step.a])


async def _immediate(world: World, step: Step) -> None:
    matter = await world.new(step, "immediate-rectifications")
    await world.walk("immediate-rectifications", matter, *(("resolve", {"on": DAY, "result": "已发放"}),)[: step.c])


async def _clue(world: World, step: Step) -> None:
    await world.new(step, "clues")


async def _merge(world: World, step: Step) -> None:
    """Merges a clue into an earlier one, so that chains come about and circles do not."""
    clues = [record for path, record, _ in world.made if path == "clues"]
    if step.b < step.a < len(clues):
        merged = {"reason": "重复线索", "merged_into_number": clues[step.b]["number"]}
        await world.walk("clues", clues[step.a], ("correct", merged))


async def _transfer(world: World, step: Step) -> None:
    clues = {c["number"] for c in (world.some("clues", step.a), world.some("clues", step.b)) if c}
    given = {"clue_numbers": sorted(clues)} if clues else {}
    transfer = await world.new(step, "clue-transfers", to_unit_number=world.units[4]["number"], **given)
    way: list[tuple[str, dict[str, Any]]] = [("send", {"on": DAY}), ("receive", {"on": DAY, "received_by": "经办01"})]
    ends = (("feed_back", {"on": LATER, "result": "已办结"}), ("give_back", {"reason": "不属管辖"}))
    part = ("give_back", {"reason": "内容不清", "clue_numbers": sorted(clues)[:1]})
    way += [(*ends, part)[step.b % 3]] if clues else []
    await world.walk("clue-transfers", transfer, *way[: step.c])


async def _progress(world: World, step: Step) -> None:
    way = (
        ("conclude", {"on": LATER, "result": "不属实"}),
        ("close_off", {"on": DUE}),
        ("reopen", {"reason": "新证据"}),
    )
    await world.walk("clues", world.some("clues", step.a), *way[: step.c])


async def _filing(world: World, step: Step) -> None:
    filing = await world.new(step, "case-filings", person_number=world.persons[step.a]["number"])
    way = (("decide", {"on": LATER}), ("withdraw", {"reason": "没有证据"}), None)[step.c % 3]
    await world.walk("case-filings", filing, *([way] if way else []))


async def _accountability(world: World, step: Step) -> None:
    await world.new(step, "accountability-decisions", **_subject(world, step))


async def _admonishment(world: World, step: Step) -> None:
    kind = ("collective_talk", "talk")[step.c % 2]
    await world.new(step, "admonishments", kind=kind, **_subject(world, step))


def _subject(world: World, step: Step) -> dict[str, str]:
    if step.b % 2:
        return {"subject_kind": "unit", "unit_number": world.units[step.a]["number"]}
    return {"subject_kind": "person", "person_number": world.persons[step.a]["number"]}


async def _referral(world: World, step: Step) -> None:
    await world.new(step, "judicial-referrals", person_number=world.persons[step.a]["number"])


async def _look_back(world: World, step: Step) -> None:
    conclusion = ("rectified", "relapsed", None)[step.c % 3]
    finding = world.some("findings", step.b)
    given = {"conclusion": conclusion, "finding_number": finding and finding["number"]}
    await world.new(step, "look-backs", **_subject(world, step), **given)


ACTS: dict[str, Callable[[World, Step], Awaitable[None]]] = {
    "team": _team,
    "member": _member,
    "target": _target,
    "visit": _visit,
    "category": _category,
    "finding": _finding,
    "opinion": _opinion,
    "immediate": _immediate,
    "clue": _clue,
    "merge": _merge,
    "transfer": _transfer,
    "progress": _progress,
    "filing": _filing,
    "accountability": _accountability,
    "admonishment": _admonishment,
    "referral": _referral,
    "look_back": _look_back,
}
# What the rules with most cases need.
OFTEN = ("clue", "clue", "merge", "merge", "transfer", "transfer", "category", "finding", "finding", "opinion", "visit")
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from([*ACTS, *OFTEN]),
        st.integers(0, 1),
        st.integers(0, 3),
        st.integers(0, 3),
        st.integers(0, 4),
        st.sampled_from([False, False, False, True]),
    ),
    min_size=30,
    max_size=50,
)


async def carry_out(world: World, steps: list[Step]) -> None:
    """All steps, then the voidings."""
    for step in steps:
        await ACTS[step.kind](world, step)
    await world.void()
