"""An export that is longer than a batch: one moment of the ledger, and the rights of each moment."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.pool import Pools
from app.kernel.store.context import EXPORTS
from tests.support import databases
from tests.support.bureaus import entered
from tests.support.callers import HOME, OFFICE, Api

ADDRESS = "/v1/{}/export?format=ndjson"


STANDING = "select count(*) from pg_stat_activity where datname = 'exported' and state like 'idle in transaction%'"


class Watched:
    """The application, with something that happens after the first piece of an answer has left."""

    def __init__(self, app: Any, then: Callable[[], Awaitable[Any]]) -> None:
        self.app, self.then = app, then
        self.pieces: list[bytes] = []
        self.ended = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def watched(message: Any) -> None:
            if message["type"] == "http.response.body":
                self.pieces.append(message.get("body", b""))
                self.ended = not message.get("more_body")
                if len(self.pieces) == 1:
                    await self.then()
            await send(message)

        await self.app(scope, receive, watched)

    @property
    def lines(self) -> list[Any]:
        """The records that were handed out."""
        return [orjson.loads(line) for line in b"".join(self.pieces).splitlines() if line]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> int:
    """Batches of so few records that the example ledger has several."""
    monkeypatch.setattr(sys.modules["app.kernel.store.export"], "BATCH", 7)  # the package has a verb of that name
    return 7


@pytest.fixture
async def owner(lianyuan: Api, cluster: EmbeddedPostgres) -> Any:
    """The superuser of the database that `lianyuan` stands on."""
    connection = await connect(databases.beside(cluster.superuser_url, "exported"))
    yield connection
    await connection.close()


async def watched(api: Api, path: str, token: str, then: Callable[[], Awaitable[Any]]) -> Watched:
    """An export during which something happens."""
    app = Watched(api.app, then)
    caller = Api(app)
    caller.headers["Authorization"] = f"Bearer {token}"
    try:
        await caller.get(ADDRESS.format(path))
    except AssertionError:  # an answer that is not whole
        assert not app.ended
    return app


async def test_what_is_written_meanwhile_is_not_in_it(lianyuan: Api, short: int) -> None:
    token = lianyuan.tokens[OFFICE]
    before = {r["id"] for r in await lianyuan.every("teams")}
    listed = {r["id"]: r["version"] for r in await lianyuan.every("units")}
    last = max(await lianyuan.every("units"), key=lambda r: r["number"])

    async def written() -> None:
        new = {"name": "途中新设的单位", "kind": "other"}
        made = await lianyuan.write("/v1/units", new)
        assert made["id"] not in listed
        assert (await lianyuan.change(last, "units", {"note": "途中改动"})).status_code == 200

    found = await watched(lianyuan, "units", token, written)
    assert found.ended and len(found.pieces) > len(listed) // short
    assert {r["id"]: r["version"] for r in found.lines} == listed and before


async def test_an_export_of_clues_ends_when_its_caller_loses_the_role(
    lianyuan: Api, short: int, owner: Any, cluster: EmbeddedPostgres
) -> None:
    pools = Pools(databases.logins(databases.beside(cluster.application_url, "exported")))
    await entered(pools, "midway", "case_supervision", HOME, unit_number="431382-U001")
    await pools.close()
    async with Api.signed_in(lianyuan.app, "midway") as api:
        token = api.headers["Authorization"].removeprefix("Bearer ")

    async def another() -> None:
        await owner.execute("update principal set role = 'inspection_office', unit_number = null, unit_id = null"
                            " where id = 'midway'")  # fmt: skip

    found = await watched(lianyuan, "clues", token, another)
    assert not found.ended and 0 < len(found.lines) <= 2 * short
    entries = await owner.fetch(
        "select record_ids::text[] as ids, query, count from access_log"
        " where principal = 'midway' and kind = 'export' order by seq"
    )
    assert {r["id"] for r in found.lines} <= {i for e in entries for i in e["ids"]}
    assert entries[0]["query"] == "format=ndjson" and all(e["count"] is None for e in entries)


async def test_each_batch_of_clues_has_its_entry_and_the_last_one_the_count(
    lianyuan: Api, short: int, owner: Any
) -> None:
    async def nothing() -> None:
        return None

    found = await watched(lianyuan, "clues", lianyuan.tokens[OFFICE], nothing)
    entries = await owner.fetch(
        "select record_ids::text[] as ids, query, count from access_log where kind = 'export' and request_id ="
        " (select request_id from access_log where kind = 'export' order by seq desc limit 1) order by seq"
    )
    assert (
        found.ended and [i for e in entries for i in sorted(e["ids"])] and len(entries) == len(found.lines) // short + 1
    )
    assert {i for e in entries for i in e["ids"]} == {r["id"] for r in found.lines}
    assert [e["count"] for e in entries] == [None] * (len(entries) - 1) + [len(found.lines)]
    assert [e["query"] for e in entries] == ["format=ndjson"] + [None] * (len(entries) - 1)


async def test_an_export_leaves_no_connection_behind(lianyuan: Api, short: int, owner: Any) -> None:
    async def gone() -> None:
        raise ConnectionResetError

    for _ in range(6):  # more than a process has at a time
        assert not (await watched(lianyuan, "units", lianyuan.tokens[OFFICE], gone)).ended
    answer = await lianyuan.get(ADDRESS.format("units"))
    assert answer.status_code == 200
    assert await owner.fetchval(STANDING) == 0


async def test_a_workbook_holds_no_place_and_no_connection_while_it_is_fetched(lianyuan: Api, owner: Any) -> None:
    """However long that takes: Postgres ends a transaction that stands still for a minute."""
    exports, held = lianyuan.app.state.service.runtime.exports, []

    async def look() -> None:
        held.append((exports._value, await owner.fetchval(STANDING)))

    app = Watched(lianyuan.app, look)
    caller = Api(app)
    caller.headers["Authorization"] = f"Bearer {lianyuan.tokens[OFFICE]}"
    assert (await caller.get("/v1/units/export", params={"format": "xlsx"})).status_code == 200
    assert app.ended and held == [(EXPORTS, 0)]
