"""How an export is asked for, and what the access log keeps of it."""

from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from tests.support.callers import OFFICE, SUPERVISION, Api
from tests.support.databases import beside

ROUND = "431382-2017-01"


@pytest.fixture
async def owner(lianyuan: Api, cluster: EmbeddedPostgres) -> Any:
    """The superuser of the database that `lianyuan` stands on."""
    connection = await connect(beside(cluster.superuser_url, "exported"))
    yield connection
    await connection.close()


async def last_entries(owner: Any, number: int = 1) -> list[Any]:
    """The newest entries of the access log, the oldest of them first."""
    found = await owner.fetch(
        "select principal, kind, record_type, cardinality(record_ids) as records, query, count, request_id"
        " from access_log order by seq desc limit $1", number,
    )  # fmt: skip
    return list(reversed(found))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, "not_a_choice"), ({"format": "pdf"}, "not_a_choice"),
        ({"format": "csv", "charset": "utf-16"}, "not_a_choice"),
        ({"format": "xlsx", "charset": "utf-8"}, "unknown_parameter"),
        ({"format": "csv", "limit": "5"}, "unknown_parameter"), ({"format": "csv", "cursor": "x"}, "unknown_parameter"),
        ({"format": "csv", "colour": "red"}, "unknown_parameter"),
        ({"format": "csv", "sort": "title"}, "not_a_sort"), ({"format": ["csv", "csv"]}, "given_twice"),
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_refused_by_name(lianyuan: Api, query: dict[str, Any], code: str) -> None:
    answer = await lianyuan.get("/v1/findings/export", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code), answer.text


async def test_filters_order_and_search_are_those_of_the_list(lianyuan: Api) -> None:
    for query in (
        {"sort": "-found_on,number"}, {"unit_number": "431382-U045"}, {"q": "责任书"}, {"state": "voided"},
        {"found_on_from": "2017-05-14", "found_on_to": "2017-05-20", "sort": "found_on"},
    ):  # fmt: skip
        auth = lianyuan.acting(OFFICE)
        listed = (await lianyuan.get("/v1/findings", params={**query, "limit": "200"}, auth=auth)).json()["items"]
        order = [r["number"] for r in listed]
        answer = await lianyuan.get("/v1/findings/export", params={**query, "format": "csv"}, auth=auth)
        found = [line.partition(",")[0] for line in answer.content.decode("utf-8-sig").splitlines()[1:]]
        found = [number for number in found if number.startswith(ROUND)]  # a text may hold line breaks
        assert found == (order if "sort" in query else sorted(order)), query


@pytest.mark.parametrize("form", ["xlsx", "csv", "ndjson"])
async def test_an_export_is_entered_with_filter_and_count(lianyuan: Api, owner: Any, form: str) -> None:
    auth = lianyuan.acting(OFFICE)
    query = {"format": form, "q": "责任书", "unit_number": "431382-U045"}
    answer = await lianyuan.get("/v1/findings/export", params=query, auth=auth)
    listed = (
        await lianyuan.get("/v1/findings", params={k: query[k] for k in query if k != "format"}, auth=auth)
    ).json()
    [entry] = await last_entries(owner)
    assert (entry["kind"], entry["record_type"], entry["records"]) == ("export", "findings", 0)
    assert entry["query"] == f"format={form}&q=责任书&unit_number=431382-U045"
    assert entry["count"] == len(listed["items"])
    assert entry["request_id"] == answer.headers["x-request-id"]


async def test_an_export_of_clues_is_entered_with_what_was_read(lianyuan: Api, owner: Any) -> None:
    auth = lianyuan.acting(SUPERVISION)
    await lianyuan.get("/v1/clues/export", params={"format": "csv"}, auth=auth)
    [entry] = await last_entries(owner)
    assert (entry["kind"], entry["records"], entry["count"]) == ("export", 20, 20)


async def test_no_identity_number_stands_in_the_entry(lianyuan: Api, owner: Any) -> None:
    query = {"format": "csv", "q": "431382190001010019"}
    await lianyuan.get("/v1/clues/export", params=query, auth=lianyuan.acting(SUPERVISION))
    [entry] = await last_entries(owner)
    assert entry["query"] == "format=csv&q=…"


async def test_without_an_entry_nothing_is_handed_out(lianyuan: Api, owner: Any) -> None:
    await owner.execute("create function stop() returns trigger language plpgsql as $$ begin raise 'full'; end $$")
    await owner.execute("create trigger stop before insert on access_log for each row execute function stop()")
    try:
        for path in ("clues", "findings"):
            for form in ("xlsx", "csv", "ndjson"):
                answer = await lianyuan.get(f"/v1/{path}/export", params={"format": form})
                assert answer.status_code == 500 and ROUND not in answer.text
    finally:
        await owner.execute("drop trigger stop on access_log")
        await owner.execute("drop function stop()")


async def test_a_csv_says_which_characters_it_is_in(lianyuan: Api) -> None:
    texts = {}
    for charset in ("utf-8", "gb18030"):
        answer = await lianyuan.get("/v1/findings/export", params={"format": "csv", "charset": charset})
        assert answer.headers["content-type"] == f"text/csv; charset={charset}"
        texts[charset] = answer.content.decode(charset)
    assert texts["utf-8"] == "\ufeff" + texts["gb18030"]
    assert texts["gb18030"].startswith("问题编号,版本,")


async def test_the_file_has_the_name_of_its_ledger_and_is_kept_by_nobody(lianyuan: Api) -> None:
    answer = await lianyuan.get("/v1/findings/export", params={"format": "xlsx"})
    assert answer.headers["cache-control"] == "private, no-store"
    assert 'filename="findings-' in answer.headers["content-disposition"]
    assert "filename*=UTF-8''%E9%97%AE%E9%A2%98%E5%8F%B0%E8%B4%A6-" in answer.headers["content-disposition"]
