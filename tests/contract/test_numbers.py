"""Business numbers: assigned or given, in a series without gaps, never used again."""

import re

import pytest

from app.records import REGISTRY
from tests.support.bodies import TYPES
from tests.support.callers import HOME, Api
from tests.support.records import Maker

ASSIGNED = [t.path for t in REGISTRY if t.numbering.assigned]
SERIES = [t.path for t in REGISTRY if not t.numbering.formula]
GIVEN = [p for p in SERIES if p not in ASSIGNED]


def tail(number: str) -> int:
    """The running number at the end."""
    return int(number.removeprefix(stem_of(number)))


def stem_of(number: str) -> str:
    """The series: what stands before the running number, which may have outgrown its digits."""
    return re.sub(r"\d+\Z", "", number)


@pytest.mark.parametrize("path", SERIES)
async def test_numbers_of_a_series_follow_one_another(path: str, make: Maker) -> None:
    numbering = REGISTRY.by_path[path].numbering
    first = await make(path)
    second = await make(path, **await unlike(make, path))
    stem, digits = stem_of(first["number"]), numbering.digits
    if numbering.within == "jurisdiction":
        assert stem == f"{HOME}-{numbering.letter}"
    else:
        holder = first["round_number"] if "round_number" in first else (await make.shared("rounds"))["number"]
        assert stem == f"{holder}-{numbering.letter}-" and tail(first["number"]) == 1
    assert second["number"] == f"{stem}{tail(first['number']) + 1:0{digits}}"


async def unlike(make: Maker, path: str) -> dict[str, str]:
    """What makes a second record of a type with a natural key another one."""
    if path in ("targets", "visits", "feedback-sessions"):
        return {"unit_number": (await make("units"))["number"]}
    return {}


@pytest.mark.parametrize("path", GIVEN)
async def test_the_next_number_is_one_above_the_highest_that_was_given(path: str, make: Maker) -> None:
    first = await make(path)
    digits = REGISTRY.by_path[path].numbering.digits
    stem, n = stem_of(first["number"]), tail(first["number"])
    given = f"{stem}{n + 17:0{digits}}"
    assert (await make(path, number=given, **await unlike(make, path)))["number"] == given
    lower = f"{stem}{n + 5:0{digits}}"
    assert (await make(path, number=lower, **await unlike(make, path)))["number"] == lower
    after = await make(path, **await unlike(make, path))
    assert after["number"] == f"{stem}{n + 18:0{digits}}"


@pytest.mark.parametrize("path", GIVEN)
async def test_a_number_is_unique_and_never_used_again(path: str, make: Maker, office: Api) -> None:
    record = await make(path, number=f"T-{path}-{id(make)}")
    body = {**await make.fresh().body(REGISTRY.by_path[path]), "number": record["number"]}
    taken = await office.post(f"/v1/{path}", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "number_taken")
    assert taken.json()["errors"][0]["pointer"] == "/number"
    assert (await office.act(record, path, "void", reason="登记有误")).status_code == 200
    again = await office.post(f"/v1/{path}", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "number_taken")
    assert (await office.read(f"/v1/{path}/{record['number']}"))["state"] == "voided"


@pytest.mark.parametrize("path", SERIES)
async def test_the_number_of_a_voided_record_is_not_assigned_again(path: str, make: Maker, office: Api) -> None:
    record = await make(path)
    assert (await office.act(record, path, "void", reason="登记有误")).status_code == 200
    assert tail((await make(path))["number"]) == tail(record["number"]) + 1


@pytest.mark.parametrize("path", ASSIGNED)
async def test_a_number_of_a_secret_type_cannot_be_given(path: str, make: Maker, office: Api) -> None:
    body = await make.body(REGISTRY.by_path[path])
    answer = await office.post(f"/v1/{path}", json={**body, "number": "431382-2017-01-C-0001"})
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/number", "number_is_assigned")]


async def test_the_number_of_a_round_follows_from_its_year_and_sequence(make: Maker, office: Api) -> None:
    body = {**await make.body(REGISTRY.by_path["rounds"]), "year": 2099, "sequence": 7}
    wrong = await office.post("/v1/rounds", json={**body, "number": "431382-2099-08"})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["code"] == "number_is_made"
    made = await office.write("/v1/rounds", {**body, "number": "431382-2099-07"})
    assert made["number"] == "431382-2099-07"
    again = await office.post("/v1/rounds", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "number_taken")


@pytest.mark.parametrize(
    "number", ["ab", "a-1", "ABC", "1" * 65, "编号-001", "A 1", "-A1", "A1\n", "", 12, None, "A1%"]
)
async def test_what_is_no_number_is_refused(number: object, office: Api) -> None:
    answer = await office.post("/v1/units", json={"name": "某镇", "kind": "other", "number": number})
    if number is None or number == "A1\n":
        assert answer.status_code == (201 if number is None else 422), answer.text
    else:
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["code"] == "not_a_number"


@pytest.mark.parametrize("path", TYPES)
async def test_two_jurisdictions_number_their_records_apart(path: str, make: Maker, make_next_door: Maker) -> None:
    mine, theirs = await make(path), await make_next_door(path)
    assert mine["number"].startswith("431382-") and theirs["number"].startswith("431381-")
    assert mine["id"] != theirs["id"]


NATURAL_KEYS = [t.path for t in REGISTRY if t.unique]


@pytest.mark.parametrize("path", NATURAL_KEYS)
async def test_a_natural_key_is_taken_once_among_live_records(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    body = await make.body(t)
    record = await office.write(f"/v1/{path}", body)
    again = await office.post(f"/v1/{path}", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "key_taken")
    assert t.label in again.json()["detail"] and all(t.label in e["message"] for e in again.json()["errors"])
    assert {e["pointer"] for e in again.json()["errors"]} == {
        f"/{member}" for c in t.unique["natural_key"] for member in (c, c.replace("_id", "_number")) if member in body
    }  # the members that were sent
    assert (await office.act(record, path, "void", reason="重复")).status_code == 200
    assert (await office.write(f"/v1/{path}", body))["number"] != record["number"]
