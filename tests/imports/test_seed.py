"""The seed case: one workbook gives the work list of 2017, and the same ledgers sent again change nothing."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.main import create_app
from app.records import REGISTRY
from app.settings import Settings
from tests.support import databases
from tests.support.bureaus import bureau
from tests.support.callers import CSV, HOME, OFFICE, SUPERVISION, Api
from tests.support.ledgers import SEED

EXPECTED = json.loads((SEED / "expected-work-list.json").read_text(encoding="utf-8"))
TWINS = sorted((SEED / "csv-gb18030").glob("*.csv"))
WORK_LIST = f"/v1/rounds/{EXPECTED['round_number']}/work-list"


@pytest.fixture(scope="module")
async def lianyuan(cluster: EmbeddedPostgres, database: EmbeddedPostgres, folder: Path) -> AsyncIterator[Api]:
    """The bureau of 431382 over a database in which nothing was ever written."""
    await databases.create(cluster.superuser_url, "empty", databases.PRISTINE)
    application = databases.beside(cluster.application_url, "empty")
    app = create_app(Settings(**databases.addresses(application), data_dir=folder / "empty"))
    ledger = (SEED / "ledger.xlsx").read_bytes()  # a test may wait for its file
    async with (
        app.router.lifespan_context(app),
        bureau(app, application, "lianyuan", HOME, ledger=ledger) as api,
    ):
        yield api


def differing(expected: Any, found: Any, path: str = "") -> list[str]:
    """The members of the expected document that the other lacks or has otherwise."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [line for k, v in expected.items() for line in differing(v, found.get(k), f"{path}/{k}")]
    return [] if expected == found else [f"{path}: {found!r} for {expected!r}"]


async def everything(api: Api) -> dict[str, dict[str, Any]]:
    """Every record of every type, by path and number."""
    return {t.path: {r["number"]: r for r in await api.every(t.path)} for t in REGISTRY}


def states(records: dict[str, dict[str, Any]], path: str) -> Counter[str]:
    """How many records of a type are in which state."""
    return Counter(record["state"] for record in records[path].values())


async def test_the_whole_workbook_in_one_request_gives_the_work_list_of_the_report(lianyuan: Api) -> None:
    assert differing(EXPECTED, await lianyuan.read(WORK_LIST)) == []


async def test_every_record_stands_in_the_state_that_its_ledger_gives_a_reason_for(lianyuan: Api) -> None:
    found = await everything(lianyuan)
    assert all(r["imported"] is True and r["version"] <= 2 for records in found.values() for r in records.values())
    assert states(found, "findings") == {"fed_back": 30}
    assert states(found, "targets") == {"entered": 101}
    for opinion in found["rectification-opinions"].values():
        done = opinion["progress"] == "completed" or opinion["completed_on"]
        promised = opinion["responsible_person"] and opinion["due_on"] and opinion["measures"]
        lower = "completed" if done else "in_progress" if promised else "issued"
        assert opinion["state"] == ("closed_off" if opinion["closed_off_on"] else lower), opinion["number"]
    assert states(found, "rectification-opinions")["closed_off"] == EXPECTED["follow_up"]["opinions_closed_off"]
    assert states(found, "immediate-rectifications") == {"resolved": 4, "notified": 2}
    referenced = {n for transfer in found["clue-transfers"].values() for n in transfer["clue_numbers"]}
    for clue in found["clues"].values():
        assert clue["number"] in referenced and clue["holder_unit_number"]
    assert states(found, "clues") == {"closed_off": 4, "transferred": 26}
    assert states(found, "clue-transfers") == {"result_fed_back": 1, "received": 2}
    for filing in found["case-filings"].values():
        assert filing["state"] == ("decided" if filing["concluded_on"] else "filed")


async def test_an_import_invents_no_day_and_moves_no_finding(lianyuan: Api) -> None:
    found = await everything(lianyuan)
    relapsed = [r for r in found["look-backs"].values() if r["conclusion"] == "relapsed"]
    assert len(relapsed) == EXPECTED["follow_up"]["relapsed"]
    assert found["findings"][relapsed[0]["finding_number"]]["state"] == "fed_back"
    assert all(r["handling_decided_on"] is None for r in found["clues"].values())


