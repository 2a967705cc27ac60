"""Work lists of others come from a replica, which sees nothing else; from the primary where the replica does not do."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres, embedded_postgres
from app.db.replica import READS
from app.http.lagging import ROUTES, may_lag
from app.main import create_app
from app.records import REGISTRY
from app.settings import Settings
from tests.cli.running import free_port
from tests.conftest import Prepared
from tests.support import databases
from tests.support.bureaus import account, bureau, cheap_passwords
from tests.support.callers import HOME, OFFICE, Api
from tests.support.records import Maker
from tests.support.standby import empty_home, following, own_place

LISTS = "/v1/work-lists"
CAUGHT_UP = "select pg_last_wal_replay_lsn() >= $1::text::pg_lsn"


@dataclass
class Mirrored:
    """A service with a replica, its callers, and the two servers."""

    first: EmbeddedPostgres
    standby_url: str
    log: Path
    app: Any
    office: Api
    superior: Api

    def statements(self) -> int:
        """How many statements of the service's logins the standby has been given so far."""
        return len(re.findall(r"^<ledger_app\w*> LOG:  (?:execute|statement)", self.log.read_text(), re.MULTILINE))

    async def on_standby(self, sql: str, *arguments: Any) -> Any:
        """A value from the standby, as the superuser."""
        connection = await asyncpg.connect(self.standby_url)
        try:
            return await connection.fetchval(sql, *arguments)
        finally:
            await connection.close()

    async def caught_up(self) -> None:
        """Wait until the standby has replayed all that is written now."""
        connection = await asyncpg.connect(self.first.superuser_url)
        await connection.execute("set synchronous_commit = on")  # so that all that was committed before is on its way
        await connection.execute("select pg_logical_emit_message(true, 'test', '')")
        written = await connection.fetchval("select pg_current_wal_flush_lsn()::text")
        await connection.close()
        while not await self.on_standby(CAUGHT_UP, written):  # noqa: ASYNC110  # Postgres sends no event of it
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """The standby has all there is, and replays nothing further while the block lasts."""
        await self.caught_up()
        await self.on_standby("select pg_wal_replay_pause()")
        while await self.on_standby("select pg_get_wal_replay_pause_state()") != "paused":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        try:
            yield
        finally:
            await self.on_standby("select pg_wal_replay_resume()")

    def limit(self, seconds: float) -> None:
        """Set how far behind the replica may be."""
        self.app.state.service.runtime.replica._seconds = seconds


@pytest.fixture(scope="module")
async def mirrored(prepared: Prepared, folder: Path) -> AsyncIterator[Mirrored]:
    """A database of its own, because that of the tests is not made to be followed."""
    cheap_passwords()
    place = own_place(folder)
    home = empty_home(place / "standby")
    settings = {"log_statement": "all", "log_line_prefix": "<%u> "}
    async with AsyncExitStack() as stack:
        first = stack.enter_context(embedded_postgres(prepared(place / "first"), durable=False))
        databases.known(first)
        url = stack.enter_context(following(first, place / "first", home, free_port(), settings))
        there = url.rpartition("@")[2]
        options = Settings(
            **databases.addresses(first.application_url), data_dir=place / "data",
            replica_database_url=f"{first.application_url.rpartition('@')[0]}@{there}",
        )  # fmt: skip
        app = create_app(options)
        await stack.enter_async_context(app.router.lifespan_context(app))
        office = await stack.enter_async_context(bureau(app, first.application_url, "office", HOME))
        name = await account(first.application_url, "superior", "superior", HOME[:4])
        superior = await stack.enter_async_context(Api.signed_in(app, name))
        yield Mirrored(first, url, home.log, app, office, superior)


async def teams(api: Api, round_: Any) -> int:
    """The teams of a round, in the list of work lists."""
    items = (await api.read(LISTS, year=round_["year"]))["items"]
    found: int = next(item["teams"] for item in items if item["round_number"] == round_["number"])
    return found


async def test_the_superiors_work_lists_come_from_the_replica_and_the_offices_do_not(mirrored: Mirrored) -> None:
    make = Maker(mirrored.office)
    round_ = await make("rounds")
    path = f"/v1/rounds/{round_['number']}/work-list"
    async with mirrored.standing_still():
        await make("teams", round_number=round_["number"])
        assert (await teams(mirrored.office, round_), await teams(mirrored.superior, round_)) == (1, 0)
        assert ((await mirrored.office.read(path))["teams"], (await mirrored.superior.read(path))["teams"]) == (1, 0)
        newer = await make("rounds")  # the replica does not know it
        assert (await mirrored.superior.read(f"/v1/rounds/{newer['number']}/work-list"))["teams"] == 0
    await mirrored.caught_up()
    assert await teams(mirrored.superior, round_) == 1


