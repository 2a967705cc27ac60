"""Nothing new refers to a unit that was merged: it is refused, with the unit that has taken its place."""

from typing import Any

import pytest

from app.kernel.declare.fields import Reference
from app.records import REGISTRY
from tests.support.callers import HOME, NDJSON, Api
from tests.support.ledgers import lines
from tests.support.records import Maker

REFERRING = [(t.path, f.name) for t in REGISTRY for f in t.references if f.to == "units" and f.writable]


async def merged(make: Maker, office: Api) -> tuple[Any, Any]:
    """A unit that was merged, and its successor."""
    unit, heir = await make("units"), await make("units")
    return await merge(office, unit, heir), heir


async def merge(office: Api, unit: Any, heir: Any) -> Any:
    """The unit after a merge."""
    unit = await office.read(f"/v1/units/{unit['id']}")
    body = {"merged_into_number": heir["number"], "on": "2019-12-30", "reason": "撤并"}
    answer = await office.act(unit, "units", "merge", **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def body_with(make: Maker, path: str, f: Reference, unit: Any) -> dict[str, Any]:
    """A body that names the unit."""
    told = {"subject_kind": "unit"} if f.name == "unit" and "subject_kind" in REGISTRY.by_path[path].columns else {}
    body = await make.body(REGISTRY.by_path[path], **told)
    return {**body, f.number_column: [unit["number"]] if f.many else unit["number"]}


def says_why(error: Any, heir: Any) -> bool:
    """Whether an error says that the unit has a successor, and which."""
    return error["code"] == "reference_retired" and heir["number"] in error["message"]


@pytest.mark.parametrize(("path", "name"), REFERRING)
async def test_a_new_record_or_a_change_names_no_merged_unit(path: str, name: str, make: Maker, office: Api) -> None:
    f = REGISTRY.by_path[path].reference(name)
    unit, heir = await merged(make, office)
    body = await body_with(make, path, f, unit)
    answer = await office.post(f"/v1/{path}", json=body)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert says_why(error, heir) and error["pointer"] == f"/{f.number_column}", error
    record = await make(path, **({"subject_kind": "unit"} if "subject_kind" in body else {}))
    for value, member in ((unit["number"], f.number_column), (unit["id"], f.id_column)):
        answer = await office.change(record, path, {member: [value] if f.many else value})
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        assert says_why(error, heir) and error["pointer"] == f"/{member}", error


@pytest.mark.parametrize("path", ["findings", "team-members", "immediate-rectifications"])
async def test_a_record_that_names_a_merged_unit_already_goes_on(path: str, make: Maker, office: Api) -> None:
    fields = [f for f in REGISTRY.by_path[path].references if f.to == "units"]
    unit, heir = await make("units"), await make("units")
    given = {f.number_column: [unit["number"]] if f.many else unit["number"] for f in fields}
    record = await make(path, **given)
    await merge(office, unit, heir)
    answer = await office.change(record, path, {**given, "note": "核对过"})
    assert answer.status_code == 200 and answer.json()["note"] == "核对过", answer.text
    [listed] = [f for f in fields if f.many] or [None]
    if listed:
        more = [unit["number"], (await make("units"))["number"]]
        answer = await office.change(answer.json(), path, {listed.number_column: more})
        assert answer.status_code == 200, "a list may grow beside it"


async def test_a_ledger_names_no_merged_unit_by_number_and_finds_the_successor_by_name(
    make: Maker, office: Api, loader: Api
) -> None:
    unit, heir = await merged(make, office)
    body = {**await make.body(REGISTRY.by_path["findings"]), "unit_number": unit["number"]}
    done = await loader.import_file(lines([body]), NDJSON, type="findings", jurisdiction=HOME)
    [row] = await loader.rows(done)
    assert done["state"] == "rejected" and says_why(row["errors"][0], heir), row


async def test_a_ledger_sent_again_after_a_merge_changes_nothing(make: Maker, office: Api, loader: Api) -> None:
    unit, heir = await make("units"), await make("units")
    body = {**await make.body(REGISTRY.by_path["findings"]), "unit_number": unit["number"]}
    file = lines([{"number": f"{body['round_number']}-F-0900", **body}])
    assert (await loader.import_file(file, NDJSON, type="findings", jurisdiction=HOME))["state"] == "committed"
    await merge(office, unit, heir)
    again = await loader.import_file(file, NDJSON, type="findings", jurisdiction=HOME)
    assert again["state"] == "committed" and again["sheets"][0]["unchanged"] == 1, again


async def test_a_plan_that_names_a_unit_merged_since_is_not_committed(make: Maker, office: Api) -> None:
    unit, heir = await make("units"), await make("units")
    body = {**await make.body(REGISTRY.by_path["visits"]), "unit_number": unit["number"]}
    checked = await office.import_file(lines([body]), NDJSON, type="visits", mode="preview")
    assert checked["state"] == "checked", checked
    await merge(office, unit, heir)
    answer = await office.post(f"/v1/imports/{checked['id']}/actions/commit")
    assert (answer.status_code, answer.json()["code"]) == (412, "plan_moved"), answer.text


async def test_a_draft_to_a_unit_merged_since_is_not_sent(make: Maker, office: Api) -> None:
    unit, heir, clue = await make("units"), await make("units"), await make("clues")
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=unit["number"])
    await merge(office, unit, heir)
    answer = await office.act(transfer, "clue-transfers", "send", on="2017-06-11")
    assert answer.status_code == 422 and says_why(answer.json()["errors"][0], heir), answer.text
    answer = await office.change(transfer, "clue-transfers", {"to_unit_number": heir["number"]})
    assert answer.status_code == 200, answer.text
    answer = await office.act(answer.json(), "clue-transfers", "send", on="2017-06-11")
    assert answer.status_code == 200, answer.text
