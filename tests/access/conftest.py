"""The world of the permission matrix, and the permission table as it is or opened wide."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.engine import Pools
from app.kernel.access import Right
from app.kernel.documents import answer_tail
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


@pytest.fixture(params=["as it is", "verbs open to all"])
def table(request: Any, monkeypatch: Any) -> str:
    """The permission table, and the same with every verb allowed: what exists is decided by the policies alone."""
    answer_tail.cache_clear()  # what it says of actions is worked out once
    request.addfinalizer(answer_tail.cache_clear)
    if request.param != "as it is":
        monkeypatch.setattr(Right, "ever", lambda self, action: True)
        monkeypatch.setattr(Right, "may", lambda self, action, state: True)
        monkeypatch.setattr("app.http.record_handlers.LISTED", lambda right: True)
    return str(request.param)
