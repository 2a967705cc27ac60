"""Records whose state does not follow from what refers to them: counted each night, and mended when a person says so.

The functions of the database that find and mend them are made from the effects that the lifecycles declare
(`kernel/schema/following.py`). They belong to the keeper, so that the login of jobs needs no right on records.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import Gauge

from app.clock import now
from app.db.pool import Pools
from app.db.roles import JOBS
from app.db.watched import WatchedTask
from app.logging import log

HOUR = 3  # of the night, in Shanghai
OUT_OF_STEP = Gauge(
    "ledger_records_out_of_step", "Records whose state does not follow, as of last night", multiprocess_mode="max"
)


async def out_of_step(connection: Any) -> list[Any]:
    """The records, each with the transition that is missing and the record that should have caused it."""
    return list(await connection.fetch("select * from records_out_of_step()"))


async def mend(connection: Any) -> list[Any]:
    """Carry out the missing transitions, and return the records. Each has a revision of the service with its reason."""
    return list(await connection.fetch("select * from mend_records()"))


async def check(pools: Pools) -> int:
    """Count the records that are out of step, for the metrics, and say in the log of which types they are."""
    async with pools[JOBS].acquire() as connection:
        found = await out_of_step(connection)
    OUT_OF_STEP.set(len(found))
    if found:
        types = dict(Counter(row["record_type"] for row in found))
        log.warning("records out of step", types=types, remedy="python -m app check --mend")
    return len(found)


async def check_nightly(pools: Pools, watched: WatchedTask) -> None:
    """Check each night. A check that fails ends the task, which is started again and waits for the next night."""
    watched.running = True
    while True:
        await asyncio.sleep(until_night(now()).total_seconds())
        await check(pools)


def until_night(moment: datetime) -> timedelta:
    """How long it is from this moment to the next check."""
    tonight = moment.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return (tonight if tonight > moment else tonight + timedelta(days=1)) - moment
