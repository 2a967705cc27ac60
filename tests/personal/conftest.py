"""Callers of the roles that read persons and clues, and an auditor; and what the access log has entered."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.pool import Pools
from tests.support.bureaus import entered
from tests.support.callers import HOME, Api

_names = itertools.count()
CanSignIn = Callable[..., Any]


@pytest.fixture
async def sign_in(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[CanSignIn]:
    """Opens an account of a role and signs in with it."""
    pools = Pools(database.logins)
    async with AsyncExitStack() as stack:

        async def opened(role: str, code: str = HOME, **bound: Any) -> Api:
            name = f"personal-{next(_names)}"
            await entered(pools, name, role, code, **bound)
            api = await stack.enter_async_context(Api.signed_in(service, name))
            api.username = name
            return api

        yield opened
    await pools.close()


@pytest.fixture
async def owner(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """The superuser, whom no policy binds."""
    connection = await connect(database.superuser_url)
    yield connection
    await connection.close()


@pytest.fixture
async def supervision(sign_in: CanSignIn, office: Api) -> Api:
    """Case supervision of HOME, of a unit of its own."""
    unit = await office.write("/v1/units", {"name": "纪委监督室", "kind": "discipline_body"})
    api: Api = await sign_in("case_supervision", unit_number=unit["number"])
    api.unit = unit
    return api


@pytest.fixture
async def auditor(sign_in: CanSignIn) -> Api:
    """The auditor of HOME."""
    found: Api = await sign_in("auditor")
    return found


async def entries(owner: Any, principal: str) -> list[Any]:
    """What the access log has entered of an account, in order."""
    rows = await owner.fetch("select * from access_log where principal = $1 order by at, seq", principal)
    return [(r["kind"], r["record_type"], sorted(map(str, r["record_ids"]))) for r in rows]
