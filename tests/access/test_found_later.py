"""What a clue is found to be about later, by those who have it already."""

import pytest

from tests.access.test_kin_holes import SignIn, merge, sent, sign_in, status  # noqa: F401  # a fixture
from tests.support.callers import Api
from tests.support.records import Maker


@pytest.mark.parametrize("by", ["unit", "person"])
async def test_a_clue_is_not_found_to_be_about_its_holder(make: Maker, office: Api, by: str) -> None:
    reported, person = await make("units"), await make("persons", unit_number=office.unit["number"])
    clue = await make("clues", reported_unit_number=reported["number"])
    await sent(make, office, clue, office.unit)
    now = await office.read(f"/v1/clues/{clue['id']}")
    number = office.unit["number"] if by == "unit" else person["number"]
    member = "reported_unit_number" if by == "unit" else "person_number"
    answer = await office.change(now, "clues", {member: number})
    found = [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert (answer.status_code, found) == (422, [(f"/{member}", "holder_is_kin")]), answer.text
    assert (await office.change(now, "clues", {member: None})).status_code == 200


async def test_who_handles_a_clue_goes_on_when_its_holder_has_become_kin(
    make: Maker, office: Api, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    holder, handler, reported = await make("units"), await make("units"), await make("units")
    clue = await make("clues", reported_unit_number=reported["number"])
    await sent(make, office, clue, holder)
    by_holder = await sign_in("case_supervision", holder)
    given = {"handling": "preliminary_verification", "on": "2017-06-28"}
    now = await by_holder.read(f"/v1/clues/{clue['id']}")
    done = await by_holder.act(now, "clues", "set_handling", **given, handling_unit_number=handler["number"])
    assert done.status_code == 200, done.text
    await merge(office, reported, holder)
    assert await status(by_holder, "clues", clue) == 404
    api = await sign_in("handling_department", handler)
    for action, body in (("set_handling", given), ("conclude", {"on": "2017-07-29", "result": "不属实"})):
        answer = await api.act(await api.read(f"/v1/clues/{clue['id']}"), "clues", action, **body)
        assert answer.status_code == 200, answer.text
    answer = await api.change(answer.json(), "clues", {"reported_post": "主任科员"})
    assert answer.status_code == 200, answer.text


async def test_who_puts_itself_aside_sees_the_clue_no_more(make: Maker, office: Api, sign_in: SignIn) -> None:  # noqa: F811
    holder = await make("units")
    clue = await make("clues")
    await sent(make, office, clue, holder)
    api = await sign_in("case_supervision", holder)
    now = await api.read(f"/v1/clues/{clue['id']}")
    own = {"account": f"kin-case_-{holder['number'].lower()}", "reason": "与被反映人有亲属关系"}
    answer = await api.change(now, "clues", {"recusals": [own]})
    assert answer.status_code == 204, answer.text
    assert await status(api, "clues", clue) == 404


async def test_a_draft_that_came_too_late_shows_the_leading_group_nothing(
    make: Maker, office: Api, leaders: Api
) -> None:
    clue, one, other = await make("clues"), await make("units"), await make("units")
    drafts = [
        await make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=u["number"]) for u in (one, other)
    ]
    assert (await leaders.read(f"/v1/clues/{clue['id']}"))["summary"]
    assert (await office.act(drafts[0], "clue-transfers", "send", on="2017-06-11")).status_code == 200
    now = await leaders.read(f"/v1/clues/{clue['id']}")
    assert now["summary"] is None and "summary" in now["masked"], "it is handed over, and the other draft is never sent"
