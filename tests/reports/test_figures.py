"""Every figure is its rule over its records, and the drill-down shows those records and no others."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from app.reports.figures import BY_NAME, FIGURES
from app.reports.work_list import sentence, spoken
from tests.reports.rounds import KINDS, STEPS, Step, World, carry_out
from tests.reports.rules import LISTED, Book, read_book, value
from tests.support.callers import Api
from tests.support.records import Maker

# Two clues go out with one transfer; one is concluded, closed off, and then found to be the other one.
CLOSED_OFF_THEN_MERGED = [
    Step("clue", 0, 0, 0, 0, False),
    Step("clue", 0, 0, 0, 0, False),
    Step("transfer", 1, 0, 1, 1, False),
    Step("progress", 0, 1, 0, 2, False),
    Step("merge", 0, 1, 0, 0, False),
]


@pytest.fixture(scope="session")
async def register(office: Api) -> tuple[list[Any], list[Any]]:
    """Units of every kind that figures tell apart, one that receives clues, and persons."""
    make = Maker(office)
    units = [await make("units", kind=kind) for kind in (*KINDS, "discipline_body")]
    persons = [await make("persons", unit_number=units[i]["number"]) for i in range(4)]
    return units, persons


async def drilled(api: Api, number: str, name: str) -> dict[str, Any]:
    """The drill-down of a figure with the items of all pages."""
    found: dict[str, Any] = {"items": [], "next_cursor": ""}
    items: list[Any] = []
    while found["next_cursor"] is not None:
        cursor = {"cursor": found["next_cursor"]} if found["next_cursor"] else {}
        found = await api.read(f"/v1/rounds/{number}/work-list/{name}", limit=5, **cursor)
        items += found["items"]
    return {**found, "items": items}


def member(work_list: Any, name: str) -> Any:
    """The figure where it stands in the work list."""
    for part in BY_NAME[name].name.split("."):
        work_list = work_list[part]
    return work_list


# Without shrinking: an example takes half a second, and shrinking takes hundreds of them.
@settings(
    max_examples=15,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)
@given(steps=STEPS)
@example(steps=CLOSED_OFF_THEN_MERGED)
async def test_every_figure_is_its_rule_applied_to_the_records_of_its_drill_down(
    office: Api, leaders: Api, register: tuple[list[Any], list[Any]], steps: list[Step]
) -> None:
    world = World(office, [Maker(office), Maker(office)], *register)
    numbers = [await world.round_number(0), await world.round_number(1)]
    await carry_out(world, steps)

    records = await read_book(office, numbers)
    for number in numbers:
        book = Book(records, number)
        work_list = await office.read(f"/v1/rounds/{number}/work-list")
        assert work_list["text"] == sentence(work_list)
        for name, listed in LISTED.items():
            expected = listed(book)
            found = await drilled(leaders, number, name)
            assert [r["number"] for r in found["items"]] == sorted(r["number"] for r in expected), name
            # Of a filing that is not decided the leading group reads no person: counted is what the bureau reads.
            assert found["value"] == value(name, expected) == member(work_list, name), name
            assert found["withheld"] == 0
        unseen = await drilled(office, number, "persons_case_filed")
        filings = LISTED["persons_case_filed"](book)
        assert (unseen["items"], unseen["withheld"]) == ([], len(filings)), "the office is told the figure alone"


def test_the_rules_cover_every_figure() -> None:
    assert {BY_NAME[name].name for name in LISTED} == {figure.name for figure in FIGURES}


def test_a_figure_answers_to_its_place_and_to_its_last_name() -> None:
    for name in (
        "targets",
        "targets.total",
        "village_groups",
        "targets.village_groups",
        "relapsed",
        "follow_up.relapsed",
    ):
        assert name in BY_NAME
    assert "total" not in BY_NAME
    assert len(BY_NAME) == sum(len(figure.names) for figure in FIGURES), "two figures share a name"


@pytest.mark.parametrize(
    ("qualifier", "households", "interviews"),
    [("exact", "300户", "500人次"), ("at_least", "300余户", "500多人次"), ("about", "约300户", "约500人次")],
)
def test_quantities_are_worded_as_the_report_words_them(qualifier: str, households: str, interviews: str) -> None:
    assert spoken({"value": 300, "qualifier": qualifier}, "户", "余") == households
    assert spoken({"value": 500, "qualifier": qualifier}, "人次", "多") == interviews


def test_the_sentence_of_the_report() -> None:
    members: dict[str, Any] = {figure.name: 0 for figure in FIGURES if "." not in figure.name}
    members |= {"teams": 3, "targets": {"village_groups": 40}, "finding_items": 30, "feedback_categories": 6}
    members |= {"households_visited": {"value": 300, "qualifier": "at_least"}, "rectification_opinions": 294}
    members |= {"interviews": {"value": 500, "qualifier": "at_least"}, "persons_held_accountable": 29}
    assert sentence(members) == (
        "3个巡察组，下沉到40个村组，走访贫困户300余户，了解谈话500多人次；反馈6大类30项问题，提出整改意见294条，"
        "移交问题线索0条；立案审查0人，问责29人，集体约谈0个单位，移送司法0人。"
    )
