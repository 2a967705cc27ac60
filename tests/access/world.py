"""A small round in which every type has records that a role may see and records it may not, told apart by labels.

Each text that a caller can write holds a canary: a word that stands nowhere else, found wherever it leaks.
"""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.clock import now
from app.db.pool import Pools
from app.kernel.declare import fields as kinds
from app.records import REGISTRY
from tests.support.bureaus import entered
from tests.support.callers import Api

CODE = "431322"


@dataclass
class World:
    """Who there is, what there is, and which words stand in it. Two worlds are the same but for code and accounts."""

    service: Any
    pools: Pools
    code: str = CODE
    accounts: str = "w_"
    callers: dict[str, Api] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)  # label -> record as its maker saw it
    paths: dict[str, str] = field(default_factory=dict)
    canaries: dict[str, dict[str, str]] = field(default_factory=dict)  # label -> member -> word

    def __post_init__(self) -> None:
        self._words = itertools.count(1)

    def canary(self) -> str:
        """A word that stands nowhere else."""
        return f"鸣{next(self._words):05}雀"

    async def sign_in(self, name: str, role: str, code: str | None = None, **bound: Any) -> Api:
        """A caller of this role."""
        await entered(self.pools, f"{self.accounts}{name}", role, code or self.code, **bound)
        async with Api.signed_in(self.service, f"{self.accounts}{name}") as api:
            self.callers[name] = api
        return api

    async def make(self, by: str, label: str, path: str, **body: Any) -> Any:
        """A record, with a canary in every text its body may hold."""
        t, words = REGISTRY.by_path[path], {}
        for f in t.fields:
            plain = type(f) is kinds.Text and f.form is None and f.writable and f.name not in body
            if plain and f.longest >= 20:
                words[f.name] = self.canary()
        words["note"] = self.canary()
        record = await self.callers[by].write(f"/v1/{path}", {**words, **body})
        self.records[label], self.paths[label], self.canaries[label] = record, path, words
        return record

    async def act(self, by: str, label: str, action: str, **body: Any) -> None:
        """An action that must succeed."""
        path = self.paths[label]
        record = await self.callers[by].read(f"/v1/{path}/{self.id(label)}")
        answer = await self.callers[by].act(record, path, action, **body)
        assert answer.status_code in (200, 204), answer.text

    def id(self, label: str) -> str:
        """The identifier of a record."""
        return str(self.records[label]["id"])

    def number(self, label: str) -> str:
        """The number of a record."""
        return str(self.records[label]["number"])

    def labels(self, path: str) -> set[str]:
        """Every record of a type."""
        return {label for label, its in self.paths.items() if its == path}


async def build(service: Any, pools: Pools, code: str = CODE, accounts: str = "w_") -> World:
    """The world, made by the colleagues whose work it is."""
    w = World(service, pools, code, accounts)
    await w.sign_in("inspection_office", "inspection_office")
    kinds_of = {"U": "township_street", "V": "township_street", "X": "village_group", "ORG": "organisation_department"}
    for label, kind in {**kinds_of, "SUP": "discipline_body", "DEP": "discipline_body"}.items():
        await w.make("inspection_office", label, "units", kind=kind)
    await _rounds(w)
    await _people(w)
    await _work(w)
    await _clues(w)
    await _outcomes(w)
    return w


async def _rounds(w: World) -> None:
    for label, year in (("R", 2017), ("R2", 2018), ("R-to-come", 2098)):
        await w.make(
            "inspection_office", label, "rounds", year=year, sequence=1, kind="special", starts_on=f"{year}-04-20"
        )
        await w.make(
            "inspection_office",
            f"G-{label}",
            "finding-categories",
            round_number=w.number(label),
            phase="feedback",
            code="1",
        )
    for label, of in (("A", "R"), ("B", "R"), ("C", "R2")):
        await w.make("inspection_office", label, "teams", round_number=w.number(of), name=f"第{label}组")
        await w.make("inspection_office", f"M-{label}", "team-members", team_number=w.number(label))


async def _people(w: World) -> None:
    soon = now() + timedelta(days=20)
    for role in ("leading_group", "auditor", "administrator", "security_officer"):
        await w.sign_in(role, role)
    await w.sign_in("superior", "superior", "4313")
    await w.sign_in("ledger_loader", "ledger_loader", expires_at=soon)
    for name, team in (("inspection_team", "A"), ("other_team", "B")):
        await w.sign_in(name, "inspection_team", team_number=w.number(team))
    for name, role, unit in (
        ("inspected_unit", "inspected_unit", "U"), ("other_unit", "inspected_unit", "V"),
        ("case_supervision", "case_supervision", "SUP"), ("handling_department", "handling_department", "DEP"),
        ("organisation_department", "organisation_department", "ORG"),
    ):  # fmt: skip
        await w.sign_in(name, role, unit_number=w.number(unit))
    shared = [t.path for t in REGISTRY if t.access.partner]
    await w.sign_in("partner_system", "partner_system", unit_number=w.number("U"), types=shared)
    await w.sign_in("partner_of_no_unit", "partner_system", types=shared)


