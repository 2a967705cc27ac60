"""A write whose connection is cut at each of its messages in turn: what its caller is told is true.

'Nothing was saved' is said only where nothing was; where it may have been, the caller is told that it is not known.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.faults.conftest import Wired
from tests.support.callers import PASSWORD, PATCH
from tests.support.cut_wire import Cut
from tests.support.records import Maker
from tests.support.sql import owning

Write = Callable[[str], Awaitable[Any]]


@pytest.fixture(scope="module")
async def owner(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """A connection that sees everything, beside the wires that are cut."""
    async with owning(database) as connection:
        yield connection


async def revisions(owner: Any, asked: str) -> int:
    """How many revisions and changes of accounts this request has left."""
    found: int = await owner.fetchval(
        "select (select count(*) from revision where split_part(request_id, '.', 2) = $1)"
        " + (select count(*) from account_change where split_part(request_id, '.', 2) = $1)"
        " + (select count(*) from import_job where file_name = $1)",
        asked,
    )
    return found


async def creates(wired: Wired, make: Maker) -> Write:
    """One statement, which commits itself."""

    async def write(asked: str) -> Any:
        return await wired.office.post(
            "/v1/units", json={"name": asked, "kind": "other"}, headers={"X-Request-Id": asked}
        )

    return write


async def changes(wired: Wired, make: Maker) -> Write:
    """One statement again: an UPDATE."""

    async def write(asked: str) -> Any:
        unit = await make("units")
        headers = {"If-Match": '"1"', "Content-Type": PATCH, "X-Request-Id": asked}
        return await wired.office.patch(f"/v1/units/{unit['id']}", json={"note": asked}, headers=headers)

    return write


async def voids(wired: Wired, make: Maker) -> Write:
    """A transaction: locks, looks, an UPDATE as the system role."""

    async def write(asked: str) -> Any:
        category = await make("finding-categories")  # to which few types refer: each is a look of its own
        headers = {"If-Match": '"1"', "X-Request-Id": asked}
        return await wired.office.post(
            f"/v1/finding-categories/{category['id']}/actions/void", json={"reason": "重复"}, headers=headers
        )

    return write


async def opens_accounts(wired: Wired, make: Maker) -> Write:
    """A transaction of the login that signs in."""

    async def write(asked: str) -> Any:
        body = {"username": asked, "password": "correct-horse-battery", "role": "superior", "jurisdiction": "4313"}
        return await wired.admin.post("/v1/accounts", json=body, headers={"X-Request-Id": asked})

    return write


async def imports(wired: Wired, make: Maker) -> Write:
    """A file: its row and its job in one transaction, then a look at it for the answer."""

    async def write(asked: str) -> Any:
        headers = {"Content-Type": "text/csv", "Content-Disposition": f'attachment; filename="{asked}"'}
        content = "单位名称,类型\n甲,其他\n".encode()
        return await wired.office.post("/v1/imports", params={"type": "units"}, content=content, headers=headers)

    return write


async def imports_have_ended(owner: Any) -> None:
    """Wait until no import is at work: it would send messages over the wire that is to be cut."""
    while await owner.fetchval("select count(*) from import_job where state = any ($1::text[])", OPEN):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


KINDS = {"create": creates, "change": changes, "void": voids, "account": opens_accounts, "import": imports}
MOST_MESSAGES = 200
OPEN = ["received", "checking", "committing"]  # the states of an import that has not ended


@pytest.fixture(autouse=True)
async def whole(service_on_wires: Wired) -> AsyncIterator[None]:
    yield
    service_on_wires.requests.cut = service_on_wires.auth.cut = None


@pytest.mark.parametrize("carried_out", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_write_that_was_cut_is_called_unsaved_only_where_nothing_was_saved(
    kind: str, carried_out: bool, service_on_wires: Wired, make: Maker, owner: Any
) -> None:
    write = await KINDS[kind](service_on_wires, make)
    wire = service_on_wires.auth if kind == "account" else service_on_wires.requests
    assert (await write(f"cut-{kind}-{carried_out:d}-warm".lower())).status_code < 300
    told: dict[str, int] = {}
    met_another = False
    for n, again in ((n, again) for n in range(1, MOST_MESSAGES) for again in range(5)):
        if again and not met_another:
            continue
        asked = f"cut-{kind}-{carried_out:d}-{n:02}-{again}".lower()
        await imports_have_ended(owner)
        wire.cut = cut = Cut(n, carried_out)
        answer = await write(asked)
        wire.cut = None
        saved, met_another = await revisions(owner, asked), answer.status_code < 300
        if met_another:  # the cut fell on nothing, or on a message that somebody else sent at that moment
            assert saved, n
            if not cut.made:
                break
            continue
        problem = answer.json()
        assert (cut.made, answer.status_code, int(answer.headers["retry-after"]) > 0) == (True, 503, True), (n, problem)
        unknown = problem["code"] == "outcome_unknown"
        assert unknown != ("没有保存" in problem["detail"]), (n, cut.message, problem)
        assert unknown or not saved, f"message {n}, {cut.message!r}: told {problem['detail']}, and it was saved"
        told[f"{'unknown' if unknown else 'unsaved'}, {'saved' if saved else 'not saved'}"] = n
    else:
        raise AssertionError("the write has no end")
    print(kind, carried_out, told)
    assert any(t.startswith("unknown") for t in told), "some cut was at the commit"
    assert not carried_out or "unknown, saved" in told, told
    if kind in ("void", "account", "import"):
        assert any(t.startswith("unsaved") for t in told), "before COMMIT is sent nothing can have been saved"


@pytest.mark.parametrize("carried_out", [False, True], ids=["before", "after"])
async def test_the_commit_of_a_preview_that_was_cut_is_unknown_and_the_import_tells(
    carried_out: bool, service_on_wires: Wired, owner: Any
) -> None:
    asked, office = f"cut-preview-{carried_out:d}", service_on_wires.office
    content = f"单位编码,单位名称,单位类型,上级单位\n,{asked},村组,\n".encode()
    found = await office.import_file(content, "text/csv", type="units", mode="preview")
    assert found["state"] == "checked", found
    service_on_wires.requests.cut = cut = Cut(1, carried_out, b"COMMIT;")
    headers = {"X-Request-Id": asked}
    answer = await office.post(f"/v1/imports/{found['id']}/actions/commit", headers=headers)
    assert cut.made and (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown"), answer.text
    after = await office.ended(f"/v1/imports/{found['id']}")
    assert (after["state"], await revisions(owner, asked)) == (("committed", 1) if carried_out else ("checked", 0))
    again = await office.post(f"/v1/imports/{found['id']}/actions/commit")
    assert again.status_code == (409 if carried_out else 200), again.text


async def test_a_read_that_was_cut_says_nothing_of_saving(service_on_wires: Wired, make: Maker) -> None:
    unit = await make("units")
    for carried_out in (False, True):
        await service_on_wires.office.read(f"/v1/units/{unit['id']}")
        service_on_wires.requests.cut = Cut(1, carried_out)
        answer = await service_on_wires.office.get(f"/v1/units/{unit['id']}", headers={"Accept-Language": "zh"})
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unreachable"), answer.text
        assert "保存" not in answer.text and "saved" not in answer.text
        assert (await service_on_wires.office.get(f"/v1/units/{unit['id']}")).status_code == 200, "the pool heals"


async def test_a_sign_in_that_was_cut_says_nothing_of_saving_and_is_made_again(service_on_wires: Wired) -> None:
    form = {"grant_type": "password", "username": "admin", "password": PASSWORD}
    seen = set()
    for n in range(1, 10):
        service_on_wires.auth.cut = cut = Cut(n, True)
        answer = await service_on_wires.anonymous.post("/v1/oauth/token", data=form)
        service_on_wires.auth.cut = None
        if not cut.made:
            break
        seen.add((answer.status_code, answer.json()["code"], "保存" in answer.text))
    assert seen == {(503, "database_unreachable", False)}
