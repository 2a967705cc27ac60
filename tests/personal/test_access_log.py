"""Reads of clues and persons are entered; nothing is read without an entry."""

from typing import Any

import asyncpg
import pytest

from tests.personal.conftest import CanSignIn, entries
from tests.support.callers import Api
from tests.support.records import Maker


async def test_each_way_of_reading_a_person_is_entered(make: Maker, supervision: Api, owner: Any) -> None:
    person = await make("persons", id_number="431382190001010019")
    one = f"/v1/persons/{person['id']}"
    await supervision.read(one)
    await supervision.read(f"/v1/persons/{person['number']}")
    await supervision.read(f"{one}/revisions")
    await supervision.read(f"{one}/revisions/1")
    await supervision.get(f"{one}/revisions/1/diff")
    await supervision.read(f"{one}/actions")
    await supervision.read("/v1/persons", q="没有这样的人")
    page = await supervision.read("/v1/persons", limit="1")
    answer = await supervision.post("/v1/persons/find", json={"id_number": "431382190001010019"})
    found = [p["id"] for p in answer.json()["items"]]
    assert person["id"] in found
    assert (await supervision.get(one, headers={"If-None-Match": '"1"'})).status_code == 304
    assert (await supervision.get("/v1/persons/01a20741-9e32-72f5-83b8-6eef4e2aa171")).status_code == 404
    seen = await entries(owner, supervision.username)
    own = [person["id"]]
    assert seen == [
        ("read", "persons", own), ("read", "persons", own), ("history", "persons", own), ("history", "persons", own),
        ("history", "persons", own), ("list", "persons", []), ("list", "persons", [page["items"][0]["id"]]),
        ("find", "persons", sorted(found)), ("read", "persons", own),
    ]  # fmt: skip


async def test_a_patch_that_changes_nothing_answers_the_record_and_is_entered(
    make: Maker, supervision: Api, owner: Any
) -> None:
    person = await make("persons", post="主任")
    answer = await supervision.change(person, "persons", {"post": "主任"})
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert await entries(owner, supervision.username) == [("read", "persons", [person["id"]])]


async def test_clues_are_entered_also_behind_a_figure_and_findings_are_not(
    make: Maker, sign_in: CanSignIn, owner: Any
) -> None:
    leader = await sign_in("leading_group")
    clue = await make("clues")
    finding = await make("findings")
    await leader.read(f"/v1/clues/{clue['id']}")
    await leader.read(f"/v1/findings/{finding['id']}")
    await leader.read("/v1/findings", limit="1")
    await leader.read(f"/v1/rounds/{clue['round_id']}/work-list/clues_transferred")
    assert await entries(owner, leader.username) == [("read", "clues", [clue["id"]]), ("figure", "clues", [])]


async def test_without_an_entry_nothing_is_read(make: Maker, supervision: Api, owner: Any) -> None:
    person = await make("persons")
    await owner.execute("create function stop() returns trigger language plpgsql as $$ begin raise 'full'; end $$")
    await owner.execute("create trigger stop before insert on access_log for each row execute function stop()")
    try:
        for url in (f"/v1/persons/{person['id']}", "/v1/persons", f"/v1/persons/{person['id']}/revisions"):
            answer = await supervision.get(url)
            assert answer.status_code == 500 and person["name"] not in answer.text
    finally:
        await owner.execute("drop trigger stop on access_log")
        await owner.execute("drop function stop()")


