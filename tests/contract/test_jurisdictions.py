"""Two offices, one database: neither meets a record of the other, whatever it asks."""

import json
from typing import Any

import pytest

from app.records import REGISTRY
from tests.support.bodies import TYPES, full
from tests.support.callers import CSV, HOME, PATCH, Api
from tests.support.records import LAID_DOWN, Maker

CANARY = "金丝雀邻县"


async def planted(make_next_door: Maker, path: str) -> Any:
    """A record of the neighbour that says CANARY wherever it can."""
    t = REGISTRY.by_path[path]
    body = await full(make_next_door, t)
    for f in t.fields:
        if type(f).__name__ == "Text" and f.name in body and f.form is None and f.name not in LAID_DOWN:
            body[f.name] = CANARY
    return await make_next_door.api.write(f"/v1/{path}", {**body, "note": CANARY})


@pytest.mark.parametrize("path", TYPES)
async def test_a_record_of_the_neighbour_is_exactly_as_one_that_does_not_exist(
    path: str, make: Maker, make_next_door: Maker, office: Api
) -> None:
    theirs = await planted(make_next_door, path)
    mine = await make(path)
    headers = {"If-Match": '"1"', "Content-Type": PATCH}
    place = f"/v1/{path}"
    for real, absent in ((theirs["id"], "00000000-0000-7000-8000-000000000000"), (theirs["number"], "431381-NONE-999")):
        for suffix in ("", "/actions", "/revisions", "/revisions/1", "/revisions/1/diff"):
            there, nowhere = await office.get(f"{place}/{real}{suffix}"), await office.get(f"{place}/{absent}{suffix}")
            assert there.status_code == 404 and told(there) == told(nowhere), suffix
        changed = [await office.patch(f"{place}/{k}", content='{"note": "x"}', headers=headers) for k in (real, absent)]
        voided = [await office.act({"id": k, "version": 1}, path, "void", reason="x") for k in (real, absent)]
        for there, nowhere in (changed, voided):
            assert there.status_code == 404 and told(there) == told(nowhere)
    texts = [
        json.dumps(await office.every(path, **query), ensure_ascii=False)
        for query in ({}, {"q": CANARY}, {"state": "voided"})
    ]
    assert not any(CANARY in text or theirs["id"] in text or theirs["number"] in text for text in texts)
    assert mine["id"] in texts[0]
    assert await make_next_door.api.read(f"{place}/{theirs['id']}") == theirs


def told(answer: Any) -> Any:
    """What an answer tells: all but the request's own identifier."""
    headers = {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "content-length", "date")}
    return answer.status_code, headers, {k: v for k, v in answer.json().items() if k != "instance"}


@pytest.mark.parametrize("path", TYPES)
async def test_a_list_filtered_by_a_record_of_the_neighbour_is_empty(
    path: str, make_next_door: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    theirs = await planted(make_next_door, path)
    for f in t.references:
        if f in t.filters and theirs[f.id_column]:
            for parameter, column in ((f"{f.name}_id", f.id_column), (f"{f.name}_number", f.number_column)):
                found = await office.read(f"/v1/{path}", **{parameter: theirs[column]})
                assert found["items"] == [], parameter


async def test_the_work_list_of_the_neighbour_is_not_found(make_next_door: Maker, office: Api) -> None:
    number = (await make_next_door.shared("rounds"))["number"]
    for place in (f"/v1/rounds/{number}/work-list", f"/v1/rounds/{number}/work-list/teams"):
        there = await office.get(place)
        nowhere = await office.get(place.replace(number, "431381-1989-01"))
        assert there.status_code == 404 and told(there) == told(nowhere)


async def test_an_import_and_its_rows_are_their_maker_s_alone(office: Api, neighbour: Api, loader: Api) -> None:
    text = f"单位编码,单位名称,单位类型\n431381-U900,{CANARY},乡镇街道\n".encode()
    made = await neighbour.import_file(text, CSV, type="units", mode="preview")
    assert made["state"] == "checked"
    nowhere = "00000000-0000-7000-8000-000000000000"
    head = await loader.get(f"/v1/imports/{made['id']}")
    assert head.status_code == 200 and CANARY not in head.text, "a loader of the division sees file, state and counts"
    for api in (office, loader):
        for place in ("/v1/imports/{}", "/v1/imports/{}/rows")[api is loader :]:
            there, absent = await api.get(place.format(made["id"])), await api.get(place.format(nowhere))
            assert there.status_code == 404 and told(there) == told(absent)
        commit = [await api.post(f"/v1/imports/{k}/actions/commit") for k in (made["id"], nowhere)]
        assert commit[0].status_code == 404 and told(commit[0]) == told(commit[1])


async def test_an_import_tells_nothing_of_what_the_neighbour_has(make_next_door: Maker, office: Api) -> None:
    theirs = await planted(make_next_door, "units")
    # neither by a number that only the neighbour has, nor by a name
    units = (theirs["number"], CANARY, "无此单位")
    text = "人员编号,姓名,单位\n" + "".join(f"431382-P99{n},某甲,{unit}\n" for n, unit in enumerate(units))
    made = await office.import_file(text.encode(), CSV, type="persons", mode="preview")
    rows = await office.rows(made)
    errors = [[e["code"] for e in r["errors"]] for r in rows]
    assert errors[0] == errors[1] == errors[2] == ["reference_not_found"]
    assert theirs["id"] not in json.dumps(rows)
    foreign = "单位编码,单位名称,单位类型\n431381-U950,外县单位,乡镇街道\n".encode()
    await office.import_file(foreign, CSV, type="units")
    assert (await make_next_door.api.get("/v1/units/431381-U950")).status_code == 404


@pytest.mark.parametrize("path", TYPES)
async def test_no_caller_of_several_jurisdictions_meets_a_record(
    path: str, make: Maker, admin: Api, loader: Api, superior: Api
) -> None:
    """They open accounts, import, and count; records are read within their own jurisdiction, by whoever keeps them."""
    record = await make(path)
    body = {**await make.body(REGISTRY.by_path[path]), "jurisdiction": HOME}
    for api in (admin, loader, superior):
        assert (await api.get(f"/v1/{path}")).status_code == 403
        assert (await api.post(f"/v1/{path}", json=body)).status_code == 403
        for key in (record["id"], record["number"]):
            there, absent = await api.get(f"/v1/{path}/{key}"), await api.get(f"/v1/{path}/431382-NONE-999")
            assert there.status_code == 404 and told(there) == told(absent)
        assert (await api.change(record, path, {"note": "改"})).status_code == 404
        assert (await api.act(record, path, "void", reason="改")).status_code == 404
