"""kill -9 in the middle of an import: afterwards it is there as a whole or not at all, and can be sent again."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.e2e.conftest import Server, ended, expected_work_list, sent
from tests.support import databases
from tests.support.ledgers import SEED

POINTS = int(os.environ.get("LEDGER_TEST_KILLS", "3"))
DRAW = int(os.environ.get("LEDGER_TEST_SEED", random.SystemRandom().randrange(10**6)))
# Where the import waits for a lock that the test holds, and is killed: every table it writes, from its first row to the
# note that all is done; or some moment after it was sent, wherever it then is.
TABLES = ["import_row", *(t.table for t in REGISTRY), "revision", "number_series"]
WORK_LIST = f"/v1/rounds/{expected_work_list()['round_number']}/work-list"


def points() -> list[str | float]:
    """The points of this run: tables and moments in turn, drawn anew each time."""
    draw = random.Random(DRAW)
    tables = draw.sample(TABLES, len(TABLES)) * (POINTS // len(TABLES) + 1)
    return [tables[n] if n % 3 < 2 else round(draw.uniform(0, 2.5), 2) for n in range(POINTS)]


class Held:
    """A table locked by another session, so that an import stops there."""

    def __init__(self, url: str, table: str) -> None:
        self.url, self.table = url, table

    async def __aenter__(self) -> "Held":
        self.connection = await asyncpg.connect(self.url)
        await self.connection.execute(f"begin; lock table {self.table} in share mode")
        return self

    async def waiting(self) -> None:
        """Until another session waits for this lock."""
        for _ in range(1200):
            blocked = (
                "select count(*) from pg_locks join pg_database d on d.oid = database and datname = current_database()"
                " where relation = $1::regclass and not granted"
            )
            if await self.connection.fetchval(blocked, self.table):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the import never came to {self.table}")

    async def __aexit__(self, *_: Any) -> None:
        await self.connection.close()


def counts(server: Server, url: str) -> dict[str, int]:
    """How many rows each table of records and revisions holds, whoever looks."""

    async def look() -> dict[str, int]:
        connection = await asyncpg.connect(url)
        tables = [*(t.table for t in REGISTRY), "revision"]
        found = {t: await connection.fetchval(f"select count(*) from {t}") for t in tables}
        await connection.close()
        return found

    return asyncio.run(look())


def strike(server: Server, url: str, point: str | float) -> str:
    """Sends the seed, kills the server at the point; gives the import's address."""
    client = server.client("loader")
    content = (SEED / "ledger.xlsx").read_bytes()
    if isinstance(point, float):
        location = sent(client, content)
        time.sleep(point)
        server.kill()
        return location

    async def held() -> str:
        async with Held(url, str(point)) as lock:
            location = await asyncio.to_thread(sent, client, content)
            await lock.waiting()
            server.kill()
        return location

    return asyncio.run(held())


@pytest.mark.parametrize("n", range(POINTS))
def test_an_import_that_was_killed_is_whole_or_not_there_and_can_be_sent_again(
    n: int, new_server: Callable[[str], Server], own: tuple[EmbeddedPostgres, Path]
) -> None:
    point = points()[n]
    print(f"LEDGER_TEST_SEED={DRAW} LEDGER_TEST_KILLS={POINTS}: killed at {point}")
    server = new_server(f"kill_{n}")
    url = databases.beside(own[0].superuser_url, server.database)
    location = strike(server, url, point)
    server.start()  # returns when /health/ready answers 200
    client = server.client("loader")
    first = client.get(location).json()
    rows = counts(server, url)
    if first["state"] == "committed":
        assert rows["finding"] == 30 and rows["rectification_opinion"] == 294
        assert server.client().get(WORK_LIST).json().items() >= expected_work_list().items()
    else:
        assert (first["state"], first["problem"]["code"]) == ("failed", "import_interrupted")
        assert set(rows.values()) == {0}, rows
    if isinstance(point, str):
        assert first["state"] == "failed", "it was stopped before its end"
    again = ended(client, sent(client, (SEED / "ledger.xlsx").read_bytes()))
    assert again["state"] == "committed", again
    assert server.client().get(WORK_LIST).json().items() >= expected_work_list().items()
    whole = counts(server, url)
    assert sum(s["rows"] for s in again["sheets"]) == sum(whole.values()) - whole["revision"]
    assert client.get(location).json()["state"] == first["state"]
