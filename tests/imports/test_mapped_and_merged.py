"""An exported ledger whose headings its clerk has renamed is mapped, and merged by its versions like any other."""

import csv
import io
import json
from typing import Any

import pytest

from tests.imports.conftest import Place
from tests.support.callers import CSV, OFFICE
from tests.support.ledgers import FINDING, finding
from tests.support.sent_back import CsvLedger, as_colleague, exported, sent_back

RENAMED = {"问题标题": "标题文", "问题表现": "问题描述文字", "版本": "导出时的版次"}
SAID = {"标题文": "title", "问题描述文字": "description", "导出时的版次": "version"}


@pytest.fixture
async def ledger(place: Place) -> Any:
    """The export of two findings, with other headings; the first has changed since."""
    assert (await place.commit({"问题台账": [FINDING, *(finding(place.code, n) for n in (1, 2))]}))[
        "state"
    ] == "committed"
    ledger = await exported(place.api, "findings")
    first = (await place.api.every("findings", sort="number"))[0]
    answer = await place.api.change(first, "findings", {"title": "系统改的标题", "note": "系统加的"})
    assert answer.status_code == 200, answer.text
    return CsvLedger(
        [RENAMED.get(h, h) for h in ledger.headings],
        [{RENAMED.get(h, h): cell for h, cell in row.items()} for row in ledger.rows],
    )


def mapping(**columns: str | None) -> str:
    return json.dumps({"csv": columns}, ensure_ascii=False)


async def test_renamed_headings_are_mapped_and_the_rows_merged(place: Place, ledger: CsvLedger) -> None:
    ledger.rows[0]["问题描述文字"] = "表里改的表现"
    done, rows = await sent_back(place.api, ledger, "findings", OFFICE, mapping=mapping(**SAID))
    changed, untouched = rows[f"{place.round}-F-0001"], rows[f"{place.round}-F-0002"]
    assert done["sheets"][0]["mapping_used"] == SAID and untouched["result"] == "unchanged"
    assert [(c["field"], c["to"]) for c in changed["changes"]] == [("description", "表里改的表现")]
    # The note was blank in the export, and says nothing.
    assert changed["merged"] == {"base_version": 1, "kept": [{"field": "title", "value": "系统改的标题"}]}
    office = as_colleague(place.api, OFFICE)
    answer = await office.post(f"/v1/imports/{done['id']}/actions/commit", json={"remember": True})
    assert answer.json()["state"] == "committed", answer.text
    stored = await place.api.read(f"/v1/findings/{changed['record_id']}")
    assert (stored["title"], stored["description"], stored["note"]) == ("系统改的标题", "表里改的表现", "系统加的")

    done, rows = await sent_back(place.api, ledger, "findings", OFFICE)  # by what is remembered, also of versions
    assert sorted(done["sheets"][0]["remembered"]) == sorted(SAID)
    assert {row["result"] for row in rows.values()} == {"unchanged"}


async def test_a_conflict_names_the_heading_of_the_clerk_also_in_the_returned_file(
    place: Place, ledger: CsvLedger
) -> None:
    ledger.rows[0]["标题文"] = "表里改的标题"
    done, rows = await sent_back(place.api, ledger, "findings", OFFICE, mapping=mapping(**SAID))
    [error] = rows[f"{place.round}-F-0001"]["errors"]
    assert (error["column"], error["code"]) == ("标题文", "changed_by_both")
    office = as_colleague(place.api, OFFICE)
    answer = await office.get(f"/v1/imports/{done['id']}/workbook")
    assert answer.status_code == 200, answer.text
    marked = [row for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) if "表里改的标题" in row]
    assert len(marked) == 1 and "系统改的标题" in marked[0][-1], marked
    mended = answer.content.replace("表里改的标题".encode(), "系统改的标题".encode(), 1)
    again = await office.import_file(mended, CSV, type="findings", mode="preview", mapping=mapping(**SAID))
    assert {row["result"] for row in await office.rows(again)} == {"unchanged"}


async def test_versions_that_a_mapping_leaves_out_merge_nothing(place: Place, ledger: CsvLedger) -> None:
    left_out = mapping(**{**SAID, "导出时的版次": None})
    own = CsvLedger([*ledger.headings], [dict(row) for row in ledger.rows])
    for sheet, said in ((ledger, left_out), (own, mapping(**{**SAID, "导出时的版次": None, "版本": None}))):
        if sheet is own:  # a column of the office's own that is called as ours
            own.headings.append("版本")
            for row in own.rows:
                row["版本"] = "2017年第三版"
        _, rows = await sent_back(place.api, sheet, "findings", OFFICE, mapping=said)
        row = rows[f"{place.round}-F-0001"]
        assert row["merged"] is None and row["errors"] == []
        assert {"field": "title", "from": "系统改的标题", "to": "标题1"} in row["changes"]


async def test_a_conflict_does_not_make_the_rows_fall_that_refer_to_its_record(place: Place) -> None:
    units = await exported(place.api, "units")
    [town] = [row for row in units.rows if row["单位名称"] == "杨柳镇"]
    [record] = await place.api.every("units", q=town["单位编码"])
    assert (await place.api.change(record, "units", {"note": "系统的"})).status_code == 200
    town["备注"] = "表里的"
    child = dict.fromkeys(units.headings, "")
    child |= {"单位名称": "新村", "单位类型": "村组", "上级单位": town["单位编码"]}
    units.rows.append(child)
    done, rows = await sent_back(place.api, units, "units", OFFICE, allow_register_changes="true")
    assert [e["code"] for e in rows[town["单位编码"]]["errors"]] == ["changed_by_both"]
    office = as_colleague(place.api, OFFICE)
    [new] = await office.rows(done, "created")
    assert new["errors"] == [] and done["sheets"][0]["rejected"] == 1
