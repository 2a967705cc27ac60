"""A small random register and a clue's life in it, done through HTTP and in the model alike, and compared."""

import random
from typing import Any

from app.accounts import register
from app.accounts.second_person import COMMAND_LINE
from app.db.pool import Pools
from tests.access.kin_model import Account, Clue, Filing, Person, Register, Transfer, Unit
from tests.support.callers import Api

CODE = "431373"
ROLES = (
    "inspection_office", "inspection_team", "leading_group", "case_supervision", "handling_department",
    "organisation_department",
)  # fmt: skip
BOUND = ROLES[3:]  # the roles that are bound to a unit
KINDS = ("township_street", "municipal_department", "village_group", "discipline_body", "other")
OUTSIDER = 0  # the unit of the supervision that makes the records: no record is about it
HANDLING = {"handling": "preliminary_verification", "on": "2017-06-28"}


class Staff:
    """The accounts of all cases, bound anew for each, and those that make the records."""

    def __init__(self, pools: Pools, makers: dict[str, Api], own: Any, team: Any, callers: dict[str, Api]) -> None:
        self.pools, self.office, self.supervision = pools, makers["office"], makers["supervision"]
        self.leaders = makers["leaders"]
        self.own, self.team, self.callers = own, team, callers


class Case:
    """One seed: a register, steps, and after each step every record asked for by every account."""

    def __init__(self, staff: Staff, seed: int) -> None:
        self.staff, self.random, self.model = staff, random.Random(seed), Register()
        self.kept: dict[str, list[Any]] = {p: [] for p in ("units", "persons", "clues", "clue-transfers", *CASES)}
        self.compared = 0
        self.unread_before = 0  # left by the cases before

    async def run(self) -> int:
        """Play the case; gives the number of comparisons."""
        work_list = await self.staff.leaders.read(f"/v1/rounds/{self.staff.team['round_number']}/work-list")
        self.unread_before = work_list["clues_without_reader"]
        self.model.units.append(Unit("discipline_body"))
        self.kept["units"].append(self.staff.own)
        for _ in range(self.random.randint(3, 6)):
            await self.new_unit()
        for _ in range(self.random.randint(1, 2)):
            await self.new_person()
        for role in ROLES:
            self.model.accounts.append(Account(role, None, None))
            await self.move_account(len(self.model.accounts) - 1)
        await self.new_clue()
        steps = [self.new_clue, self.change_register, self.change_register, self.change_register, self.hand_over,
                 self.hand_over, self.assign, self.file, self.refer, self.decide]  # fmt: skip
        for _ in range(self.random.randint(3, 7)):
            await self.random.choice(steps)()
            await self.compare()
        return self.compared

    # The register

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
        """A merger, a new parent, a moved person or account, another kind, a new name."""
        change = self.random.choice((self.merge, self.put_below, self.move_person, self.move_account, self.rename))
        await change()

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

    # A clue's life

    async def new_clue(self) -> None:
        reported = self.some_unit(active=False) if self.random.random() < 0.6 else None
        person = self.random.choice(self.known_persons()) if self.random.random() < 0.6 else None
        if reported is not None and self.model.units[reported].merged_into is not None:
            reported = self.some_unit()
        of_team = person is not None or self.random.random() < 0.5  # the office knows no person
        body = {
            "round_number": self.staff.team["round_number"], "source": "petition", "summary": "反映问题",
            "registered_on": "2017-05-20", "reported_unit_number": self.number("units", reported),
            "person_number": self.number("persons", person),
        }  # fmt: skip
        maker = self.staff.callers["maker"] if of_team else self.staff.office
        self.kept["clues"].append(await maker.write("/v1/clues", {k: v for k, v in body.items() if v}))
        clue = Clue(reported, person, of_team)
        clue.when_registered = self.model.about_clue(clue)
        self.model.clues.append(clue)

    def known_persons(self) -> list[int | None]:
        """The team knows whom it entered, until a clue about the person is handed over."""
        gone = {c.person for c in self.model.clues if c.holder is not None}
        return [None, *(n for n in range(len(self.model.persons)) if n not in gone)]

    async def hand_over(self) -> None:
        """A draft, then perhaps a change of the register, then the document is sent; refused to a kin at each step."""
        waiting = [n for n, c in enumerate(self.model.clues) if c.state == "registered"]
        if not waiting:
            return
        clue, to = self.random.choice(waiting), self.random.choice([OUTSIDER, self.some_unit()])
        body = {
            "round_number": self.staff.team["round_number"], "route": "discipline",
            "from_unit_number": self.staff.own["number"], "to_unit_number": self.number("units", to),
            "clue_numbers": [self.number("clues", clue)],
        }  # fmt: skip
        answer = await self.staff.office.post("/v1/clue-transfers", json=body)
        transfer = Transfer([clue], to)
        about = self.model.about_transfer(transfer)
        expected = self.refusal(to, about) or 201
        assert answer.status_code == expected, answer.text
        if answer.status_code == 422:
            assert answer.json()["errors"][0]["code"] == "receiver_is_kin", answer.text
        if answer.status_code != 201:
            return
        self.kept["clue-transfers"].append(answer.json())
        self.model.transfers.append(transfer)
        if self.random.random() < 0.5:
            await self.change_register()
        n = len(self.model.transfers) - 1
        refused = self.refusal(to, self.model.about_transfer(transfer))
        await self.act("clue-transfers", n, "send", self.staff.office, refused or 200, on="2017-06-11")
        if not refused:
            transfer.state = "sent"
            self.model.clues[clue].holder, self.model.clues[clue].state = to, "transferred"

    def refusal(self, to: int, about: set[int]) -> int:
        """The status of a refusal, 0 if it is none: who reads no more than metadata is told nothing of units."""
        return 409 if self.model.of_own_cadre(about) else 422 if self.model.kin(to, about) else 0

    async def assign(self) -> None:
        """The supervision assigns a clue that it holds: never to a kin."""
        held = [n for n, c in enumerate(self.model.clues) if c.holder == OUTSIDER]
        if not held:
            return
        n, to = self.random.choice(held), self.some_unit()
        refused = self.refusal(to, self.model.about_clue(self.model.clues[n]))
        given = {**HANDLING, "handling_unit_number": self.number("units", to)}
        await self.act("clues", n, "set_handling", self.staff.supervision, refused or 200, **given)
        if not refused:
            self.model.clues[n].handler, self.model.clues[n].state = to, "handling"

    async def file(self) -> None:
        held = [n for n, c in enumerate(self.model.clues) if c.holder == OUTSIDER]
        clue = self.random.choice([None, *held])
        person = self.random.randrange(len(self.model.persons))
        body = self.outcome(person) | {"lane": "party", "filed_on": "2017-07-10"}
        body |= {"authority_unit_number": self.staff.own["number"]}
        body |= {"clue_number": self.number("clues", clue)} if clue is not None else {}
        self.kept["case-filings"].append(await self.staff.supervision.write("/v1/case-filings", body))
        self.model.filings.append(Filing(person, self.model.persons[person].unit, clue))

    async def refer(self) -> None:
        filing = self.random.choice([None, *range(len(self.model.filings))])
        person = self.random.randrange(len(self.model.persons))
        own = self.staff.own["number"]
        body = self.outcome(person) | {"from_unit_number": own, "to_unit_number": own, "referred_on": "2017-08-21"}
        body |= {"case_filing_number": self.number("case-filings", filing)} if filing is not None else {}
        self.kept["judicial-referrals"].append(await self.staff.supervision.write("/v1/judicial-referrals", body))
        self.model.referrals.append(Filing(person, self.model.persons[person].unit, filing=filing))

    def outcome(self, person: int) -> dict[str, Any]:
        return {"round_number": self.staff.team["round_number"], "person_number": self.number("persons", person)}

    async def decide(self) -> None:
        filed = [n for n, f in enumerate(self.model.filings) if f.state == "filed"]
        if filed:
            n = self.random.choice(filed)
            given = {"on": "2017-08-18", "party_sanction": "warning"}
            await self.act("case-filings", n, "decide", self.staff.supervision, **given)
            self.model.filings[n].state = "decided"

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

    # Comparison

    async def compare(self) -> None:
        """Every record by every account: whether it is there is what the model says, in each way of asking."""
        work_list = await self.staff.leaders.read(f"/v1/rounds/{self.staff.team['round_number']}/work-list")
        unread = sum(self.model.without_reader(clue) for clue in self.model.clues)
        assert work_list["clues_without_reader"] - self.unread_before == unread, self.model
        for account in self.model.accounts:
            for path, (records, sees) in self.seen().items():
                expected = [sees(account, record) for record in records]
                for kept, there in zip(self.kept[path], expected, strict=True):
                    await self.ask(account, path, kept, there)

    def seen(self) -> dict[str, Any]:
        m = self.model
        return {
            "clues": (m.clues, m.sees_clue), "clue-transfers": (m.transfers, m.sees_transfer),
            "case-filings": (m.filings, m.sees_filing), "judicial-referrals": (m.referrals, m.sees_referral),
        }  # fmt: skip

    async def ask(self, account: Account, path: str, kept: Any, there: bool) -> None:
        """One of the ways to a record, taken at random: each case takes hundreds."""
        by, place = self.staff.callers[account.role], f"/v1/{path}/{kept['id']}"
        way = self.random.choice((place, f"/v1/{path}/{kept['number']}", f"{place}/revisions", "list", "reference"))
        if way == "list":
            answer = await by.get(f"/v1/{path}", params={"limit": "200"})
            found = kept["id"] in [item["id"] for item in answer.json().get("items", ())]
        elif way == "reference" and path in REFERRED_BY:
            found = await self.referred_to(by, path, kept, there)
        else:
            answer = await by.get(place if way == "reference" else way)
            found = answer.status_code == 200
        assert found == there, (account, path, kept["number"], way, self.model)
        self.compared += 1

    async def referred_to(self, by: Api, path: str, kept: Any, there: bool) -> bool:
        """Whether a record that refers to this one shows the reference; where none is visible, what is to be found."""
        other, member = REFERRED_BY[path]
        for record in self.kept[other]:
            answer = await by.get(f"/v1/{other}/{record['id']}")
            written = record[f"{member}_ids"] if f"{member}_ids" in record else [record[f"{member}_id"]]
            if answer.status_code == 200 and kept["id"] in written:
                shown = answer.json()
                named = shown.get(f"{member}_ids") or [shown.get(f"{member}_id")]
                return kept["id"] in named
        return there


CASES = ("case-filings", "judicial-referrals")
REFERRED_BY = {"clues": ("clue-transfers", "clue"), "case-filings": ("judicial-referrals", "case_filing")}
