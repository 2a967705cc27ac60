"""The figures of the bulletin, compared with a count of the records that does not know how they are counted."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.reports.discipline import FIGURES
from tests.support.bureaus import bureau
from tests.support.callers import Api
from tests.support.records import Maker

ADDRESS = "/v1/statistics/discipline"
CODE = "431399"
FIRST, DAYS = date(2018, 1, 1), 800
RANKS = ("township", "county", "general_staff", None)
NOTHING = ("none", None)


@pytest.fixture(scope="session")
async def statistical(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[tuple[Api, dict[str, list[Any]]]]:
    """A division of its own with some years of records, and these records as a list gives them."""
    async with bureau(service, database.application_url, "statistical", CODE) as api:
        await _enter(api, random.Random(20171201))
        paths = ("clues", "case-filings", "accountability-decisions", "judicial-referrals", "persons")
        read = {path: await api.every(path) for path in paths}
        yield api, read


async def _enter(api: Api, draw: random.Random) -> None:
    make = Maker(api)

    def on() -> str:
        return str(FIRST + timedelta(draw.randrange(DAYS)))

    async def act(record: Any, path: str, action: str, **body: Any) -> Any:
        answer = await api.act(record, path, action, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    persons = [await make("persons", rank=draw.choice(RANKS), is_village_manager=draw.random() < 0.3) for _ in range(7)]
    for _ in range(12):
        source = draw.choice(["petition", "inspection", "audit"])
        clue = await make("clues", source=source, registered_on=on())
        if draw.random() < 0.2:
            await act(clue, "clues", "void", reason="重复")
        elif draw.random() < 0.6:
            transfer = await make("clue-transfers", clue_numbers=[clue["number"]])
            await act(transfer, "clue-transfers", "send", on=clue["registered_on"])
            clue, handling = (
                await api.read(f"/v1/clues/{clue['id']}"),
                draw.choice(["talk_inquiry", "preliminary_verification"]),
            )
            await act(clue, "clues", "set_handling", handling=handling, on=str(FIRST + timedelta(DAYS)))
    for _ in range(25):
        who, filed = draw.choice(persons), on()
        lane = draw.choice(["party", "supervisory"])
        filing = await make("case-filings", person_number=who["number"], lane=lane, filed_on=filed)
        if draw.random() < 0.6:
            party = draw.choice(["warning", "expulsion", *NOTHING])
            admin = draw.choice(["warning", None]) if who["is_village_manager"] else draw.choice(["demerit", None])
            given = {"party_sanction": party, "admin_sanction": admin}
            body = {name: value for name, value in given.items() if value}
            later = str(date.fromisoformat(filed) + timedelta(draw.randrange(90)))
            filing = await act(filing, "case-filings", "decide", on=later, **body)
        elif draw.random() < 0.4:
            await act(filing, "case-filings", "withdraw", reason="查否")
        if draw.random() < 0.2:
            await make("judicial-referrals", person_number=who["number"], referred_on=on())
    for _ in range(20):
        kind = draw.choice(["person", "unit"])
        modes = ["unit_review", "unit_bulletin"] if kind == "unit" else ["admonition", "bulletin"]
        given = {"person_number": draw.choice(persons)["number"]} if kind == "person" else {}
        form = draw.choice([1, 2, 3, 4, None])
        more = {"mode": draw.choice(modes), "form": form, "decided_on": on()}
        await make("accountability-decisions", subject_kind=kind, **given, **more)


def counted(read: dict[str, list[Any]], first: date, last: date) -> dict[str, tuple[int, Counter[Any]]]:
    """Every figure of a period and its parts, counted over the lists, from which voided records are absent."""

    def within(path: str, day: str) -> list[Any]:
        return [r for r in read[path] if r[day] and first <= date.fromisoformat(r[day]) <= last]

    def cases(records: Iterable[Any], by: str) -> tuple[int, Counter[Any]]:
        found = list(records)
        return len(found), Counter(r[by] for r in found)

    def each(records: Iterable[Any], what: str, by: str | None) -> tuple[int, Counter[Any]]:
        found = list(records)
        pairs = {(r[by], r[what]) for r in found} if by else set()
        return len({r[what] for r in found}), Counter(code for code, _ in pairs)

    village = {p["id"] for p in read["persons"] if p["is_village_manager"]}
    filed = [f for f in within("case-filings", "filed_on") if f["state"] != "withdrawn"]
    decided = [f for f in within("case-filings", "concluded_on") if f["state"] == "decided"]
    kinds: dict[str, set[str]] = {}
    for f in decided:
        for kind, member in (("party", "party_sanction"), ("administrative", "admin_sanction")):
            if f[member] not in (None, "none", "exempted"):
                kinds.setdefault(f["person_id"], set()).add(kind)
    sanctioned = [f for f in decided if {f["party_sanction"], f["admin_sanction"]} - {None, "none", "exempted"}]
    decisions = within("accountability-decisions", "decided_on")
    people = [d for d in decisions if d["subject_kind"] == "person"]
    return {
        "clues_registered": cases(within("clues", "registered_on"), "source"),
        "clues_handled": cases(within("clues", "handling_decided_on"), "handling"),
        "cases_filed": cases(filed, "lane"),
        "persons_filed": each(filed, "person_id", "person_rank"),
        "village_managers_filed": each((f for f in filed if f["person_id"] in village), "person_id", None),
        "persons_sanctioned": each(sanctioned, "person_id", "person_rank"),
        "persons_by_sanction": (len(kinds), Counter("both" if len(k) == 2 else k.copy().pop() for k in kinds.values())),
        "four_forms": cases(({**d, "form": str(d["form"])} for d in people if d["form"]), "form"),
        "persons_held_accountable": each(people, "person_id", "mode"),
        "units_held_accountable": each((d for d in decisions if d["subject_kind"] == "unit"), "unit_id", "mode"),
        "persons_referred_judicial": each(within("judicial-referrals", "referred_on"), "person_id", None),
    }


def a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


async def test_every_figure_is_what_a_count_of_the_lists_gives(
    statistical: tuple[Api, dict[str, list[Any]]],
) -> None:
    api, read = statistical
    draw = random.Random(7)
    periods = [(FIRST, FIRST + timedelta(DAYS)), (date(2019, 2, 28), date(2020, 2, 29)), (FIRST, FIRST)]
    for _ in range(20):
        begin = FIRST + timedelta(draw.randrange(DAYS))
        periods.append((begin, begin + timedelta(draw.randrange(400))))
    compared = 0
    for first, last in periods:
        answer = await api.read(ADDRESS, **{"from": str(first), "to": str(last)})
        assert [f["name"] for f in answer["figures"]] == [f.name for f in FIGURES]
        now, before = counted(read, first, last), counted(read, a_year_before(first), a_year_before(last))
        for f in answer["figures"]:
            (value, parts), (former, former_parts) = now[f["name"]], before[f["name"]]
            assert (f["value"], f["year_before"]) == (value, former), (f["name"], first, last)
            told = {p["code"]: (p["value"], p["year_before"]) for p in f["parts"]}
            assert {c: v for c, v in told.items() if v != (0, 0)} == {
                c: (parts[c], former_parts[c]) for c in {*parts, *former_parts}
            }, (f["name"], first, last)
            compared += len(told) + 1
    whole = counted(read, FIRST, FIRST + timedelta(DAYS))
    assert compared > 500 and all(value for value, _ in whole.values()), "a figure of nothing is not tried"


async def test_a_figure_of_nothing_is_a_nought_and_the_period_begins_with_the_year(
    statistical: tuple[Api, dict[str, list[Any]]],
) -> None:
    api, _ = statistical
    answer = await api.read(ADDRESS, to="2003-03-31")
    assert (answer["from"], answer["to"]) == ("2003-01-01", "2003-03-31")
    assert all(f["value"] == f["year_before"] == 0 for f in answer["figures"])
    assert all(p["value"] == 0 and p["code"] for f in answer["figures"] for p in f["parts"])
    assert {f["unit"] for f in answer["figures"]} == {"件", "人", "人次", "个"}


@pytest.mark.parametrize(
    ("params", "pointer", "code"),
    [
        ({"from": "2017-02-30"}, "from", "not_a_day"), ({"to": "2017年"}, "to", "not_a_day"),
        ({"from": "2018-01-01", "to": "2017-01-01"}, "from", "period_reversed"),
        ({"year": "2017"}, "year", "unknown_parameter"),
    ],
)  # fmt: skip
async def test_a_period_that_is_none_is_refused(office: Api, params: dict[str, str], pointer: str, code: str) -> None:
    answer = await office.get(ADDRESS, params=params)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_it_is_for_those_who_read_the_work_list_and_records(
    office: Api, loader: Api, superior: Api, anonymous: Any, neighbour: Api, statistical: tuple[Api, Any]
) -> None:
    for api in (loader, superior):
        assert (await api.get(ADDRESS)).status_code == 403
    assert (await anonymous.get(ADDRESS, params={"colour": "red"})).status_code == 401
    everything = {"from": "1900-01-01", "to": "2100-01-01"}
    own = {f["name"]: f["value"] for f in (await statistical[0].read(ADDRESS, **everything))["figures"]}
    assert own["cases_filed"] == len([f for f in statistical[1]["case-filings"] if f["state"] != "withdrawn"])
