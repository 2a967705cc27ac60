"""Keeps the clocks: moves what runs after a change of calendar or rules, and each night judges and escalates.

Both are jobs of one queue of pgqueuer (`clocks`) that all processes share: a change queues a job in its own
transaction, and at night each process asks for the job of that day, which is queued once. A job may be done twice all
the same, if its process is killed: every step is one statement that finds nothing left to do the second time.
"""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import orjson
from pgqueuer import PgQueuer
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from prometheus_client import Gauge

from app.clock import now
from app.db.pool import Pools
from app.db.roles import JOBS
from app.db.watched import WatchedTask
from app.deadlines.listing import today
from app.kernel.declare.record_type import RecordType
from app.logging import log

QUEUE = "clocks"
SERVICE = "系统核对"
MIDNIGHT_MINUTES = 5  # after midnight in Shanghai, when days have become overdue
AT_ONCE = 2000  # records that are judged by one statement, in a transaction of their own
BEAT_SECONDS, ANSWER_SECONDS = 30.0, 10.0
UNKEPT = Gauge(
    "ledger_obligations_unkept", "Records whose obligations the night's run had to mend", multiprocess_mode="max"
)


async def queue(connection: Any, account: str, why: str, day: date | None = None) -> None:
    """Ask for the clocks to be kept, in the transaction of the connection. Without a day only what runs is moved."""
    payload = orjson.dumps({"account": account, "why": why, "day": day.isoformat() if day else None})
    key = f"{QUEUE} {day.isoformat()}" if day else None
    await Queries(AsyncpgDriver(connection)).enqueue([QUEUE], [payload], [0], None, [key], on_conflict="skip")


async def keep(pools: Pools, types: Iterable[RecordType], why: str, day: date | None) -> dict[str, int]:
    """Move what runs by another calendar or rule now; with a day also judge every record and escalate, as of that day.

    Constant memory: so many records at once. Returns what was done, as figures.
    """
    done = {"moved": 0, "mended": 0, "escalated": 0}
    async with pools[JOBS].acquire() as connection:
        done["moved"] = await connection.fetchval("select move_obligations($1)", why)
        if day is None:
            return done
        for t in (t for t in types if t.obligations):
            done["mended"] += await _swept(connection, t)
        done["escalated"] = await connection.fetchval("select escalate_obligations($1)", day)
    UNKEPT.set(done["mended"])
    return done


async def _swept(connection: Any, t: RecordType) -> int:
    """Judge every record of a type. Returns how many had obligations other than they should."""
    mended, last = 0, None
    while True:
        row = await connection.fetchrow(f"select * from sweep_{t.table}_obligations($1, $2)", last, AT_ONCE)
        mended += int(row["kept"])
        last = row["last"]
        if last is None:
            return mended


async def _carried_out(service: Any, job: Job) -> None:
    asked = orjson.loads(job.payload or b"{}")
    day = date.fromisoformat(asked["day"]) if asked["day"] else None
    runtime = service.runtime
    done = await keep(runtime.pools, runtime.registry, asked["why"], day)
    log.info("clocks kept", why=asked["why"], day=asked["day"], **done)


async def run(service: Any, watched: WatchedTask) -> None:
    """Carry out the jobs of the queue, and ask for one at the start and each night, until a connection is lost."""
    pools = service.runtime.pools
    connection = await asyncio.wait_for(pools.opening.apart(JOBS), ANSWER_SECONDS)
    try:
        await _ask(pools)
        workers = PgQueuer.from_asyncpg_connection(connection)
        workers.entrypoint(QUEUE, concurrency_limit=1)(partial(_carried_out, service))
        runner = asyncio.create_task(
            workers.run(dequeue_timeout=timedelta(seconds=5), shutdown_on_listener_failure=True)
        )
        watched.running = True
        try:
            await _nightly(pools, runner)
        finally:
            workers.shutdown.set()
            runner.cancel()
            await asyncio.wait({runner}, timeout=ANSWER_SECONDS)
    finally:
        connection.terminate()


async def _nightly(pools: Pools, runner: "asyncio.Task[None]") -> None:
    """Ask for the job of each new day, until the runner ends or the database is lost. Raises what ended it."""
    asked = begun(now())
    while not runner.done():
        await asyncio.wait({runner}, timeout=BEAT_SECONDS)
        async with pools[JOBS].acquire() as connection:  # the network may have dropped the runner's without a word
            await connection.execute("select 1", timeout=ANSWER_SECONDS)
        if (day := begun(now())) > asked:
            await _ask(pools)
            asked = day
    await runner


def begun(moment: datetime) -> date:
    """The last day in Shanghai whose night's run is due at this moment."""
    return (moment - timedelta(minutes=MIDNIGHT_MINUTES)).date()


async def _ask(pools: Pools) -> None:
    async with pools[JOBS].acquire() as connection:
        await queue(connection, SERVICE, "calendar", today())
