"""A small random register and a clue's life in it, done through HTTP and in the model alike, and compared."""

from typing import Any

from tests.access.kin_life import LifeSteps
from tests.access.kin_model import Account
from tests.access.kin_register import Staff
from tests.support.callers import Api

REFERRED_BY = {"clues": ("clue-transfers", "clue"), "case-filings": ("judicial-referrals", "case_filing")}


class Case(LifeSteps):
    """One seed: a register, steps, and after each step every record asked for by every account."""

    def __init__(self, staff: Staff, seed: int) -> None:
        super().__init__(staff, seed)
        self.unread_before = 0  # left by the cases before

    async def run(self) -> int:
        """Play the case; gives the number of comparisons."""
        work_list = await self.staff.leaders.read(f"/v1/rounds/{self.staff.team['round_number']}/work-list")
        self.unread_before = work_list["clues_without_reader"]
        await self.begin()
        await self.new_clue()
        steps = [self.new_clue, self.change_register, self.change_register, self.change_register, self.hand_over,
                 self.hand_over, self.assign, self.go_on, self.give_back, self.find_another, self.file, self.refer,
                 self.decide]  # fmt: skip
        for _ in range(self.random.randint(3, 7)):
            await self.random.choice(steps)()
            await self.compare()
        return self.compared

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
        named, chain = f"/v1/{path}/{kept['number']}", f"/v1/chains/{path}/{kept['id']}"
        ways = (place, named, f"{place}/revisions", chain, "list", "reference", "export")
        way = self.random.choice(ways)
        if way == "export":
            answer = await by.get(f"/v1/{path}/export", params={"format": "ndjson"})
            found = kept["id"] in answer.text if answer.status_code == 200 else there
        elif way == "list":
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
