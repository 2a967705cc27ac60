"""A file that is committed at once is written while it is read: it gives the records that a preview of it gives."""

import asyncio
from typing import Any

import asyncpg

from app.db.embedded import EmbeddedPostgres
from app.imports.apply.chunks import Chunk
from app.imports.apply.streaming_writer import StreamingWriter
from app.kernel.store.context import RequestContext
from tests.imports.conftest import NewPlace, Place
from tests.support.callers import NDJSON
from tests.support.ledgers import FINDING, Rows, finding, lines, register
from tests.support.sql import owning, waits_or_ends

OPINION = ["意见编号", "轮次编号", "问题编号", "整改单位", "配合单位", "意见内容", "下达日期", "整改措施"]
COPIED = """select column_name from information_schema.columns
  where table_name = 'finding' and is_generated = 'NEVER' order by ordinal_position"""
EXECUTE_MANY_BUFFERS = 4  # of asyncpg: as many items as it sends before it waits until it may write on
WAITS = "datname = current_database() and wait_event_type = 'Lock' and query like 'with source%'"
STRANGE = 'a"b\\c{d},e;NULL\\"} 《注》'


def ledger(code: str) -> dict[str, Rows]:
    """Rows of every fate: given and missing numbers, changes, lists, rows that refer to rows of the file."""
    r = f"{code}-2017-01"
    header = [*FINDING, "定性依据", "涉及户数", "涉及金额（元）", "行为表现", "备注"]
    units = [
        ["单位编码", "单位名称", "单位类型", "上级单位", "曾用名"],
        [f"{code}-U045", "龙泉镇", "乡镇街道", "新市", "龙泉乡、上泉公社"],
        [f"{code}-U500", "新村", "村组", f"{code}-U501", STRANGE.replace(",", "").replace(";", "") + "、旧村"],
        [f"{code}-U501", "新市", "其他", "", ""],
        ["", "无号单位", "其他", "新市", ""],
    ]
    findings = [
        header,
        [*finding(code, 7), STRANGE, "300余户", "12.5", "慢作为、不作为", STRANGE],
        [*finding(code, 1, 问题编号=""), "", "", "", "", ""],
        [*finding(code, 3, 被巡察单位="新村"), "", "约5户", "", "", "NULL"],
    ]
    opinions = [
        OPINION,
        [
            f"{r}-R-001",
            r,
            f"{r}-F-0007",
            "龙泉镇",
            "新村、市财政局",
            "意见" + STRANGE,
            "2017-06-10",
            f"甲{STRANGE}；乙",
        ],
        [f"{r}-R-002", r, f"{r}-F-0003", "新村", "", "意见", "2017-06-10", ""],
    ]
    return {"单位名录": units, "问题台账": findings, "整改意见": opinions}


def a_finding(place: Place) -> dict[str, str]:
    """A finding as a line of NDJSON gives it."""
    r = place.round
    return {
        "round_number": r, "team_number": f"{r}-Z-001", "unit_number": f"{place.code}-U045",
        "category_number": f"{r}-G-002", "title": "标题", "description": "表现", "found_on": "2017-05-14",
    }  # fmt: skip


async def keep_number(connection: Any, number: str, like: str) -> None:
    """A finding that nobody else sees yet has the number: who wants it waits for what becomes of that one."""
    columns = ", ".join(r[0] for r in await connection.fetch(COPIED))
    same = columns.replace("id, number", f"gen_random_uuid(), '{number}'", 1)
    await connection.execute(f"insert into finding ({columns}) select {same} from finding where id = $1", like)


def comparable(record: dict[str, Any], code: str) -> dict[str, Any]:
    """A record without what is its own in any case: identifiers, moments, who, and the code in its numbers."""
    kept = {k: v for k, v in record.items() if not k.endswith(("_id", "_ids", "_at", "_by")) and k != "id"}
    return {k: str(v).replace(code, "CODE") for k, v in kept.items()}


async def everything(place: Place) -> dict[str, Any]:
    return {
        path: sorted(
            (comparable(r, place.code) for r in await place.api.every(path)), key=lambda r: (r["number"], r["version"])
        )
        for path in ("units", "findings", "rectification-opinions")
    }


async def test_a_file_committed_at_once_gives_the_records_that_its_preview_gives(
    place: Place, new_place: NewPlace
) -> None:
    other = await new_place()
    assert (await other.commit(register(other.code)))["state"] == "committed"
    seen = await place.preview(ledger(place.code))
    answer = await place.api.post(f"/v1/imports/{seen['id']}/actions/commit")
    assert answer.status_code == 200, answer.text
    done = await other.commit(ledger(other.code))
    assert done["state"] == "committed", [r for r in await other.api.rows(done) if r["errors"]]
    found = await everything(other)
    assert found == await everything(place)
    assert [f["number"][-4:] for f in found["findings"]] == ["0003", "0007", "0008"]
    assert found["findings"][1]["note"] == STRANGE and found["units"][0]
    counts = [{k: s[k] for k in ("sheet", "rows", "created", "updated", "unchanged")} for s in seen["sheets"]]
    assert counts == [{k: s[k] for k in ("sheet", "rows", "created", "updated", "unchanged")} for s in done["sheets"]]
    again = await other.commit(ledger(other.code))
    assert [s["rows"] - s["unchanged"] for s in again["sheets"]] == [0, 0, 0]


