"""Who asks: an office in each jurisdiction; in the last one 15 more accounts of it, and one of each other role."""

from typing import Any

import asyncpg
import httpx

from app.accounts import register
from app.accounts.second_person import COMMAND_LINE
from app.db.logins import Logins
from app.db.pool import Pools

JURISDICTIONS = ("431301", "431302", "431321", "431382")
CODE = JURISDICTIONS[-1]
OFFICE, PASSWORD = "office", "benchmark-password"
CALLERS = (OFFICE, *(f"{OFFICE}.{n}" for n in range(2, 17)))
ELSEWHERE = {f"{OFFICE}-{code}": code for code in JURISDICTIONS[:-1]}
# The other roles that findings exist for; the account is called like the role. The team that reads is not the one that
# writes: what is created during the measurements would make its lists longer from round to round.
TEAM = "inspection_team"
READERS = (
    "leading_group", "case_supervision", "organisation_department", TEAM, "partner_system", "inspected_unit",
)  # fmt: skip
WRITING_TEAM = "inspection_team.2"
NAMES = (*CALLERS, *ELSEWHERE, *READERS, WRITING_TEAM)

# The units that most has been fed back to: a list of 50 must find 50.
_FED_BACK = """select unit_number from finding where jurisdiction = $1 and fed_back_on is not null
    group by unit_number order by count(*) desc, unit_number limit 2"""
_NEWEST_TEAMS = "select number from team where jurisdiction = $1 order by round_number desc, number limit 2"
_BODIES = "select number from unit where jurisdiction = $1 order by number limit 2"


async def complete(owner_url: str) -> bool:
    """Whether the ledger is loaded as this version loads it: the accounts come last."""
    owner = await asyncpg.connect(owner_url)
    try:
        found = await owner.fetchval("select count(*) from principal where id = any($1::text[])", NAMES)
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await owner.close()
    if 0 < found < len(NAMES):
        print("the kept database is not as this version of the benchmark loads it: it is loaded anew", flush=True)
    return bool(found == len(NAMES))


async def open_all(owner: Any, logins: Logins) -> None:
    """Opens every account, bound to what the records that are there call for."""
    unit, of_partner = [r[0] for r in await owner.fetch(_FED_BACK, CODE)]
    supervision, department = [r[0] for r in await owner.fetch(_BODIES, CODE)]
    team, writing_team = [r[0] for r in await owner.fetch(_NEWEST_TEAMS, CODE)]
    bound: dict[str, dict[str, Any]] = {
        "leading_group": {},
        "case_supervision": {"unit_number": supervision},
        "organisation_department": {"unit_number": department},
        TEAM: {"team_number": team},
        "inspected_unit": {"unit_number": unit},
        "partner_system": {"unit_number": of_partner, "types": ["findings"]},
    }
    pools = Pools(logins, size=1)
    for name, code in {**ELSEWHERE, **dict.fromkeys(CALLERS, CODE)}.items():
        await register.open_account(pools, name, PASSWORD, "inspection_office", code, COMMAND_LINE)
    for role in READERS:
        await register.open_account(pools, role, PASSWORD, role, CODE, COMMAND_LINE, **bound[role])
    await register.open_account(pools, WRITING_TEAM, PASSWORD, TEAM, CODE, COMMAND_LINE, team_number=writing_team)
    await pools.close()


def sign_in(base: str, name: str = OFFICE) -> str:
    """A token of this account."""
    form = {"username": name, "password": PASSWORD}
    answer = httpx.post(f"{base}/v1/oauth/token", data=form, timeout=30, trust_env=False)
    answer.raise_for_status()
    token: str = answer.json()["access_token"]
    return token