async def test_a_replica_that_is_too_far_behind_is_not_asked(mirrored: Mirrored) -> None:
    make = Maker(mirrored.office)
    round_ = await make("rounds")
    async with mirrored.standing_still():
        mirrored.limit(0)
        assert await teams(mirrored.superior, round_) == 0
        before = READS.labels("primary")._value.get()
        await make("teams", round_number=round_["number"])
        assert await teams(mirrored.superior, round_) == 1
        assert READS.labels("primary")._value.get() == before + 1
    mirrored.limit(30)


async def test_what_a_caller_may_see_is_decided_by_the_primary(mirrored: Mirrored) -> None:
    make = Maker(mirrored.office)
    round_ = await make("rounds")
    name = await account(mirrored.first.application_url, "moved", "superior", HOME[:4])
    owner = await asyncpg.connect(mirrored.first.superuser_url)
    async with Api.signed_in(mirrored.app, name) as moved, mirrored.standing_still():
        assert await teams(moved, round_) == 0
        await owner.execute("update principal set low = '11', high = '11:' where id = $1", name)
        assert (await moved.read(LISTS, year=round_["year"]))["items"] == []
    await owner.close()


async def test_nothing_else_ever_reaches_the_replica(mirrored: Mirrored) -> None:
    make, document = Maker(mirrored.office), await mirrored.office.read("/openapi.json")
    records = {t.path: await make(t.path) for t in REGISTRY}
    paths = [p for p, of in document["paths"].items() if "get" in of and p not in ROUTES]
    assert len(paths) > 80
    await mirrored.caught_up()
    before, answered = mirrored.statements(), 0
    for path in paths:
        record = records.get(path.split("/")[2]) or records["rounds"]
        place = path.replace("{figure}", "finding_items").replace("{version}", "1")
        place = re.sub(r"{\w+}", str(record["id"]), place)
        for caller in (mirrored.office, mirrored.superior):
            answered += (await caller.get(place)).status_code == 200
    assert answered > 60
    assert mirrored.statements() == before
    await mirrored.superior.read(LISTS)  # the count would have seen them
    assert mirrored.statements() > before


async def test_an_export_comes_from_the_replica_unless_its_reads_are_logged(mirrored: Mirrored) -> None:
    make, office = Maker(mirrored.office), mirrored.office.acting(OFFICE)

    async def exported(path: str) -> str:
        answer = await mirrored.office.get(f"/v1/{path}/export", params={"format": "ndjson"}, auth=office)
        assert answer.status_code == 200, answer.text
        return answer.text

    first = await make("findings")
    async with mirrored.standing_still():
        finding, clue = await make("findings"), await make("clues")
        found = await exported("findings")
        assert first["number"] in found and finding["number"] not in found
        assert clue["number"] in await exported("clues")
    await mirrored.caught_up()
    assert finding["number"] in await exported("findings")


async def test_without_the_replica_the_primary_answers(mirrored: Mirrored) -> None:
    make = Maker(mirrored.office)
    round_ = await make("rounds")
    await mirrored.caught_up()
    assert await teams(mirrored.superior, round_) == 0
    await make("teams", round_number=round_["number"])
    assert await mirrored.on_standby("select pg_promote()")  # it is no replica any more, and knows less
    assert await teams(mirrored.superior, round_) == 1
    replica = mirrored.app.state.service.runtime.replica
    await replica.close()
    replica._pools.clear()
    replica._url = f"{mirrored.first.application_url.rpartition('@')[0]}@127.0.0.1:{free_port()}/ledger"
    for _ in range(2):  # nobody is there; then it is not even asked
        assert await teams(mirrored.superior, round_) == 1


def test_no_type_whose_reads_are_logged_may_lag() -> None:
    lagging = {t.path for t in REGISTRY if may_lag(t)}
    assert {"rounds", "findings"} <= lagging
    assert not lagging & {"persons", "clues", "clue-transfers", "case-filings", "judicial-referrals"}
    assert not lagging & {t.path for t in REGISTRY if t.access.logged}
