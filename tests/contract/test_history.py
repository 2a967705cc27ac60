"""The history of any record: every version as GET gave it then, and the difference of any two."""

from itertools import permutations

import jsonpatch
import pytest

from app.records import REGISTRY
from tests.support.bodies import TYPES, full, other
from tests.support.callers import Api
from tests.support.records import Maker


@pytest.mark.parametrize("path", TYPES)
async def test_each_revision_holds_the_document_of_its_moment_and_any_two_differ_by_their_patch(
    path: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    place = f"/v1/{path}"
    given = [await office.write(place, await full(make, t))]
    place = f"{place}/{given[0]['id']}"
    given.append((await office.change(given[-1], path, await other(make, t, given[-1]))).json())
    given.append((await office.change(given[-1], path, {"note": None})).json())
    given.append((await office.act(given[-1], path, "void", reason="到此为止")).json())
    assert [g["version"] for g in given] == [1, 2, 3, 4]
    for document in given:
        assert (await office.read(f"{place}/revisions/{document['version']}"))["record"] == document
    for old, new in permutations(given, 2):
        answer = await office.get(f"{place}/revisions/{new['version']}/diff", params={"from": old["version"]})
        assert answer.headers["content-type"] == "application/json-patch+json"
        assert jsonpatch.apply_patch(old, answer.json()) == new
    before = await office.read(f"{place}/revisions/3/diff")
    assert jsonpatch.apply_patch(given[1], before) == given[2], "without `from` it is the version before"


@pytest.mark.parametrize("path", TYPES)
async def test_the_history_is_told_newest_first_and_page_by_page(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    for n in range(2, 6):
        record = (await office.change(record, path, {"note": f"第{n}版"})).json()
    place = f"/v1/{path}/{record['id']}/revisions"
    whole = await office.read(place)
    assert [e["version"] for e in whole["items"]] == [5, 4, 3, 2, 1] and whole["next_cursor"] is None
    assert [e["changed"] for e in whole["items"]] == [["/note"]] * 4 + [[]]
    assert {(e["by"], e["reason"]) for e in whole["items"]} == {(office.writer(path), None)}
    walked, cursor = [], None
    while True:
        page = await office.read(place, limit="2", **({"cursor": cursor} if cursor else {}))
        walked += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert walked == whole["items"]
    assert (await office.read(f"/v1/{path}/{record['number']}/revisions"))["items"] == whole["items"]


@pytest.mark.parametrize("path", TYPES)
async def test_a_version_that_does_not_exist_is_not_found(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    place = f"/v1/{path}/{record['id']}/revisions"
    for missing in (f"{place}/2", f"{place}/0", f"{place}/-1", f"{place}/x", f"{place}/99999999999", f"{place}/2/diff"):
        answer = await office.get(missing)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), missing
    assert (await office.get(f"{place}/1/diff", params={"from": "7"})).status_code == 404
    for wrong in ({"from": "x"}, {"from": "-1"}, {"von": "1"}):
        assert (await office.get(f"{place}/1/diff", params=wrong)).status_code == 400, wrong
    assert (await office.read(f"{place}/1/diff")) == [], "the first version has none before it"
