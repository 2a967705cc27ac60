"""An import's rows show what is stored beside what the file says: of persons and clues that is a read, and entered."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.clock import now
from tests.personal.conftest import CanSignIn, entries
from tests.support.callers import CSV, LOADER, Api
from tests.support.ledgers import workbook
from tests.support.records import Maker


def persons(*rows: tuple[Any, str]) -> bytes:
    """A ledger of persons as they are, but for their posts."""
    cells = (f"{p['number']},{p['name']},{p['unit_number']},{post}" for p, post in rows)
    return "\n".join(["人员编号,姓名,单位,职务", *cells]).encode()


async def test_a_page_of_rows_enters_the_persons_whose_stored_values_it_shows(
    make: Maker, office: Api, owner: Any
) -> None:
    first, second, same = [await make("persons", post="主任") for _ in range(3)]
    name = office.names[LOADER]
    before = len(await entries(owner, name))
    rows = [(first, "镇长"), (second, "书记"), (same, "主任")]
    checked = await office.import_file(persons(*rows), CSV, type="persons", mode="preview")
    place = f"/v1/imports/{checked['id']}/rows"
    assert len(await entries(owner, name)) == before, "the import itself shows nothing yet"
    page = await office.read(place)
    shown = {r["record_id"]: r["changes"] for r in page["items"] if r["changes"]}
    assert shown == {p["id"]: [{"field": "post", "from": "主任", "to": new}] for p, new in
                     ((first, "镇长"), (second, "书记"))}  # fmt: skip
    both, one = sorted(shown), [first["id"]]
    assert (await entries(owner, name))[before:] == [("read", "persons", both)]
    begin = await office.read(place, limit="1")
    assert [r["record_id"] for r in begin["items"]] == one, "one row more is read than is shown"
    await office.read(place, limit="1", cursor=begin["next_cursor"])
    await office.read(place, result="unchanged")
    await office.read(place, result="rejected")
    assert (await entries(owner, name))[before + 1 :] == [("read", "persons", one), ("read", "persons", [second["id"]])]
    row = await owner.fetchrow("select * from access_log where principal = $1 order by at desc, seq desc limit 1", name)
    assert (row["jurisdiction"], row["role"], row["members"], row["purpose"]) == ("431382", "ledger_loader", [], None)
    assert row["request_id"]


async def test_rows_that_are_rejected_for_one_another_still_show_what_is_stored(
    make: Maker, office: Api, owner: Any
) -> None:
    person = await make("persons", post="主任")
    rows = [(person, "镇长"), (person, "书记")]
    checked = await office.import_file(persons(*rows), CSV, type="persons", mode="preview")
    page = await office.read(f"/v1/imports/{checked['id']}/rows")
    assert [(r["result"], r["changes"][0]["from"]) for r in page["items"]] == [("rejected", "主任")] * 2
    assert (await entries(owner, office.names[LOADER]))[-1] == ("read", "persons", [person["id"]])


async def test_a_workbook_leaves_an_entry_for_each_type_that_is_logged(make: Maker, office: Api, owner: Any) -> None:
    person, unit = await make("persons", post="主任"), await make("units", kind="other", note="旧")
    clue = await make("clues", summary="旧的问题")
    sheets = {
        "单位名录": [["单位编码", "单位名称", "单位类型", "备注"], [unit["number"], unit["name"], "其他", "新"]],
        "人员": [
            ["人员编号", "姓名", "单位", "职务"],
            [person["number"], person["name"], person["unit_number"], "镇长"],
        ],
        "问题线索台账": [
            ["线索编号", "轮次编号", "线索来源", "主要问题", "登记日期"],
            [clue["number"], clue["round_number"], "信访举报", "新的问题", clue["registered_on"]],
        ],
    }
    name = office.names[LOADER]
    before = len(await entries(owner, name))
    checked = await office.import_file(workbook(sheets), mode="preview")
    page = await office.read(f"/v1/imports/{checked['id']}/rows")
    assert [r["result"] for r in page["items"]] == ["updated"] * 3, page
    assert sorted((await entries(owner, name))[before:]) == [
        ("read", "clues", [clue["id"]]), ("read", "persons", [person["id"]])
    ]  # fmt: skip


async def test_case_supervision_enters_what_its_own_import_shows(make: Maker, supervision: Api, owner: Any) -> None:
    person = await make("persons", post="主任")
    checked = await supervision.import_file(persons((person, "镇长")), CSV, type="persons", mode="preview")
    await supervision.read(f"/v1/imports/{checked['id']}/rows")
    assert await entries(owner, supervision.username) == [("read", "persons", [person["id"]])]


async def test_units_are_compared_without_an_entry(make: Maker, office: Api, owner: Any) -> None:
    unit = await make("units", kind="other", note="旧")
    name = office.names[LOADER]
    before = await entries(owner, name)
    text = f"单位编码,单位名称,单位类型,备注\n{unit['number']},{unit['name']},其他,新\n".encode()
    checked = await office.import_file(text, CSV, type="units", mode="preview")
    assert (await office.read(f"/v1/imports/{checked['id']}/rows"))["items"][0]["changes"]
    assert await entries(owner, name) == before


async def test_without_an_entry_no_stored_value_is_shown(make: Maker, office: Api, owner: Any) -> None:
    person = await make("persons", post="主任甲")
    ledger = persons((person, "镇长"))
    checked = await office.import_file(ledger, CSV, type="persons", mode="preview")
    await owner.execute("create function stop() returns trigger language plpgsql as $$ begin raise 'full'; end $$")
    await owner.execute("create trigger stop before insert on access_log for each row execute function stop()")
    try:
        answer = await office.get(f"/v1/imports/{checked['id']}/rows")
        assert answer.status_code == 500 and "主任甲" not in answer.text
    finally:
        await owner.execute("drop trigger stop on access_log")
        await owner.execute("drop function stop()")


@pytest.mark.parametrize(
    ("code", "role", "allowed"),
    [("431382", "ledger_loader", True), ("431381", "ledger_loader", False), ("431382", "case_supervision", False)],
)
async def test_a_loader_enters_within_its_range_and_as_itself(
    code: str, role: str, allowed: bool, sign_in: CanSignIn, owner: Any
) -> None:
    loader = await sign_in("ledger_loader", expires_at=now() + timedelta(days=20))
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("set local role ledger_ledger_loader")
    await owner.execute("select set_caller($1)", f'{{"sub": "{loader.username}"}}')
    try:
        await owner.execute("insert into access_log (jurisdiction, role, kind) values ($1, $2, 'read')", code, role)
        assert allowed
    except asyncpg.InsufficientPrivilegeError:
        assert not allowed
    finally:
        await transaction.rollback()
