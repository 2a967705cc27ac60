"""A report: its items, its submission, its joint examination, and what a reader of some of its opinions sees of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.records import REGISTRY
from tests.support.callers import OFFICE, SUPERVISION, UNIT, Api
from tests.support.records import Maker

REPORTS = "rectification-reports"
WHOLE = {"responsible_person": "责任人甲", "due_on": "2017-08-08", "measures": ["逐户核查"]}


def of(office: Api, who: str) -> Api:
    """One colleague of the bureau."""
    return Api(office.app, auth=office.acting(who))


async def opinion(make: Maker, *others: Any, **given: Any) -> Any:
    """An opinion on the reporting unit, or with it, that has been fed back."""
    return await make.fresh()._of_unit(REGISTRY.by_path[REPORTS].field("items").names)  # type: ignore[attr-defined]


async def report(make: Maker, office: Api, *items: dict[str, Any], **given: Any) -> Any:
    """A report of the unit with these items, each about an opinion of the same round."""
    one = await opinion(make)
    numbered = [{"opinion_number": one["number"], **item} for item in items]
    body = {"round_number": one["round_number"], "unit_number": office.reporting["number"], "kind": "plan"}
    return await of(office, UNIT).write(f"/v1/{REPORTS}", {**body, "items": numbered, **given})


@asynccontextmanager
async def examined_by(office: Api, *bodies: str) -> AsyncIterator[None]:
    """These bodies examine what is submitted meanwhile."""
    async with Api.signed_in(office.app, f"{office.names[OFFICE]}_keeper") as administrator:
        rule = {"name": "examining_bodies", "since": "2000-01-01"}
        await administrator.write("/v1/policies", {**rule, "value": list(bodies)})
        yield
        await administrator.write("/v1/policies", {**rule, "value": ["inspection_office"]})


@pytest.mark.parametrize(
    ("item", "lacking"),
    [
        ({}, ["responsible_person", "due_on", "measures"]),
        ({**WHOLE, "measures": []}, ["measures"]),
        ({**WHOLE, "due_on": None}, ["due_on"]),
        ({k: v for k, v in WHOLE.items() if k != "responsible_person"}, ["responsible_person"]),
    ],
)
async def test_a_report_is_submitted_with_a_person_a_day_and_measures_for_each_item(
    item: dict[str, Any], lacking: list[str], make: Maker, office: Api
) -> None:
    record = await report(make, office, item)
    answer = await of(office, UNIT).act(record, REPORTS, "submit", on="2017-07-14")
    assert answer.status_code == 422, answer.text
    assert [e["pointer"] for e in answer.json()["errors"]] == [f"/items/0/{name}" for name in lacking]
    assert "责任人" in answer.text or "measures" in str(lacking) or "due_on" in str(lacking)


@pytest.mark.parametrize("items", [None, []])
async def test_a_report_without_items_is_not_submitted(items: Any, make: Maker, office: Api) -> None:
    record = await report(make, office, WHOLE)
    unit = of(office, UNIT)
    record = (await unit.change(record, REPORTS, {"items": items})).json()
    assert (record["items"], record["opinion_ids"]) == (items, None)
    answer = await unit.act(record, REPORTS, "submit", on="2017-07-14")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/items")


async def test_one_return_sends_a_report_back_and_it_is_accepted_when_every_body_accepts(
    make: Maker, office: Api
) -> None:
    record, unit = await report(make, office, WHOLE), of(office, UNIT)
    by_office, by_body = of(office, OFFICE), of(office, SUPERVISION)
    named = record["items"][0]["opinion_number"]
    async with examined_by(office, "inspection_office", "case_supervision"):
        record = (await unit.act(record, REPORTS, "submit", on="2017-07-14")).json()
        assert record["examining_bodies"] == ["inspection_office", "case_supervision"]
    record = (await by_office.act(record, REPORTS, "examine", verdict="accept")).json()
    assert record["state"] == "submitted" and [e["body"] for e in record["examinations"]] == ["inspection_office"]
    again = await by_office.act(record, REPORTS, "examine", verdict="accept")
    assert (again.status_code, again.json()["code"]) == (409, "not_its_turn_to_examine")
    silent = await by_body.act(record, REPORTS, "examine", verdict="return", remarks=[])
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/remarks")
    remark = {"opinion_number": named, "text": "请列明核查时限"}
    record = (await by_body.act(record, REPORTS, "examine", verdict="return", remarks=[remark])).json()
    assert (record["state"], record["verdict"], record["submitted_on"]) == ("returned", "return", None)
    assert [(r["body"], r["opinion_number"]) for r in record["remarks"]] == [("case_supervision", named)]
    closed = await by_office.act(record, REPORTS, "examine", verdict="accept")
    assert (closed.status_code, closed.json()["code"]) == (409, "illegal_action")

    async with examined_by(office, "inspection_office", "case_supervision"):
        record = (await unit.act(record, REPORTS, "submit", on="2017-07-20")).json()
    assert (record["examinations"], record["remarks"], record["remarked_opinion_ids"]) == (None, None, None)
    for who in (by_office, by_body):
        answer = await who.act(record, REPORTS, "examine", verdict="accept", remarks=[remark])
        assert answer.status_code == 200, answer.text
        record = answer.json()
    assert record["state"] == "accepted"
    assert [r["body"] for r in record["remarks"]] == ["inspection_office", "case_supervision"]
    assert len(record["remarked_opinion_ids"]) == 2


async def test_a_body_that_is_not_named_and_a_unit_examine_nothing(make: Maker, office: Api) -> None:
    record, unit = await report(make, office, WHOLE), of(office, UNIT)
    record = (await unit.act(record, REPORTS, "submit", on="2017-07-14")).json()
    stranger = await of(office, SUPERVISION).act(record, REPORTS, "examine", verdict="accept")
    assert (stranger.status_code, stranger.json()["code"]) == (409, "not_its_turn_to_examine")
    own = await unit.act(record, REPORTS, "examine", verdict="accept")
    assert (own.status_code, own.json()["code"]) == (403, "forbidden")
    assert (await unit.change(record, REPORTS, {"kind": "unit"})).status_code == 403, "it is submitted"


async def test_an_entry_names_its_record_by_number_by_identifier_or_by_both_each_in_its_own_way(
    make: Maker, office: Api
) -> None:
    record, unit = await report(make, office, WHOLE), of(office, UNIT)
    (item,) = record["items"]
    for spelling in (("opinion_number",), ("opinion_id",), ("opinion_number", "opinion_id")):
        given = {**WHOLE, **{k: item[k] for k in spelling}}
        answer = await unit.change(record, REPORTS, {"items": [given], "note": str(spelling)})
        assert answer.status_code == 200 and answer.json()["items"] == [item], answer.text
        record = answer.json()
    assert (await unit.read(f"/v1/{REPORTS}", opinion_id=item["opinion_id"]))["items"] == [record]
    wrong = {
        "/items/0/opinion_number": [{**WHOLE, "opinion_number": "431382-X999"}],
        "/items/1/opinion_id": [item, {**WHOLE, "opinion_id": "00000000-0000-7000-8000-000000000000"}],
        "/items/1/opinion_number": [item, {**WHOLE}],
        "/items/2/opinion_number": [item, item, item],
        "/items/0/due_on": [{**item, "due_on": "2017-02-30"}],
        "/items/0/measures/1": [{**item, "measures": ["一", ""]}],
    }
    for pointer, items in wrong.items():
        answer = await unit.change(record, REPORTS, {"items": items})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][-1]["pointer"] == pointer, answer.text
    assert await unit.read(f"/v1/{REPORTS}/{record['id']}") == record


async def test_an_item_whose_opinion_is_hidden_is_left_out_in_old_versions_too_and_the_list_is_not_replaced(
    make: Maker, office: Api
) -> None:
    record, unit, by_office = await report(make, office, WHOLE), of(office, UNIT), of(office, OFFICE)
    one = await by_office.read(f"/v1/rectification-opinions/{record['opinion_ids'][0]}")
    stranger = await make.fresh()("units")
    moved = await by_office.change(one, "rectification-opinions", {"unit_number": stranger["number"]})
    assert moved.status_code == 200, moved.text
    kept = await by_office.read(f"/v1/{REPORTS}/{record['id']}")
    assert len(kept["items"]) == 1 and kept["masked"] == []
    for place in ("", "/revisions/1"):
        seen = await unit.read(f"/v1/{REPORTS}/{record['id']}{place}")
        seen = seen.get("record", seen)
        assert (seen["items"], seen["opinion_ids"], seen["opinion_numbers"]) == ([], None, None)
        assert seen["masked"] == ["items"] and "责任人甲" not in str(seen)
    answer = await unit.change(record, REPORTS, {"items": []})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "masked_value")
    assert (await unit.read(f"/v1/{REPORTS}", opinion_id=one["id"]))["items"] == []
    assert (await unit.change(record, REPORTS, {"note": "其余可改"})).status_code == 200
    assert (await by_office.read(f"/v1/{REPORTS}/{record['id']}"))["items"] == kept["items"]


async def test_an_opinion_is_not_voided_while_a_report_names_it(make: Maker, office: Api) -> None:
    record, by_office = await report(make, office, WHOLE), of(office, OFFICE)
    one = await by_office.read(f"/v1/rectification-opinions/{record['opinion_ids'][0]}")
    answer = await by_office.act(one, "rectification-opinions", "void", reason="重复")
    assert answer.status_code == 409, answer.text
