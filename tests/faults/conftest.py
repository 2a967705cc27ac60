"""A service of its own over the tests' database, whose way to Postgres a test may cut."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.main import create_app
from app.settings import Settings
from tests.support import databases
from tests.support.callers import Api
from tests.support.client import Client
from tests.support.cut_wire import Wire, wired


@dataclass
class Wired:
    """The service, its callers, and the two ways it takes: as the callers, and as the login that signs in."""

    app: Any
    requests: Wire
    auth: Wire
    jobs: Wire
    callers: dict[str, Api] = field(default_factory=dict)

    @property
    def office(self) -> Api:
        """The inspection office."""
        return self.callers["office"]

    @property
    def admin(self) -> Api:
        """The administrator."""
        return self.callers["admin"]

    @property
    def loader(self) -> Api:
        """One who imports."""
        return self.callers["loader"]

    @property
    def anonymous(self) -> Client:
        """Nobody."""
        return Client(self.app)


@pytest.fixture(scope="module")
async def service_on_wires(service: Any, office: Api, database: EmbeddedPostgres, folder: Path) -> AsyncIterator[Wired]:
    """A second service beside the shared one. It has a data directory, and so a queue, of its own."""
    async with AsyncExitStack() as stack:
        wires = {
            kind: await stack.enter_async_context(wired(getattr(database.logins, kind)))
            for kind in ("requests", "auth", "jobs")
        }
        urls = databases.addresses(database.application_url) | {
            "database_url": wires["requests"].address,
            "auth_database_url": wires["auth"].address,
            "jobs_database_url": wires["jobs"].address,
        }
        secret = (folder / "data" / "secret-key").read_text().strip()
        options = Settings(
            **urls, data_dir=folder / "wired", secret_key=secret, sign_ins_per_address=10_000, sign_ins_per_name=10_000
        )
        app = create_app(options)
        await stack.enter_async_context(app.router.lifespan_context(app))
        found = Wired(app, wires["requests"], wires["auth"], wires["jobs"])
        for name in ("admin", "loader"):
            found.callers[name] = await stack.enter_async_context(Api.signed_in(app, name))
        found.callers["office"] = await stack.enter_async_context(Api.bureau(app, office.names))
        yield found
