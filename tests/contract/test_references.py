"""What holds for a reference of any record to another: how it is written, and what it may not point to."""

from typing import Any

import pytest

from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.support.callers import Api
from tests.support.proofs import share
from tests.support.records import Maker

NOWHERE = "00000000-0000-7000-8000-000000000000"
ALL = [(t.path, f.name) for t in REGISTRY for f in t.references if f.writable]
ONE = [(p, n) for p, n in ALL if not REGISTRY.by_path[p].reference(n).many]
# `check` ties these to one another: they are changed together or not at all.
SUBJECTS = {("unit", "subject_kind"), ("person", "subject_kind")}


def declared(path: str, name: str) -> tuple[RecordType, Reference]:
    """The type and its referring field."""
    t = REGISTRY.by_path[path]
    return t, t.reference(name)


def listed(f: Reference, value: Any) -> Any:
    """The value as the field holds it."""
    return [value] if f.many else value


async def with_subject(make: Maker, t: RecordType, f: Reference) -> dict[str, Any]:
    """A create body into which this reference fits."""
    given = {"subject_kind": f.name} if (f.name, "subject_kind") in SUBJECTS and "subject_kind" in t.columns else {}
    body = await make.body(t, **given)
    return {k: v for k, v in body.items() if k not in f.columns}


@share(3)
@pytest.mark.parametrize(("path", "name"), ALL)
async def test_a_reference_is_written_by_identifier_by_number_or_by_both(
    path: str, name: str, make: Maker, office: Api
) -> None:
    t, f = declared(path, name)
    target = await make.fit(t, f)
    by_id, by_number = {f.id_column: listed(f, target["id"])}, {f.number_column: listed(f, target["number"])}
    seen = []
    for inputs in (by_id, by_number, by_id | by_number):
        body = await with_subject(Maker(office, register={}) if t.unique else make, t, f)
        answer = await office.post(f"/v1/{path}", json={**body, **inputs})
        assert answer.status_code == 201, (inputs, answer.text)
        seen.append({c: answer.json()[c] for c in f.columns})
    assert seen == [by_id | by_number] * 3


@share(3)
@pytest.mark.parametrize(("path", "name"), ALL)
async def test_what_a_caller_may_not_refer_to_is_one_answer(
    path: str, name: str, make: Maker, make_next_door: Maker, office: Api
) -> None:
    """Absent, voided and of another jurisdiction cannot be told apart."""
    t, f = declared(path, name)
    foreign = await make_next_door.shared(f.to)
    voided = await make.fresh()(f.to)
    assert (await office.act(voided, f.to, "void", reason="重复")).status_code == 200
    valid = {f.id_column: listed(f, (await make.fit(t, f))["id"])}
    live = await office.write(f"/v1/{path}", {**await with_subject(make, t, f), **valid})
    body = await with_subject(make.fresh(), t, f)
    answers = []
    for identifier, number in (
        (NOWHERE, "431382-X-999"),
        (foreign["id"], "431381-X-999"),
        (voided["id"], voided["number"]),
    ):
        for column, value in ((f.id_column, identifier), (f.number_column, number)):
            created = await office.post(f"/v1/{path}", json={**body, column: listed(f, value)})
            changed = await office.change(live, path, {column: listed(f, value)})
            for answer in (created, changed):
                problem = answer.json()
                assert answer.status_code == 422, answer.text
                assert problem["errors"][0].pop("pointer") == f"/{column}"
                answers.append((problem["detail"], problem["errors"]))
    assert all(a == answers[0] for a in answers) and answers[0][1][0]["code"] == "reference_not_found"
    assert await office.read(f"/v1/{path}/{live['id']}") == live


@share(3)
@pytest.mark.parametrize(("path", "name"), ONE)
async def test_an_identifier_and_a_number_that_disagree_are_refused(
    path: str, name: str, make: Maker, office: Api
) -> None:
    t, f = declared(path, name)
    one, other = await make.fit(t, f), await make.fresh().fit_new(t, f)
    body = await with_subject(make, t, f)
    answer = await office.post(f"/v1/{path}", json={**body, f.id_column: one["id"], f.number_column: other["number"]})
    assert answer.status_code == 422, answer.text
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        (f"/{f.number_column}", "reference_disagrees")
    ]


@pytest.mark.parametrize(("path", "name"), [(p, n) for p, n in ALL if (p, n) not in ONE])
async def test_a_list_of_references_keeps_its_order_and_holds_each_once(
    path: str, name: str, make: Maker, office: Api
) -> None:
    t, f = declared(path, name)
    made = [await make.fit_new(t, f) for _ in range(3)]
    numbers = [made[i]["number"] for i in (2, 0, 1)]
    record = await office.write(f"/v1/{path}", {**await with_subject(make, t, f), f.number_column: numbers})
    assert record[f.number_column] == numbers and record[f.id_column] == [made[i]["id"] for i in (2, 0, 1)]
    fewer = (await office.change(record, path, {f.number_column: numbers[1:]})).json()
    assert fewer[f.number_column] == numbers[1:] and fewer["version"] == 2
    by_id = (await office.change(fewer, path, {f.id_column: [made[1]["id"]]})).json()
    assert by_id[f.number_column] == [made[1]["number"]] and by_id["version"] == 3
    twice = await office.change(by_id, path, {f.number_column: numbers[:1] * 2})
    assert twice.status_code == 422 and twice.json()["errors"][0]["code"] == "listed_twice"
    disagreeing = {f.id_column: [made[0]["id"]], f.number_column: [made[1]["number"]]}
    refused = await office.change(by_id, path, disagreeing)
    assert refused.status_code == 422 and refused.json()["errors"][0]["code"] == "reference_disagrees"
    agreeing = {f.id_column: [m["id"] for m in made], f.number_column: [m["number"] for m in made]}
    assert (await office.change(by_id, path, agreeing)).json()[f.number_column] == agreeing[f.number_column]


COPIES = [(t.path, f.name) for t in REGISTRY for f in t.fields if f.copied]


@pytest.mark.parametrize(("path", "name"), COPIES)
async def test_what_is_copied_stays_as_it_was_when_the_original_changes(path: str, name: str, office: Api) -> None:
    t = REGISTRY.by_path[path]
    f = t.field(name)
    assert f.copied
    reference = t.reference(f.copied[0])
    source = REGISTRY.by_path[reference.to].field(f.copied[1])
    make = Maker(office, register={})
    original = await make.shared(reference.to)
    record = await make(path, **({"subject_kind": reference.name} if "subject_kind" in t.columns else {}))
    pairs = list(zip(f.columns, source.columns, strict=True))
    assert all(record[own] == original[other] for own, other in pairs)
    value = (await make("units"))["number"] if isinstance(source, Reference) else "bureau"
    patch = {"name": "改后的名称"} if source.name == "name" else {source.columns[-1]: value}
    if source.name == "kind":
        patch = {"kind": "other"}
    changed = await office.change(original, reference.to, patch)
    assert changed.status_code == 200, changed.text
    assert changed.json()[source.columns[-1]] != original[source.columns[-1]]
    now = await office.read(f"/v1/{path}/{record['id']}")
    followed = ("version", "updated_at") if t.access.about and reference.name == "person" else ()  # whom it is about
    assert {k: v for k, v in now.items() if k not in followed} == {k: v for k, v in record.items() if k not in followed}
