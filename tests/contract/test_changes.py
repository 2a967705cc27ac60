"""What holds for a change of any record: the version it starts from, what it leaves behind, what it may not touch."""

import json

import pytest

from app.kernel.declare.fields import Sealed
from app.records import REGISTRY
from tests.support.bodies import TYPES, full, other
from tests.support.callers import PATCH, Api
from tests.support.records import TRANSFERRED, Maker


@pytest.mark.parametrize("path", TYPES)
async def test_a_patch_changes_what_it_names_and_leaves_a_revision_that_says_so(
    path: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    old = await office.write(f"/v1/{path}", await full(make, t))
    patch = await other(make, t, old)
    answer = await office.change(old, path, patch)
    assert answer.status_code == 200, answer.text
    new = answer.json()
    assert {k: new[k] for k in patch} == patch
    assert answer.headers["etag"] == '"2"' and new["version"] == 2 and new["number"] == old["number"]
    assert await office.read(f"/v1/{path}/{old['id']}") == new
    entry = await office.read(f"/v1/{path}/{old['id']}/revisions/2")
    assert entry["record"] == new and entry["action"] == "change" and entry["source"] == {"kind": "api"}
    touched = {f"/{k}" for k in new if new[k] != old[k]} - {"/version", "/updated_at"}
    assert set(entry["changed"]) == touched >= {f"/{k}" for k in patch if old[k] != patch[k]}


@pytest.mark.parametrize("path", TYPES)
async def test_a_patch_that_changes_nothing_leaves_version_and_history_alone(
    path: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    body = await full(make, t)
    record = await office.write(f"/v1/{path}", body)
    for patch in (body, {}, {"note": record["note"]}):
        fixed = {c for f in t.fields if f.fixed for c in f.columns}
        patch = {k: v for k, v in patch.items() if k != "number" and k not in fixed}
        answer = await office.change(record, path, patch)
        assert answer.status_code == 200 and answer.json() == record, (patch, answer.text)
        assert answer.headers["etag"] == '"1"'
    assert len((await office.read(f"/v1/{path}/{record['id']}/revisions"))["items"]) == 1


@pytest.mark.parametrize("path", TYPES)
async def test_a_change_without_a_version_is_asked_for_one(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    place = f"/v1/{path}/{record['id']}"
    patched = await office.patch(place, content='{"note": "改"}', headers={"Content-Type": PATCH})
    voided = await office.post(f"{place}/actions/void", json={"reason": "重复"})
    for answer in (patched, voided):
        assert (answer.status_code, answer.json()["code"]) == (428, "if_match_required")
    assert await office.read(place) == record


@pytest.mark.parametrize("path", TYPES)
async def test_a_change_from_an_old_version_is_told_who_changed_what_and_when(
    path: str, make: Maker, office: Api, colleague: Api
) -> None:
    old = await make(path)
    new = (await colleague.change(old, path, {"note": "同事改"})).json()
    for answer in (
        await office.change(old, path, {"note": "我改"}),
        await office.act(old, path, "void", reason="重复"),
    ):
        assert answer.status_code == 412, answer.text
        problem = answer.json()
        assert problem["code"] == "stale" and problem["current_version"] == 2 and answer.headers["etag"] == '"2"'
        assert problem["differing"] == ["/note"] and colleague.writer(path) in problem["detail"]
        (change,) = problem["changes"]
        assert (change["version"], change["by"], change["changed"]) == (2, colleague.writer(path), ["/note"])
        assert change["at"] == (await office.read(f"/v1/{path}/{old['id']}/revisions/2"))["at"]
    assert await office.read(f"/v1/{path}/{old['id']}") == new


@pytest.mark.parametrize("given", ["0", "999"])
async def test_a_version_that_never_was_is_said_to_be_none(given: str, make: Maker, office: Api) -> None:
    place = f"/v1/findings/{(await make('findings'))['id']}"
    answer = await office.patch(place, json={}, headers={"Content-Type": PATCH, "If-Match": f'"{given}"'})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["current_version"]) == (412, "stale", 1)
    assert problem["detail"] == f"没有第 {given} 版，现为第 1 版。请重新查看后再改。"
    assert problem["differing"] == []


@pytest.mark.parametrize("given", ['"1"', "1", 'W/"1"', ' "1" '])
async def test_a_version_is_understood_with_and_without_quotes(given: str, make: Maker, office: Api) -> None:
    record = await make("units")
    headers = {"If-Match": given, "Content-Type": PATCH}
    answer = await office.patch(f"/v1/units/{record['id']}", content='{"note": "改"}', headers=headers)
    assert answer.status_code == 200 and answer.json()["version"] == 2


@pytest.mark.parametrize("given", ["*", '"1", "2"', "abc", '"-1"', '"1.0"', "９", '"99999999999"'])
async def test_a_version_that_is_none_is_refused_as_such(given: str, make: Maker, office: Api) -> None:
    record = await make("units")
    headers = {b"If-Match": given.encode(), b"Content-Type": PATCH.encode()}
    answer = await office.patch(f"/v1/units/{record['id']}", content='{"note": "改"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_if_match")


@pytest.mark.parametrize("path", TYPES)
async def test_null_clears_what_may_be_empty_and_refuses_to_clear_what_is_required(
    path: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    record = await office.write(f"/v1/{path}", await full(make, t))
    free = [
        f for f in t.fields if f.writable and not f.required and not _subject(t, f.name) and not isinstance(f, Sealed)
        and (t.path, f.name) != TRANSFERRED
    ]  # fmt: skip
    cleared = await office.change(record, path, {"note": None, **{f.columns[-1]: None for f in free}})
    assert cleared.status_code == 200, cleared.text
    assert all(cleared.json()[c] is None for f in free for c in f.columns) and cleared.json()["note"] is None
    for f in (f for f in t.fields if f.required and f.writable and not f.fixed):
        for column in f.columns:
            answer = await office.change(cleared.json(), path, {column: None})
            assert answer.status_code == 422, column
            assert answer.json()["errors"] == [
                {"pointer": f"/{column}", "code": "required", "message": f"“{f.label}”必须填写。"}
            ]


def _subject(t: object, name: str) -> bool:
    return "subject_kind" in t.columns and name in ("person", "unit")  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", TYPES)
async def test_what_a_body_may_not_hold_is_refused_by_name_and_changes_nothing(
    path: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    record = await make(path)
    set_by = ["state", *(c for f in t.fields if f.set_by for c in f.columns)]
    read_only = ["id", "version", "created_at", "created_by", "updated_at", "updated_by", "available_actions", "masked"]
    read_only += [c for f in t.fields if f.copied for c in f.columns]
    body = await make.body(t)
    for member, code in [*((m, "set_by_action") for m in set_by), *((m, "read_only") for m in read_only)]:
        for answer in (
            await office.post(f"/v1/{path}", json={**body, member: record[member]}),
            await office.change(record, path, {member: record[member]}),
        ):
            assert answer.status_code == 422, (member, answer.text)
            assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(f"/{member}", code)]
    for answer in (
        await office.post(f"/v1/{path}", json={**body, "titel": 1}),
        await office.change(record, path, {"titel": 1}),
    ):
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/titel", "unknown_member")]
    refused = await office.change(record, path, {"number": record["number"]})
    assert refused.json()["errors"][0]["code"] == ("number_is_assigned" if t.numbering.assigned else "read_only")
    assert (await office.change(record, path, {"jurisdiction": "431382"})).json()["errors"][0]["code"] == "read_only"
    assert await office.read(f"/v1/{path}/{record['id']}") == record


@pytest.mark.parametrize("path", TYPES)
async def test_a_body_without_a_required_member_is_told_which(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    body = await make.body(t)
    for f in (f for f in t.fields if f.required and f.writable):
        rest = {k: v for k, v in body.items() if k not in f.columns}
        answer = await office.post(f"/v1/{path}", json=rest)
        assert answer.status_code == 422, f.name
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(f"/{f.columns[-1]}", "required")]


@pytest.mark.parametrize("path", TYPES)
async def test_a_patch_in_another_media_type_is_told_the_right_one(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    for media in ("application/json", "application/json-patch+json", "text/plain", f"{PATCH}; charset=gb18030"):
        headers = {"If-Match": '"1"', "Content-Type": media}
        answer = await office.patch(f"/v1/{path}/{record['id']}", content=json.dumps({"note": "改"}), headers=headers)
        assert (answer.status_code, answer.headers["accept-patch"]) == (415, PATCH), media
    assert await office.read(f"/v1/{path}/{record['id']}") == record


@pytest.mark.parametrize("path", TYPES)
async def test_a_correction_mends_what_actions_set_and_says_why(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    record = await make(path)
    mended = {f.name: make.value(f) for f in t.fields if f.set_by and f.corrected and not f.columns[1:]}
    answer = await office.act(record, path, "correct", reason="核对原件", **mended)
    assert answer.status_code == 200, answer.text
    assert {k: answer.json()[k] for k in mended} == mended
    entry = (await office.read(f"/v1/{path}/{record['id']}/revisions"))["items"][0]
    if mended:
        assert (entry["version"], entry["action"], entry["reason"]) == (2, "correct", "核对原件")
        assert set(entry["changed"]) == {f"/{k}" for k in mended}
    for body, member in (({"reason": "改", "note": "x"}, "/note"), ({**mended}, "/reason")):
        refused = await office.act(answer.json(), path, "correct", **body)
        assert refused.status_code == 422 and member in {e["pointer"] for e in refused.json()["errors"]}


async def test_null_beside_the_other_spelling_of_a_reference_changes_nothing(make: Maker, office: Api) -> None:
    target = await make("targets")
    body = {"round_number": target["round_number"], "round_id": None}
    answer = await office.change(target, "targets", body)
    assert (answer.status_code, answer.json()["version"]) == (200, 1), answer.text
