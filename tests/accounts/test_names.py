"""User names are unique in the whole service, and tell an administrator of a part nothing of the rest."""

import itertools
from typing import Any

from tests.accounts.conftest import FIRST_PASSWORD, Open, amend, bearing, posting, token_of
from tests.support.callers import HOME, NEIGHBOUR, Api
from tests.support.client import Answer, Client
from tests.support.problems import checked

_names = itertools.count()


def body(username: str, **more: Any) -> dict[str, Any]:
    given = {"username": username, "password": FIRST_PASSWORD, "role": "auditor", "jurisdiction": HOME}
    return {**given, **more}


async def chief_of(opened: Open, api: Client, reach: str) -> str:
    """A token of an administrator of this part."""
    return await token_of(api, (await opened(role="administrator", jurisdiction=reach))["username"])


def shape(answer: Answer, name: str) -> Any:
    document = answer.json()
    return (
        answer.status_code,
        {k: v for k, v in document.items() if k not in ("created_at", "username", "instance")},
        (document.get("username", "").replace(name, "…")),
    )


async def test_a_name_that_is_taken_elsewhere_is_answered_like_one_that_is_free(
    admin: Api, opened: Open, anonymous: Client
) -> None:
    taken, free = f"taken-{next(_names)}", f"free-{next(_names)}"
    await admin.write("/v1/accounts", body(taken, jurisdiction="440100"))
    for reach in ("4313", HOME):
        token = await chief_of(opened, anonymous, reach)
        answers = [await posting(anonymous, token, "/v1/accounts", body(name)) for name in (taken, free)]
        assert shape(answers[0], taken) == shape(answers[1], free)
        assert answers[0].status_code == 201 and answers[0].json()["username"] == f"{taken}@{reach}"
        assert answers[0].headers["location"] == f"/v1/accounts/{taken}@{reach}"
        again = checked(await posting(anonymous, token, "/v1/accounts", body(taken)))
        assert (again.status_code, again.json()["code"]) == (409, "username_taken"), "its own, which it may see"
        assert (await bearing(anonymous, token, f"/v1/accounts/{taken}@{reach}")).status_code == 200


async def test_a_name_of_a_part_is_borne_within_it_alone(admin: Api, opened: Open, anonymous: Client) -> None:
    name = f"named-{next(_names)}"
    for wrong in ("@44", "@431381", "@4313820"):
        answer = checked(await admin.post("/v1/accounts", json=body(name + wrong)))
        assert answer.json()["errors"][0]["pointer"] == "/username", wrong
    made = await admin.write("/v1/accounts", body(f"{name}@{HOME}"))
    moved = checked(await amend(admin, f"/v1/accounts/{made['username']}", jurisdiction=NEIGHBOUR))
    assert {(e["pointer"], e["code"]) for e in moved.json()["errors"]} == {("/jurisdiction", "name_of_another_part")}
    token = await chief_of(opened, anonymous, "4313")
    outside = checked(await posting(anonymous, token, "/v1/accounts", body(f"{name}@44", jurisdiction="440100")))
    assert outside.json()["errors"][0]["code"] == "jurisdiction_outside"
    inside = await posting(anonymous, token, "/v1/accounts", body(f"{name}@{NEIGHBOUR}", jurisdiction=NEIGHBOUR))
    assert inside.json()["username"] == f"{name}@{NEIGHBOUR}", "an ending within its part stays"


async def test_who_administers_everything_gives_any_name(admin: Api) -> None:
    name = f"plain-{next(_names)}"
    assert (await admin.write("/v1/accounts", body(name)))["username"] == name
    answer = checked(await admin.post("/v1/accounts", json=body(name)))
    assert (answer.status_code, answer.json()["code"]) == (409, "username_taken")
