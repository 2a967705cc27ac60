"""The register of a random world: units, persons and accounts, changed through HTTP and in the model alike."""

import random
from typing import Any

from app.accounts import register
from app.accounts.second_person import COMMAND_LINE
from app.db.pool import Pools
from tests.access.kin_model import Account, Person, Register, Unit
from tests.support.callers import Api

ROLES = (
    "inspection_office", "inspection_team", "leading_group", "case_supervision", "handling_department",
    "organisation_department",
)  # fmt: skip
BOUND = ROLES[3:]  # the roles that are bound to a unit
KINDS = ("township_street", "municipal_department", "village_group", "discipline_body", "other")
OUTSIDER = 0  # the unit of the supervision that makes the records: no record is about it
CASES = ("case-filings", "judicial-referrals")


class Staff:
    """The accounts of all cases, bound anew for each, and those that make the records."""

    def __init__(self, pools: Pools, makers: dict[str, Api], own: Any, team: Any, callers: dict[str, Api]) -> None:
        self.pools, self.office, self.supervision = pools, makers["office"], makers["supervision"]
        self.leaders = makers["leaders"]
        self.own, self.team, self.callers = own, team, callers


class RegisterSteps:
    """What happens to a register, each step taken at random."""

    def __init__(self, staff: Staff, seed: int) -> None:
        self.staff, self.random, self.model = staff, random.Random(seed), Register()
        self.kept: dict[str, list[Any]] = {p: [] for p in ("units", "persons", "clues", "clue-transfers", *CASES)}
        self.compared = 0

    async def begin(self) -> None:
        """A few units, persons and accounts."""
        self.model.units.append(Unit("discipline_body"))
        self.kept["units"].append(self.staff.own)
        for _ in range(self.random.randint(3, 6)):
            await self.new_unit()
        for _ in range(self.random.randint(1, 2)):
            await self.new_person()
        for role in ROLES:
            self.model.accounts.append(Account(role, None, None))
            await self.move_account(len(self.model.accounts) - 1)

    def some_unit(self, active: bool = True) -> int:
        return self.random.choice(
            [n for n, u in enumerate(self.model.units) if n != OUTSIDER and not (active and u.merged_into is not None)]
        )

    async def new_unit(self) -> None:
        kind = self.random.choice(KINDS)
        parent = self.some_unit() if len(self.model.units) > 1 and self.random.random() < 0.6 else None
        body = {"name": f"单位{len(self.model.units)}", "kind": kind, "parent_number": self.number("units", parent)}
        self.kept["units"].append(await self.staff.office.write("/v1/units", body))
        self.model.units.append(Unit(kind, parent))

    async def new_person(self) -> None:
        unit, others = self.some_unit(), {self.some_unit()} if self.random.random() < 0.3 else set()
        body = {"name": "干部", "unit_number": self.number("units", unit)}
        body |= {"other_unit_numbers": [self.number("units", n) for n in others]} if others else {}
        self.kept["persons"].append(await self.staff.callers["maker"].write("/v1/persons", body))
        self.model.persons.append(Person(unit, others))

    async def change_register(self) -> None:
        """A merger or its undoing, a new parent, a moved person or account, a new name."""
        changes = (self.merge, self.unmerge, self.put_below, self.move_person, self.move_account, self.rename)
        await self.random.choice(changes)()

    async def merge(self) -> None:
        one, into = self.some_unit(), self.some_unit()
        if one == into:
            return
        given = {"merged_into_number": self.number("units", into), "on": "2019-12-30", "reason": "撤并"}
        unit = await self.current("units", one, self.staff.office)
        answer = await self.staff.office.act(unit, "units", "merge", **given)
        if answer.status_code == 409:
            assert answer.json()["code"] == "second_person_needed", answer.text
            await self.act("units", one, "propose_merge", self.staff.office, **given)
            await self.act("units", one, "confirm_merge", self.staff.leaders)
        else:
            assert answer.status_code == 200, answer.text
        self.model.units[one].merged_into = into

    async def unmerge(self) -> None:
        merged = [n for n, u in enumerate(self.model.units) if u.merged_into is not None]
        if not merged:
            return
        one = self.random.choice(merged)
        unit = await self.current("units", one, self.staff.office)
        answer = await self.staff.office.act(unit, "units", "unmerge", reason="撤并有误")
        if answer.status_code == 409:
            assert answer.json()["code"] == "second_person_needed", answer.text
            await self.act("units", one, "decline_merge", self.staff.leaders, reason="撤并有误")
            await self.act("units", one, "unmerge", self.staff.office, reason="撤并有误")
        else:
            assert answer.status_code == 200, answer.text
        self.model.units[one].merged_into = None

    async def put_below(self) -> None:
        one, parent = self.some_unit(), self.random.choice([None, self.some_unit()])
        if one == parent:
            return
        await self.patch("units", one, self.staff.office, parent_number=self.number("units", parent))
        self.model.units[one].parent = parent

    async def rename(self) -> None:
        await self.act("units", self.some_unit(), "rename", self.staff.office, name="更名后的单位", reason="更名")

    async def move_person(self) -> None:
        n, unit, other = self.random.randrange(len(self.model.persons)), self.some_unit(), self.some_unit()
        others = {other} if self.random.random() < 0.3 else set()
        numbers = [self.number("units", o) for o in others] or None
        given = {"unit_number": self.number("units", unit), "other_unit_numbers": numbers}
        await self.patch("persons", n, self.staff.supervision, **given)
        self.model.persons[n] = Person(unit, others)

    async def move_account(self, n: int | None = None) -> None:
        n = self.random.randrange(len(self.model.accounts)) if n is None else n
        account = self.model.accounts[n]
        account.unit = self.some_unit() if account.role in BOUND else None
        account.home = self.some_unit() if self.random.random() < 0.5 else account.unit
        body = {"home_unit_number": self.number("units", account.home)}
        body |= {"unit_number": self.number("units", account.unit)} if account.role in BOUND else {}
        name = self.staff.callers[account.role].username
        assert await register.alter(self.staff.pools, name, body, COMMAND_LINE)

    # Requests

    def number(self, path: str, n: int | None) -> Any:
        return None if n is None else self.kept[path][n]["number"]

    async def current(self, path: str, n: int, by: Api) -> Any:
        return await by.read(f"/v1/{path}/{self.kept[path][n]['id']}")

    async def act(self, path: str, n: int, action: str, by: Api, status: int = 200, **body: Any) -> None:
        answer = await by.act(await self.current(path, n, by), path, action, **body)
        assert answer.status_code == status, answer.text
        self.compared += 1

    async def patch(self, path: str, n: int, by: Api, **body: Any) -> None:
        answer = await by.change(await self.current(path, n, by), path, body)
        assert answer.status_code == 200, answer.text
