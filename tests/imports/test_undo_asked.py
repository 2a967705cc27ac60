"""Who may undo an import, what they see of it, and that it is done once and wholly or not at all."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.imports.undo import job
from app.imports.worker import opened
from tests.imports.conftest import Place
from tests.imports.test_undo import findings
from tests.support.bureaus import account
from tests.support.callers import Api
from tests.support.ledgers import FINDING, finding
from tests.support.retrying import fresh_key, keyed, refused, replayed
from tests.support.sql import owning


@pytest.fixture
async def imported(place: Place) -> Any:
    """An import of one finding."""
    return await place.commit({"问题台账": [[*FINDING, "谁也不认识"], [*finding(place.code, 1), "甲"]]})


@pytest.fixture
async def strangers(service: ASGIApp, database: EmbeddedPostgres, place: Place) -> AsyncIterator[dict[str, Api]]:
    """A loader of the division, a loader next door, and the office of the division."""
    url, code, found = database.application_url, place.code, {}
    for who, role, where in (
        ("loader", "ledger_loader", code), ("next door", "ledger_loader", f"{int(code) + 100000}"),
        ("office", "inspection_office", code), ("auditor", "auditor", code),
    ):  # fmt: skip
        name = await account(url, f"undo-{who.replace(' ', '-')}-{code}", role, where)
        async with Api.signed_in(service, name) as api:
            found[who] = api
    yield found


async def test_a_loader_of_the_division_sees_the_head_of_an_import_and_undoes_it_and_nobody_else_does(
    place: Place, imported: Any, strangers: dict[str, Api]
) -> None:
    address = f"/v1/imports/{imported['id']}"
    for who in ("next door", "office", "auditor"):
        for method, path in (("GET", ""), ("GET", "/undo"), ("POST", "/actions/undo"), ("POST", "/actions/redo")):
            assert refused(await strangers[who].request(method, address + path)) == (404, "not_found"), (who, path)
    loader = strangers["loader"]
    head = await loader.read(address)
    [sheet] = head["sheets"]
    assert (head["state"], head["sha256"], sheet["type"], sheet["created"]) == (
        "committed", imported["sha256"], "findings", 1,
    )  # fmt: skip
    assert (sheet["sheet"], sheet["unknown_columns"], sheet["left_out"]) == (None, [], [])
    assert imported["sheets"][0]["unknown_columns"] == ["谁也不认识"]
    for path in ("/rows", "/workbook", "/undo"):
        assert refused(await loader.get(address + path)) == (404, "not_found"), path
    assert refused(await loader.post(f"{address}/actions/commit")) == (404, "not_found")
    assert (await loader.undo(imported))["undo"]["records"] == 1
    assert refused(await loader.get(f"{address}/undo")) == (404, "not_found")
    assert (await place.api.read(address))["state"] == "undone" and not await findings(place)
    assert [i["result"] for i in await place.api.undone(imported)] == ["done"]


async def test_what_is_not_committed_is_not_undone_and_what_is_not_undone_is_not_restored(place: Place) -> None:
    checked = await place.preview({"问题台账": [FINDING, finding(place.code, 1)]})
    address = f"/v1/imports/{checked['id']}/actions"
    assert refused(await place.api.post(f"{address}/undo")) == (409, "undo_state")
    await place.api.post(f"{address}/commit")
    await place.api.ended(f"/v1/imports/{checked['id']}")
    assert refused(await place.api.post(f"{address}/redo")) == (409, "redo_state")
    assert (await place.api.undo(checked))["state"] == "undone"
    assert refused(await place.api.post(f"{address}/undo")) == (409, "undo_state")


async def test_an_undo_asked_for_many_times_at_once_is_done_once(place: Place, imported: Any) -> None:
    address, key = f"/v1/imports/{imported['id']}/actions/undo", fresh_key()
    answers = await asyncio.gather(*(place.api.post(address) for _ in range(8)))
    taken = [a for a in answers if a.status_code in (200, 202)]
    assert len(taken) == 1 and all(refused(a) == (409, "undo_state") for a in answers if a not in taken)
    await place.api.ended(f"/v1/imports/{imported['id']}")
    record = await place.api.read(f"/v1/findings/{place.round}-F-0001")
    assert (record["state"], record["version"]) == ("voided", 2)
    redo = f"/v1/imports/{imported['id']}/actions/redo"
    first = await place.api.post(redo, headers=keyed(key))
    await place.api.ended(f"/v1/imports/{imported['id']}")
    again = await place.api.post(redo, headers=keyed(key))
    assert (first.status_code, again.status_code, replayed(again)) == (200, 200, True), again.text
    assert again.json()["state"] == "committed"
    assert (await place.api.read(f"/v1/findings/{record['id']}"))["version"] == 3


async def test_an_undo_that_is_killed_on_its_way_has_done_nothing_and_is_asked_for_again(
    place: Place, imported: Any, database: EmbeddedPostgres
) -> None:
    """Its record is locked by somebody else; while it waits, its connection is ended."""
    before, address = await findings(place), f"/v1/imports/{imported['id']}"
    async with owning(database) as owner:
        async with owner.transaction():
            await owner.execute("select from finding where number = $1 for update", f"{place.round}-F-0001")
            asked = await place.api.post(f"{address}/actions/undo")
            assert (asked.status_code, asked.json()["state"]) == (202, "undoing"), asked.text
            killed = await owner.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where query like '%import_undo%for update%' and pid <> pg_backend_pid() and wait_event_type = 'Lock'"
            )
            assert killed == 1
        ended = await place.api.ended(address)
    assert (ended["state"], ended["problem"]["code"], ended["undo"]) == ("committed", "undo_interrupted", None)
    assert await findings(place) == before
    assert (await place.api.undo(imported))["state"] == "undone"


async def test_a_start_puts_back_the_state_of_an_undo_whose_process_is_gone(
    place: Place, imported: Any, database: EmbeddedPostgres, service: Any
) -> None:
    async with owning(database) as owner, opened(service.state.service.runtime.pools) as queue:
        for under_way, before in job.BACK_TO.items():
            set_state = "update import_job set state = $2 where id = $1::text::uuid"
            await owner.execute(set_state, imported["id"], under_way)
            await job.put_back_interrupted(queue, alone=False)
            found = await place.api.read(f"/v1/imports/{imported['id']}")
            assert (found["state"], found["problem"]["code"]) == (before, "undo_interrupted")


async def test_a_ledger_sent_again_after_an_undo_is_told_to_restore_first_and_then_its_rows_are_taken(
    place: Place, imported: Any
) -> None:
    await place.api.undo(imported)
    corrected = {"问题台账": [FINDING, finding(place.code, 1, 问题标题="更正后的标题")]}
    refused_ = await place.commit(corrected)
    [row] = await place.api.rows(refused_, "rejected")
    [error] = row["errors"]
    assert error["code"] == "record_voided_imported" and "redo" in error["message"]
    assert (await place.api.undo(imported, "redo"))["state"] == "committed"
    again = await place.commit(corrected)
    assert (again["state"], again["sheets"][0]["updated"]) == ("committed", 1)
    assert (await place.api.read(f"/v1/findings/{place.round}-F-0001"))["title"] == "更正后的标题"
    assert (await place.api.undo(imported))["undo"]["left_alone"] == 1, "another import has changed it since"
    unnumbered = [cell if i else "" for i, cell in enumerate(finding(place.code, 2))]
    new = await place.commit({"问题台账": [FINDING, unnumbered]})
    assert [r["number"] for r in await place.api.rows(new)] == [f"{place.round}-F-0002"], "no number comes again"
