"""The service is killed with -9 when its write is committed and its caller is not told; then the same request comes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.chaos.wire import AFTER, Aim, Wire
from tests.e2e.serving import launched
from tests.support.callers import OFFICE, Api
from tests.support.databases import environment
from tests.support.proofs import prove
from tests.support.records import Maker
from tests.support.retrying import fresh_key, keyed

SECONDS = 60


class Mortal:
    """A service in a process of its own, over a wire that kills it at a commit."""

    def __init__(self, wire: Wire, settings: dict[str, str], log: Path) -> None:
        self.wire, self.settings, self.log = wire, settings, log
        self.url = f"http://127.0.0.1:{settings['LEDGER_PORT']}"
        self.process: BaseProcess | None = None

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.process = launched(self.settings, self.log)
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            for _ in range(SECONDS * 20):
                with suppress(httpx.HTTPError):
                    if (await http.get(f"{self.url}/health/ready")).status_code == 200:
                        return
                assert self.process.exitcode is None, self.log.read_text()[-2000:]
                await asyncio.sleep(0.05)
        raise AssertionError(self.log.read_text()[-2000:])

    async def kill(self) -> None:
        """kill -9, and wait for its end."""
        if self.process:
            self.process.kill()
            await asyncio.to_thread(self.process.join, SECONDS)

    def kill_at(self, mark: str) -> Aim:
        """From now on: kill it when Postgres has committed what holds this word, and before it is told."""
        process = self.process
        assert process
        self.wire.aim = Aim(mark.encode(), AFTER, process.kill, skip=0, delay=0)
        return self.wire.aim


@pytest.fixture
async def mortal(database: EmbeddedPostgres, folder: Path, office: Api) -> AsyncIterator[Mortal]:
    """Beside the shared service, over the same database and with the same keys."""
    port = urlsplit(database.application_url).port
    wire = Wire(port or 5432)
    await wire.open()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = str(probe.getsockname()[1])
    urls = {k: v.replace(f":{port}/", f":{wire.port}/") for k, v in environment(database.application_url).items()}
    more = {"LEDGER_DATA_DIR": str(folder / "data"), "LEDGER_PORT": own, "LEDGER_ACCESS_LOG": "off"}
    found = Mortal(wire, {**urls, **more}, folder / "mortal.log")
    try:
        yield found
    finally:
        await found.kill()
        await wire.close()


@pytest.mark.proof
async def test_what_was_committed_before_the_kill_is_told_to_the_repeat(
    make: Maker, office: Api, mortal: Mortal
) -> None:
    body = await make.body(REGISTRY.by_path["findings"])
    bearer = {"Authorization": f"Bearer {office.tokens[OFFICE]}"}

    async def send(title: str, key: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as http:
            headers = {**bearer, **keyed(key)}
            return await http.post(f"{mortal.url}/v1/findings", json={**body, "title": title}, headers=headers)

    async def case(seed: int) -> int:
        key, title = fresh_key(), f"KILLED-{seed}-X"
        await mortal.start()
        aim = mortal.kill_at(title)
        with pytest.raises(httpx.TransportError):
            await send(title, key)
        assert aim.hit.is_set(), "it was killed after the commit"
        mortal.wire.aim = None
        await mortal.kill()
        await mortal.start()
        again: Any = await send(title, key)
        assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true"), again.text
        found = await office.every("findings", q=title)
        assert [record["id"] for record in found] == [again.json()["id"]]
        assert again.headers["location"] == f"/v1/findings/{found[0]['id']}"
        await mortal.kill()
        return 2

    await prove("idempotency-service-killed", 60, 1, case)
