"""Databases of their own for the tests of the schema: empty, current, and with rows of every type."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.logins import Logins
from app.main import create_app
from app.records import REGISTRY
from app.settings import Settings
from tests.support.bureaus import bureau
from tests.support.callers import HOME
from tests.support.databases import PRISTINE, addresses, beside, create, logins
from tests.support.records import Maker
from tests.support.sql import owning

Addresses = tuple[str, Logins]  # of the superuser and of the service


@asynccontextmanager
async def copied(database: EmbeddedPostgres, template: str) -> AsyncIterator[Addresses]:
    """A database of its own for the length of the block."""
    async with owning(database) as owner:
        await owner.execute("drop database if exists another with (force)")
    await create(database.superuser_url, "another", template)
    yield beside(database.superuser_url, "another"), logins(beside(database.application_url, "another"))
    async with owning(database) as owner:
        await owner.execute("drop database another with (force)")


@pytest.fixture
async def another(database: EmbeddedPostgres) -> AsyncIterator[Addresses]:
    """An empty database."""
    async with copied(database, "template0") as addresses:
        yield addresses


@pytest.fixture
async def migrated(database: EmbeddedPostgres) -> AsyncIterator[Addresses]:
    """A database whose schema is current, with no rows in it."""
    async with copied(database, PRISTINE) as addresses:
        yield addresses


@pytest.fixture(scope="session")
async def every_type(database: EmbeddedPostgres, folder: Path) -> str:
    """The name of a current database with rows of every record type, made over HTTP, to be copied from."""
    name = "every_type"
    await create(database.superuser_url, name, PRISTINE)
    url = beside(database.application_url, name)
    app = create_app(Settings(**addresses(url), data_dir=folder / name))
    async with app.router.lifespan_context(app), bureau(app, url, "office", HOME) as office:
        make = Maker(office)
        for t in REGISTRY:
            await make.shared(t.path)
        await make("persons", id_number=REGISTRY.by_path["persons"].field("id_number").sample)
    connection = await asyncpg.connect(beside(database.superuser_url, name))
    counts = {t.table: await connection.fetchval(f"select count(*) from {t.table}") for t in REGISTRY}
    await connection.close()
    assert all(counts.values()), counts
    return name


@pytest.fixture
async def populated(database: EmbeddedPostgres, every_type: str) -> AsyncIterator[Addresses]:
    """A copy of the database with rows of every type."""
    async with copied(database, every_type) as addresses:
        yield addresses
