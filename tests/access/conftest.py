"""The world of the permission matrix, and the permission table as it is or opened wide."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from app.kernel.declare.access import Right
from app.kernel.sql.projection import document_sql
from app.kernel.sql.write import insert_sql, update_sql
from app.kernel.store.read import read_sql
from tests.access.world import World, build


@pytest.fixture(scope="session")
async def world(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[World]:
    """The world, made once; tests only look at it."""
    pools = Pools(database.logins)
    made = await build(service, pools)
    yield made
    await pools.close()


@pytest.fixture(params=["as it is", "verbs open to all"])
def table(request: Any, monkeypatch: Any) -> str:
    """The permission table, and the same with every verb allowed: what exists is decided by the policies alone."""
    for statement in (document_sql, read_sql, insert_sql, update_sql):  # what they say of actions is worked out once
        statement.cache_clear()
        request.addfinalizer(statement.cache_clear)
    if request.param != "as it is":
        monkeypatch.setattr(Right, "ever", lambda self, action: True)
        monkeypatch.setattr(Right, "may", lambda self, action, state: True)
        monkeypatch.setattr("app.http.record_reading.MAY_LIST", lambda right: True)
        monkeypatch.setattr("app.exports.routes.MAY_EXPORT", lambda right: True)
        monkeypatch.setattr("tests.support.client.check", lambda *_: None)  # no document tells what is answered then
    return str(request.param)
