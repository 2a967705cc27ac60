"""The matrix again after each thing that happens later: what a role sees then; the rest is as if it never was."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.accounts import register
from app.accounts.second_person import COMMAND_LINE
from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from tests.access.matrix import EVERY, EXPORTERS, SEES
from tests.access.ways import ABSENT
from tests.access.world import World, build

Changes = dict[str, dict[str, tuple[set[str], set[str]]]]  # role -> type -> (labels more, labels less)
NOTHING: set[str] = set()


@pytest.fixture(scope="module")
async def world(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[World]:
    """A world of its own: it changes."""
    pools = Pools(database.logins)
    yield await build(service, pools, "431325", "later_")
    await pools.close()


async def merged(w: World) -> None:
    """V is merged into U; V's findings are U's from now on, and V's account answers for nothing."""
    await w.act("inspection_office", "V", "merge", merged_into_number=w.number("U"), on="2019-12-30", reason="撤并")


async def put_below(w: World) -> None:
    """The organisation department's unit is put below X, about which its clue is, and a decided case."""
    await changed(w, "inspection_office", "ORG", {"parent_number": w.number("X")})


async def taken_out(w: World) -> None:
    """And it is put where it was."""
    await changed(w, "inspection_office", "ORG", {"parent_number": None})


async def person_moved(w: World) -> None:
    """The person of the assigned clue comes to the department that handles it."""
    await changed(w, "case_supervision", "P-sent", {"unit_number": w.number("DEP")})


async def returned(w: World) -> None:
    """The organisation department gives its clue back, which is the team's again."""
    await w.act("organisation_department", "D-org", "give_back", reason="不属管辖")


async def another_role(w: World) -> None:
    """The account of the other unit is one of the inspected unit U."""
    bound = {"unit_number": w.number("U"), "home_unit_number": w.number("U")}
    assert await register.alter(w.pools, f"{w.accounts}other_unit", bound, COMMAND_LINE)


async def changed(w: World, by: str, label: str, body: dict[str, Any]) -> None:
    api, path = w.callers[by], w.paths[label]
    answer = await api.change(await api.read(f"/v1/{path}/{w.id(label)}"), path, body)
    assert answer.status_code == 200, answer.text


OF_X = {
    "clues": (NOTHING, {"C-org"}), "clue-transfers": (NOTHING, {"D-org"}), "case-filings": (NOTHING, {"K-decided"}),
}  # fmt: skip
EVENTS: list[tuple[Callable[[World], Awaitable[None]], Changes]] = [
    (
        merged,
        {
            "inspected_unit": {"findings": ({"F-AV"}, NOTHING)},
            "partner_system": {"findings": ({"F-AV"}, NOTHING)},
            "other_unit": {"findings": (NOTHING, {"F-AV"}), "rectification-opinions": (NOTHING, {"O-VU"})},
        },
    ),
    (put_below, {"organisation_department": OF_X}),
    (taken_out, {"organisation_department": {path: (less, more) for path, (more, less) in OF_X.items()}}),
    (
        person_moved,
        {
            "handling_department": {
                "clues": (NOTHING, {"C-assigned"}), "case-filings": (NOTHING, {"K-clue"}),
                "persons": (NOTHING, {"P-sent"}),
            },
        },
    ),
    (
        returned,
        {
            "organisation_department": {"clues": (NOTHING, {"C-org"}), "clue-transfers": (NOTHING, {"D-org"})},
            "inspection_team": {"clues": ({"C-org"}, NOTHING)},
        },
    ),
    (another_role, {"other_unit": {path: (labels, NOTHING) for path, labels in SEES["inspected_unit"].items()}}),
]  # fmt: skip


async def test_each_cell_holds_again_after_whatever_happens(world: World) -> None:
    sees = {role: {path: set(labels) for path, labels in of.items()} for role, of in SEES.items()}
    for event, changes in EVENTS:
        await event(world)
        for role, of in changes.items():
            for path, (more, less) in of.items():
                sees[role][path] = (sees[role].get(path, set()) | more) - less
        if event is another_role:
            sees["other_unit"]["findings"].add("F-AV")
        for role in SEES:
            for path in EVERY:
                await compare(world, role, path, sees[role].get(path, set()), event.__name__)


async def compare(w: World, role: str, path: str, seen: set[str], after: str) -> None:
    """Every record of a type: it is there, or it answers as one that never was, and no word of it is told."""
    api = w.callers[role]
    told = (await api.get(f"/v1/{path}", params={"limit": "200"})).text
    if role in EXPORTERS:
        told += (await api.get(f"/v1/{path}/export", params={"format": "ndjson"})).text
    none = await api.get(f"/v1/{path}/{ABSENT}")
    for label in EVERY[path]:
        answer = await api.get(f"/v1/{path}/{w.id(label)}")
        assert (answer.status_code == 200) is (label in seen), (after, role, label, answer.text)
        if label in seen:
            continue
        assert answer.status_code == none.status_code and w.id(label) not in told, (after, role, label)
        assert (await api.get(f"/v1/{path}/{w.id(label)}/revisions/1")).status_code == 404, (after, role, label)
        for word in w.canaries[label].values():
            assert word not in told and word not in answer.text, (after, role, label)
