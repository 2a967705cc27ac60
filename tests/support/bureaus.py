"""Bureaus: the accounts of a jurisdiction, opened as an administrator opens them, together as one caller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from argon2 import PasswordHasher
from starlette.types import ASGIApp

from app.accounts import register
from app.accounts.binding import Binding, field_errors
from app.accounts.second_person import COMMAND_LINE
from app.auth import passwords
from app.clock import now
from app.db.pool import Pools
from tests.support.callers import LEADERS, LOADER, OFFICE, PASSWORD, SUPERVISION, UNIT, Api
from tests.support.databases import logins

OWN_UNIT: Any = {"name": "纪委", "kind": "discipline_body"}
# A hash says what it cost, and is checked at that cost: that of the product takes 0.25 s of processor each time. Only a
# service in a process of its own spends it in the tests; accounts/test_sign_in.py says what the product's cost is.
_cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LIGHT = _cheap.hash(PASSWORD)


def cheap_passwords() -> None:
    """Lets the services of this process hash at next to no cost, also for names that nobody has."""
    passwords._hasher, passwords._decoy = _cheap, _cheap.hash("no password")


async def entered(pools: Pools, name: str, role: str, code: str, **bound: Any) -> None:
    """Enters an account that signs in with PASSWORD at once."""
    binding = Binding(role, code, **bound)
    assert not field_errors(binding, "account"), field_errors(binding, "account")
    await register.insert(pools, name, "account", binding, LIGHT, COMMAND_LINE)


async def account(url: str, name: str, role: str, code: str, **bound: Any) -> str:
    """Opens an account; a loader's ends by itself."""
    if role == "ledger_loader":
        bound["expires_at"] = now() + timedelta(days=20)
    pools = Pools(logins(url))
    await entered(pools, name, role, code, **bound)
    await pools.close()
    return name


@asynccontextmanager
async def bureau(
    app: ASGIApp,
    url: str,
    name: str,
    code: str,
    *,
    ledger: bytes | None = None,
    unit: Any = OWN_UNIT,
    like: Api | None = None,
) -> AsyncIterator[Api]:
    """Office, leading group, loader, case supervision and a unit of a jurisdiction, as one caller.

    The office alone examines reports here. A bureau `like` another has its units.

    The supervision belongs to the first unit of `ledger`, which the loader imports before, or else to `unit`, which the
    office enters where it is not there yet; without a unit there is no supervision.
    """
    unit = like.unit if like else unit
    names = {OFFICE: name, LOADER: f"{name}_loader", LEADERS: f"{name}_leaders"}
    await account(url, names[OFFICE], "inspection_office", code)
    await account(url, names[LOADER], "ledger_loader", code)
    await account(url, names[LEADERS], "leading_group", code)
    if ledger is not None:
        async with Api.signed_in(app, names[LOADER]) as loader:
            imported = await loader.import_file(ledger)
            assert imported["state"] == "committed", imported
    async with Api.signed_in(app, name) as office:
        if ledger is not None:
            unit = await office.read(f"/v1/units/{code}-U001")
        elif unit and "id" not in unit:
            unit = await office.write("/v1/units", unit)
    if unit:
        names[SUPERVISION] = f"{name}_supervision"
        await account(url, names[SUPERVISION], "case_supervision", code, unit_number=unit["number"])
    names[UNIT], keeper = f"{name}_unit", f"{name}_keeper"
    async with Api.signed_in(app, name) as office:
        if like:
            reporting = like.reporting
        elif ledger is not None:
            reporting = await office.read(f"/v1/units/{code}-U008")
        else:
            reporting = await office.write("/v1/units", {"name": f"报告单位{name}", "kind": "municipal_department"})
    await account(url, names[UNIT], "inspected_unit", code, unit_number=reporting["number"])
    await account(url, keeper, "administrator", code)
    async with Api.signed_in(app, keeper) as administrator:
        alone = {"name": "examining_bodies", "since": "2000-01-01", "value": ["inspection_office"]}
        await administrator.write("/v1/policies", alone)
    async with Api.bureau(app, names) as api:
        api.unit, api.reporting = unit, reporting
        yield api