async def test_the_same_workbook_again_changes_nothing(lianyuan: Api) -> None:
    before = await everything(lianyuan)
    again = await lianyuan.import_file(SEED / "ledger.xlsx")
    assert again["state"] == "committed"
    assert sum(s["rows"] for s in again["sheets"]) == sum(map(len, before.values()))
    assert all(s["unchanged"] == s["rows"] for s in again["sheets"]), again["sheets"]
    assert await everything(lianyuan) == before


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
async def test_each_sheet_as_a_file_of_its_own_changes_nothing_either(lianyuan: Api, encoding: str) -> None:
    before, count = await everything(lianyuan), 0
    sheets = {
        s["sheet"]: s for s in (await lianyuan.import_file(SEED / "ledger.xlsx", mode="preview"))["sheets"] if s["type"]
    }
    assert len(TWINS) == len(sheets) == 20
    for twin in TWINS:
        sheet = sheets[twin.stem.partition("-")[2]]
        content = twin.read_bytes().decode("gb18030").encode(encoding)
        done = await lianyuan.import_file(content, CSV, type=sheet["type"])
        assert (done["state"], done["encoding"]) == ("committed", encoding), (twin.name, done)
        [only] = done["sheets"]
        assert (only["unchanged"], only["rows"], only["unknown_columns"]) == (sheet["rows"], sheet["rows"], []), (
            twin.name
        )
        count += only["rows"]
    assert count == sum(map(len, before.values()))
    assert await everything(lianyuan) == before


async def test_a_revision_says_from_which_row_it_came(lianyuan: Api) -> None:
    history = (await lianyuan.read(f"/v1/findings/{EXPECTED['round_number']}-F-0001/revisions"))["items"]
    assert [(r["version"], r["action"]) for r in history] == [(1, "import")]
    source = history[0]["source"]
    assert (source["kind"], source["sheet"], source["row"]) == ("import", "问题台账", 4)
    place = f"/v1/clues/{EXPECTED['round_number']}-C-0005/revisions"
    clue = (await lianyuan.get(place, auth=lianyuan.acting(OFFICE))).json()["items"]
    assert [(r["version"], r["source"]["kind"]) for r in clue] == [(2, "import"), (1, "import")]
    assert {"/state", "/holder_unit_id"} <= set(clue[0]["changed"])
    received = (await lianyuan.get(place, auth=lianyuan.acting(SUPERVISION))).json()["items"]
    assert [r["version"] for r in received] == [2], "from the version in which the receiver could see it"


def as_it_stands(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every record, without what each version has of its own."""
    own = ("version", "updated_at", "updated_by", "updated_by_role")
    return {
        path: {n: {k: v for k, v in r.items() if k not in own} for n, r in rs.items()} for path, rs in found.items()
    }


async def test_the_whole_case_undone_leaves_an_empty_ledger_and_restored_it_is_as_it_was(lianyuan: Api) -> None:
    before, figures = as_it_stands(await everything(lianyuan)), await lianyuan.read(WORK_LIST)
    round_ = await lianyuan.read(f"/v1/rounds/{EXPECTED['round_number']}")
    history = await lianyuan.read(f"/v1/rounds/{round_['id']}/revisions")
    imported = {"id": history["items"][0]["source"]["import_id"]}
    undone = await lianyuan.undo(imported)
    assert undone["state"] == "undone", undone
    left = await lianyuan.undone(undone, "left_alone")
    gone = {path: records for path, records in (await everything(lianyuan)).items() if records}
    assert not left and not gone.keys() - {"units"}, (left[:3], gone.keys())
    restored = await lianyuan.undo(imported, "redo")
    assert restored["state"] == "committed" and restored["undo"]["left_alone"] == 0, restored
    assert as_it_stands(await everything(lianyuan)) == before
    assert await lianyuan.read(WORK_LIST) == figures
