"""Which rounds and teams exist for a unit or a team: by its targets, from entry on and until they are voided."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.db.context import Caller
from app.db.embedded import EmbeddedPostgres
from app.kernel.declare.visibility import (
    ByAudience,
    Condition,
    Custom,
    EverySince,
    OfKnownRounds,
    OfKnownTeams,
    OldVersions,
    OwnTeam,
    Visibility,
)
from app.kernel.schema.rights import CallerScope, seen_by_identifier
from app.records import REGISTRY
from tests.access.matrix import SEES
from tests.access.ways import seen
from tests.access.world import CODE, World
from tests.support.bureaus import account
from tests.support.callers import HOME, Api
from tests.support.records import Maker
from tests.support.sql import acting

KNOWN = {"rounds": "round", "teams": "team", "finding-categories": "category"}


class Desk:
    """Opens accounts, calls as each of them, and does what the office does."""

    def __init__(self, service: ASGIApp, url: str, make: Maker, held: AsyncExitStack) -> None:
        self.service, self.url, self.make, self.held = service, url, make, held

    async def caller(self, role: str, **bound: Any) -> Api:
        """A caller of this role, called after what it is bound to."""
        name = f"{role}-{next(iter(bound.values()))}".lower().replace("_", "-")
        await account(self.url, name, role, HOME, **bound)
        return await self.held.enter_async_context(Api.signed_in(self.service, name))

    async def act(self, record: Any, path: str, action: str, **body: Any) -> Any:
        """An action that must succeed, on the record as it is by now."""
        current = await self.make.api.read(f"/v1/{path}/{record['id']}")
        answer = await self.make.api.act(current, path, action, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def fed_back(self, unit: Any) -> Any:
        """A finding that its unit sees, of the round, team and category that are shared."""
        given = {"category_number": (await self.make.shared("finding-categories"))["number"]}
        finding = await self.make("findings", unit_number=unit["number"], **given)
        return await self.act(finding, "findings", "feed_back", on="2017-06-09")


@pytest.fixture
async def desk(make: Maker, service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as held:
        yield Desk(service, database.application_url, make, held)


async def known_to(api: Api, finding: Any) -> set[str]:
    """Which of round, team and category of the finding exist for a caller; each way to ask says the same."""
    found = []
    one = f"/v1/findings/{finding['id']}"
    listed = await api.read("/v1/findings", limit="200")
    old = (await api.read(f"{one}/revisions/{finding['version']}"))["record"]
    for document in (await api.read(one), next(f for f in listed["items"] if f["id"] == finding["id"]), old):
        for name in KNOWN.values():
            both = tuple(document[f"{name}_{column}"] for column in ("id", "number"))
            assert both in ((None, None), tuple(finding[f"{name}_{column}"] for column in ("id", "number")))
        found.append({path for path, name in KNOWN.items() if document[f"{name}_id"]})
    records = {p: await api.get(f"/v1/{p}/{finding[f'{name}_id']}") for p, name in KNOWN.items()}
    found.append({path for path, answer in records.items() if answer.status_code == 200})
    lists = {p: (await api.read(f"/v1/{p}"))["items"] for p in KNOWN}
    found.append({p for p, items in lists.items() if finding[f"{KNOWN[p]}_id"] in {i["id"] for i in items}})
    numbers = {p: f"{name}_number" for p, name in KNOWN.items()}
    filtered = {p: await api.read("/v1/findings", **{name: finding[name]}) for p, name in numbers.items()}
    found.append({p for p, answer in filtered.items() if answer["items"]})
    assert all(f == found[0] for f in found), found
    return found[0]


async def test_a_unit_learns_of_round_team_and_category_when_it_is_entered_and_not_by_a_voided_target(
    desk: Desk,
) -> None:
    unit = await desk.make("units")
    api = await desk.caller("inspected_unit", unit_number=unit["number"])
    finding = await desk.fed_back(unit)
    assert await known_to(api, finding) == set(), "no target at all"
    target = await desk.make("targets", unit_number=unit["number"])
    assert await known_to(api, finding) == set(), "planned, and not entered"
    await desk.act(target, "targets", "enter", on="2017-04-22")
    assert await known_to(api, finding) == set(KNOWN)
    await desk.act(target, "targets", "void", reason="录重")
    assert await known_to(api, finding) == set()


async def test_a_unit_learns_what_the_units_merged_into_it_know(desk: Desk) -> None:
    former, heir = await desk.make("units"), await desk.make("units")
    api = await desk.caller("inspected_unit", unit_number=heir["number"])
    finding = await desk.fed_back(heir)
    target = await desk.make("targets", unit_number=former["number"])
    await desk.act(target, "targets", "enter", on="2017-04-22")
    assert await known_to(api, finding) == set()
    await desk.act(former, "units", "merge", merged_into_number=heir["number"], on="2019-12-30", reason="撤并")
    assert await known_to(api, finding) == set(KNOWN)


async def test_a_unit_lists_the_findings_of_the_units_merged_into_it_among_its_own(desk: Desk) -> None:
    heir, former, other = [await desk.make("units") for _ in range(3)]
    api = await desk.caller("inspected_unit", unit_number=heir["number"])
    partner = await desk.caller("partner_system", unit_number=heir["number"], types=["findings"])
    found = [await desk.fed_back(unit) for unit in (heir, former, heir, former, other)]

    async def listed(of: Api, **query: Any) -> list[str]:
        page = await of.read("/v1/findings", **query)
        items = [r["id"] for r in page["items"]]
        return items + (await listed(of, **query | {"cursor": page["next_cursor"]}) if page["next_cursor"] else [])

    own, every = [found[2]["id"], found[0]["id"]], [f["id"] for f in found[3::-1]]
    for of in (api, partner):
        assert await listed(of, limit=1) == await listed(of, limit=200) == own
    await desk.act(former, "units", "merge", merged_into_number=heir["number"], on="2019-12-30", reason="撤并")
    for of in (api, partner):
        assert await listed(of, limit=1) == await listed(of, limit=200) == every
        assert await listed(of, limit=2, sort="found_on,-number") == every, "all were found on one day"
        assert await listed(of, limit=3, sort="number") == every[::-1]


async def test_a_unit_learns_the_round_and_team_of_each_of_its_targets_and_of_no_other(desk: Desk) -> None:
    unit, other = await desk.make("units"), await desk.make("units")
    api = await desk.caller("inspected_unit", unit_number=unit["number"])
    expected: dict[str, set[str]] = {"rounds": set(), "teams": set()}
    for of in (unit, unit, other):
        target = await desk.make.fresh()("targets", unit_number=of["number"])
        await desk.act(target, "targets", "enter", on="2017-04-22")
        for path, ids in expected.items():
            ids |= {target[f"{KNOWN[path]}_id"]} if of is unit else set()
    for path, ids in expected.items():
        assert {r["id"] for r in (await api.read(f"/v1/{path}"))["items"]} == ids and len(ids) == 2


async def test_a_team_knows_its_own_round_and_no_more_when_it_is_voided(desk: Desk) -> None:
    team, other = await desk.make("teams"), await desk.make.fresh()("teams")
    api = await desk.caller("inspection_team", team_number=team["number"])
    category = await desk.make.shared("finding-categories")
    known = (("rounds", team["round_id"]), ("finding-categories", category["id"]), ("teams", team["id"]))
    for path, one in known:
        assert [r["id"] for r in (await api.read(f"/v1/{path}"))["items"]] == [one], path
    assert (await api.get(f"/v1/rounds/{other['round_id']}")).status_code == 404
    await desk.act(team, "teams", "void", reason="录重")
    for path, one in known:
        assert (await api.get(f"/v1/{path}/{one}")).status_code == 404, path


async def test_what_a_team_writes_answers_with_its_round_and_team(desk: Desk) -> None:
    team, unit = await desk.make.shared("teams"), await desk.make("units")
    api = await desk.caller("inspection_team", team_number=team["number"])
    category = await desk.make.shared("finding-categories")
    body = await desk.make.body(REGISTRY.by_path["findings"], category_number=category["number"])
    written = await api.write("/v1/findings", {**body, "unit_number": unit["number"]})
    changed = (await api.change(written, "findings", {"note": "已核对"})).json()
    for document in (written, changed):
        assert document["round_number"] == team["round_number"]
        assert (document["team_id"], document["category_id"]) == (team["id"], category["id"])


@pytest.mark.parametrize("role", list(SEES))
async def test_a_reference_is_shown_exactly_to_those_for_whom_the_record_exists(role: str, world: World) -> None:
    """Also where the identifier alone is asked, and nothing is looked up: of a record as it is, and as it was."""
    api, compared = world.callers[role], 0
    for t in REGISTRY:
        references = [f for f in t.references if not (f.many or f.set_by or f.copied)]
        for label in seen(role, t.path):
            whole, one = world.records[label], f"/v1/{t.path}/{world.id(label)}"
            old = (await api.get(f"{one}/revisions/1")).json()  # where the role could not have seen it then: a problem
            for document in (await api.read(one), *([old["record"]] if "record" in old else [])):
                for f in (f for f in references if f.id_column not in document["masked"]):
                    visible = {world.id(x) for x in seen(role, f.to)}
                    expected = whole[f.id_column] if whole[f.id_column] in visible else None
                    assert document[f.id_column] == expected, (label, f.name)
                    compared += expected is not None
    assert compared or not SEES[role]


@pytest.mark.parametrize(
    ("name", "role", "table", "scope"),
    [
        ("inspected_unit", "inspected_unit", "target", {"round_id": "rounds", "team_id": "teams"}),
        ("other_unit", "inspected_unit", "target", {"round_id": "rounds", "team_id": "teams"}),
        ("inspection_team", "inspection_team", "team", {"round_id": "rounds"}),
        ("other_team", "inspection_team", "team", {"round_id": "rounds"}),
    ],
)
async def test_the_guard_finds_past_the_policies_what_they_show(
    name: str, role: str, table: str, scope: dict[str, str], world: World, database: EmbeddedPostgres
) -> None:
    async with acting(database, Caller(f"w_{name}", role, CODE)) as connection:
        for column, member in scope.items():
            shown = await connection.fetch(f"select {column} from {table} where state <> 'voided'")
            found = await connection.fetchval(f"select caller_{member}()")
            assert set(found or ()) == {r[0] for r in shown}


def test_only_what_the_identifier_decides_is_asked_of_the_reference() -> None:
    scope, every = CallerScope("ids", "rounds", "teams", "kin", "cadres", "barred"), OldVersions.EVERY

    def seen_by(sees: Visibility) -> str:
        return seen_by_identifier(sees, "t.x_id", scope)

    assert seen_by(OwnTeam("id")) == "t.x_id = (ids)[1]"
    assert seen_by(OfKnownRounds("id", "own", old_versions=every)) == "t.x_id = any (rounds)"
    assert seen_by(OfKnownTeams("id", "own", old_versions=every)) == "t.x_id = any (teams)"
    assert seen_by(EverySince("held_on", "once held")) == "", "its column must be read"
    assert seen_by(OfKnownRounds("round_id", "own", old_versions=every)) == "", "its round must be read"
    assert (
        seen_by(OwnTeam())
        == seen_by(ByAudience())
        == seen_by(Custom(Condition("{0}.id = x", "one"), old_versions=every))
        == ""
    )
