"""The clock against the notices of ten years, and against a naive count of days."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from app.deadlines.rules import LABELS
from tests.deadlines.notices import FIRST, LAST, each, is_off, naive
from tests.support.callers import Api
from tests.support.proofs import prove

PERIODS = 400
# A period of `clue_feedback` (3 months), `inquiry_reply` (15 working days), `immediate_rectification` (30 days).
TABLE = [
    ("clue_feedback", "2017-06-12", "2017-09-12"),
    ("clue_feedback", "2017-07-01", "2017-10-09"),  # 1 October 2017 began eight days off
    ("clue_feedback", "2016-11-30", "2017-02-28"),  # no 30 February
    ("clue_feedback", "2017-11-30", "2018-02-28"),
    ("clue_feedback", "2019-11-29", "2020-02-29"),  # a Saturday, moved on to Monday
    ("clue_feedback", "2018-01-08", "2018-04-08"),  # a Sunday that was worked
    ("inquiry_reply", "2017-09-25", "2017-10-20"),  # 30 September worked, 1 to 8 October off
    ("inquiry_reply", "2020-01-17", "2020-02-14"),  # the spring festival of 2020 was made longer
    ("inquiry_reply", "2026-09-18", "2026-10-15"),  # 20 September and 10 October worked
    ("immediate_rectification", "2024-04-01", "2024-05-06"),
    ("immediate_rectification", "2026-01-29", "2026-02-28"),  # a Saturday that was worked
]
ROLLED = {"2019-11-29": "2020-03-02"}


async def reckoned(api: Api, rule: str, since: str) -> Any:
    return await api.read("/v1/deadlines/calculate", rule=rule, **{"from": since})


async def test_the_calendar_is_that_of_the_notices_on_each_day_of_ten_years(admin: Api) -> None:
    told = {}
    for year in range(FIRST.year, LAST.year + 1):
        found = await admin.read("/v1/calendar-days", year=year)
        assert found["known"]
        told |= {item["day"]: item["kind"] for item in found["items"] if item["jurisdiction"] == ""}
    for day in each(FIRST, LAST):
        kind = told.get(day.isoformat())
        assert is_off(day) == (kind == "holiday" or (day.weekday() > 4 and kind != "workday")), day


@pytest.mark.parametrize(("rule", "since", "due"), TABLE)
async def test_a_period_ends_on_the_day_of_the_table(office: Api, rule: str, since: str, due: str) -> None:
    found = await reckoned(office, rule, since)
    assert found["due_on"] == ROLLED.get(since, due)
    last = found["days"][-1]
    assert (last["day"], found["days"][0]["why"]) == (found["due_on"], "trigger")
    assert not found["provisional"]


async def test_each_day_that_does_not_count_says_why(office: Api) -> None:
    found = await reckoned(office, "inquiry_reply", "2017-09-25")
    why = {item["day"]: (item["why"], item["note"]) for item in found["days"]}
    assert why["2017-09-25"] == ("trigger", None)
    assert why["2017-09-30"] == ("made_up", "国庆节调休上班")
    assert why["2017-10-02"] == ("holiday", "国庆节")
    assert why["2017-10-14"] == ("weekend", None)
    assert [item["n"] for item in found["days"] if item["counted"]] == list(range(1, 16))
    moved = await reckoned(office, "clue_feedback", "2017-07-01")
    assert [d["why"] for d in moved["days"][-9:]] == ["counted", *["rolled"] * 8]


async def test_beyond_the_calendar_a_day_is_provisional_and_says_so(office: Api) -> None:
    for since, provisional in (("2026-10-01", True), ("2026-08-01", False), ("2027-05-01", True)):
        assert (await reckoned(office, "clue_feedback", since))["provisional"] is provisional, since
    # New Year is announced with the year that begins, and may give and take the last days of December.
    assert (await reckoned(office, "immediate_rectification", "2026-11-27"))["provisional"]
    assert not (await reckoned(office, "immediate_rectification", "2026-11-20"))["provisional"]


async def test_a_period_is_that_of_a_naive_count_of_days(admin: Api, neighbour: Api) -> None:
    async def case(seed: int) -> int:
        chance = random.Random(seed)
        rule, unit = chance.choice([*LABELS]), chance.choice(["day", "working_day", "month"])
        amount, roll = chance.randint(1, {"day": 120, "working_day": 60, "month": 12}[unit]), chance.random() < 0.7
        answer = await admin.post(
            "/v1/deadline-policies",
            json={
                "jurisdiction": "431381", "rule": rule, "valid_from": "2000-01-01", "amount": amount, "unit": unit,
                "roll": roll, "citation": f"示〔{seed}〕", "reason": "核对",
            },
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        for _ in range(10):
            since = FIRST + timedelta(days=chance.randrange((date(2025, 6, 1) - FIRST).days))
            found = await reckoned(neighbour, rule, since.isoformat())
            told = (found["due_on"], found["provisional"])
            assert told == (naive(since, amount, unit, roll).isoformat(), False), (since, amount, unit, roll)
            counted = [date.fromisoformat(d["day"]) for d in found["days"] if d["counted"]]
            assert unit != "working_day" or (len(counted) == amount and not any(map(is_off, counted)))
        answer = await admin.post(
            f"/v1/deadline-policies/{answer.json()['id']}/actions/withdraw", json={"reason": "核对完毕"}
        )
        assert answer.status_code == 200, answer.text
        return 10

    await prove("a period is that of a naive count of days", PERIODS, 20, case)
