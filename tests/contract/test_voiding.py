"""Voiding, the only deletion: the record stays readable, and nothing live may go on referring to it."""

import pytest

from app.records import REGISTRY
from tests.support.bodies import TYPES
from tests.support.callers import Api
from tests.support.proofs import share
from tests.support.records import Maker

REFERRED = [(t.path, t.reference(f.name).name) for t in REGISTRY for f in t.references if f.writable]


@pytest.mark.parametrize("path", TYPES)
async def test_a_voided_record_leaves_the_lists_and_stays_readable(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    answer = await office.act(record, path, "void", reason="重复登记")
    assert answer.status_code == 200, answer.text
    voided = answer.json()
    assert (voided["state"], voided["version"], voided["available_actions"]) == ("voided", 2, [])
    assert await office.read(f"/v1/{path}/{record['id']}") == voided
    assert await office.read(f"/v1/{path}/{record['number']}") == voided
    assert record["id"] not in {r["id"] for r in (await office.read(f"/v1/{path}", limit="200"))["items"]}
    assert voided in (await office.read(f"/v1/{path}", state="voided", limit="200"))["items"]
    newest = (await office.read(f"/v1/{path}/{record['id']}/revisions"))["items"][0]
    # A clue that is no longer registered is told to its office in outline only.
    touched = {f"/{k}" for k in record if record[k] != voided[k]} - {"/version", "/updated_at", "/available_actions"}
    assert (newest["action"], newest["reason"], set(newest["changed"])) == ("void", "重复登记", touched)
    assert touched == {"/state"} or (path == "clues" and voided["masked"] and not record["masked"])
    actions = (await office.read(f"/v1/{path}/{record['id']}/actions"))["items"]
    assert not any(a["allowed"] for a in actions) and all(a["reason"] for a in actions)


@pytest.mark.parametrize("path", TYPES)
async def test_a_voided_record_is_changed_by_nothing(path: str, make: Maker, office: Api) -> None:
    voided = (await office.act(await make(path), path, "void", reason="重复")).json()
    tried = [await office.change(voided, path, {"note": "改"}), await office.act(voided, path, "void", reason="再来")]
    tried.append(await office.act(voided, path, "correct", reason="再来"))
    for answer in tried:
        assert (answer.status_code, answer.json()["code"]) == (409, "record_voided"), answer.text
    assert await office.read(f"/v1/{path}/{voided['id']}") == voided


@pytest.mark.parametrize("path", TYPES)
async def test_a_voiding_says_why(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": None}, {"reason": 1}):
        answer = await office.act(record, path, "void", **body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/reason", body
    assert await office.read(f"/v1/{path}/{record['id']}") == record


@share(3)
@pytest.mark.parametrize(("path", "name"), REFERRED)
async def test_a_record_is_not_voided_while_a_live_one_refers_to_it(
    path: str, name: str, make: Maker, office: Api, leaders: Api
) -> None:
    t = REGISTRY.by_path[path]
    f = t.reference(name)
    target = await make.fresh().fit_new(t, f)
    subject = {"subject_kind": name} if name in ("unit", "person") and "subject_kind" in t.columns else {}
    holder = await make(path, **subject, **{f.id_column: [target["id"]] if f.many else target["id"]})
    refused = await office.act(target, f.to, "void", reason="重复")
    named = await office.keeper_sees(f"/v1/{f.to}/{target['id']}", f"/v1/{path}/{holder['id']}", f.number_column)
    code = "still_referred_to" if named else "still_referred_to_unseen"
    assert (refused.status_code, refused.json()["code"]) == (409, code), refused.text
    assert (holder["number"] in refused.json()["detail"]) == named
    assert await office.read(f"/v1/{f.to}/{target['id']}") == target
    assert (await office.act(holder, path, "void", reason="重复")).status_code == 200
    assert (await office.act(target, f.to, "void", reason="重复")).status_code == 200
    place = f"/v1/{path}/{holder['id']}"
    kept = await leaders.read(place)
    if f.number_column in kept["masked"]:  # of which the leading group is told metadata
        kept = await office.read(place)
    assert kept[f.number_column] == holder[f.number_column], "a voided record keeps what it referred to"