async def _work(w: World) -> None:
    office, r = "inspection_office", {"round_number": w.number("R")}
    for label, team, unit in (("T-AU", "A", "U"), ("T-AV", "A", "V"), ("T-BX", "B", "X")):
        await w.make(office, label, "targets", **r, team_number=w.number(team), unit_number=w.number(unit))
    for label in ("T-AU", "T-BX"):
        await w.act(office, label, "enter", on="2017-04-22")
    for label, team, unit in (("V-A", "A", "U"), ("V-B", "B", "X")):
        await w.make(
            office,
            label,
            "visits",
            **r,
            team_number=w.number(team),
            unit_number=w.number(unit),
            visited_on="2017-05-02",
        )
    for label, team, unit in (("F-AU-new", "A", "U"), ("F-AU", "A", "U"), ("F-AV", "A", "V"), ("F-BX", "B", "X")):
        place = {"team_number": w.number(team), "unit_number": w.number(unit), "category_number": w.number("G-R")}
        await w.make(office, label, "findings", **r, **place, found_on="2017-05-14")
        if label != "F-AU-new":
            await w.act(office, label, "feed_back", on="2017-06-09")
    for label, unit in (("S-U", "U"), ("S-X", "X")):
        absent = [{name: w.canary() for name in ("name", "post", "reason")}]
        await w.make(
            office, label, "feedback-sessions", **r, unit_number=w.number(unit), held_on="2017-06-09", absentees=absent
        )
    for label, finding, unit, more in (
        ("O-U-new", "F-AU-new", "U", ["V"]),
        ("O-U", "F-AU", "U", []),
        ("O-VU", "F-AV", "V", ["U"]),
        ("O-X", "F-BX", "X", []),
    ):
        given = {"finding_number": w.number(finding), "unit_number": w.number(unit)}
        given |= {"cooperating_unit_numbers": [w.number(m) for m in more]} if more else {}
        await w.make(office, label, "rectification-opinions", **r, **given)
    for label, team, unit, more in (("I-AU", "A", "U", []), ("I-BXU", "B", "X", ["U"]), ("I-BX", "B", "X", [])):
        given = {"team_number": w.number(team), "lead_unit_number": w.number(unit), "notified_on": "2017-05-20"}
        given |= {"cooperating_unit_numbers": [w.number(m) for m in more]} if more else {}
        await w.make(office, label, "immediate-rectifications", **r, **given)
    for label, team, unit, conclusion in (
        ("H-AU-open", "A", "U", None), ("H-AU", "A", "U", "rectified"), ("H-BX", "B", "X", "rectified"),
    ):  # fmt: skip
        given = {"team_number": w.number(team), "unit_number": w.number(unit), "subject_kind": "unit"}
        given |= {"conclusion": conclusion} if conclusion else {}
        await w.make(office, label, "look-backs", **r, **given, checked_on="2017-08-20")
    await _rectified(w)
    await w.make("inspection_team", "Z-A", "consultations", **r, held_on="2017-06-01")
    await w.make(office, "Z-office", "consultations", **r, held_on="2017-06-02")


async def _rectified(w: World) -> None:
    office, r = "inspection_office", {"round_number": w.number("R")}
    item = {"opinion_number": w.number("O-U"), "responsible_person": w.canary(), "measures": [w.canary()]}
    mine = {**r, "unit_number": w.number("U")}
    await w.make("inspected_unit", "W-U", "rectification-reports", **mine, kind="plan", items=[item])
    for label, unit in (("X-U-open", "U"), ("X-U", "U"), ("X-X", "X")):
        given = {"unit_number": w.number(unit), "checked_on": "2017-07-25"}
        await w.make(office, label, "rectification-supervisions", **r, **given)
    await w.act(office, "X-U", "conclude", on="2017-07-28", conclusion=w.canaries["X-U"]["conclusion"])
    for label, unit in (("E-U", "U"), ("E-X", "X")):
        given = {"unit_number": w.number(unit), "assessed_on": "2017-10-12", "grade": "好"}
        await w.make(office, label, "rectification-assessments", **r, **given)
    for label, kind, unit, team in (
        ("DOC-draft", "feedback_opinion", "U", "A"), ("DOC-U", "feedback_opinion", "U", "A"),
        ("DOC-report", "inspection_report", "U", None), ("DOC-X", "suggestion", "X", "B"),
    ):  # fmt: skip
        given = {"kind": kind, "unit_number": w.number(unit), "issued_on": "2017-06-15", "text": w.canary()}
        given |= {"team_number": w.number(team)} if team else {}
        await w.make(office, label, "round-documents", **r, **given)
        if label != "DOC-draft":
            await w.act(office, label, "issue", on="2017-06-16")
    for label, unit in (("LET-U", "U"), ("LET-X", "X")):
        given = {"addressee_unit_number": w.number(unit), "kind": "reminder", "issued_on": "2017-07-28"}
        await w.make(office, label, "letters", **r, **given)
    for by, label, path, record in (
        (office, "AT-F-new", "findings", "F-AU-new"), (office, "AT-F", "findings", "F-AU"),
        ("inspected_unit", "AT-O", "rectification-opinions", "O-U"),
    ):  # fmt: skip
        await w.make(by, label, "attachments", record_type=path, record_number=w.number(record))


