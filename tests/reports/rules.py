"""The rules of contract section 5 in plain Python, over records as the lists give them."""

from collections.abc import Callable
from typing import Any

from app.records import REGISTRY
from tests.support.callers import Api

Records = list[dict[str, Any]]
FED_BACK = {"fed_back", "rectifying", "rectified", "closed_off"}
SENT = {"sent", "received", "result_fed_back"}


class Book:
    """Every record of some rounds, the voided ones included, and one of the rounds to look at."""

    def __init__(self, records: dict[str, Records], number: str) -> None:
        self.records, self.number = records, number

    def live(self, path: str) -> Records:
        return [r for r in self.records[path] if r["state"] != "voided"]

    def of(self, path: str, *states: str, **members: Any) -> Records:
        """The live records of the round, in one of the states, with these members."""
        found = [r for r in self.live(path) if r["round_number"] == self.number]
        found = [r for r in found if not states or r["state"] in states]
        return [r for r in found if all(r[name] == value for name, value in members.items())]

    def members(self) -> Records:
        teams = {t["number"] for t in self.of("teams")}
        return [m for m in self.live("team-members") if m["team_number"] in teams]

    def fed_back_categories(self) -> Records:
        used = {f["category_number"] for f in self.of("findings", *FED_BACK)}
        return [c for c in self.of("finding-categories", phase="feedback") if c["number"] in used]

    def carried_clues(self) -> Records:
        """A merged clue counts as the one it was merged into, however many steps that takes."""
        into = {c["number"]: c["merged_into_number"] for c in self.live("clues")}
        referenced = {n for t in self.live("clue-transfers") if t["state"] in SENT for n in t["clue_numbers"]}
        while merged := {n for n in referenced if into[n]}:
            referenced = referenced - merged | {into[n] for n in merged}
        return [c for c in self.of("clues") if c["number"] in referenced]

    def visits(self, member: str) -> Records:
        return [v for v in self.of("visits") if v[member] and v[member]["value"] > 0]


OPINIONS, CLUES = "rectification-opinions", "clues"
LISTED: dict[str, Callable[[Book], Records]] = {
    "teams": lambda book: book.of("teams"),
    "staff_seconded": Book.members,
    "targets": lambda book: book.of("targets"),
    "municipal_departments": lambda book: book.of("targets", unit_kind="municipal_department"),
    "townships_streets": lambda book: book.of("targets", unit_kind="township_street"),
    "village_groups": lambda book: book.of("targets", unit_kind="village_group"),
    "households_visited": lambda book: book.visits("households"),
    "interviews": lambda book: book.visits("interviews"),
    "focus_categories": lambda book: book.of("finding-categories", phase="focus"),
    "feedback_categories": Book.fed_back_categories,
    "finding_items": lambda book: book.of("findings", *FED_BACK),
    "rectification_opinions": lambda book: book.of(OPINIONS),
    "clues_transferred": Book.carried_clues,
    "clues_without_reader": lambda book: [],  # access/test_kin.py has units that are kin
    "persons_case_filed": lambda book: book.of("case-filings", "filed", "decided"),
    "persons_held_accountable": lambda book: book.of("accountability-decisions", subject_kind="person"),
    "units_collectively_summoned": lambda book: book.of("admonishments", kind="collective_talk", subject_kind="unit"),
    "persons_referred_judicial": lambda book: book.of("judicial-referrals"),
    "follow_up.opinions_completed": lambda book: book.of(OPINIONS, "completed", "closed_off"),
    "follow_up.opinions_closed_off": lambda book: book.of(OPINIONS, "closed_off"),
    "follow_up.clues_concluded": lambda book: book.of(CLUES, "concluded", "closed_off", merged_into_number=None),
    "follow_up.clues_closed_off": lambda book: book.of(CLUES, "closed_off", merged_into_number=None),
    "follow_up.immediate_total": lambda book: book.of("immediate-rectifications"),
    "follow_up.immediate_resolved": lambda book: book.of("immediate-rectifications", "resolved"),
    "follow_up.look_backs": lambda book: book.of("look-backs"),
    "follow_up.relapsed": lambda book: book.of("look-backs", conclusion="relapsed"),
}
DISTINCT = {
    "clues_transferred": "id",
    "persons_case_filed": "person_number",
    "persons_held_accountable": "person_number",
    "units_collectively_summoned": "unit_number",
    "persons_referred_judicial": "person_number",
}
SUMMED = {"households_visited": "households", "interviews": "interviews"}


def value(name: str, items: Records) -> Any:
    """What the figure counts over its records."""
    if name in SUMMED:
        parts = [item[SUMMED[name]] for item in items]
        said = {part["qualifier"] for part in parts}
        qualifier = next((q for q in ("about", "at_least") if q in said), "exact")
        return {"value": sum(part["value"] for part in parts), "qualifier": qualifier}
    return len({item[DISTINCT[name]] for item in items}) if name in DISTINCT else len(items)


async def read_book(api: Api, numbers: list[str]) -> dict[str, Records]:
    """Every record of these rounds, voided ones included, by type."""
    found: dict[str, Records] = {}
    for t in REGISTRY:
        if t.path in {"units", "persons", "rounds", "attachments"}:
            continue
        scope = {"round_number": numbers}
        if t.path == "team-members":
            scope = {"team_number": [team["number"] for team in found["teams"]] or ["NONE-0"]}
        found[t.path] = await api.every(t.path, state=list(t.lifecycle.labels), **scope)
    return found
