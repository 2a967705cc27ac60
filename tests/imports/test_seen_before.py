"""A preview shows what a commit will do: each field of a new record, and what falls because of what."""

from datetime import date
from typing import Any

import pytest

from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.imports.conftest import Place
from tests.support.bodies import full
from tests.support.callers import NDJSON, Api
from tests.support.ledgers import FINDING, Rows, finding, lines, register
from tests.support.records import Maker

OPINION = ["意见编号", "轮次编号", "问题编号", "责任单位", "整改意见"]


def opinion(code: str, n: int, of: int) -> list[Any]:
    r = f"{code}-2017-01"
    return [f"{r}-R-{n:04}", r, f"{r}-F-{of:04}", "龙泉镇", f"意见{n}"]


async def test_each_field_of_a_new_record_is_shown_as_it_will_be(empty: Place) -> None:
    sheets: dict[str, Rows] = {**register(empty.code), "问题台账": [[*FINDING, "涉及户数", "反馈日期"]]}
    sheets["问题台账"] = [*sheets["问题台账"], [*finding(empty.code, 1), "300余户", date(2017, 6, 9)]]
    seen = await empty.preview(sheets)
    rows = await empty.api.rows(seen)
    assert all(row["result"] == "created" and row["changes"] for row in rows)
    assert all(change["from"] is None for row in rows for change in row["changes"])
    assert (await empty.api.post(f"/v1/imports/{seen['id']}/actions/commit")).json()["state"] == "committed"
    for row in (r for r in rows if r["type"] != "persons"):  # nobody of this bureau keeps them
        record = await empty.api.read(f"/v1/{row['type']}/{row['record_id']}")
        for change in row["changes"]:
            if change["field"] in ("team_number", "category_number"):
                continue  # records of the same file that have no number yet
            assert record[change["field"]] == change["to"], (row, change)
    [shown] = [{c["field"]: c["to"] for c in row["changes"]} for row in rows if row["type"] == "findings"]
    assert shown["unit_number"] == f"{empty.code}-U045" and shown["state"] == "fed_back"
    assert shown["households_affected"] == {"value": 300, "qualifier": "at_least"}


# A loader transfers no clue that no ledger has brought, because it is told of none.
@pytest.mark.parametrize("t", [t for t in REGISTRY if t.path != "clue-transfers"], ids=lambda t: t.path)
async def test_every_member_of_a_new_record_of_every_type_is_shown(t: RecordType, make: Maker, office: Api) -> None:
    body = {name: value for name, value in (await full(make, t)).items() if value not in (None, [])}
    seen = await office.import_file(lines([body]), NDJSON, type=t.path, mode="preview")
    [row] = await office.rows(seen)
    assert row["result"] == "created", row["errors"]
    shown = {change["field"]: change["to"] for change in row["changes"]}
    hidden = {f.name for f in t.of_kind(Sealed)}
    assert {name: shown.get(name) for name in body if name not in hidden | {"number"}} == {
        name: value for name, value in body.items() if name not in hidden | {"number"}
    }
    assert hidden.isdisjoint(body) or all(name in shown and shown[name] is None for name in hidden & body.keys())


async def test_a_record_of_the_same_file_that_has_no_number_yet_is_shown_by_its_name(empty: Place) -> None:
    units = {"单位名录": [["单位名称", "单位类型", "上级单位"], ["甲镇", "乡镇街道", ""], ["乙村", "村组", "甲镇"]]}
    rows = await empty.api.rows(await empty.preview(units))
    assert {"field": "parent_number", "from": None, "to": "甲镇"} in rows[1]["changes"]


async def test_rows_that_fall_with_another_are_one_entry(desk: Place) -> None:
    code = desk.code
    sheets = {
        "问题台账": [FINDING, finding(code, 1, 发现日期="x"), finding(code, 2), finding(code, 3, 发现日期="y")],
        "整改意见台账": [OPINION, opinion(code, 1, 1), opinion(code, 2, 2), *(opinion(code, n, 1) for n in (3, 4)),
                   opinion(code, 5, 3), [*opinion(code, 6, 1)[:-1], ""], opinion(code, 7, 9)],
    }  # fmt: skip
    seen = await desk.preview(sheets)
    assert [s["rejected"] for s in seen["sheets"]] == [2, 6]
    rows = [r for r in await desk.api.rows(seen, "rejected") if r["type"] == "rectification-opinions"]
    follows = [r["follows_from"] for r in rows if r.get("follows_from")]
    assert follows == [
        {"sheet": "问题台账", "row": 2, "count": 3, "rows": [2, 4, 5]},
        {"sheet": "问题台账", "row": 4, "count": 1, "rows": [6]},
    ]
    assert [[e["code"] for e in r["errors"]] for r in rows] == [
        ["row_fell"], ["row_fell"], ["row_fell", "required"], ["reference_not_found"],
    ]  # fmt: skip
    assert "第 2 行" in rows[0]["errors"][0]["message"]


async def test_rows_that_fall_with_a_sheet_or_by_its_doubles_say_so(desk: Place) -> None:
    code = desk.code
    no_header = {
        "问题台账": [["甲", "乙"], ["1", "2"]],
        "整改意见台账": [OPINION, opinion(code, 1, 1), opinion(code, 2, 2)],
    }
    rows = await desk.api.rows(await desk.preview(no_header), "rejected")
    assert rows[1]["follows_from"] == {"sheet": "问题台账", "row": None, "count": 2, "rows": [2, 3]}
    twice = {"问题台账": [FINDING, finding(code, 1), finding(code, 1)], "整改意见台账": [OPINION, opinion(code, 1, 1)]}
    rows = await desk.api.rows(await desk.preview(twice), "rejected")
    assert rows[-1]["follows_from"]["sheet"] == "问题台账" and rows[-1]["follows_from"]["row"] in (2, 3)


async def test_circles_and_units_above_themselves_are_rows_of_the_preview(empty: Place) -> None:
    header = ["单位名称", "单位类型", "上级单位"]
    rows = [header, ["甲", "村组", "乙"], ["乙", "村组", "甲"], ["丙", "村组", "丙"], ["丁", "村组", "乙"]]
    found = await empty.rejected({"单位名录": rows})
    assert [(r["row"], r["errors"][0]["code"]) for r in found] == [
        (2, "circle"), (3, "circle"), (4, "circle"), (5, "row_fell_here"),
    ]  # fmt: skip
