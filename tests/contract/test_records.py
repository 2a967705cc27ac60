"""What holds for a record of any type: it is created, read, listed."""

import pytest

from app.kernel.declare.fields import Sealed
from app.kernel.declare.record_type import HEAD_COLUMNS, TAIL_COLUMNS
from app.records import REGISTRY
from tests.support.bodies import TYPES, answered, full, members
from tests.support.callers import HOME, Api
from tests.support.records import Maker
from tests.support.walk import open_to


@pytest.mark.parametrize("path", TYPES)
async def test_a_created_record_is_answered_with_its_place_and_its_version(path: str, make: Maker, office: Api) -> None:
    body = await make.body(REGISTRY.by_path[path])
    answer = await office.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    record = answer.json()
    assert answer.headers["etag"] == '"1"' and answer.headers["location"] == f"/v1/{path}/{record['id']}"
    assert {k: record[k] for k in body} == body
    assert await office.read(f"/v1/{path}/{record['number']}") == record


@pytest.mark.parametrize("path", TYPES)
async def test_every_member_that_may_be_given_is_kept_as_it_was_given(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    body = await full(make, t)
    record = await office.write(f"/v1/{path}", body)
    assert {k: record[k] for k in body} == answered(t, body)
    assert await office.read(f"/v1/{path}/{record['id']}") == record
    entry = await office.read(f"/v1/{path}/{record['id']}/revisions/1")
    assert entry["record"] == record and entry["action"] == "create" and entry["by"] == office.writer(path)


@pytest.mark.parametrize("path", TYPES)
async def test_a_document_has_the_members_of_its_declaration_and_no_other(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    record = await make(path)
    assert list(record) == [*HEAD_COLUMNS, *members(t), *TAIL_COLUMNS, "available_actions", "masked"]
    assert record["version"] == 1 and record["state"] == t.lifecycle.initial and record["jurisdiction"] == HOME
    assert record["masked"] == [f.name for f in t.of_kind(Sealed)] and record["created_by"] == record[
        "updated_by"
    ] == office.writer(path)
    assert record["created_at"] == record["updated_at"] and record["created_at"].endswith("+08:00")
    assert record["available_actions"] == open_to(t, t.lifecycle.initial)


@pytest.mark.parametrize("path", TYPES)
async def test_a_record_that_has_not_changed_is_not_sent_again(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    place = f"/v1/{path}/{record['id']}"
    first = await office.get(place)
    assert first.headers["etag"] == '"1"'
    kept = "no-store" if any(f.secret for f in REGISTRY.by_path[path].fields) else "no-cache"
    assert first.headers["cache-control"] == f"private, {kept}"
    assert first.headers["vary"] == "Authorization"
    for known in ('"1"', 'W/"1"', '"7", "1"', "*"):
        again = await office.get(place, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"1"'), known
    other = await office.get(place, headers={"If-None-Match": '"2"'})
    assert other.status_code == 200 and other.json() == record


@pytest.mark.parametrize("path", TYPES)
async def test_what_stands_in_a_list_is_the_document_that_get_gives(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    page = await office.get(f"/v1/{path}", params={"limit": "1"})
    assert page.headers["cache-control"] == "private, no-store"
    assert page.json()["items"] == [record], "the newest comes first"


@pytest.mark.parametrize("path", TYPES)
async def test_a_record_that_is_not_there_is_one_answer_however_it_is_named(path: str, office: Api) -> None:
    for key in ("00000000-0000-7000-8000-000000000000", "431382-NONE-9999", "x", "nul%00", "没有", "9" * 64):
        answer = await office.get(f"/v1/{path}/{key}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), key


@pytest.mark.parametrize("path", TYPES)
async def test_every_action_is_listed_with_its_label_and_why_it_is_not_possible(
    path: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    record = await make(path)
    items = (await office.read(f"/v1/{path}/{record['id']}/actions"))["items"]
    assert [i["action"] for i in items] == [*(x.action for x in t.lifecycle.public), "void", "correct"]
    for item in items:
        assert item["allowed"] == (item["action"] in record["available_actions"]), item
        assert (item["reason"] is None) == item["allowed"] and item["label"]
        assert item["body_schema"]["type"] == "object" and item["body_schema"]["additionalProperties"] is False


async def test_a_caller_of_one_jurisdiction_writes_in_no_other(office: Api) -> None:
    body = {"name": "某镇", "kind": "township_street", "jurisdiction": "431381"}
    answer = await office.post("/v1/units", json=body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "jurisdiction_outside"
    record = await office.write("/v1/units", {**body, "jurisdiction": HOME})
    assert record["jurisdiction"] == HOME
