"""Every arrow of every lifecycle, from its declaration: where it leads, and where it is refused."""

import pytest

from app.kernel.declare.fields import Reference
from app.records import REGISTRY
from tests.conftest import AsTeam
from tests.support.bodies import TYPES
from tests.support.callers import CONFIRMED_BY_LEADERS, LEADERS, OFFICE, UNREAD, Api
from tests.support.records import Maker
from tests.support.walk import Walker, open_to

LEGAL = [
    (t.path, x.action, o) for t in REGISTRY for x in t.lifecycle.public if x.action not in UNREAD for o in x.origins
]
STATES = [(t.path, s) for t in REGISTRY for s in t.lifecycle.states if t.lifecycle.public]


async def for_whom(path: str, make: Maker) -> dict[str, str]:
    """The receiver of a transfer has no account here, so that the office takes every action."""
    return {"to_unit_number": (await make("units"))["number"]} if path == "clue-transfers" else {}


@pytest.mark.parametrize(("path", "action", "origin"), LEGAL)
async def test_an_action_leads_where_the_lifecycle_says(
    path: str, action: str, origin: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    arrow, walker = t.lifecycle.transition(action), Walker(make)
    old, leaders = await walker.ready(path, origin, arrow, **await for_whom(path, make)), action in CONFIRMED_BY_LEADERS
    if leaders:
        office = Api(office.app, auth=office.acting(LEADERS))
        old = await office.read(f"/v1/{path}/{old['id']}")
    if arrow.outcomes:  # another than who keeps it
        office = Api(office.app, auth=office.acting(OFFICE))
        old = await office.read(f"/v1/{path}/{old['id']}")
    assert old["state"] == origin and action in old["available_actions"]
    body = await walker.body(arrow)
    answer = await office.act(old, path, action, **body)
    assert answer.status_code == 200, answer.text
    new = answer.json()
    assert answer.headers["etag"] == f'"{new["version"]}"' and new["version"] == old["version"] + 1
    assert new["state"] in (t.lifecycle.leads_to(arrow) or (origin,))
    assert new["available_actions"] == ([] if arrow.outcomes else open_to(t, new["state"], leaders))
    assert await office.read(f"/v1/{path}/{old['id']}") == new
    for member, value in body.items():
        column = arrow.sets.get(member, member)
        assert column not in t.columns or new[column] == value, member
    assert all(new[column] is None for column in arrow.clears)
    entry = await office.read(f"/v1/{path}/{old['id']}/revisions/{new['version']}")
    assert (entry["action"], entry["reason"], entry["record"]) == (action, body.get("reason"), new)


@pytest.mark.parametrize(("path", "state"), STATES)
async def test_an_action_that_the_state_does_not_allow_is_refused_naming_the_legal_ones(
    path: str, state: str, make: Maker, office: Api, as_team: AsTeam
) -> None:
    t, walker = REGISTRY.by_path[path], Walker(make)
    team = await make.shared("teams")
    given = {"team_number": team["number"]} if path == "clues" else await for_whom(path, make)
    record = await walker.reach(path, state, **given)
    if (path, state) == ("clues", "registered"):
        office = await as_team(team)  # until its transfer a clue is its team's; the office has no action on it
        record |= {"created_by": None, "updated_by": None}  # a team is not told who of the office it was
    legal = list(t.lifecycle.actions_from(state))
    for arrow in t.lifecycle.public:
        if state in arrow.origins or arrow.action in UNREAD:
            continue
        answer = await office.act(record, path, arrow.action, **await walker.body(arrow))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "illegal_action"), (arrow.action, problem)
        assert (problem["state"], problem["allowed_actions"]) == (state, legal)
        assert t.lifecycle.labels[state] in problem["detail"] and arrow.label in problem["detail"]
    assert await office.read(f"/v1/{path}/{record['id']}") == record
    items = (await office.read(f"/v1/{path}/{record['id']}/actions"))["items"]
    assert [i["action"] for i in items if i["allowed"]] == open_to(t, state)


@pytest.mark.parametrize("path", TYPES)
async def test_no_action_is_there_that_the_lifecycle_does_not_name(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    record = await make(path)
    for name in ("fly", *(x.action for x in t.lifecycle.transitions if x.internal)):
        answer = await office.act(record, path, name)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path"), name


REQUIRED = [
    (t.path, x.action, f.columns[-1], o)
    for t in REGISTRY
    for x in t.lifecycle.public
    for f in x.body
    for o in x.origins[:1]
    if f.required and x.action not in UNREAD
]


@pytest.mark.parametrize(("path", "action", "member", "origin"), REQUIRED)
async def test_an_action_asks_for_each_member_it_needs(
    path: str, action: str, member: str, origin: str, make: Maker, office: Api
) -> None:
    walker = Walker(make)
    record = await walker.reach(path, origin, **await for_whom(path, make))
    body = await walker.body(REGISTRY.by_path[path].lifecycle.transition(action))
    rest = {k: v for k, v in body.items() if k != member}
    for given in (rest, {**rest, member: None}, {**rest, member: ""}):
        answer = await office.act(record, path, action, **given)
        assert answer.status_code == 422, (given, answer.text)
        assert {e["pointer"] for e in answer.json()["errors"]} == {f"/{member}"}
    refused = await office.act(record, path, action, **body, colour=1)
    assert refused.status_code == 422 and refused.json()["errors"][0]["code"] == "unknown_member"
    assert await office.read(f"/v1/{path}/{record['id']}") == record


@pytest.mark.parametrize("path", TYPES)
async def test_a_body_sets_no_state(path: str, make: Maker, office: Api) -> None:
    """Only an action moves a record: neither a new one nor a changed one can be put into a state."""
    t = REGISTRY.by_path[path]
    record = await make(path)
    body = await make.body(t)
    for state in t.lifecycle.labels:
        for answer in (
            await office.post(f"/v1/{path}", json={**body, "state": state}),
            await office.change(record, path, {"state": state}),
            await office.act(record, path, "correct", reason="改", state=state),
        ):
            assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "set_by_action"
    assert (await office.read(f"/v1/{path}/{record['id']}"))["version"] == 1


def test_each_transition_that_takes_a_reference_can_be_given_one() -> None:
    """The walk above gives every required member; this says that none of them is a kind it cannot give."""
    kinds = {type(f).__name__ for t in REGISTRY for x in t.lifecycle.public for f in x.body if f.required}
    assert kinds <= {"Text", "Day", "Choice", "Lines", "Reference"}, kinds
    assert any(isinstance(f, Reference) for t in REGISTRY for x in t.lifecycle.public for f in x.body)
