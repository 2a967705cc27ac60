"""Identity numbers are shown to who may see all of a person, for a purpose, and that is entered."""

from typing import Any

import pytest

from tests.personal.conftest import CanSignIn, entries
from tests.support.callers import Api
from tests.support.records import Maker

NUMBER = "431382190001010019"
OTHER = "11010519491231002X"


async def test_a_purpose_shows_the_number_and_is_entered(make: Maker, supervision: Api, owner: Any) -> None:
    person = await make("persons", id_number=NUMBER)
    one = f"/v1/persons/{person['id']}"
    plain = await supervision.get(one)
    assert plain.json()["id_number"] is None and plain.json()["masked"] == ["id_number"]
    for purpose in ("handling", "verification", "supervision", "correction"):
        answer = await supervision.get(one, params={"purpose": purpose}, headers={"If-None-Match": '"1"'})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert "etag" not in answer.headers
        assert answer.json() == {**plain.json(), "id_number": NUMBER, "masked": []}
        rows = await owner.fetch("select * from access_log where principal = $1 order by seq", supervision.username)
        assert (rows[-1]["kind"], rows[-1]["purpose"], rows[-1]["members"]) == ("reveal", purpose, ["id_number"])
        assert [str(i) for i in rows[-1]["record_ids"]] == [person["id"]]
    assert (await supervision.read(f"/v1/persons/{person['number']}", purpose="handling"))["id_number"] == NUMBER


async def test_the_number_that_is_shown_is_that_of_now(make: Maker, supervision: Api) -> None:
    person = await make("persons")
    one = f"/v1/persons/{person['id']}"
    assert (await supervision.read(one, purpose="handling"))["id_number"] is None
    for number in (NUMBER, OTHER, NUMBER):
        answer = await supervision.change(person, "persons", {"id_number": number})
        assert answer.status_code == 200, answer.text
        person = answer.json()
        assert (await supervision.read(one, purpose="correction"))["id_number"] == number


async def test_another_purpose_another_place_and_another_role_are_refused(
    make: Maker, supervision: Api, sign_in: CanSignIn, office: Api, owner: Any
) -> None:
    person = await make("persons", id_number=NUMBER)
    await make("accountability-decisions", subject_kind="person", person_number=person["number"], mode="admonition")
    one = f"/v1/persons/{person['id']}"
    for purpose in ("curiosity", ""):
        answer = await supervision.get(one, params={"purpose": purpose})
        assert (answer.status_code, answer.json()["errors"][0]["allowed"]) == (
            400, ["handling", "verification", "supervision", "correction"]
        )  # fmt: skip
    for path in ("/v1/persons", f"{one}/revisions", f"{one}/actions"):
        assert (await supervision.get(path, params={"purpose": "handling"})).status_code == 400
    leader, other = await sign_in("leading_group"), await sign_in("inspection_office")
    for api in (leader, other):
        answer = await api.get(one, params={"purpose": "handling"})
        assert answer.status_code == 403 and NUMBER not in answer.text, answer.text
    unit = await office.write("/v1/units", {"name": "无关单位", "kind": "other"})
    stranger = await sign_in("handling_department", unit_number=unit["number"])
    hidden = await stranger.get(one, params={"purpose": "handling"})
    assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")
    rows = await owner.fetch(
        "select principal, purpose, members, record_ids::text[] from access_log where principal = any($1) order by seq",
        [leader.username, other.username, stranger.username],
    )
    tried = [(api.username, "handling", [], [person["id"]]) for api in (leader, other)]
    assert [tuple(r) for r in rows] == tried, "what exists for them was asked for; of what does not, nothing is said"


async def test_a_type_without_sealed_members_is_shown_as_it_is(
    make: Maker, office: Api, sign_in: CanSignIn, owner: Any
) -> None:
    finding = await make("findings")
    team = await sign_in("inspection_team", team_number=finding["team_number"])
    clue = await team.write(
        "/v1/clues",
        {
            "round_number": finding["round_number"],
            "source": "petition",
            "summary": "问题",
            "registered_on": "2017-05-20",
        },
    )
    assert await team.read(f"/v1/clues/{clue['id']}", purpose="verification") == clue
    assert await entries(owner, team.username) == [("read", "clues", [clue["id"]])], "nothing was hidden: it is a read"
    answer = await office.get(f"/v1/findings/{finding['id']}", params={"purpose": "handling"})
    assert answer.json() == finding and answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("damage", ["ciphertext = '\\x00'", "key_id = 'lost'", "form = 1", "digest = 'moved'"])
async def test_a_value_that_does_not_open_is_said_to_be_so(
    damage: str, make: Maker, supervision: Api, owner: Any
) -> None:
    person = await make("persons", id_number=NUMBER)
    await owner.execute(f"update sealed_value set {damage} where record_id = $1", person["id"])
    answer = await supervision.get(f"/v1/persons/{person['id']}", params={"purpose": "handling"})
    assert (answer.status_code, answer.json()["code"]) == (500, "value_not_opened")
    assert (await supervision.get(f"/v1/persons/{person['id']}")).status_code == 200


async def test_a_ciphertext_is_read_by_who_may_see_all_of_a_person_that_exists_for_it(
    make: Maker, supervision: Api, sign_in: CanSignIn, owner: Any
) -> None:
    person = await make("persons", id_number=NUMBER)
    seen = {}
    for role, name in (
        ("case_supervision", supervision.username), ("case_supervision", "nobody"),
        ("handling_department", supervision.username), ("inspection_office", "office"), ("leading_group", "office"),
        ("auditor", "office"), ("importing", "office_loader"), ("system", "office"), ("jobs", "office"),
    ):  # fmt: skip
        transaction = owner.transaction()
        await transaction.start()
        await owner.execute("select set_caller($1)", f'{{"sub": "{name}"}}')
        await owner.execute(f"set local role ledger_{role}")
        try:
            text = "select count(*) from sealed_value where record_id = $1 and ciphertext is not null"
            seen[role, name] = await owner.fetchval(text, person["id"])
        except Exception as problem:
            seen[role, name] = type(problem).__name__
        await transaction.rollback()
    refused = "InsufficientPrivilegeError"
    assert list(seen.values()) == [1, 0, 0, refused, refused, refused, refused, refused, refused], seen
