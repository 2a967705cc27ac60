"""The life of clues, and of what follows from them, in a random world: through HTTP and in the model alike."""

from typing import Any

from tests.access.kin_model import Clue, Filing, Transfer
from tests.access.kin_register import OUTSIDER, RegisterSteps

HANDLING = {"handling": "preliminary_verification", "on": "2017-06-28"}
GOES_ON: dict[str, tuple[dict[str, Any], str]] = {
    "conclude": ({"on": "2017-07-29", "result": "已核实"}, "concluded"),
    "close_off": ({"on": "2017-08-06"}, "closed_off"),
    "reopen": ({"reason": "发现新的证据"}, "handling"),
}


class LifeSteps(RegisterSteps):
    """What happens to clues, transfers, filings and referrals, each step taken at random."""

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
        clues = self.random.sample(waiting, min(len(waiting), self.random.randint(1, 2)))
        to = self.random.choice([OUTSIDER, self.some_unit()])
        body = {
            "round_number": self.staff.team["round_number"], "route": "discipline",
            "from_unit_number": self.staff.own["number"], "to_unit_number": self.number("units", to),
            "clue_numbers": [self.number("clues", clue) for clue in clues],
        }  # fmt: skip
        answer = await self.staff.office.post("/v1/clue-transfers", json=body)
        transfer = Transfer(clues, to)
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
        retired = 422 if self.model.units[to].merged_into is not None else 0
        refused = self.refusal(to, self.model.about_transfer(transfer)) or retired
        await self.act("clue-transfers", n, "send", self.staff.office, refused or 200, on="2017-06-11")
        if not refused:
            transfer.state = "sent"
            for clue in clues:
                self.model.clues[clue].holder, self.model.clues[clue].state = to, "transferred"

    def refusal(self, to: int, about: set[int]) -> int:
        """The status of a refusal, 0 if it is none: who reads no more than metadata is told nothing of units."""
        return 409 if self.model.of_own_cadre(about) else 422 if self.model.kin(to, about) else 0

    async def give_back(self) -> None:
        """The supervision gives back a whole document, whose clues are then the team's and the office's again."""
        at_work = ("transferred", "handling")
        received = [
            n for n, t in enumerate(self.model.transfers)
            if t.state == "sent" and t.to == OUTSIDER and all(self.model.clues[c].state in at_work for c in t.clues)
        ]  # fmt: skip
        if received:
            n = self.random.choice(received)
            supervision = self.staff.supervision
            answer = await supervision.act(
                await self.current("clue-transfers", n, supervision), "clue-transfers", "give_back", reason="不属管辖"
            )
            assert answer.status_code in (200, 204), answer.text
            self.model.transfers[n].state = "returned"
            for c in self.model.transfers[n].clues:
                clue = self.model.clues[c]
                clue.holder, clue.handler, clue.state = None, None, "registered"

    async def go_on(self) -> None:
        """The supervision concludes a clue that it holds, closes it off, or takes it up again."""
        legal = {"transferred": ("conclude",), "handling": ("conclude",), "concluded": ("close_off", "reopen"),
                 "closed_off": ("reopen",)}  # fmt: skip
        held = [n for n, c in enumerate(self.model.clues) if c.holder == OUTSIDER]
        if held:
            n = self.random.choice(held)
            clue = self.model.clues[n]
            action = self.random.choice(legal[clue.state])
            body, clue.state = GOES_ON[action]
            await self.act("clues", n, action, self.staff.supervision, **body)

    async def find_another(self) -> None:
        """Who entered a clue finds that it is about another unit; what it was about at first stays."""
        known = [n for n, c in enumerate(self.model.clues)
                 if c.state == "registered" and not self.model.of_own_cadre(self.model.about_clue(c))]  # fmt: skip
        if known:
            n, unit = self.random.choice(known), self.some_unit()
            maker = self.staff.callers["maker"] if self.model.clues[n].team else self.staff.office
            await self.patch("clues", n, maker, reported_unit_number=self.number("units", unit))
            self.model.clues[n].reported = unit

    async def assign(self) -> None:
        """The supervision assigns a clue that it holds: never to a kin."""
        at_work = ("transferred", "handling")
        held = [n for n, c in enumerate(self.model.clues) if c.holder == OUTSIDER and c.state in at_work]
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
