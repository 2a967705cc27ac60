"""The whole ledger of 2017 in a database of its own, and the records that a clerk would not write in that way."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db.embedded import EmbeddedPostgres
from app.main import create_app
from app.settings import Settings
from tests.support import databases
from tests.support.bureaus import bureau
from tests.support.callers import HOME, Api
from tests.support.ledgers import SEED


@pytest.fixture(scope="session")
async def lianyuan(cluster: EmbeddedPostgres, database: EmbeddedPostgres, folder: Path) -> AsyncIterator[Api]:
    """The bureau of 431382, over a database that holds nothing but its ledger of 2017."""
    await databases.create(cluster.superuser_url, "exported", databases.PRISTINE)
    application = databases.beside(cluster.application_url, "exported")
    app = create_app(Settings(**databases.addresses(application), access_log="off", data_dir=folder / "exported"))
    ledger = (SEED / "ledger.xlsx").read_bytes()  # a test may wait for its file
    async with app.router.lifespan_context(app), bureau(app, application, "lianyuan", HOME, ledger=ledger) as api:
        yield api
