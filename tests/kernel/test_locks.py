"""Whoever waits too long for a lock is told for what, and a locked table does not stop readers of another."""

import asyncio
from typing import Any

import pytest

from app.db import timeouts
from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.support.callers import OFFICE, Api
from tests.support.records import Maker
from tests.support.sql import owning, waits_or_ends

READERS = 24  # more than a pool has connections
READABLE = [t.path for t in REGISTRY if (right := t.access.of("inspection_office")) and right.lists]
# Whether a person exists for the office is for the records to say that name the person; and some rights ask for units.
OF_PERSONS = {"persons", "clues", "accountability-decisions", "admonishments", "look-backs"}
READ_THROUGH = {path: {*OF_PERSONS, "units"} for path in OF_PERSONS} | {"clue-transfers": {"clues"}}


@pytest.mark.parametrize("path", READABLE)
async def test_a_locked_table_does_not_stop_readers_of_another(
    path: str, office: Api, database: EmbeddedPostgres
) -> None:
    reader = Api(office.app, auth=office.acting(OFFICE))
    others = [p for p in READABLE if p != path and path not in READ_THROUGH.get(p, ())]
    async with owning(database) as owner:
        async with owner.transaction():
            await owner.execute(f"lock table {REGISTRY.by_path[path].table} in access exclusive mode")
            waiting = [asyncio.create_task(reader.get(f"/v1/{path}", params={"limit": "1"})) for _ in range(READERS)]
            await waits_or_ends(owner, waiting[0])
            answers = {other: await reader.get(f"/v1/{other}", params={"limit": "1"}) for other in others}
            assert not any(task.done() for task in waiting)
        assert {other: a.status_code for other, a in answers.items()} == dict.fromkeys(others, 200)
        assert {a.status_code for a in await asyncio.gather(*waiting)} == {200}


async def refused(database: EmbeddedPostgres, lock: str, call: Any) -> Any:
    """The answer to a call that waits for a lock which nobody frees."""
    async with owning(database) as owner, owner.transaction():
        await owner.execute(lock)
        return await call


async def test_who_waits_for_a_record_too_long_is_told_of_which_type_it_is(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    finding = await make("findings")
    opinion = await make("rectification-opinions", finding_number=finding["number"])
    body = {"responsible_person": "责任人甲01", "due_on": "2017-08-08", "measures": ["补齐档案"]}
    lock = f"select from finding where id = '{finding['id']}' for update"
    answer = await refused(database, lock, office.act(opinion, "rectification-opinions", "accept", **body))
    problem = answer.json()
    assert (answer.status_code, problem["code"], answer.headers["retry-after"]) == (503, "locked", "2")
    assert "“发现问题”" in problem["detail"] and f"{timeouts.LOCK_SECONDS} 秒" in problem["detail"]
    assert await office.read(f"/v1/rectification-opinions/{opinion['id']}") == opinion, "nothing was saved"


async def test_who_reads_a_locked_table_is_told_which(office: Api, database: EmbeddedPostgres) -> None:
    reader = Api(office.app, auth=office.acting(OFFICE))
    answer = await refused(database, "lock table visit in access exclusive mode", reader.get("/v1/visits"))
    assert (answer.status_code, answer.json()["code"]) == (503, "locked")
    assert "“走访谈话”" in answer.json()["detail"]
