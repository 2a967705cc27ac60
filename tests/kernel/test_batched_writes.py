"""Writes of one caller that the service sends in one statement, seen through HTTP and in their revisions."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.support.callers import PATCH, Api
from tests.support.records import Maker
from tests.support.sql import owning, waits_or_ends

MANY = 20
UNITS = {"kind": "other"}


async def revisions(database: EmbeddedPostgres, asked: str) -> list[Any]:
    """The revisions whose requests begin with these words, and the transactions that wrote them."""
    async with owning(database) as owner:
        rows = await owner.fetch(
            "select record_id::text, version, actor, split_part(request_id, '.', 2) as request_id, xid::text,"
            " snapshot ->> 'note' as note from revision"
            " where split_part(request_id, '.', 2) like $1 || '%' order by split_part(request_id, '.', 2)",
            asked,
        )
        return list(rows)


def batched(rows: list[Any]) -> bool:
    """Whether some transaction has written several of them: otherwise a test would prove nothing."""
    return len({r["xid"] for r in rows}) < len(rows)


def given(answer: Any) -> str:
    """The id that the caller gave its request: it follows the service's own."""
    own, _, of_caller = answer.headers["x-request-id"].partition(".")
    assert len(own) == 32
    return str(of_caller)


async def create(office: Api, asked: str, n: int, **body: Any) -> Any:
    """One of many new units, under a request of its own."""
    named = {"name": f"{asked} {n}", "note": f"{asked}-{n:02}", **UNITS, **body}
    return await office.post("/v1/units", json=named, headers={"X-Request-Id": f"{asked}-{n:02}"})


async def patch(office: Api, record: Any, asked: str, n: int) -> Any:
    """One of many changes, under a request of its own."""
    headers = {"X-Request-Id": f"{asked}-{n:02}", "If-Match": f'"{record["version"]}"', "Content-Type": PATCH}
    return await office.patch(f"/v1/units/{record['id']}", json={"note": f"{asked}-{n:02}"}, headers=headers)


@pytest.mark.parametrize("taken", [0, 7, MANY - 1])
async def test_a_number_that_is_taken_is_refused_and_the_others_are_created(
    taken: int, office: Api, database: EmbeddedPostgres
) -> None:
    asked = f"numbered{taken:02}"
    first = (await create(office, f"{asked}a", 0, number=f"TAKEN-{taken}")).json()
    numbers = [f"FREE-{taken}-{n}" if n != taken else first["number"] for n in range(MANY)]
    answers = await asyncio.gather(*(create(office, f"{asked}b", n, number=x) for n, x in enumerate(numbers)))
    assert [a.status_code for a in answers] == [409 if n == taken else 201 for n in range(MANY)]
    assert answers[taken].json()["code"] == "number_taken"
    made = [a.json() for n, a in enumerate(answers) if n != taken]
    assert [m["number"] for m in made] == [x for n, x in enumerate(numbers) if n != taken]
    rows = await revisions(database, f"{asked}b")
    assert {(r["record_id"], r["note"]) for r in rows} == {(m["id"], m["note"]) for m in made}
    assert all(r["request_id"] == r["note"] and r["actor"] == "office" for r in rows)


