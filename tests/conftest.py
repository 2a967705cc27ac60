"""A real Postgres for each test process, the service over it, and callers of two jurisdictions.

Tests act through HTTP and look at the wire and at the revision. Every test makes records of its own (a round of its
own year), so that none needs an empty database; the jurisdiction NEIGHBOUR stands beside HOME all the time.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from app.accounts import register
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
    for name, role, code in (
        ("admin", "administrator", ""),
        ("office", "inspection_office", HOME),
        ("neighbour", "inspection_office", NEIGHBOUR),
    ):
        await register.add(pools, name, PASSWORD, role, code, "test")
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


@pytest.fixture(scope="session")
async def office(service: httpx.ASGITransport) -> AsyncIterator[Api]:
    """The inspection office of HOME."""
    async with Api.signed_in(service, "office") as api:
        yield api


@pytest.fixture(scope="session")
async def neighbour(service: httpx.ASGITransport) -> AsyncIterator[Api]:
    """The inspection office of NEIGHBOUR."""
    async with Api.signed_in(service, "neighbour") as api:
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
