"""Servers of their own: processes that a test may kill, each over a database of its own."""

import asyncio
import json
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.clock import now
from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from tests.e2e.serving import end, served
from tests.support import databases
from tests.support.bureaus import entered
from tests.support.callers import HOME, PASSWORD
from tests.support.client import over_http
from tests.support.ledgers import SEED


@dataclass
class Server:
    """A serving process over a database of its own."""

    url: str
    database: str
    folder: Path
    port: int = 0
    process: Any = field(default=None, repr=False)

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = {**databases.environment(self.url), "LEDGER_DATA_DIR": str(self.folder), "LEDGER_ACCESS_LOG": "off"}
        self.process = served(self.port, settings)
        for _ in range(1200):
            if self.process.exitcode is not None:
                raise AssertionError(f"the server ended with {self.process.exitcode}")
            with suppress(httpx.HTTPError), over_http(self.address) as client:
                if client.get("/health/ready").status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("the server does not become ready")

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.join(10)

    def client(self, username: str = "office") -> httpx.Client:
        """A caller: the inspection office, or the loader."""
        client = over_http(self.address)
        form = {"grant_type": "password", "username": username, "password": PASSWORD}
        token = client.post("/v1/oauth/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client


def sent(client: httpx.Client, content: bytes, **query: str) -> str:
    """Sends the file for an import; gives the import's address."""
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = client.post(
        "/v1/imports", params={"mode": "commit", **query}, content=content, headers={"Content-Type": media}
    )
    assert answer.status_code == 202, answer.text
    return answer.headers["location"]


def ended(client: httpx.Client, location: str) -> Any:
    """The import when it has ended."""
    for _ in range(1200):
        found = client.get(location).json()
        if found["state"] not in ("received", "checking", "committing"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"the import does not end: {found}")


def expected_work_list() -> Any:
    """What the seed case must give."""
    return json.loads((SEED / "expected-work-list.json").read_text(encoding="utf-8"))


TEMPLATE = "e2e"


@pytest.fixture(scope="session")
async def own(database: EmbeddedPostgres, folder: Path) -> AsyncIterator[tuple[EmbeddedPostgres, Path]]:
    """The Postgres with a template for servers, which holds two accounts and nothing else, and their folder."""
    await databases.create(database.superuser_url, TEMPLATE, databases.PRISTINE)
    pools = Pools(databases.logins(databases.beside(database.application_url, TEMPLATE)))
    await entered(pools, "office", "inspection_office", HOME)
    until = now() + timedelta(days=20)
    await entered(pools, "loader", "ledger_loader", HOME, expires_at=until)
    await pools.close()
    yield database, folder
    end()


@contextmanager
def opening(own: tuple[EmbeddedPostgres, Path]) -> Iterator[Callable[[str], Server]]:
    """Starts servers, each over a fresh copy of the migrated, empty database, and ends them."""
    running, folder = own
    made: list[Server] = []

    def opened(kind: str) -> Server:
        name = f"{kind}_{uuid.uuid4().hex[:8]}"
        asyncio.run(databases.create(running.superuser_url, name, TEMPLATE))
        server = Server(databases.beside(running.application_url, name), name, folder / name)
        made.append(server)
        server.start()
        return server

    yield opened
    for server in made:
        if server.process and server.process.exitcode is None:
            server.process.terminate()
            server.process.join(20)


@pytest.fixture
def new_server(own: tuple[EmbeddedPostgres, Path]) -> Iterator[Callable[[str], Server]]:
    """Servers for one test."""
    with opening(own) as opened:
        yield opened
