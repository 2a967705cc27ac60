"""The work list over HTTP: who gets it, what is refused, and records that are counted but not shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from tests.support.callers import HOME, NEIGHBOUR, Api
from tests.support.records import Maker

HIDDEN = "不可见的问题"


async def refused(api: Api, path: str, **params: Any) -> tuple[int, str]:
    """Status and code of a request that must not succeed."""
    answer = await api.get(path, params=params)
    return answer.status_code, answer.json()["code"]


async def fed_back(make: Maker, **given: Any) -> Any:
    """A finding that was fed back."""
    finding = await make("findings", **given)
    answer = await make.api.act(finding, "findings", "feed_back", on="2017-06-09")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_round_is_found_by_identifier_and_by_number(office: Api, make: Maker) -> None:
    round_ = await make("rounds")
    by_id = await office.read(f"/v1/rounds/{round_['id']}/work-list")
    assert by_id == await office.read(f"/v1/rounds/{round_['number']}/work-list")
    assert (by_id["round_id"], by_id["round_number"], by_id["jurisdiction"]) == (round_["id"], round_["number"], HOME)


async def test_the_routes_of_rounds_stay_what_they_were(office: Api, make: Maker) -> None:
    round_ = await make("rounds")
    assert (await office.read(f"/v1/rounds/{round_['number']}"))["id"] == round_["id"]
    assert await refused(office, f"/v1/rounds/{round_['id']}/work-lists") == (404, "no_such_path")
    answer = await office.post(f"/v1/rounds/{round_['id']}/work-list")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


async def test_what_is_not_there_is_refused(office: Api, anonymous: Any, neighbour: Api, make: Maker) -> None:
    path = f"/v1/rounds/{(await make('rounds'))['number']}/work-list"
    assert (await anonymous.get(path, params={"colour": "red"})).status_code == 401
    assert await refused(neighbour, path) == await refused(neighbour, f"{path}/teams") == (404, "not_found")
    assert await refused(office, "/v1/rounds/431382-1989-01/work-list") == (404, "not_found")
    assert await refused(office, "/v1/rounds/a%00b/work-list") == (404, "not_found")
    assert await refused(office, f"{path}/total") == (404, "no_such_path")
    assert "teams" in (await office.get(f"{path}/total")).json()["errors"][0]["allowed"]


@pytest.mark.parametrize("name", ["as_of", "until"])
async def test_moments_are_not_available_yet(office: Api, make: Maker, name: str) -> None:
    path = f"/v1/rounds/{(await make('rounds'))['number']}/work-list"
    for address in (path, f"{path}/teams", "/v1/work-lists"):
        assert await refused(office, address, **{name: "2017-08-01"}) == (400, "not_available_yet")


@pytest.mark.parametrize(
    "params", [{"colour": "red"}, {"limit": "0"}, {"limit": "201"}, {"cursor": "x"}, {"year": "17x"}]
)
async def test_wrong_parameters_are_named(office: Api, make: Maker, params: dict[str, str]) -> None:
    path = f"/v1/rounds/{(await make('rounds'))['number']}/work-list/teams"
    answer = await office.get("/v1/work-lists" if "year" in params else path, params=params)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_cursor" or answer.json()["errors"][0]["pointer"] in params


async def test_a_cursor_belongs_to_its_figure_and_round(office: Api, make: Maker) -> None:
    teams = [await make("teams") for _ in range(3)]
    path = f"/v1/rounds/{teams[0]['round_number']}/work-list"
    page = await office.get(f"{path}/teams", params={"limit": 2})
    cursor = page.json()["next_cursor"]
    assert [t["number"] for t in page.json()["items"]] == [t["number"] for t in teams[:2]]
    after = page.headers["link"].partition("<")[2].partition(">")[0]
    assert (await office.get(after)).json()["items"][0]["number"] == teams[2]["number"]
    assert await refused(office, f"{path}/look_backs", limit=2, cursor=cursor) == (400, "bad_cursor")


async def test_work_lists_cover_the_callers_jurisdictions(
    office: Api, superior: Api, make: Maker, make_next_door: Maker
) -> None:
    at_home, next_door = await make("rounds"), await make_next_door("rounds")
    years = {at_home["year"], next_door["year"]}
    own = [w for year in years for w in await lists_of(office, year=year)]
    assert at_home["number"] in {w["round_number"] for w in own}
    assert {w["jurisdiction"] for w in own} == {HOME}
    every = [w for year in years for w in await lists_of(superior, jurisdiction_prefix="4313", year=year)]
    assert {at_home["number"], next_door["number"]} <= {w["round_number"] for w in every}
    assert {w["jurisdiction"] for w in await lists_of(superior, jurisdiction_prefix=NEIGHBOUR)} == {NEIGHBOUR}
    alone = await office.read(f"/v1/rounds/{at_home['number']}/work-list")
    assert alone in own


async def lists_of(api: Api, **params: Any) -> list[Any]:
    """Every work list, in pages of two."""
    items, cursor = [], {}
    while cursor is not None:
        page = await api.read("/v1/work-lists", limit=2, **params, **cursor)
        items += page["items"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    return items


async def test_a_voided_round_leaves_the_work_lists(office: Api, make: Maker) -> None:
    round_ = await make("rounds")
    assert (await office.act(round_, "rounds", "void", reason="重复登记")).status_code == 200
    assert round_["number"] not in {w["round_number"] for w in await lists_of(office, year=round_["year"])}


@asynccontextmanager
async def blindfold(database: EmbeddedPostgres) -> AsyncIterator[None]:
    """While it lasts, one title is hidden from all but the role that counts."""
    connection = await asyncpg.connect(database.superuser_url)
    rule = f"as restrictive for select to ledger_inspection_office using (title <> '{HIDDEN}')"
    await connection.execute(f"create policy blindfold on finding {rule}")
    try:
        yield
    finally:
        await connection.execute("drop policy blindfold on finding")
        await connection.close()


async def test_records_are_read_with_the_callers_own_eyes(office: Api, make: Maker, database: EmbeddedPostgres) -> None:
    shown = await fed_back(make)
    await fed_back(make, title=HIDDEN)
    async with blindfold(database):
        found = await office.read(f"/v1/rounds/{shown['round_number']}/work-list/finding_items")
    assert (found["value"], found["withheld"]) == (2, 1)
    assert [item["number"] for item in found["items"]] == [shown["number"]]