async def test_the_rows_of_a_file_committed_at_once_say_what_became_of_each(place: Place) -> None:
    done = await place.commit(ledger(place.code))
    rows = {(r["sheet"], r["row"]): r for r in await place.api.rows(done)}
    assert rows["单位名录", 2]["result"] == "updated" and rows["单位名录", 2]["changes"]
    written = await place.api.read(f"/v1/findings/{place.round}-F-0007")
    row = rows["问题台账", 2]
    assert (row["result"], row["record_id"], row["number"]) == ("created", written["id"], written["number"])
    history = (await place.api.read(f"/v1/findings/{written['id']}/revisions"))["items"]
    source = {"kind": "import", "import_id": done["id"], "sheet": "问题台账", "row": 2}
    assert [entry["source"] for entry in history] == [source]
    assert done["progress"]["done"] == done["progress"]["total"] == 2 * len(rows)


async def test_a_good_file_is_written_while_it_is_read_and_its_values_are_not_kept_twice(
    place: Place, database: EmbeddedPostgres
) -> None:
    r = place.round
    given = a_finding(place)
    rows = [{**given, "number": f"{r}-F-{n:04}"} for n in range(1, 2101)]
    done = await place.api.import_file(lines(rows), NDJSON, type="findings")
    assert done["state"] == "committed"
    owner = await asyncpg.connect(database.superuser_url)
    try:
        kept = await owner.fetch(
            "select n, line_number, result, number, key, values from import_row where import_id = $1 order by n",
            done["id"],
        )
    finally:
        await owner.close()
    assert [tuple(row) for row in kept] == [
        (n, n, "created", f"{r}-F-{n:04}", f"{r}-F-{n:04}", None) for n in range(1, 2101)
    ]


async def test_a_number_given_in_a_file_moves_its_series_on(place: Place) -> None:
    await place.commit(ledger(place.code))
    given = await place.api.read(f"/v1/findings/{place.round}-F-0007")
    body = {k: given[k] for k in ("round_id", "team_id", "unit_id", "category_id", "title", "description", "found_on")}
    assert (await place.api.write("/v1/findings", body))["number"] == f"{place.round}-F-0009"


async def test_numbers_given_in_two_sheets_move_the_series_of_both_on(place: Place) -> None:
    r = place.round
    opinion = [f"{r}-R-0031", r, f"{r}-F-0040", "龙泉镇", "", "意见", "2017-06-10", ""]
    await place.commit({"问题台账": [FINDING, finding(place.code, 40)], "整改意见": [OPINION, opinion]})
    found = await place.api.write("/v1/findings", a_finding(place))
    keys = ("round_id", "finding_id", "unit_id", "text")
    given = await place.api.read(f"/v1/rectification-opinions/{r}-R-0031")
    written = await place.api.write("/v1/rectification-opinions", {k: given[k] for k in keys})
    assert (found["number"], written["number"]) == (f"{r}-F-0041", f"{r}-R-0032")


async def test_what_a_file_refers_to_is_not_voided_while_it_is_written(
    place: Place, database: EmbeddedPostgres
) -> None:
    unit = await place.api.read(f"/v1/units/{place.code}-U045")
    rows = lines([{**a_finding(place), "number": f"{place.round}-F-0001"}])
    async with owning(database) as owner, owning(database) as watch:
        async with owner.transaction():
            await owner.execute("lock table number_series in share row exclusive mode")  # what an import writes last
            writing = asyncio.create_task(place.api.import_file(rows, NDJSON, type="findings"))
            await waits_or_ends(watch, writing)
            voiding = asyncio.create_task(place.api.act(unit, "units", "void", reason="登记有误"))
            done, _ = await asyncio.wait({voiding}, timeout=1)
            assert not done and not writing.done()  # the one waits for the other
        assert (await writing)["state"] == "committed"
        assert (await voiding).status_code == 409
    assert (await place.api.read(f"/v1/units/{unit['id']}"))["state"] == "active"


async def test_what_is_voided_while_a_file_is_checked_is_not_referred_to(
    place: Place, database: EmbeddedPostgres
) -> None:
    unit = await place.api.write("/v1/units", {"name": "无人提及的单位", "kind": "other"})
    rows = lines([{**a_finding(place), "number": f"{place.round}-F-0001", "unit_number": unit["number"]}])
    async with owning(database) as owner, owning(database) as watch:
        async with owner.transaction():
            await owner.execute("select from unit where id = $1 for update", unit["id"])
            await owner.execute("update unit set state = 'voided', version = version + 1 where id = $1", unit["id"])
            writing = asyncio.create_task(place.api.import_file(rows, NDJSON, type="findings"))
            await waits_or_ends(watch, writing)
            assert not writing.done()  # it found the unit, and waits to hold it
        refused = await writing
    assert refused["state"] == "rejected" and await place.api.every("findings") == []
    (row,) = await place.api.rows(refused, "rejected")
    assert [e["code"] for e in row["errors"]] == ["reference_not_found"]


