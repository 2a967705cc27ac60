"""What the service is asked about findings: which of them an account is shown, and the requests made of them."""

from typing import Any

import orjson

from benchmarks.accounts import CODE, OFFICE, TEAM, WRITING_TEAM
from benchmarks.bench import BODIES, IDENTIFIERS, Bench, holes, rows
from benchmarks.texts import samples
from benchmarks.wrk import Load

PATH, PAGE = "/v1/findings", 50
JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
# What exists for these, as the database decides it: the audience holds a key of the account, or the finding was fed
# back. The others see them all.
NARROW = (TEAM, WRITING_TEAM, "inspected_unit", "partner_system")
SUPERVISING = ("case_supervision", "organisation_department")
BY_ROUND, FED_BACK, ALL = "round.pages", "fed-back.pages", "all.pages"
_LOADED = f"from finding where jurisdiction = '{CODE}' and created_by = 'bench'"
_PLACES = "select distinct round_id::text, team_id::text, unit_id::text, category_id::text"
# Postgres may give the places of one round first, and all creates would wait for the one series of its numbers.
_SOME = f"select * from ({{}}) place order by random() limit {BODIES}"


def _concern(name: str) -> str:
    return f"audience && (select scope_ids from principal where id = '{name}')"


def _visible(name: str) -> str:
    """FROM and WHERE of the loaded findings that exist for this account."""
    if name in SUPERVISING:
        return f"{_LOADED} and fed_back_on is not null"
    return f"{_LOADED} and {_concern(name)}" if name in NARROW else _LOADED


def versions(name: str) -> str:
    """The query for what a patch of this account may start from: a team changes what has not been fed back."""
    state = " and state = 'registered'" if name == WRITING_TEAM else ""
    return f"select id || ' ' || version {_visible(name)}{state} order by random() limit {IDENTIFIERS}"


def get(bench: Bench, token: str, name: str = OFFICE) -> Load:
    """GET by id of a finding that exists for this account."""
    ids = bench.folder / f"{name if name in (*NARROW, *SUPERVISING) else OFFICE}.ids"
    return Load("GET", f"{PATH}/", ids, (token,))


def page(bench: Bench, token: str, pages: str = BY_ROUND) -> Load:
    """The newest 50 of a round, or of all that exists for the account."""
    return Load("GET", PATH, bench.folder / pages, (token,))


def create(bench: Bench, *tokens: str, name: str = OFFICE) -> Load:
    """Findings of the places in which this account has findings; none of them concerns the team that reads."""
    return Load("POST", PATH, bench.folder / f"{name}.bodies", tokens, JSON)


def patch(bench: Bench, *tokens: str, name: str = OFFICE) -> Load:
    """Changes of `note`."""
    return Load("PATCH", f"{PATH}/", bench.folder / f"{name}.versions", tokens, MERGE_PATCH, True)


async def write_requests(bench: Bench) -> None:
    """The files of requests that name records."""
    ids = await rows(bench.reference_url, "select id::text from entry order by random()")
    bench.lines("entries.ids", [r[0] for r in ids])
    for name in (OFFICE, *NARROW, *SUPERVISING):
        ids = await rows(bench.postgres.superuser_url, f"select id::text {_visible(name)} order by random()")
        bench.lines(f"{name}.ids", [r[0] for r in ids])
    for name in (OFFICE, WRITING_TEAM):
        places = f"{_PLACES} {_visible(name)} and not {_concern(TEAM)}"
        found = await rows(bench.postgres.superuser_url, _SOME.format(places))
        bench.lines(f"{name}.bodies", _bodies(found))
    for pages, name in ((BY_ROUND, OFFICE), (FED_BACK, SUPERVISING[0])):
        rounds = await rows(bench.postgres.superuser_url, f"select distinct round_id::text {_visible(name)} order by 1")
        bench.lines(pages, [f"?round_id={r[0]}&limit={PAGE}" for r in rounds])
    bench.lines(ALL, [f"?limit={PAGE}"])


def _bodies(places: list[Any]) -> list[str]:
    """A finding to be created in each place."""
    bodies = []
    for s, place in zip(samples(len(places), 11), places, strict=True):
        body = {**place, "title": s.title, "description": s.description, "basis": "《实施方案》第三条", "note": "@@"}
        body |= {
            "found_on": str(s.seen_on),
            "amount_fen": s.amount,
            "households_affected": {"value": 27, "qualifier": "exact"},
        }
        bodies.append(holes(orjson.dumps(body).decode()))
    return bodies
