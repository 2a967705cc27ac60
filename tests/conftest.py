"""A real Postgres for each test process, the service over it, and callers of two jurisdictions.

Tests act through HTTP and look at the wire and at the revision. Every test makes records of its own (a round of its
own year), so that none needs an empty database; the jurisdiction NEIGHBOUR stands beside HOME all the time.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from app.accounts import register
from app.clock import now
from app.db.embedded import EmbeddedPostgres, embedded_postgres
from app.db.engine import Pools
from app.db.migrate import migrate
from app.main import create_app
from app.settings import Settings
from tests.support.callers import HOME, NEIGHBOUR, PASSWORD, Api
from tests.support.records import Maker


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder that the database's own account may enter, also when the tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="ledger-test-", dir="/var/tmp"))  # /tmp may be a small tmpfs
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(folder: Path) -> Iterator[EmbeddedPostgres]:
    """One Postgres for each test process; not durable, because a test database need not survive a power cut."""
    with embedded_postgres(folder / "postgres", durable=False) as running:
        yield running


@pytest.fixture(scope="session")
async def database(cluster: EmbeddedPostgres) -> EmbeddedPostgres:
    """The migrated database with the accounts of both jurisdictions."""
    await migrate(cluster.superuser_url, cluster.application_url)
    pools = Pools(cluster.application_url)
    soon = now() + timedelta(days=20)
    await register.add(pools, "admin", PASSWORD, "administrator", "", "test")
    for who, code in (("office", HOME), ("neighbour", NEIGHBOUR)):
        await register.add(pools, who, PASSWORD, "inspection_office", code, "test")
        await register.add(pools, f"{who}_loader", PASSWORD, "ledger_loader", code, "test", expires_at=soon)
    await register.add(pools, "loader", PASSWORD, "ledger_loader", "", "test", expires_at=soon)
    await pools.close()
    return cluster


@pytest.fixture(scope="session")
async def service(database: EmbeddedPostgres, folder: Path) -> AsyncIterator[httpx.ASGITransport]:
    """The running service, reached without a socket."""
    os.environ["LEDGER_DATA_DIR"] = str(folder / "data")
    options = Settings(
        database_url=database.application_url,
        data_dir=folder / "data",
        sign_ins_per_address=10_000,
        sign_ins_per_name=10_000,
    )
    app = create_app(options)
    async with app.router.lifespan_context(app):
        yield httpx.ASGITransport(app)


@pytest.fixture(scope="session")
async def anonymous(service: httpx.ASGITransport) -> AsyncIterator[httpx.AsyncClient]:
    """A caller without a token: what a test gets unless it asks for more."""
    async with httpx.AsyncClient(transport=service, base_url="http://ledger") as client:
        yield client


@asynccontextmanager
async def _bureau(service: httpx.ASGITransport, cluster: EmbeddedPostgres, name: str, code: str) -> AsyncIterator[Api]:
    """Office, case supervision and loader of a jurisdiction. Its own unit receives the clues."""
    async with Api.signed_in(service, name) as alone:
        unit = await alone.write("/v1/units", {"name": "纪委", "kind": "discipline_body"})
    pools = Pools(cluster.application_url)
    bound = {"unit_number": unit["number"]}
    await register.add(pools, f"{name}_supervision", PASSWORD, "case_supervision", code, "test", **bound)
    await pools.close()
    names = {"office": name, "supervision": f"{name}_supervision", "loader": f"{name}_loader"}
    async with Api.bureau(service, names) as api:
        api.unit = unit
        yield api


@pytest.fixture(scope="session")
async def office(service: httpx.ASGITransport, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    """The bureau of HOME: every request is made by the colleague whose work it is."""
    async with _bureau(service, database, "office", HOME) as api:
        yield api


@pytest.fixture(scope="session")
async def neighbour(service: httpx.ASGITransport, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    """The bureau of NEIGHBOUR."""
    async with _bureau(service, database, "neighbour", NEIGHBOUR) as api:
        yield api


@pytest.fixture(scope="session")
async def loader(service: httpx.ASGITransport) -> AsyncIterator[Api]:
    """One who imports for every division."""
    async with Api.signed_in(service, "loader") as api:
        yield api


@pytest.fixture(scope="session")
async def admin(service: httpx.ASGITransport) -> AsyncIterator[Api]:
    """The administrator, bound to every division."""
    async with Api.signed_in(service, "admin") as api:
        yield api


@pytest.fixture
def make(office: Api) -> Maker:
    """Makes records of HOME, each with everything it refers to."""
    return Maker(office)


@pytest.fixture
def make_next_door(neighbour: Api) -> Maker:
    """Makes records of NEIGHBOUR."""
    return Maker(neighbour)
