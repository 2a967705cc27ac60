"""Bureaus: the accounts of a jurisdiction, opened as an administrator opens them, together as one caller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from app.accounts import register
from app.clock import now
from app.db.engine import Pools
from tests.support.callers import LOADER, OFFICE, PASSWORD, SUPERVISION, Api

OWN_UNIT: Any = {"name": "纪委", "kind": "discipline_body"}


async def account(url: str, name: str, role: str, code: str, **bound: Any) -> str:
    """Opens an account; a loader's ends by itself."""
    if role == "ledger_loader":
        bound["expires_at"] = now() + timedelta(days=20)
    pools = Pools(url)
    await register.add(pools, name, PASSWORD, role, code, "test", **bound)
    await pools.close()
    return name


@asynccontextmanager
async def bureau(
    transport: httpx.ASGITransport,
    url: str,
    name: str,
    code: str,
    *,
    ledger: bytes | None = None,
    unit: Any = OWN_UNIT,
) -> AsyncIterator[Api]:
    """Office, loader and case supervision of a jurisdiction, as one caller.

    The supervision belongs to the first unit of `ledger`, which the loader imports before, or else to `unit`, which the
    office enters where it is not there yet; without a unit there is no supervision.
    """
    names = {OFFICE: name, LOADER: f"{name}_loader"}
    await account(url, names[OFFICE], "inspection_office", code)
    await account(url, names[LOADER], "ledger_loader", code)
    if ledger is not None:
        async with Api.signed_in(transport, names[LOADER]) as loader:
            imported = await loader.import_file(ledger)
            assert imported["state"] == "committed", imported
    async with Api.signed_in(transport, name) as office:
        if ledger is not None:
            unit = await office.read(f"/v1/units/{code}-U001")
        elif unit and "id" not in unit:
            unit = await office.write("/v1/units", unit)
    if unit:
        names[SUPERVISION] = f"{name}_supervision"
        await account(url, names[SUPERVISION], "case_supervision", code, unit_number=unit["number"])
    async with Api.bureau(transport, names) as api:
        api.unit = unit
        yield api