async def test_numbers_stay_dense_when_some_of_a_batch_are_refused(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    parent = await make("units")
    last = int(re.findall(r"\d+", (await make("units"))["number"])[-1])
    absent = {3, 4, 11}
    parents = ["431382-U99999" if n in absent else parent["number"] for n in range(MANY)]
    answers = await asyncio.gather(*(create(office, "dense-batch", n, parent_number=p) for n, p in enumerate(parents)))
    assert [a.status_code for a in answers] == [422 if n in absent else 201 for n in range(MANY)]
    drawn = sorted(int(re.findall(r"\d+", a.json()["number"])[-1]) for a in answers if a.status_code == 201)
    assert drawn == list(range(last + 1, last + 1 + MANY - len(absent)))
    assert batched(await revisions(database, "dense-batch"))


async def test_each_revision_names_the_request_that_asked_for_it_and_each_answer_is_its_own(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    units = [await make("units") for _ in range(MANY)]
    answers = await asyncio.gather(*(patch(office, u, "own-revision", n) for n, u in enumerate(units)))
    for n, (unit, answer) in enumerate(zip(units, answers, strict=True)):
        assert (answer.status_code, answer.json()["id"], answer.json()["version"]) == (200, unit["id"], 2)
        assert answer.json()["note"] == given(answer) == f"own-revision-{n:02}"
    rows = await revisions(database, "own-revision")
    assert [(r["record_id"], r["note"]) for r in rows] == [
        (u["id"], f"own-revision-{n:02}") for n, u in enumerate(units)
    ]
    assert all(r["request_id"] == r["note"] and r["version"] == 2 for r in rows) and batched(rows)


async def test_the_effects_of_each_name_the_request_of_that_one(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    findings = [await make("findings") for _ in range(12)]
    opinions = [await make("rectification-opinions", finding_number=f["number"]) for f in findings]
    team = await make("teams")

    async def moved(n: int, finding: Any) -> Any:
        headers = {"X-Request-Id": f"followed-by-{n:02}", "If-Match": '"1"', "Content-Type": PATCH}
        body = {"team_number": team["number"]}
        return await office.patch(f"/v1/findings/{finding['id']}", json=body, headers=headers)

    answers = await asyncio.gather(*(moved(n, f) for n, f in enumerate(findings)))
    assert [a.status_code for a in answers] == [200] * 12, answers[0].text
    rows = await revisions(database, "followed-by")
    asked = {r["record_id"]: r["request_id"] for r in rows}
    assert batched(rows)
    for n, (finding, opinion) in enumerate(zip(findings, opinions, strict=True)):
        assert asked[finding["id"]] == asked[opinion["id"]] == f"followed-by-{n:02}"


async def test_stale_changes_among_others_are_refused_and_the_others_are_made(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    units = [await make("units") for _ in range(MANY)]
    stale = {2, 9, 19}
    for n in stale:
        await office.change(units[n], "units", {"note": "先改"})
    answers = await asyncio.gather(*(patch(office, u, "some-stale", n) for n, u in enumerate(units)))
    assert [a.status_code for a in answers] == [412 if n in stale else 200 for n in range(MANY)]
    assert len(await revisions(database, "some-stale")) == MANY - len(stale)


WAITING = """select pid, query from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
    and query like '%update unit%'"""


@pytest.fixture
def line(office: Api, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Awaitable[None]]:
    """Waits until so many requests are in line behind a batch that waits for a lock; it waits longer than usual."""
    batcher = office.app.state.service.runtime.write_batcher
    monkeypatch.setattr(batcher, "_lock_wait", 60)
    changing = import_module("app.kernel.store.change")  # the package has a function of this name
    monkeypatch.setattr(changing, "MANY_CHANGED", changing.MANY_CHANGED.replace("'200ms'", "'60s'"))

    async def holds(count: int) -> None:
        while sum(len(line.requests) for line in batcher._lines.values()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    return holds


async def test_a_lost_connection_is_told_to_each_of_them_as_an_unknown_outcome(
    make: Maker, office: Api, database: EmbeddedPostgres, line: Callable[[int], Awaitable[None]]
) -> None:
    units = [await make("units") for _ in range(MANY)]
    async with owning(database) as owner, owning(database) as first, owning(database) as second:
        held, rest = first.transaction(), second.transaction()
        await held.start()
        await rest.start()
        await second.execute("select from unit where id = $1 for update", units[1]["id"])
        await first.execute("select from unit where id = $1 for update", units[0]["id"])
        tasks = [asyncio.create_task(patch(office, units[0], "lost-batch", 0))]
        await waits_or_ends(owner, tasks[0])
        tasks += [asyncio.create_task(patch(office, u, "lost-batch", n)) for n, u in enumerate(units[1:], 1)]
        await line(MANY - 1)
        await held.rollback()  # the first is done, and the rest go in one batch, as far as the lock
        assert (await tasks[0]).status_code == 200
        await waits_or_ends(owner, tasks[1])
        (waiting,) = await owner.fetch(WAITING)
        assert "unnest" in waiting["query"]
        await owner.execute("select pg_terminate_backend($1, 5000)", waiting["pid"])
        await asyncio.wait(tasks[1:], timeout=10)  # a second try would wait for the lock
        await rest.rollback()
        answers = await asyncio.gather(*tasks[1:])
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(503, "outcome_unknown")}
    assert [r["request_id"] for r in await revisions(database, "lost-batch")] == ["lost-batch-00"]
    again = await asyncio.gather(*(patch(office, u, "lost-again", n) for n, u in enumerate(units[1:], 1)))
    assert {a.status_code for a in again} == {200}
    assert len(await revisions(database, "lost-again")) == MANY - 1


async def test_the_change_of_a_caller_that_has_gone_is_made_and_the_others_get_their_answers(
    make: Maker, office: Api, database: EmbeddedPostgres, line: Callable[[int], Awaitable[None]]
) -> None:
    units = [await make("units") for _ in range(MANY)]
    gone = {0, 5, 6}
    async with owning(database) as owner, owning(database) as lock:
        transaction = lock.transaction()
        await transaction.start()
        await lock.execute("select from unit where id = $1 for update", units[0]["id"])
        tasks = [asyncio.create_task(patch(office, units[0], "gone-caller", 0))]
        await waits_or_ends(owner, tasks[0])
        tasks += [asyncio.create_task(patch(office, u, "gone-caller", n)) for n, u in enumerate(units[1:], 1)]
        await line(MANY - 1)
        for n in gone:
            tasks[n].cancel()
        await asyncio.sleep(0)
        await transaction.rollback()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    for n, answer in enumerate(answers):
        assert answer.status_code == (503 if n in gone else 200), n
    rows = await revisions(database, "gone-caller")
    assert [(r["request_id"], r["record_id"], r["version"]) for r in rows] == [
        (f"gone-caller-{n:02}", u["id"], 2) for n, u in enumerate(units)
    ]
    assert batched(rows)


async def test_of_many_changes_of_one_record_at_once_each_is_a_statement_of_its_own_and_one_is_made(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    unit = await make("units")
    answers = await asyncio.gather(*(patch(office, unit, "one-record", n) for n in range(MANY)))
    assert sorted(a.status_code for a in answers) == [200] + [412] * (MANY - 1)
    (row,) = await revisions(database, "one-record")
    (made,) = [a for a in answers if a.status_code == 200]
    assert row["request_id"] == given(made) == made.json()["note"]
