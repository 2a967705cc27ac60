"""The world of the permission matrix."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.engine import Pools
from tests.access.world import World, build


@pytest.fixture(scope="session")
async def world(service: httpx.ASGITransport, database: EmbeddedPostgres) -> AsyncIterator[World]:
    """The world, made once; tests only look at it."""
    pools = Pools(database.application_url)
    made = await build(service, pools)
    yield made
    for api in made.callers.values():
        await api.aclose()
    await pools.close()