async def _clues(w: World) -> None:
    team, office, r = "inspection_team", "inspection_office", {"round_number": w.number("R")}
    clue = {**r, "source": "petition", "registered_on": "2017-05-20"}
    # A decision copies the post of its person, so a canary there would be seen with the decision.
    person = {"unit_number": w.number("X"), "post": "站长"}
    for label in ("P-new", "P-sent", "P-idle", "P-draft"):
        await w.make(team, label, "persons", **person)
    for label in ("P-decided", "P-filed"):
        await w.make("case_supervision", label, "persons", **person)
    for label, person in (
        ("C-new", "P-new"), ("C-draft", "P-draft"), ("C-assigned", "P-sent"), ("C-sup", None), ("C-org", None),
    ):  # fmt: skip
        about = {"person_number": w.number(person)} if person else {"reported_unit_number": w.number("X")}
        await w.make(team, label, "clues", **clue, **about)
    await w.make(office, "C-office", "clues", **clue)
    for label, route, to, clues in (
        ("D-sup", "discipline", "SUP", ("C-assigned", "C-sup")), ("D-org", "organisation", "ORG", ("C-org",)),
        ("D-draft", "discipline", "SUP", ("C-office", "C-draft")),
    ):  # fmt: skip
        given = {"from_unit_number": w.number("X"), "to_unit_number": w.number(to), "route": route}
        await w.make(office, label, "clue-transfers", **r, **given, clue_numbers=[w.number(c) for c in clues])
        if label != "D-draft":
            await w.act(office, label, "send", on="2017-06-11")
    assigned = {"handling": "preliminary_verification", "on": "2017-06-28", "handling_unit_number": w.number("DEP")}
    await w.act("case_supervision", "C-assigned", "set_handling", **assigned)


async def _outcomes(w: World) -> None:
    by, r = "case_supervision", {"round_number": w.number("R")}
    authority = {"authority_unit_number": w.number("SUP")}
    filed = {**r, **authority, "lane": "party", "filed_on": "2017-06-29"}
    await w.make(by, "K-plain", "case-filings", **filed, person_number=w.number("P-filed"))
    await w.make(
        by, "K-clue", "case-filings", **filed, person_number=w.number("P-sent"), clue_number=w.number("C-assigned")
    )
    await w.make(by, "K-decided", "case-filings", **filed, person_number=w.number("P-filed"))
    await w.act(by, "K-decided", "decide", on="2017-08-18", party_sanction="warning")
    decided = {**r, **authority, "decided_on": "2017-08-02"}
    on_unit = {"subject_kind": "unit", "unit_number": w.number("U"), "mode": "unit_bulletin"}
    for label in ("Q-U", "Q-U-told"):
        await w.make(by, label, "accountability-decisions", **decided, **on_unit)
    await w.act(by, "Q-U-told", "announce", on="2017-08-05")
    on_person = {"subject_kind": "person", "person_number": w.number("P-decided"), "mode": "admonition"}
    await w.make(by, "Q-person", "accountability-decisions", **decided, **on_person)
    for label, unit in (("Y-U", "U"), ("Y-X", "X")):
        talked = {
            "kind": "collective_talk",
            "subject_kind": "unit",
            "unit_number": w.number(unit),
            "held_on": "2017-07-05",
        }
        await w.make(by, label, "admonishments", **r, **authority, **talked)
    referred = {
        "person_number": w.number("P-filed"),
        "from_unit_number": w.number("SUP"),
        "to_unit_number": w.number("X"),
    }
    letter = {"addressee_unit_number": w.number("DEP"), "kind": "clue_urging", "issued_on": "2017-07-28"}
    await w.make(by, "LET-clue", "letters", **r, **letter, clue_number=w.number("C-assigned"))
    for label, path, record in (("AT-C", "clues", "C-assigned"), ("AT-K", "case-filings", "K-plain")):
        await w.make(by, label, "attachments", record_type=path, record_number=w.number(record))
    await w.make(by, "J", "judicial-referrals", **r, **referred, referred_on="2017-08-10")
