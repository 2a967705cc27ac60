"""The rule of kin in plain Python, from section 6 of the contract: an oracle that knows nothing of the service."""

from dataclasses import dataclass, field


@dataclass
class Unit:
    """A unit of the register."""

    kind: str
    parent: int | None = None
    merged_into: int | None = None


@dataclass
class Person:
    """A person, and where the person works."""

    unit: int
    others: set[int] = field(default_factory=set)

    @property
    def units(self) -> set[int]:
        return {self.unit, *self.others}


@dataclass
class Account:
    """An account: the unit it acts for, and the one its person belongs to."""

    role: str
    unit: int | None
    home: int | None


@dataclass
class Clue:
    """A clue: whom it is about, and who has it."""

    reported: int | None
    person: int | None
    team: bool
    when_registered: set[int] = field(default_factory=set)
    holder: int | None = None
    handler: int | None = None
    state: str = "registered"


@dataclass
class Transfer:
    """A document that hands over clues."""

    clues: list[int]
    to: int
    state: str = "draft"


@dataclass
class Filing:
    """A case filing, or with `filing` a judicial referral from one."""

    person: int
    unit_as_decided: int
    clue: int | None = None
    filing: int | None = None
    state: str = "filed"


@dataclass
class Register:
    """Everything there is."""

    units: list[Unit] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    clues: list[Clue] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    filings: list[Filing] = field(default_factory=list)
    referrals: list[Filing] = field(default_factory=list)

    # Whom a record is about

    def about_clue(self, clue: Clue) -> set[int]:
        of_person = self.persons[clue.person].units if clue.person is not None else set()
        return {*clue.when_registered, *([] if clue.reported is None else [clue.reported]), *of_person}

    def about_transfer(self, transfer: Transfer) -> set[int]:
        return set().union(*(self.about_clue(self.clues[c]) for c in transfer.clues))

    def about_filing(self, filing: Filing) -> set[int]:
        about = {filing.unit_as_decided, *self.persons[filing.person].units}
        if filing.clue is not None:
            about |= self.about_clue(self.clues[filing.clue])
        return about if filing.filing is None else about | self.about_filing(self.filings[filing.filing])

    # Who is kin

    def kin(self, unit: int | None, about: set[int]) -> bool:
        """Whether who is of this unit may not learn of what is about these."""
        if unit is None:
            return False
        successors = set(about)
        for one in about:
            at = self.units[one].merged_into
            while at is not None and at not in successors:
                successors.add(at)
                at = self.units[at].merged_into
        if self.units[unit].kind == "discipline_body":
            return unit in successors
        seen, waiting = set[int](), [unit]
        while waiting:
            at = waiting.pop()
            if at in successors:
                return True
            if at not in seen:
                seen.add(at)
                waiting += [x for x in (self.units[at].parent, self.units[at].merged_into) if x is not None]
        return False

    def account_is_kin(self, account: Account, about: set[int]) -> bool:
        return self.kin(account.unit, about) or self.kin(account.home, about)

    # What exists for an account

    def answers_for(self, account: Account) -> set[int]:
        """The units an account acts for: its own while it is active, and those merged into it."""
        if account.unit is None or self.units[account.unit].merged_into is not None:
            return set()
        found, before = {account.unit}, set[int]()
        while found != before:
            before = set(found)
            found |= {n for n, u in enumerate(self.units) if u.merged_into in before}
        return found

    def sees_clue(self, account: Account, clue: Clue) -> bool:
        role, mine = account.role, self.answers_for(account)
        right = {
            "inspection_office": True,
            "leading_group": True,
            "inspection_team": clue.team and clue.holder is None,
        }.get(role, clue.holder is not None and bool(mine & {clue.holder, clue.handler}))
        return right and not self.account_is_kin(account, self.about_clue(clue))

    def of_own_cadre(self, about: set[int]) -> bool:
        """Whether it is about a discipline body: then only metadata are shown, save by a grant that nobody has here."""
        return any(self.units[unit].kind == "discipline_body" for unit in about)

    def without_reader(self, clue: Clue) -> bool:
        """Whether all who hold or handle it are kin."""
        about = self.about_clue(clue)
        at_work = [u for u in (clue.holder, clue.handler) if u is not None]
        return clue.holder is not None and all(self.kin(u, about) for u in at_work)

    def sees_transfer(self, account: Account, transfer: Transfer) -> bool:
        right = {
            "inspection_office": True,
            "leading_group": True,
            "inspection_team": any(self.clues[c].team for c in transfer.clues),
        }.get(account.role, transfer.state == "sent" and transfer.to in self.answers_for(account))
        return right and not self.account_is_kin(account, self.about_transfer(transfer))

    def sees_filing(self, account: Account, filing: Filing) -> bool:
        handler = self.clues[filing.clue].handler if filing.clue is not None else None
        right = {
            "leading_group": True,
            "case_supervision": True,
            "handling_department": handler in self.answers_for(account),
            "organisation_department": filing.state == "decided",
        }.get(account.role, False)
        return right and not self.account_is_kin(account, self.about_filing(filing))

    def sees_referral(self, account: Account, referral: Filing) -> bool:
        right = account.role in ("leading_group", "case_supervision")
        return right and not self.account_is_kin(account, self.about_filing(referral))
