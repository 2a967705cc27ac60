"""The accounts that keep clocks, and the job that keeps them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date

import pytest
from starlette.types import ASGIApp

from app.deadlines import worker
from app.records import REGISTRY
from tests.support.callers import SUPERVISION, Api

Keep = Callable[..., Awaitable[dict[str, int]]]


@pytest.fixture(scope="session")
async def supervision(service: ASGIApp, office: Api) -> AsyncIterator[Api]:
    """Case supervision of HOME alone."""
    async with Api.signed_in(service, office.names[SUPERVISION]) as api:
        yield api


@pytest.fixture
def keep(service: ASGIApp) -> Keep:
    """Does what the job of the clocks does: without a day as after a change, with one as at night."""
    pools = service.state.service.runtime.pools  # type: ignore[attr-defined]

    async def kept(why: str = "calendar", day: date | None = None) -> dict[str, int]:
        return await worker.keep(pools, REGISTRY, why, day)

    return kept
