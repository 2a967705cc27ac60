"""A file that is sent again with its key is one import, and a preview is committed once."""

import asyncio
from pathlib import Path
from typing import Any

from app.db.embedded import EmbeddedPostgres
from tests.support.callers import CSV, Api
from tests.support.client import Answer
from tests.support.records import Maker
from tests.support.retrying import fresh_key, keyed, refused, replayed, same
from tests.support.sql import owning


def ledger(number: str) -> bytes:
    """A ledger of one unit."""
    return f"单位编码,单位名称,单位类型\n{number},{number}镇,乡镇街道\n".encode()


async def sent(api: Api, content: bytes, key: str, **query: str) -> Answer:
    """The answer to sending the file with this key."""
    params = {"type": "units", "mode": "commit", **query}
    return await api.post("/v1/imports", params=params, content=content, headers=keyed(key, **{"Content-Type": CSV}))


async def in_a_form(api: Api, content: bytes, key: str) -> Answer:
    """The same file as a browser sends it, with another boundary each time."""
    files = {"file": ("台账.csv", content, CSV)}
    return await api.post("/v1/imports", params={"type": "units", "mode": "commit"}, files=files, headers=keyed(key))


async def test_a_file_that_is_sent_again_is_one_import(office: Api, folder: Path) -> None:
    content, key = ledger("431382-IDEM-A"), fresh_key()
    first = await sent(office, content, key)
    assert first.status_code == 202, first.text
    done = await office.ended(first.headers["location"])
    assert done["state"] == "committed"
    again = await sent(office, content, key)
    assert (again.status_code, again.headers["location"], again.json()) == (202, first.headers["location"], done)
    assert replayed(again) and not replayed(first)
    assert replayed(await in_a_form(office, content, key)), "the file counts, not how it was wrapped"
    for _ in range(100):  # the file of the first goes a moment after its import has ended
        if not (left := [*(folder / "data" / "uploads").iterdir()]):
            break
        await asyncio.sleep(0.05)
    assert not left, "what was sent again is not kept"


async def test_of_files_sent_at_once_one_is_imported(office: Api) -> None:
    content, key = ledger("431382-IDEM-B"), fresh_key()
    answers = await asyncio.gather(*(sent(office, content, key) for _ in range(20)))
    taken = [a for a in answers if a.status_code == 202]
    assert taken and all(refused(a) == (409, "idempotency_key_in_use") for a in answers if a not in taken)
    assert len({a.json()["id"] for a in taken}) == 1
    await office.ended(taken[0].headers["location"])


async def test_another_file_or_another_wish_is_not_sent_under_the_same_key(office: Api) -> None:
    content, key = ledger("431382-IDEM-C"), fresh_key()
    assert (await sent(office, content, key)).status_code == 202
    for other in (sent(office, ledger("431382-IDEM-D"), key), sent(office, content, key, mode="preview")):
        assert refused(await other) == (422, "idempotency_key_reused")


async def previewed(api: Api, number: str) -> Any:
    return await api.import_file(ledger(number), CSV, type="units", mode="preview")


async def commit(api: Api, preview: Any, key: str) -> Answer:
    return await api.post(f"/v1/imports/{preview['id']}/actions/commit", headers=keyed(key))


async def test_a_preview_is_committed_once_and_says_so_again(office: Api) -> None:
    preview, key = await previewed(office, "431382-IDEM-E"), fresh_key()
    first = await commit(office, preview, key)
    assert (first.status_code, first.json()["state"]) == (200, "committed"), first.text
    assert same(first, await commit(office, preview, key))
    assert refused(await commit(office, preview, fresh_key())) == (409, "import_state")
    assert len((await office.read("/v1/units", q="431382-IDEM-E"))["items"]) == 1


async def test_a_commit_that_is_under_way_is_told_at_once_and_its_loss_leaves_the_key_free(
    office: Api, make: Maker, database: EmbeddedPostgres
) -> None:
    """The first is held by a lock in the database, and its session ended: the same request then does the work."""
    preview, key = await previewed(office, "431382-IDEM-F"), fresh_key()
    async with owning(database) as holder, owning(database) as watch:
        held = holder.transaction()
        await held.start()
        await holder.execute("lock table unit in share mode")
        first = await commit(office, preview, key)
        assert (first.status_code, first.json()["state"]) == (202, "committing"), "it answers, and the job waits"
        again = await commit(office, preview, key)
        assert (again.status_code, again.headers["location"], replayed(again)) == (202, first.headers["location"], True)
        assert refused(await commit(office, preview, fresh_key())) == (409, "import_state")
        pid = await watch.fetchval("select pid from pg_locks where not granted and relation = 'unit'::regclass")
        await watch.execute("select pg_terminate_backend($1)", pid)
        ended = await office.ended(first.headers["location"])
        assert (ended["state"], ended["problem"]["code"]) == ("checked", "import_interrupted")
        await held.rollback()
    again = await commit(office, preview, key)
    assert (again.status_code, again.json()["state"]) == (200, "committed"), again.text
