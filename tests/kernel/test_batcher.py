"""Batches of writes: each write gets its own outcome, whatever becomes of the others."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from app.kernel.store import batcher as module
from app.kernel.store.batcher import MAX_BATCH, RETURN_WAIT, Batcher

# What says that the server has gone: nobody knows whether the statement was carried out.
GONE = (asyncpg.ConnectionDoesNotExistError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, ConnectionError)


class Statements:
    """Runs batches, and keeps what each was given; `refused` are the writes that it refuses."""

    def __init__(self, refused: Sequence[str] = (), problem: Any = asyncpg.UniqueViolationError) -> None:
        self.batches: list[list[Any]] = []
        self.begun = asyncio.Event()
        self.refused, self.problem = set(refused), problem

    async def __call__(self, writes: Sequence[Any]) -> Sequence[Any]:
        self.batches.append(list(writes))
        self.begun.set()
        await asyncio.sleep(0)
        if self.refused & set(writes):
            raise self.problem("refused")
        return [f"answer to {w}" for w in writes]

    @property
    def done(self) -> list[Any]:
        """The writes of every statement, in order."""
        return list(itertools.chain.from_iterable(self.batches))


def writes(of: int, write_batcher: Batcher, statements: Any, kind: Any = "kind") -> list["asyncio.Task[Any]"]:
    """As many writes of a kind, each of a record of its own."""
    return [asyncio.create_task(write_batcher.submit(kind, f"{n:03}", f"{n:03}", statements)) for n in range(of)]


async def test_the_first_goes_alone_and_those_that_come_meanwhile_go_together() -> None:
    statements, write_batcher = Statements(), Batcher()
    first = writes(1, write_batcher, statements)
    await statements.begun.wait()
    rest = [write_batcher.submit("kind", f"{n:03}", f"{n:03}", statements) for n in range(1, 20)]
    answers = await asyncio.gather(*first, *rest)
    assert answers == [f"answer to {n:03}" for n in range(20)]
    assert [len(b) for b in statements.batches] == [1, 19]


async def test_those_that_come_back_go_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETURN_WAIT", 60)  # nobody is late here
    statements, write_batcher = Statements(), Batcher()

    async def one_after_the_other(n: int) -> None:
        for _ in range(5):
            await write_batcher.submit("kind", f"{n:03}", f"{n:03}", statements)
            await asyncio.sleep(0.001 * n)  # they are not back at the same moment

    await asyncio.wait_for(asyncio.gather(*map(one_after_the_other, range(8))), 20)
    assert [len(b) for b in statements.batches] == [8] * 5


async def test_nobody_waits_who_came_alone_and_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    statements, write_batcher = Statements(), Batcher()
    await asyncio.gather(*writes(20, write_batcher, statements))
    assert await write_batcher.submit("kind", "late", "late", statements) == "answer to late"
    await asyncio.sleep(RETURN_WAIT * 20)
    monkeypatch.setattr(module, "RETURN_WAIT", 60)
    for n in range(3):
        await asyncio.wait_for(write_batcher.submit("kind", n, str(n), statements), 20)


async def test_a_statement_holds_no_more_than_it_may_and_its_records_in_one_order() -> None:
    statements, write_batcher = Statements(), Batcher()
    order = [f"{n:03}" for n in range(2 * MAX_BATCH + 7)]
    await asyncio.gather(*(write_batcher.submit("kind", n, n, statements) for n in reversed(order)))
    assert all(len(b) <= MAX_BATCH and b == sorted(b) for b in statements.batches)
    assert sorted(statements.done) == order


async def test_of_one_record_there_are_never_two_writes_in_a_statement_and_they_keep_their_order() -> None:
    statements, write_batcher = Statements(), Batcher()
    given = [(f"record {n % 3}", n) for n in range(30)]
    answers = await asyncio.gather(*(write_batcher.submit("kind", w, w[0], statements) for w in given))
    assert answers == [f"answer to {w}" for w in given]
    for batch in statements.batches:
        assert len({record for record, _ in batch}) == len(batch)
    for record in ("record 0", "record 1", "record 2"):
        assert [w for w in statements.done if w[0] == record] == [w for w in given if w[0] == record]


async def test_kinds_are_never_mixed() -> None:
    seen: dict[str, Statements] = {"one": Statements(), "two": Statements()}
    write_batcher = Batcher()
    calls = [write_batcher.submit(kind, kind, f"{n:03}", seen[kind]) for n in range(20) for kind in ("one", "two")]
    await asyncio.gather(*calls)
    assert all(set(seen[kind].done) == {kind} and len(seen[kind].done) == 20 for kind in seen)


async def test_what_is_refused_touches_none_of_the_others() -> None:
    statements = Statements(refused=("004", "011"))
    answers = await asyncio.gather(*writes(20, Batcher(), statements), return_exceptions=True)
    for n, answer in enumerate(answers):
        if n in (4, 11):
            assert isinstance(answer, asyncpg.UniqueViolationError)
        else:
            assert answer == f"answer to {n:03}"


@pytest.mark.parametrize("problem", GONE)
async def test_a_lost_connection_is_told_to_all_and_nothing_is_sent_a_second_time(problem: Any) -> None:
    statements = Statements(refused=("007",), problem=problem)
    answers = await asyncio.gather(*writes(20, Batcher(), statements), return_exceptions=True)
    (together,) = [b for b in statements.batches if "007" in b]
    for n, answer in enumerate(answers):
        assert isinstance(answer, problem) == (f"{n:03}" in together), n
    assert sorted(statements.done) == [f"{n:03}" for n in range(20)]


async def test_a_mistake_in_the_code_is_told_to_all_and_ends_nothing() -> None:
    write_batcher = Batcher()
    answers = await asyncio.gather(
        *writes(20, write_batcher, Statements(("007",), ZeroDivisionError)), return_exceptions=True
    )
    assert any(isinstance(a, ZeroDivisionError) for a in answers)
    assert await write_batcher.submit("kind", "later", "later", Statements()) == "answer to later"


async def test_the_write_of_a_caller_that_has_gone_is_done_and_the_others_get_their_answers() -> None:
    go, done = asyncio.Event(), []

    async def slow(given: Sequence[Any]) -> Sequence[Any]:
        await go.wait()
        done.extend(given)
        return given

    tasks = writes(10, Batcher(), slow)
    await asyncio.sleep(0.01)
    gone = {0, 3, 9}
    for n in gone:
        tasks[n].cancel()
    await asyncio.sleep(0)
    go.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(done) == [f"{n:03}" for n in range(10)]
    assert {n for n, a in enumerate(answers) if isinstance(a, asyncio.CancelledError)} == gone
    assert [a for n, a in enumerate(answers) if n not in gone] == [f"{n:03}" for n in range(10) if n not in gone]


async def test_nothing_is_remembered_of_a_line_that_is_empty() -> None:
    write_batcher = Batcher()
    await asyncio.gather(*writes(20, write_batcher, Statements(("004",))), return_exceptions=True)
    await asyncio.sleep(RETURN_WAIT * 20)
    assert (write_batcher._lines, write_batcher._tasks) == ({}, set())
