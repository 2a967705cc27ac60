"""What stands in no row of a file comes back as a list, on request, by the rights of the list; nothing is closed."""

from typing import Any

import pytest

from tests.imports.conftest import Place
from tests.support.callers import CSV, LOADER, NDJSON, OFFICE
from tests.support.ledgers import FINDING, delimited, finding, lines
from tests.support.sent_back import as_colleague


async def asked(place: Place, imported: Any, who: str = OFFICE, **query: Any) -> Any:
    answer = await as_colleague(place.api, who).get(f"/v1/imports/{imported['id']}/missing", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def numbers(place: Place, imported: Any, **query: Any) -> list[int]:
    """The last digits of the numbers of what is missing, page by page."""
    found, cursor = [], None
    while True:
        page = await asked(place, imported, **query, **({"cursor": cursor} if cursor else {}))
        found += [int(item["number"][-4:]) for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            return found


@pytest.fixture
async def held(place: Place) -> Place:
    """A place with nine findings in its round, of two units, and one in another round."""
    rows = [finding(place.code, n, 被巡察单位="杨柳镇" if n > 6 else "龙泉镇") for n in range(1, 10)]
    second = [
        ["年度", "轮次", "巡察类型", "主题", "开始日期", "行政区划代码"],
        [2017, 2, "常规", "政治", "2017-09-10", place.code],
    ]
    other = f"{place.code}-2017-02"
    categories = [["轮次编号", "阶段", "类别编码", "类别名称"], [other, "反馈", "A", "作风建设不扎实"]]
    teams = [["轮次编号", "组别", "组长"], [other, "第一巡察组", "组长丙03"]]
    elsewhere = finding(place.code, 1, 轮次编号=other)
    elsewhere[0] = f"{other}-F-0001"
    sheets = {"巡察轮次": second, "问题类别": categories, "巡察组": teams, "问题台账": [FINDING, *rows, elsewhere]}
    done = await place.commit(sheets)
    assert done["state"] == "committed", await place.api.rows(done, "rejected")
    return place


async def sent(place: Place, rows: list[list[Any]], who: str = OFFICE, **query: Any) -> Any:
    query = {"type": "findings", "mode": "preview", **query}
    return await as_colleague(place.api, who).import_file(delimited([FINDING, *rows]), CSV, **query)


async def test_records_of_the_rounds_in_the_file_that_are_in_no_row_are_listed(held: Place) -> None:
    rejected = finding(held.code, 4, 发现日期="2017-13-45")
    unnumbered = finding(held.code, 99)
    unnumbered[0], unnumbered[5] = "", "新的"
    done = await sent(held, [finding(held.code, 1), finding(held.code, 2, 问题标题="改"), rejected, unnumbered])
    assert await numbers(held, done) == [3, 5, 6, 7, 8, 9]
    assert await numbers(held, done, limit=2, sort="-number") == [9, 8, 7, 6, 5, 3]
    assert await numbers(held, done, unit_number=f"{held.code}-U045") == [3, 5, 6]
    assert await numbers(held, done, round_number=f"{held.code}-2017-02") == []
    page = await asked(held, done, limit=1)
    assert page["items"] == [await held.api.read(f"/v1/findings/{held.round}-F-0003")]
    before = await held.api.every("findings")
    assert [f["version"] for f in before] == [1] * 10  # nothing is closed


async def test_a_file_of_both_rounds_misses_what_is_in_neither_row(held: Place) -> None:
    other = f"{held.code}-2017-02"
    moved = lines([{"number": f"{held.round}-F-0001"}, {"number": f"{other}-F-0001"}])
    done = await as_colleague(held.api, OFFICE).import_file(moved, NDJSON, type="findings", mode="preview")
    assert await numbers(held, done) == list(range(2, 10))
    nothing = await sent(held, [finding(held.code, 77, 轮次编号="没有这一轮")])
    assert await numbers(held, nothing) == []


async def test_committed_rows_are_in_the_file_and_voided_records_are_not_missed(held: Place) -> None:
    gone = await held.api.read(f"/v1/findings/{held.round}-F-0009")
    assert (await held.api.act(gone, "findings", "void", reason="误录")).status_code == 200
    done = await sent(held, [finding(held.code, n) for n in (1, 2, 3, 4, 5, 6, 50)], mode="commit")
    assert done["state"] == "committed" and done["sheets"][0]["created"] == 1
    assert await numbers(held, done) == [7, 8]


async def test_registers_without_a_round_are_missed_whole(held: Place) -> None:
    rows = [["单位编码", "单位名称"], [f"{held.code}-U001", "市纪律检查委员会"]]
    office = as_colleague(held.api, OFFICE)
    done = await office.import_file(delimited(rows), CSV, type="units", mode="preview")
    every = await held.api.every("units", sort="number")
    page = await asked(held, done, limit=200)
    assert [u["number"] for u in page["items"]] == [u["number"] for u in every if not u["number"].endswith("U001")]
    members = lines([{"team_number": f"{held.round}-Z-001", "name": "组员甲", "seconded_from_name": "市财政局"}])
    assert (await office.import_file(members, NDJSON, type="team-members"))["state"] == "committed"
    other = lines([{"team_number": f"{held.round}-Z-002", "name": "组员乙", "seconded_from_name": "市财政局"}])
    done = await office.import_file(other, NDJSON, type="team-members", mode="preview")
    assert (await asked(held, done))["items"] == []


async def test_what_is_asked_amiss_is_refused(held: Place) -> None:
    done = await sent(held, [finding(held.code, 1)])
    by_loader = await sent(held, [finding(held.code, 1)], LOADER)
    office, loader = (as_colleague(held.api, who) for who in (OFFICE, LOADER))
    for caller, imported, query, expected in (
        (office, done, {"type": "units"}, (400, "bad_query")),
        (office, done, {"nonsense": "1"}, (400, "bad_query")),
        (office, done, {"cursor": "x"}, (400, "bad_cursor")),
        (loader, by_loader, {}, (403, "forbidden")),  # it lists nothing
        (office, by_loader, {}, (404, "not_found")),
        (loader, done, {}, (404, "not_found")),
        (office, {"id": "nonsense"}, {}, (404, "not_found")),
    ):
        answer = await caller.get(f"/v1/imports/{imported['id']}/missing", params=query)
        assert (answer.status_code, answer.json()["code"]) == expected, (query, answer.text)
    failed = await office.import_file(b"\x00\x01", CSV, type="findings", mode="preview")
    answer = await office.get(f"/v1/imports/{failed['id']}/missing", params={"type": "findings"})
    assert (answer.status_code, answer.json()["code"]) == (409, "import_not_checked"), (failed, answer.text)
