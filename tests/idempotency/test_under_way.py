"""The same request while the first is under way, after the first was killed, and after its answer was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.db.embedded import EmbeddedPostgres
from app.main import create_app
from app.records import REGISTRY
from app.settings import Settings
from tests.support.callers import OFFICE, Api
from tests.support.client import Client
from tests.support.databases import addresses
from tests.support.proofs import prove
from tests.support.records import Maker
from tests.support.retrying import changed, created, fresh_key, refused, replayed, same
from tests.support.sql import owning, waits_or_ends

IN_USE = (409, "idempotency_key_in_use")


@asynccontextmanager
async def held(database: EmbeddedPostgres, record: Any) -> AsyncIterator[Any]:
    """A connection that holds a category, so that whoever refers to it waits; and the statements that end the wait."""
    async with owning(database) as holder:
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("select from finding_category where id = $1 for update", record["id"])
        yield holder
        await transaction.rollback()


async def finding(make: Maker) -> tuple[Any, Any]:
    """A category, and the body of a finding of it."""
    category = await make("finding-categories", phase="feedback")
    return category, await make.body(REGISTRY.by_path["findings"], category_number=category["number"])


async def waiting(database: EmbeddedPostgres, task: "asyncio.Task[Any]") -> int:
    """The session of Postgres that waits for a lock on behalf of the task."""
    async with owning(database) as watch:
        await waits_or_ends(watch, task)
        found: int = await watch.fetchval(
            "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
    assert found and not task.done()
    return found


async def test_the_second_is_told_at_once_that_the_first_is_under_way(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    category, body = await finding(make)
    key = fresh_key()
    async with held(database, category):
        first = asyncio.create_task(created(office, "findings", body, key))
        await waiting(database, first)
        answer = await created(office, "findings", body, key)
        assert refused(answer) == IN_USE and answer.headers["retry-after"]
        assert refused(await created(office, "findings", {**body, "title": "另一件"}, key)) == IN_USE
        assert (await office.get("/v1/findings")).status_code == 200, "nobody else waits"
        assert not first.done()
    done = await first
    assert done.status_code == 201 and same(done, await created(office, "findings", body, key))


@pytest.mark.proof
async def test_where_the_first_was_killed_the_second_does_the_work(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    """The session of the first is ended while it waits in its statement: nothing of it is left, not even its key."""
    category, body = await finding(make)

    async def case(seed: int) -> int:
        key, title = fresh_key(), f"{body['title']}之{seed}"
        async with held(database, category), owning(database) as watch:
            first = asyncio.create_task(created(office, "findings", {**body, "title": title}, key))
            await watch.execute("select pg_terminate_backend($1)", await waiting(database, first))
            assert refused_for_now(await first)
        second = await created(office, "findings", {**body, "title": title}, key)
        assert second.status_code == 201 and not replayed(second)
        assert same(second, await created(office, "findings", {**body, "title": title}, key))
        assert len(await office.every("findings", q=title)) == 1
        return 3

    await prove("idempotency-killed", 500, 20, case)


def refused_for_now(answer: Any) -> bool:
    """Whether the answer says that the service could not do it now."""
    return bool(answer.status_code == 503)


class Wire:
    """A wire between the service and Postgres, which can lose the answer to a commit."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "", parts.port or 5432)
        self.lost, self._losing = 0, False

    def lose_next_commit(self) -> None:
        """Carry the next COMMIT to Postgres, wait until it is done, and close the line instead of telling."""
        self._losing = True

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the service."""
        upstream, to_postgres = await asyncio.open_connection(*self._to)
        committing = asyncio.Event()
        there = asyncio.create_task(self._there(reader, to_postgres, committing))
        back = asyncio.create_task(self._back(upstream, writer, committing))
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        for task in (there, back):
            task.cancel()
        for line in (writer, to_postgres):
            line.close()

    async def _there(self, reader: Any, writer: Any, committing: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if self._losing and b"COMMIT" in data:
                self._losing = False
                committing.set()
            writer.write(data)

    async def _back(self, reader: Any, writer: Any, committing: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if committing.is_set():
                self.lost += 1
                return
            writer.write(data)


@pytest.fixture
async def fragile(database: EmbeddedPostgres, folder: Path) -> AsyncIterator[tuple[Any, Wire]]:
    """A service beside the shared one, over a wire that can lose an answer."""
    wire = Wire(database.application_url)
    listener = await asyncio.start_server(wire, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    found = addresses(database.application_url)
    place = urlsplit(found["database_url"]).netloc.rpartition("@")[2]
    found["database_url"] = found["database_url"].replace(place, f"127.0.0.1:{port}")
    app = create_app(Settings(**found, data_dir=folder / "data", access_log="off"))
    async with app.router.lifespan_context(app):
        yield app, wire
    listener.close()


@pytest.mark.proof
async def test_an_answer_lost_after_the_commit_is_given_to_the_repeat(
    make: Maker, office: Api, fragile: tuple[Any, Wire]
) -> None:
    """Nobody knows what became of the first; the second says it, and nothing is registered twice."""
    app, wire = fragile
    caller = Client(app, headers={"Authorization": f"Bearer {office.tokens[OFFICE]}"})
    _, body = await finding(make)

    async def case(seed: int) -> int:
        key, title = fresh_key(), f"{body['title']}失{seed}"
        wire.lose_next_commit()
        first = await created(caller, "findings", {**body, "title": title}, key)
        assert refused_for_now(first), first.text
        again = await created(caller, "findings", {**body, "title": title}, key)
        assert again.status_code == 201 and replayed(again), again.text
        (record,) = await office.every("findings", q=title)
        assert record == again.json() and again.headers["location"] == f"/v1/findings/{record['id']}"
        wire.lose_next_commit()
        patch = fresh_key()
        assert refused_for_now(await changed(caller, "findings", record, {"note": "改"}, patch))
        mended = await changed(caller, "findings", record, {"note": "改"}, patch)
        assert (mended.status_code, mended.json()["version"], replayed(mended)) == (200, 2, True), mended.text
        return 2

    await prove("idempotency-lost-answers", 500, 20, case)
    assert wire.lost >= 40
