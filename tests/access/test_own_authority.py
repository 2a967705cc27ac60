"""A department writes the decisions and talks of its own authority, the office the talks it holds; they read the rest.

A department sees no round: a decision is of the round of its finding, and of a talk the department cannot name one.
"""

import itertools
from collections.abc import AsyncIterator

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.support.bureaus import account
from tests.support.callers import HOME, OFFICE, Api
from tests.support.records import Maker
from tests.support.walk import Walker

_names = itertools.count()


@pytest.fixture
async def department(make: Maker, service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    """An organisation department; `unit` is its own."""
    unit = await make("units", kind="organisation_department")
    name = f"organises-{next(_names)}"
    await account(database.application_url, name, "organisation_department", HOME, unit_number=unit["number"])
    async with Api.signed_in(service, name) as api:
        api.unit = unit
        yield api


def office_of(bureau: Api) -> Api:
    """The inspection office alone."""
    return Api(bureau.app, auth=bureau.acting(OFFICE))


async def test_a_department_decides_by_its_own_authority_and_changes_no_decision_of_another(
    department: Api, make: Maker, office: Api
) -> None:
    finding = await Walker(make).reach("findings", "fed_back")
    unit = (await make.shared("units"))["number"]
    body = {
        "finding_number": finding["number"], "subject_kind": "unit", "unit_number": unit, "mode": "unit_review",
        "decided_on": "2017-08-02",
    }  # fmt: skip
    by = {"authority_unit_number": department.unit["number"]}
    own = await department.write("/v1/accountability-decisions", {**body, **by})
    assert own["available_actions"] == ["announce", "void", "correct"] and own["round_id"] is None
    whole = await office.read(f"/v1/accountability-decisions/{own['id']}")
    assert (whole["round_id"], whole["created_by_role"]) == (finding["round_id"], "organisation_department")

    theirs = {"authority_unit_number": office.unit["number"]}
    refused = await department.post("/v1/accountability-decisions", json={**body, **theirs})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_record")
    other = await office.write(
        "/v1/accountability-decisions", {**body, **theirs, "round_number": finding["round_number"]}
    )
    assert (await department.read(f"/v1/accountability-decisions/{other['id']}"))["available_actions"] == []
    for answer in (
        await department.change(other, "accountability-decisions", {"document_number": "示责〔2017〕1号"}),
        await department.act(other, "accountability-decisions", "announce", on="2017-08-05"),
        await department.act(other, "accountability-decisions", "void", reason="重复"),
        await department.change(own, "accountability-decisions", theirs),
    ):
        assert (answer.status_code, answer.json()["code"]) in ((403, "forbidden"), (403, "not_your_record")), (
            answer.text
        )
    announced = await department.act(own, "accountability-decisions", "announce", on="2017-08-05")
    assert (announced.status_code, announced.json()["state"]) == (200, "announced")
    assert (await office.read(f"/v1/accountability-decisions/{other['id']}"))["version"] == 1


async def test_the_office_holds_talks_of_an_inspection_office_and_of_no_other_body(make: Maker, office: Api) -> None:
    api, bureau = office_of(office), await make("units", kind="inspection_office")
    body = await make.body(
        REGISTRY.by_path["admonishments"], subject_kind="unit", authority_unit_number=bureau["number"]
    )
    own = await api.write("/v1/admonishments", body)
    assert own["available_actions"] == ["void", "correct"]
    assert (await api.change(own, "admonishments", {"content": "约谈内容"})).status_code == 200
    refused = await api.post("/v1/admonishments", json={**body, "authority_unit_number": office.unit["number"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_record")
    other = await make("admonishments", subject_kind="unit", authority_unit_number=office.unit["number"])
    changed = await api.change(other, "admonishments", {"content": "改"})
    assert (changed.status_code, changed.json()["code"]) == (403, "forbidden")


async def test_a_department_changes_the_talks_it_holds_and_no_other(department: Api, make: Maker, office: Api) -> None:
    by_it = {"authority_unit_number": department.unit["number"]}
    own = await make("admonishments", subject_kind="unit", **by_it)
    other = await make("admonishments", subject_kind="unit", authority_unit_number=office.unit["number"])
    assert (await department.change(own, "admonishments", {"content": "约谈内容"})).status_code == 200
    changed = await department.change(other, "admonishments", {"content": "改"})
    assert (changed.status_code, changed.json()["code"]) == (403, "forbidden")
    taken = await department.change(other, "admonishments", by_it)
    assert (taken.status_code, taken.json()["code"]) == (403, "forbidden")


async def test_neither_of_them_imports_what_it_may_write_in_part(department: Api, office: Api) -> None:
    for api in (department, office_of(office)):
        answer = await api.post(
            "/v1/imports",
            params={"type": "admonishments"},
            content="约谈编号\n".encode(),
            headers={"Content-Type": "text/csv"},
        )
        assert answer.status_code == 403, answer.text


async def test_the_office_signs_for_a_receiver_that_has_no_account_and_for_no_other(
    make: Maker, office: Api, service: ASGIApp, database: EmbeddedPostgres
) -> None:
    api, receiver = office_of(office), await make("units", kind="organisation_department")
    signing = ("receive", {"on": "2017-06-12", "received_by": "经办01"})
    made = []
    for to in (receiver, office.unit):
        clue = await make("clues")
        given = {"to_unit_number": to["number"], "clue_numbers": [clue["number"]], "route": "organisation"}
        made.append(await make("clue-transfers", **given))
        sent = await api.act(made[-1], "clue-transfers", "send", on="2017-06-11")
        assert sent.status_code == 200, sent.text
    by_paper, by_account = [await api.read(f"/v1/clue-transfers/{t['id']}") for t in made]
    assert set(by_paper["available_actions"]) - set(by_account["available_actions"]) == {"receive", "give_back"}
    for action, body in (signing, ("give_back", {"reason": "不属管辖"})):
        refused = await api.act(by_account, "clue-transfers", action, **body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    items = (await api.read(f"/v1/clue-transfers/{by_account['id']}/actions"))["items"]
    assert {i["action"] for i in items if i["allowed"]} == set(by_account["available_actions"])
    assert (await api.change(by_account, "clue-transfers", {"note": "已电话告知"})).status_code == 200
    received = await api.act(by_paper, "clue-transfers", signing[0], **signing[1])
    assert (received.status_code, received.json()["state"]) == (200, "received"), received.text
    name = f"organises-{next(_names)}"
    await account(database.application_url, name, "organisation_department", HOME, unit_number=receiver["number"])
    refused = await api.act(received.json(), "clue-transfers", "feed_back", on="2017-07-29", result="已办结")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    async with Api.signed_in(service, name) as own:
        now = await own.read(f"/v1/clue-transfers/{by_paper['id']}")
        answer = await own.act(now, "clue-transfers", "feed_back", on="2017-07-29", result="已办结")
        assert (answer.status_code, answer.json()["state"]) == (200, "result_fed_back"), answer.text
