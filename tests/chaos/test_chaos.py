"""The harness sees what it is there to see: a lost write, a doubled one, a history with a gap, a forgetful Postgres."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.chaos import judge
from tests.chaos.clerks import Desk
from tests.chaos.rounds import Plan, Run
from tests.chaos.stand import Stand
from tests.chaos.wire import AFTER, BEFORE
from tests.support.folders import folder

FORGETFUL = ("alter system set synchronous_commit = off", "alter system set wal_writer_delay = '10s'",
             "select pg_reload_conf()")  # fmt: skip


@pytest.fixture(scope="module")
async def run() -> AsyncIterator[Run]:
    """One stand for all rounds."""
    with folder("chaos") as place:
        stand = Stand(place)
        try:
            await stand.build()
            made = Run(stand)
            await made.prepare()
            yield made
        finally:
            await stand.clear()


@pytest.mark.parametrize(("number", "fault", "moment"), [(1, "service killed", AFTER), (2, "Postgres killed", BEFORE)])
async def test_what_was_acknowledged_is_there_once_after_a_kill_at_the_commit(
    run: Run, number: int, fault: str, moment: str
) -> None:
    outcome = await run.round(Plan(number, fault, moment, "suite"))
    assert outcome.aimed and outcome.counts["acknowledged"] > 10, outcome
    # Whatever else is wrong is for `make chaos` to count, with more rounds.
    assert not {"lost", "doubled", "sums", "unresolved"} & set(outcome.wrong), outcome.wrong


async def written(run: Run, number: int) -> Desk:
    """A round without a fault."""
    desk = Desk(run.callers, run.book, number)
    await desk.open()
    clerks = [asyncio.create_task(desk.clerk()) for _ in range(3)]
    await desk.acknowledges(45)  # five findings with all that follows
    desk.closing.set()
    await asyncio.gather(*clerks)
    return desk


PLANTED = {
    "lost": "delete from rectification_opinion where id = (select id from rectification_opinion where round_number = $1"
            " and version = 3 limit 1)",
    "history": "delete from revision where version = 2 and record_id = (select id from finding where round_number = $1"
               " and version > 2 limit 1)",
    "states": "update finding set state = 'rectifying' where round_number = $1 and state = 'rectified'",
}  # fmt: skip


async def test_a_loss_that_was_planted_is_seen(run: Run) -> None:
    desk = await written(run, 3)
    assert judge.compare(run.book.of(3), await judge.shown(run.callers, desk.round)) == {}
    connection = await asyncpg.connect(run.stand.postgres.superuser_url)
    await connection.execute("set session_replication_role = replica")  # no trigger of ours refuses it
    for kind, statement in PLANTED.items():
        assert (await connection.execute(statement, desk.round))[-2:] != " 0", kind
        assert kind in judge.compare(run.book.of(3), await judge.shown(run.callers, desk.round)), kind
    await connection.close()


async def test_a_write_that_counts_twice_is_seen(run: Run) -> None:
    desk = await written(run, 4)
    first = run.book.of(4)[0]
    again = await run.callers.http["office"].post(f"/v1/{first.path}", json=first.body)  # without a key
    assert again.status_code == 201, again.text
    assert set(judge.compare(run.book.of(4), await judge.shown(run.callers, desk.round))) == {"doubled"}


class Forgetful(Run):
    """A run whose Postgres acknowledges commits that are not in its log yet."""

    async def open(self, desk: Desk) -> None:
        """Open the round as usual, then let Postgres forget."""
        await super().open(desk)
        await self.stand.sql(*FORGETFUL)


async def test_a_postgres_that_forgets_what_it_acknowledged_is_seen(run: Run) -> None:
    """The last one: the setting stays."""
    outcome = await Forgetful(run.stand).round(Plan(5, "Postgres killed", AFTER, "suite"))
    assert outcome.wrong.get("lost"), outcome
