"""The same requests by each role that findings exist for: what it costs that not every caller sees every record."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

import httpx

from benchmarks import findings
from benchmarks.accounts import READERS, TEAM, WRITING_TEAM, sign_in
from benchmarks.bench import Bench, Side
from benchmarks.findings import ALL, PAGE
from benchmarks.requests import GOALS, Compared, Question, span
from benchmarks.wrk import Load

OF_OFFICE, UNIT = "inspection_office", "inspected_unit"
ROLES = (OF_OFFICE, *READERS)
# The others see no rounds, or list what is theirs.
LISTS = {"leading_group": findings.BY_ROUND, "case_supervision": findings.FED_BACK}
EVERYTHING = "list of all"  # of the division, by the office: what the unit's list is measured against
UNIT_TO_OFFICE = 1.3


def _questions() -> Iterator[Question]:
    """A line for each role and request. The office's are the requests that are measured without roles, too."""
    roles = {"get": ROLES, "list": ROLES, "create": (OF_OFFICE, TEAM), "patch": (OF_OFFICE, TEAM)}
    for request, those in roles.items():
        for role in those:
            name = f"{request}, {role}"
            yield Question(name, request, request if role == OF_OFFICE else name, GOALS[request])
        if request == "list":  # right after the list of the unit, with which it is compared
            yield Question(f"{EVERYTHING}, {OF_OFFICE}", request, EVERYTHING)


QUESTIONS = tuple(_questions())


def join(bench: Bench, side: Side) -> None:
    """Gives the service the requests of every role. Ends the program where one is not answered in full."""
    tokens = {role: sign_in(side.base, role) for role in READERS}
    for role, token in tokens.items():
        side.loads[f"get, {role}"] = findings.get(bench, token, role)
        side.loads[f"list, {role}"] = findings.page(bench, token, LISTS.get(role, ALL))
    side.loads[EVERYTHING] = replace(side.loads["list"], source=bench.folder / ALL)
    writing = sign_in(side.base, WRITING_TEAM)
    side.loads[f"create, {TEAM}"] = findings.create(bench, writing, name=WRITING_TEAM)
    side.loads[f"patch, {TEAM}"] = findings.patch(bench, writing, name=WRITING_TEAM)
    side.versions[f"patch, {TEAM}"] = findings.versions(WRITING_TEAM)
    with httpx.Client(base_url=side.base, timeout=30, trust_env=False) as http:
        for q in QUESTIONS:
            if q.request in ("get", "list"):
                _check(http, q, side.loads[q.load])


def _check(http: httpx.Client, q: Question, load: Load) -> None:
    """A list of fewer findings, or of none, would be cheap and worth nothing."""
    headers = {"Authorization": f"Bearer {load.tokens[0]}"}
    asked = load.source.read_text(encoding="utf-8").split()
    if len(asked) < PAGE and q.request == "get":
        raise SystemExit(f"{q.name}: only {len(asked)} of the loaded findings exist for this account")
    for ending in asked[:PAGE]:
        answer = http.get(load.address + ending, headers=headers)
        if answer.status_code != 200:
            raise SystemExit(f"{q.name}: {load.address}{ending} is answered with {answer.status_code}")
        if q.request == "list" and (count := len(answer.json()["items"])) != PAGE:
            raise SystemExit(f"{q.name}: {load.address}{ending} gives {count} findings, not {PAGE}")


def unit_to_office(found: list[Compared]) -> str:
    """The list of a unit, which sees few findings among many, beside the office's, which sees all."""
    of = {c.name: c.second for c in found}
    pairs = zip(of[f"list, {UNIT}"], of[f"{EVERYTHING}, {OF_OFFICE}"], strict=True)
    ratios = [unit.microseconds / office.microseconds for unit, office in pairs]
    rule = "reached" if median(ratios) <= UNIT_TO_OFFICE else "NOT REACHED"
    return f"list of {PAGE}, inspected unit / office, CPU: {span(ratios)}  goal <= {UNIT_TO_OFFICE:.2f} {rule}"
