"""Filters together, against a filter written naively in Python."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.callers import Api
from tests.support.records import Maker

WORD = "组合筛选"
DAYS = [f"2017-05-{d}" for d in range(14, 19)]
CONDUCT = ["slow", "fraud", "inaction"]
SORTS = [
    "number",
    "-number",
    "found_on",
    "-found_on,number",
    "fed_back_on",
    "-fed_back_on,-number",
    "state,-created_at",
]


@pytest.fixture(scope="module")
async def findings(office: Api) -> AsyncIterator[list[Any]]:
    """Forty findings that differ in everything a list can ask for."""
    make = Maker(office)
    units = [(await make("units"))["number"] for _ in range(3)]
    made = []
    for n in range(40):
        record = await make(
            "findings",
            unit_number=units[n % 3],
            found_on=DAYS[n % 5],
            is_immediate=n % 4 == 0,
            conduct=[c for i, c in enumerate(CONDUCT) if n >> i & 1] or None,
            note=WORD + ("甲" if n % 7 else "乙"),
        )
        if n % 2:
            record = (await office.act(record, "findings", "feed_back", on="2017-06-09")).json()
        made.append(record)
    yield made


def some(values: list[str]) -> Any:
    """Nothing, or one to three of the values."""
    return st.none() | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


@given(
    state=some(["registered", "fed_back", "rectified"]),
    conduct=some(CONDUCT),
    immediate=some(["true", "false"]),
    unit=some(["0", "1", "2"]),
    since=st.none() | st.sampled_from(DAYS),
    until=st.none() | st.sampled_from(DAYS),
    fed_back=st.none() | st.sampled_from(["2017-06-08", "2017-06-09", "2017-06-10"]),
    word=st.sampled_from(["", "甲", "乙"]),
    sort=st.sampled_from(SORTS),
    limit=st.sampled_from([3, 17, 200]),
)
@settings(max_examples=80, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
async def test_filters_together_keep_what_each_of_them_keeps(office: Api, findings: list[Any], **asked: Any) -> None:
    units = sorted({f["unit_number"] for f in findings})
    chosen = [units[int(u)] for u in asked["unit"] or ()]
    query: dict[str, Any] = {
        "state": asked["state"], "conduct": asked["conduct"], "is_immediate": asked["immediate"],
        "unit_number": chosen or None, "found_on_from": asked["since"], "found_on_to": asked["until"],
        "fed_back_on_from": asked["fed_back"], "q": WORD + asked["word"], "sort": asked["sort"],
    }  # fmt: skip
    query = {k: v for k, v in query.items() if v is not None}
    expected = {f["id"] for f in findings if keeps(f, asked, chosen)}
    walked, cursor = [], None
    while True:
        page = await office.read(
            "/v1/findings", **query, limit=asked["limit"], **({"cursor": cursor} if cursor else {})
        )
        walked += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(walked) == len(expected) and {f["id"] for f in walked} == expected
    first = asked["sort"].split(",")[0]
    keys = [f[first.lstrip("-")] for f in walked]
    filled = [k for k in keys if k is not None]
    assert filled == sorted(filled, reverse=first.startswith("-")) and keys[: len(filled)] == filled


def keeps(finding: Any, asked: dict[str, Any], units: list[str]) -> bool:
    """The question, answered for one record."""
    return (
        (asked["state"] is None or finding["state"] in asked["state"])
        and (asked["conduct"] is None or bool({*asked["conduct"]} & {*(finding["conduct"] or ())}))
        and (asked["immediate"] is None or str(finding["is_immediate"]).lower() in asked["immediate"])
        and (not units or finding["unit_number"] in units)
        and (asked["since"] is None or finding["found_on"] >= asked["since"])
        and (asked["until"] is None or finding["found_on"] <= asked["until"])
        and (asked["fed_back"] is None or (finding["fed_back_on"] or "") >= asked["fed_back"])
        and WORD + asked["word"] in finding["note"]
    )
