"""The place where two writers meet."""

from collections.abc import AsyncIterator

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.support.meeting import Meeting, meeting


@pytest.fixture
async def meet(database: EmbeddedPostgres) -> AsyncIterator[Meeting]:
    """Two writers are called together."""
    async with meeting(database) as place:
        yield place
