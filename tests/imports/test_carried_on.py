"""A commit is a job: it answers at once, and an import that was interrupted goes on from its identifier alone."""

import asyncio

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from tests.imports.conftest import Place
from tests.support.callers import CSV
from tests.support.ledgers import FINDING, delimited, finding
from tests.support.sql import owning


def ledger(place: Place, *numbers: int) -> bytes:
    return delimited([FINDING, *(finding(place.code, n) for n in numbers)])


async def numbers(place: Place) -> list[str]:
    return sorted(f["number"][-4:] for f in await place.api.every("findings"))


async def fail_as_interrupted(database: EmbeddedPostgres, import_id: str) -> None:
    """As the next start does it after a crash."""
    async with owning(database) as connection:
        done = await connection.execute(
            'update import_job set state = \'failed\', problem = \'{"code": "import_interrupted", "params": {}}\','
            " finished_at = now() where id = $1::text::uuid",
            import_id,
        )
    assert done == "UPDATE 1"


async def test_a_commit_answers_while_it_is_still_written(place: Place, database: EmbeddedPostgres) -> None:
    seen = await place.api.import_file(ledger(place, 1, 2), CSV, type="findings", mode="preview")
    path = f"/v1/imports/{seen['id']}/actions/commit"
    async with owning(database) as holder:
        await holder.execute("begin; lock table finding in share mode")
        answer = await place.api.post(path)
        assert (answer.status_code, answer.json()["state"]) == (202, "committing")
        assert answer.headers["location"] == f"/v1/imports/{seen['id']}"
        again = await place.api.post(path)
        assert (again.status_code, again.json()["code"]) == (409, "import_state")
    assert (await place.api.ended(answer.headers["location"]))["state"] == "committed"
    assert await numbers(place) == ["0001", "0002"]
    assert (await place.api.post(path)).status_code == 409


async def test_a_plan_whose_commit_was_interrupted_is_committed_from_its_identifier(
    place: Place, database: EmbeddedPostgres
) -> None:
    for n, action in enumerate(("commit", "resume"), 1):
        seen = await place.api.import_file(ledger(place, n), CSV, type="findings", mode="preview")
        await fail_as_interrupted(database, seen["id"])
        answer = await place.api.post(f"/v1/imports/{seen['id']}/actions/{action}")
        assert (answer.status_code, answer.json()["state"]) == (200, "committed"), answer.text
    assert await numbers(place) == ["0001", "0002"]


@pytest.mark.parametrize("mode", ["preview", "commit"])
async def test_an_import_whose_check_was_interrupted_goes_on_from_its_identifier(
    mode: str, place: Place, database: EmbeddedPostgres
) -> None:
    content = ledger(place, 1, 2)
    async with owning(database) as holder:
        await holder.execute("begin; lock table unit in access exclusive mode")
        answer = await place.api.post(
            "/v1/imports", params={"type": "findings", "mode": mode}, content=content, headers={"Content-Type": CSV}
        )
        sent, place_of = answer.json(), answer.headers["location"]
        pid = await blocked(holder)
        await holder.execute("select pg_terminate_backend($1)", pid)
        done = await place.api.ended(place_of)
    assert (done["state"], done["problem"]["code"]) == ("failed", "import_interrupted"), done
    assert "resume" in done["problem"]["message"] and await numbers(place) == []
    answers = await asyncio.gather(*(place.api.post(f"{place_of}/actions/resume") for _ in range(3)))
    assert sorted(a.status_code for a in answers)[1:] == [409, 409], [a.text for a in answers]
    done = await place.api.ended(place_of)
    assert (done["id"], done["state"]) == (sent["id"], "checked" if mode == "preview" else "committed"), done
    assert len(await place.api.rows(done)) == 2
    refused = await place.api.post(f"{place_of}/actions/resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "import_not_interrupted")
    assert await numbers(place) == ([] if mode == "preview" else ["0001", "0002"])


async def blocked(holder: asyncpg.Connection) -> int:
    """The session that waits for the table of units."""
    for _ in range(400):
        pid: int | None = await holder.fetchval(
            "select pid from pg_locks where not granted and relation = 'unit'::regclass"
        )
        if pid:
            return pid
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")
