"""A real Postgres for each test process, the service over it, and callers of two jurisdictions.

Tests act through HTTP and look at the wire and at the revision. Every test makes records of its own (a round of its
own year), so that none needs an empty database; the jurisdiction NEIGHBOUR stands beside HOME all the time.
"""

import asyncio
import fcntl
import gc
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvloop
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres, embedded_postgres
from app.main import create_app
from app.migrate.run import migrate
from app.settings import Settings
from tests.support import databases, folders
from tests.support.bureaus import account, bureau, cheap_passwords
from tests.support.callers import HOME, NEIGHBOUR, Api
from tests.support.client import Client
from tests.support.proofs import WHOLE, left_out
from tests.support.records import Maker

AsTeam = Callable[[Any], Awaitable[Api]]
Prepared = Callable[[Path], Path]
# A statement is planned once and not for each of its first five executions, most of which a test never comes to: a
# quarter of the processor time of Postgres. Nothing is vacuumed, archived or replicated. Not so where proofs are tried
# whole: a plan made for empty tables reads all of what thousands of cases leave.
THRIFTY = {} if WHOLE else {
    "plan_cache_mode": "force_generic_plan", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0",
}  # fmt: skip
# A proof that is tried whole may take hours, and its callers sign in once.
LASTING: dict[str, Any] = {"token_minutes": 24 * 60, "idle_minutes": 24 * 60} if WHOLE else {}


def pytest_configure(config: pytest.Config) -> None:
    """Make the directory that the processes of this run share: the first of them, whose environment they have."""
    gc.set_threshold(50_000, 50, 50)  # what is imported stays
    made = ExitStack()
    made.enter_context(folders.shared())
    config.add_cleanup(made.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `make proof` tries; not where cases are named one by one."""
    if not any("::" in named for named in config.args):
        config.hook.pytest_deselected(items=(left := left_out(items)))
        items[:] = [item for item in items if item not in set(left)]


@pytest.fixture(scope="session")
def event_loop_policy() -> uvloop.EventLoopPolicy:
    """Tests run on the event loop that serves."""
    return uvloop.EventLoopPolicy()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder for what the tests of this process share."""
    with folders.folder("test") as made:
        yield made


@pytest.fixture(scope="session")
def prepared() -> Prepared:
    """Makes a data directory whose database is current and empty: by copying, for 0.5 s of processor instead of 6 s.

    For services in processes of their own that do not look at their very first start. The processes of a run share
    what is copied.
    """
    template = Path(os.environ[folders.SHARED]) / "prepared"
    with open(template.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            made = template.with_suffix(".made")
            with embedded_postgres(made, durable=False, settings=databases.QUICK_TO_ENTER) as server:
                asyncio.run(migrate(server.superuser_url, server.logins))
                asyncio.run(databases.hashed_anew(server.superuser_url))
            made.rename(template)

    def copied(directory: Path) -> Path:
        subprocess.run(["cp", "--archive", template, directory], check=True)
        return directory

    return copied


@pytest.fixture(scope="session")
def cluster(folder: Path, prepared: Prepared) -> Iterator[EmbeddedPostgres]:
    """One Postgres for each test process; not durable, because a test database need not survive a power cut."""
    # Servers of their own stand on it beside the shared service.
    settings = {"max_connections": "200", "autovacuum_naptime": "5s"} | THRIFTY
    with embedded_postgres(prepared(folder / "postgres"), durable=False, settings=settings) as running:
        yield databases.known(running)


@pytest.fixture(scope="session")
async def database(cluster: EmbeddedPostgres) -> EmbeddedPostgres:
    """The migrated database with the accounts that belong to no jurisdiction."""
    await migrate(cluster.superuser_url, cluster.logins)
    await databases.create(cluster.superuser_url, databases.PRISTINE, "ledger")
    await account(cluster.application_url, "admin", "administrator", "")
    await account(cluster.application_url, "second", "administrator", "")
    await account(cluster.application_url, "loader", "ledger_loader", "")
    return cluster


@pytest.fixture(scope="session")
async def service(database: EmbeddedPostgres, folder: Path) -> AsyncIterator[ASGIApp]:
    """The running service, reached without a socket."""
    os.environ["LEDGER_DATA_DIR"] = str(folder / "data")
    cheap_passwords()
    options = Settings(
        **databases.addresses(database.application_url),
        data_dir=folder / "data",
        sign_ins_per_address=10_000,
        sign_ins_per_name=10_000,
        **LASTING,
    )
    app = create_app(options)
    async with app.router.lifespan_context(app):
        gc.collect()
        gc.freeze()  # as the service itself does: what the start made is never garbage
        yield app


@pytest.fixture(scope="session")
def anonymous(service: ASGIApp) -> Client:
    """A caller without a token: what a test gets unless it asks for more."""
    return Client(service)


@pytest.fixture(scope="session")
async def office(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    """The bureau of HOME: every request is made by the colleague whose work it is."""
    async with bureau(service, database.application_url, "office", HOME) as api:
        yield api


@pytest.fixture(scope="session")
async def neighbour(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    """The bureau of NEIGHBOUR."""
    async with bureau(service, database.application_url, "neighbour", NEIGHBOUR) as api:
        yield api


@pytest.fixture(scope="session")
async def colleague(service: ASGIApp, database: EmbeddedPostgres, office: Api) -> AsyncIterator[Api]:
    """A second bureau of HOME, with the same rights."""
    async with bureau(service, database.application_url, "colleague", HOME, like=office) as api:
        yield api


@pytest.fixture(scope="session")
async def loader(service: ASGIApp) -> AsyncIterator[Api]:
    """One who imports for every division."""
    async with Api.signed_in(service, "loader") as api:
        yield api


@pytest.fixture(scope="session")
async def leaders(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    """The leading group of HOME, which reads every record and writes none."""
    async with Api.signed_in(service, await account(database.application_url, "leaders", "leading_group", HOME)) as api:
        yield api


@pytest.fixture(scope="session")
async def superior(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    """The body above HOME and NEIGHBOUR, which sees their work lists."""
    async with Api.signed_in(service, await account(database.application_url, "superior", "superior", HOME[:4])) as api:
        yield api


@pytest.fixture(scope="session")
async def admin(service: ASGIApp) -> AsyncIterator[Api]:
    """The administrator, bound to every division."""
    async with Api.signed_in(service, "admin") as api:
        yield api


@pytest.fixture
async def as_team(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[AsTeam]:
    """Opens an account for a team of HOME."""
    async with AsyncExitStack() as stack:

        async def opened(team: Any) -> Api:
            name = f"t-{team['id']}"
            await account(database.application_url, name, "inspection_team", HOME, team_number=team["number"])
            return await stack.enter_async_context(Api.signed_in(service, name))

        yield opened


@pytest.fixture
def make(office: Api) -> Maker:
    """Makes records of HOME, each with everything it refers to."""
    return Maker(office)


@pytest.fixture
def make_next_door(neighbour: Api) -> Maker:
    """Makes records of NEIGHBOUR."""
    return Maker(neighbour)