async def test_an_entry_can_be_neither_changed_nor_taken_out_nor_made_for_another(
    make: Maker, supervision: Api, owner: Any
) -> None:
    await supervision.read("/v1/persons")
    for text in ("update access_log set kind = 'list'", "delete from access_log", "truncate access_log"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(text)
    entry = "insert into access_log (jurisdiction, role, kind) values ($1, $2, 'read')"
    for name, code, role, allowed in (
        (supervision.username, "431382", "case_supervision", True),
        (supervision.username, "431381", "case_supervision", False),
        (supervision.username, "431382", "auditor", False),
        ("office", "431382", "case_supervision", False),
    ):
        transaction = owner.transaction()
        await transaction.start()
        await owner.execute("set local role ledger_case_supervision")
        await owner.execute("select set_caller($1)", f'{{"sub": "{name}"}}')
        try:
            await owner.execute(entry, code, role)
            assert allowed
        except asyncpg.InsufficientPrivilegeError:
            assert not allowed
        finally:
            await transaction.rollback()


async def test_the_auditor_reads_the_log_of_its_jurisdiction_and_is_entered_itself(
    make: Maker, supervision: Api, auditor: Api, sign_in: CanSignIn, owner: Any
) -> None:
    person = await make("persons")
    for _ in range(3):
        await supervision.read(f"/v1/persons/{person['id']}")
    first = await auditor.read("/v1/access-log", record_id=person["id"], limit="2")
    rest = await auditor.read("/v1/access-log", record_id=person["id"], limit="2", cursor=first["next_cursor"])
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    moments = [e["at"] for e in (*first["items"], *rest["items"])]
    assert moments == sorted(moments, reverse=True)
    entry = first["items"][0]
    assert set(entry) == {
        "at", "principal", "role", "request_id", "kind", "record_type", "record_ids", "members", "purpose", "query",
        "count",
    }  # fmt: skip
    assert (entry["principal"], entry["role"], entry["kind"]) == (supervision.username, "case_supervision", "read")
    by = {"principal": supervision.username, "record_type": "persons", "kind": "read"}
    assert len((await auditor.read("/v1/access-log", **by))["items"]) == 3
    day = moments[0][:10]
    assert len((await auditor.read("/v1/access-log", **by, at_from=day, at_to=day))["items"]) == 3
    assert len((await auditor.read("/v1/access-log", **by, at_from=moments[0], at_to=moments[0]))["items"]) == 1
    assert (await auditor.read("/v1/access-log", **by, at_to="2020-01-01"))["items"] == []
    seen = await entries(owner, auditor.username)
    assert seen[:2] == [("log", None, [person["id"]])] * 2 and len(seen) == 6
    elsewhere = await sign_in("auditor", "431381")
    assert (await elsewhere.read("/v1/access-log", record_id=person["id"]))["items"] == []


async def test_the_auditor_reads_of_revisions_that_they_are_and_nothing_in_them(
    make: Maker, auditor: Api, office: Api, owner: Any
) -> None:
    finding = await make("findings")
    changed = (await office.change(finding, "findings", {"title": "改过的标题"})).json()
    found = await auditor.read("/v1/revisions", record_type="findings", record_id=finding["id"])
    assert [(m["version"], m["action"], m["by"]) for m in found["items"]] == [
        (changed["version"], "change", "office"), (1, "create", "office")
    ]  # fmt: skip
    assert set(found["items"][0]) == {"record_type", "record_id", "version", "action", "at", "by"}
    first = await auditor.read("/v1/revisions", limit="1", record_id=finding["id"])
    second = await auditor.read("/v1/revisions", limit="1", record_id=finding["id"], cursor=first["next_cursor"])
    assert [p["items"][0]["version"] for p in (first, second)] == [2, 1]
    assert ("revisions", "findings", [finding["id"]]) in await entries(owner, auditor.username)
    async with owner.transaction():
        await owner.execute("set local role ledger_auditor")
        for column in ("snapshot", "reason", "source", "audience"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with owner.transaction():
                    await owner.fetch(f"select {column} from revision")


@pytest.mark.parametrize("path", ["/v1/access-log", "/v1/revisions"])
async def test_nobody_but_the_auditor_reads_them(path: str, sign_in: CanSignIn, office: Api, admin: Api) -> None:
    for api in (admin, office, await sign_in("leading_group"), await sign_in("superior", "4313")):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    auditor = await sign_in("auditor")
    for query in ("colour=red", "record_id=x", "record_type=x", "at_from=x", "at_to=2017-08-04T10:00:00", "limit=0"):
        answer = await auditor.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_query"), query
    assert (await auditor.get(f"{path}?cursor=zzzz")).json()["code"] == "bad_cursor"