async def test_a_wrong_row_behind_thousands_of_good_ones_leaves_nothing_of_them(place: Place) -> None:
    r = place.round
    given = a_finding(place)
    rows = [{**given, "number": f"{r}-F-{n:04}"} for n in range(1, 4501)]
    wrong = lines([*rows, {**given, "found_on": "x"}])
    done = await place.api.import_file(wrong, NDJSON, type="findings")
    assert (done["state"], done["sheets"][0]["created"], done["sheets"][0]["rejected"]) == ("rejected", 4500, 1)
    twice = await place.api.import_file(lines([*rows, rows[9]]), NDJSON, type="findings")
    assert (twice["state"], twice["sheets"][0]["created"], twice["sheets"][0]["rejected"]) == ("rejected", 4499, 2)
    assert [r["row"] for r in await place.api.rows(twice, "rejected")] == [10, 4501]
    assert await place.api.every("findings") == []
    assert (await place.api.write("/v1/findings", given))["number"] == f"{r}-F-0001"


async def test_a_number_that_is_taken_while_the_file_is_written_takes_all_of_it_back(
    place: Place, database: EmbeddedPostgres
) -> None:
    r, given = place.round, a_finding(place)
    first = await place.api.write("/v1/findings", given)
    rows = lines([{**given, "number": f"{r}-F-{n:04}"} for n in range(2, 4502)])
    async with owning(database) as owner, owning(database) as watch:
        columns = ", ".join(r[0] for r in await owner.fetch(COPIED))
        same = columns.replace("id, number", f"gen_random_uuid(), '{r}-F-3003'", 1)
        async with owner.transaction():
            await owner.execute(
                f"insert into finding ({columns}) select {same} from finding where id = $1", first["id"]
            )
            writing = asyncio.create_task(place.api.import_file(rows, NDJSON, type="findings"))
            await waits_or_ends(watch, writing)
            assert not writing.done()  # for whether the other keeps the number; chunks behind it are under way
        done = await writing
    (sheet,) = done["sheets"]
    assert (done["state"], sheet["created"], sheet["unchanged"]) == ("committed", 4499, 1)
    records = await place.api.every("findings")
    assert len({f["number"] for f in records}) == len(records) == 4501
    assert {f["version"] for f in records} == {1}


async def test_so_few_chunks_are_sent_together_that_a_lost_connection_is_seen() -> None:
    chunk = Chunk(1, "", "", (), {})
    writer = StreamingWriter(RequestContext(None, None, ""), "", None, None)  # type: ignore[arg-type]  # nobody is asked
    writer.waiting.extend([chunk] * 9)
    sent: list[int] = []
    assert len(list(writer._arguments(chunk, sent))) == len(sent) == 3 < EXECUTE_MANY_BUFFERS
    assert len(writer.waiting) == 7


async def test_an_import_whose_connection_is_lost_ends_and_leaves_nothing(
    place: Place, database: EmbeddedPostgres
) -> None:
    first = await place.api.write("/v1/findings", a_finding(place))
    given = {**a_finding(place), "description": "表现" * 500}
    rows = lines([{**given, "number": f"{place.round}-F-{n:05}"} for n in range(2, 12_001)])
    async with owning(database) as owner, owning(database) as watch:
        async with owner.transaction():
            await keep_number(owner, f"{place.round}-F-09000", first["id"])
            writing = asyncio.create_task(place.api.import_file(rows, NDJSON, type="findings"))
            await waits_or_ends(watch, writing)
            await asyncio.sleep(1)  # until all that can be sent is on its way
            assert len(await watch.fetch(f"select pg_terminate_backend(pid) from pg_stat_activity where {WAITS}")) == 1
            done = await asyncio.wait_for(writing, 60)
        assert (done["state"], done["problem"]["code"]) == ("failed", "import_interrupted")
    left = {f["number"] for f in await place.api.every("findings")}
    assert left == {first["number"], f"{place.round}-F-09000"}  # and none of the import's
    assert (await place.api.import_file(lines([{**given}]), NDJSON, type="findings"))["state"] == "committed"


async def test_a_row_that_leans_on_one_that_is_there_twice_is_skipped_as_well(place: Place) -> None:
    r = place.round
    opinions = [
        [f"{r}-R-{n:03}", r, f"{r}-F-{n:04}", "龙泉镇", "", "意见", "2017-06-10", ""] for n in (1, 2)
    ]  # fmt: skip
    findings = [finding(place.code, 1), finding(place.code, 2), finding(place.code, 1, 问题标题="另")]
    sheets: dict[str, Rows] = {"问题台账": [FINDING, *findings], "整改意见": [OPINION, *opinions]}
    done = await place.commit(sheets, on_error="skip_rows")
    assert done["state"] == "committed"
    assert [f["number"][-4:] for f in await place.api.every("findings")] == ["0002"]
    assert [o["finding_number"][-4:] for o in await place.api.every("rectification-opinions")] == ["0002"]
