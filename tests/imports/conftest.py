"""A jurisdiction of its own for whoever needs an empty one: tests share a database, and jurisdictions share nothing."""

import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.support.bureaus import bureau
from tests.support.callers import Api
from tests.support.ledgers import ROUND, Rows, register, workbook
from tests.support.workbooks import made

_codes = itertools.count(500001)


@dataclass(frozen=True)
class Place:
    """A jurisdiction in which nothing else is written, and its bureau."""

    api: Api
    code: str

    @property
    def round(self) -> str:
        """The number of the round that `register` holds."""
        return f"{self.code}-{ROUND}"

    async def preview(self, sheets: dict[str, Rows], **query: Any) -> Any:
        """The checked import of a workbook of these sheets."""
        return await self.api.import_file(workbook(sheets), mode="preview", **query)

    async def commit(self, sheets: dict[str, Rows], **query: Any) -> Any:
        """The import of a workbook of these sheets."""
        return await self.api.import_file(workbook(sheets), **query)

    async def rejected(self, sheets: dict[str, Rows], **query: Any) -> list[Any]:
        """The rejected rows of a preview."""
        return await self.api.rows(await self.preview(sheets, **query), "rejected")


def registers(code: str) -> bytes:
    """The workbook of a jurisdiction's registers; its first unit is the discipline body."""
    return workbook(register(code))


NewPlace = Callable[..., Awaitable[Place]]


@pytest.fixture(scope="session")
async def new_place(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[NewPlace]:
    """Opens a bureau in a jurisdiction that was never used. `ledger` gives the workbook it begins with, if any."""
    async with AsyncExitStack() as stack:

        async def opened(code: str | None = None, ledger: Callable[[str], bytes] | None = None) -> Place:
            code = code or str(next(_codes))
            first = ledger(code) if ledger else None
            made = bureau(service, database.application_url, f"office-{code}", code, ledger=first, unit=None)
            return Place(await stack.enter_async_context(made), code)

        yield opened


@pytest.fixture
async def empty(new_place: NewPlace) -> Place:
    """A jurisdiction without a record."""
    return await new_place()


@pytest.fixture
async def place(new_place: NewPlace) -> Place:
    """A jurisdiction with the registers, for tests that write."""
    return await new_place(ledger=registers)


@pytest.fixture(scope="session")
async def desk(new_place: NewPlace) -> Place:
    """A jurisdiction with the registers, for tests that only preview."""
    return await new_place(ledger=registers)


MANY = os.environ.get("LEDGER_TEST_MANY") == "1"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return made(tmp_path / "small.xlsx", lambda _, sheet: [sheet.write(0, 0, "甲"), sheet.write(1, 1, "乙")])


# Workbooks: what people write
