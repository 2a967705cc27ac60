"""An error names a member that was sent, or one that has to be: never the column behind it, nor another spelling."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.kernel.declare.fields import Day, Reference
from app.kernel.declare.record_type import RecordType
from app.main import SCHEMAS
from app.records import REGISTRY
from tests.support.bodies import TYPES
from tests.support.callers import CONFIRMED_BY_LEADERS, UNREAD, Api
from tests.support.client import Answer
from tests.support.records import Maker
from tests.support.walk import Walker

DAYS = ("1901-01-02", "2099-12-30")  # before and after every other day
NOBODY = "00000000-0000-7000-8000-000000000000"


def named(answer: Answer, body: Any, known: Any) -> int:
    """How many errors an answer has; each names a member that was sent, or says of one that it has to be."""
    if answer.status_code not in (409, 422):
        return 0
    errors = answer.json()["errors"]
    for error in errors:
        member = error["pointer"].split("/")[1]
        assert member in body or (error["code"] in ("required", "subject_missing") and member in known), (body, error)
        assert not error["code"].startswith("day_") or "_on" not in error["message"], "a day is told by its label"
    return len(errors)


def wrong_references(fields: Any) -> Iterator[dict[str, Any]]:
    for f in fields:
        if isinstance(f, Reference) and f.writable:
            yield {f.id_column: [NOBODY] if f.many else NOBODY}
            yield {f.number_column: ["431382-X999"] if f.many else "431382-X999"}


async def for_whom(path: str, make: Maker) -> dict[str, str]:
    """The receiver of a transfer has no account here, so that the office takes every action."""
    return {"to_unit_number": (await make("units"))["number"]} if path == "clue-transfers" else {}


ACTIONS = [
    (t.path, x.action)
    for t in REGISTRY
    for x in t.lifecycle.public
    if x.body and x.action not in UNREAD and x.action not in CONFIRMED_BY_LEADERS
]


@pytest.mark.parametrize(("path", "action"), ACTIONS)
async def test_an_error_of_an_action_names_what_its_body_holds(
    path: str, action: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    arrow, known = t.lifecycle.transition(action), SCHEMAS[path].actions[action].model_fields
    days = [{f.name: day} for f in arrow.body if isinstance(f, Day) for day in DAYS]
    for wrong in [*days, *wrong_references(arrow.body)]:
        walker = Walker(make.fresh())
        record = await walker.ready(path, arrow.origins[0], arrow, **await for_whom(path, make))
        body = {**await walker.body(arrow), **wrong}
        named(await office.act(record, path, action, **body), body, known)


@pytest.mark.parametrize("path", TYPES)
async def test_an_error_of_a_change_names_what_was_changed(path: str, make: Maker, office: Api) -> None:
    """In every state: a day that another one of the record contradicts is not the other day's mistake."""
    t = REGISTRY.by_path[path]
    known, corrected = SCHEMAS[path].change.model_fields, SCHEMAS[path].actions["correct"].model_fields
    for state in t.lifecycle.states:
        walker = Walker(make.fresh())
        record = await walker.reach(path, state, **await for_whom(path, make))
        for f in t.fields:
            for day in DAYS if isinstance(f, Day) else ():
                body: dict[str, Any] = {f.name: day}
                if f.writable:
                    answer = await office.change(record, path, body)
                    named(answer, body, known)
                    record = answer.json() if answer.status_code == 200 else record
                elif f.name in corrected:
                    body["reason"] = "核对原件"
                    answer = await office.act(record, path, "correct", **body)
                    named(answer, body, corrected)
                    record = answer.json() if answer.status_code == 200 else record
    record = await Walker(make.fresh()).reach(path, t.lifecycle.initial)  # from which nothing is settled yet
    for body in wrong_references(t.fields):
        assert named(await office.change(record, path, body), body, known) or "number" not in str(body)


def spelled(t: RecordType, body: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """The same body with every reference by its identifier."""
    given = dict(body)
    for f in t.references:
        if (number := given.pop(f.number_column, None)) is not None:
            given[f.id_column] = [ids[n] for n in number] if f.many else ids[number]
    return given


@pytest.mark.parametrize("path", TYPES)
async def test_an_error_of_a_new_record_names_a_reference_as_it_was_given(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    known, body = SCHEMAS[path].create.model_fields, await make.body(t)
    for wrong in wrong_references(t.fields):
        rest = {k: v for k, v in body.items() if not _another(t, k, wrong)}
        named(await office.post(f"/v1/{path}", json={**rest, **wrong}), {**rest, **wrong}, known)
    if "subject_kind" not in t.columns:
        return
    unit, person = await make("units"), await make("persons")
    for kind in ("unit", "person"):
        rest = {k: v for k, v in body.items() if k not in ("unit_number", "person_number")}
        both = {**rest, "subject_kind": kind, "unit_id": unit["id"], "person_id": person["id"]}
        assert named(await office.post(f"/v1/{path}", json=both), both, known)


def _another(t: RecordType, member: str, wrong: dict[str, Any]) -> bool:
    """Whether a member is the other spelling of the reference that is given wrong."""
    return any({member, *wrong} <= {*f.columns} for f in t.references)


async def test_what_is_taken_is_named_as_it_was_given(make: Maker, office: Api) -> None:
    """The key of a target is its round and its unit: of a change that moves the unit alone, the unit is named."""
    first, second = await make("targets"), await make("targets", unit_number=(await make("units"))["number"])
    for body in ({"unit_id": first["unit_id"]}, {"unit_number": first["unit_number"]}):
        answer = await office.change(second, "targets", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "key_taken"), answer.text
        assert [e["pointer"] for e in answer.json()["errors"]] == [f"/{next(iter(body))}"]


async def test_a_day_that_lies_after_another_says_so(make: Maker, office: Api) -> None:
    finding = await make("findings", found_on="2017-05-14")
    finding = (await office.act(finding, "findings", "feed_back", on="2017-06-09")).json()
    answer = await office.change(finding, "findings", {"found_on": "2017-06-10"})
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/found_on", "day_after") and "反馈日期" in error["message"]
    early = await office.act(await make("findings"), "findings", "feed_back", on="2001-01-01")
    (error,) = early.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/on", "day_before") and "发现日期" in error["message"]
