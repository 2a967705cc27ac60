"""Bureaus: the accounts of a jurisdiction, opened as an administrator opens them, together as one caller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from app.accounts import register
from app.clock import now
from app.db.embedded import EmbeddedPostgres
from app.db.engine import Pools
from tests.support.callers import LOADER, OFFICE, PASSWORD, SUPERVISION, Api

OWN_UNIT = {"name": "纪委", "kind": "discipline_body"}


async def account(database: EmbeddedPostgres, name: str, role: str, code: str, **bound: Any) -> str:
    """Opens an account; a loader's ends by itself."""
    if role == "ledger_loader":
        bound["expires_at"] = now() + timedelta(days=20)
    pools = Pools(database.application_url)
    await register.add(pools, name, PASSWORD, role, code, "test", **bound)
    await pools.close()
    return name


@asynccontextmanager
async def bureau(
    transport: httpx.ASGITransport,
    database: EmbeddedPostgres,
    name: str,
    code: str,
    *,
    ledger: bytes | None = None,
    unit: Any = None,
) -> AsyncIterator[Api]:
    """Office, loader and case supervision of a jurisdiction, as one caller.

    The supervision belongs to `unit`; without one to the first unit of `ledger`, which the loader imports before; and
    without either to a unit that the office enters for it.
    """
    names = {OFFICE: name, LOADER: f"{name}_loader", SUPERVISION: f"{name}_supervision"}
    await account(database, names[OFFICE], "inspection_office", code)
    await account(database, names[LOADER], "ledger_loader", code)
    if ledger is not None:
        async with Api.signed_in(transport, names[LOADER]) as loader:
            imported = await loader.import_file(ledger)
            assert imported["state"] == "committed", imported
    async with Api.signed_in(transport, name) as office:
        if ledger is not None:
            unit = await office.read(f"/v1/units/{code}-U001")
        elif unit is None:
            unit = await office.write("/v1/units", OWN_UNIT)
    bound = {"unit_number": unit["number"]}
    await account(database, names[SUPERVISION], "case_supervision", code, **bound)
    async with Api.bureau(transport, names) as api:
        api.unit = unit
        yield api
