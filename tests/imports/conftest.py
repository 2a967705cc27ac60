"""A jurisdiction of its own for whoever needs an empty one: tests share a database, and jurisdictions share nothing."""

import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.callers import PASSWORD, Api
from tests.support.ledgers import ROUND, Rows, register, workbook

_codes = itertools.count(500001)


@dataclass(frozen=True)
class Place:
    """A jurisdiction in which nothing else is written, and its inspection office."""

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


NewPlace = Callable[..., Awaitable[Place]]


@pytest.fixture(scope="session")
async def new_place(service: httpx.ASGITransport, admin: Api) -> AsyncIterator[NewPlace]:
    """Opens an account in a jurisdiction that was never used."""
    async with AsyncExitStack() as stack:

        async def opened(code: str | None = None) -> Place:
            code = code or str(next(_codes))
            body = {
                "username": f"office-{code}",
                "password": PASSWORD,
                "role": "inspection_office",
                "jurisdiction": code,
            }
            await admin.write("/v1/accounts", body)
            return Place(await stack.enter_async_context(Api.signed_in(service, f"office-{code}")), code)

        yield opened


@pytest.fixture
async def empty(new_place: NewPlace) -> Place:
    """A jurisdiction without a record."""
    return await new_place()


@pytest.fixture
async def place(new_place: NewPlace) -> Place:
    """A jurisdiction with the registers, for tests that write."""
    made = await new_place()
    assert (await made.commit(register(made.code)))["state"] == "committed"
    return made


@pytest.fixture(scope="session")
async def desk(new_place: NewPlace) -> Place:
    """A jurisdiction with the registers, for tests that only preview."""
    made = await new_place()
    done = await made.commit(register(made.code))
    assert done["state"] == "committed", [r for r in await made.api.rows(done) if r["errors"]]
    return made


MANY = os.environ.get("LEDGER_TEST_MANY") == "1"
