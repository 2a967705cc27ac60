"""Writers that meet: one wins, numbers stay dense, and no live record is left referring to a voided one."""

import asyncio
import re
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.kernel.declare.fields import Reference
from app.records import REGISTRY
from tests.support.callers import OFFICE as OFFICE_WORK
from tests.support.callers import Api
from tests.support.proofs import share
from tests.support.records import Maker
from tests.support.sql import OFFICE, named, owning, waits_or_ends

CLIENTS = 30
HELD = [(t.path, f.name) for t in REGISTRY for f in t.references if f.writable]


@pytest.mark.parametrize("path", ["units", "findings", "clue-transfers"])
async def test_of_thirty_changes_from_one_version_exactly_one_is_carried_out(
    path: str, make: Maker, office: Api
) -> None:
    record = await make(path)
    patches = [office.change(record, path, {"note": f"第{n}人"}) for n in range(CLIENTS)]
    answers = await asyncio.gather(*patches)
    codes = sorted(a.status_code for a in answers)
    assert codes == [200] + [412] * (CLIENTS - 1)
    winner = next(a.json() for a in answers if a.status_code == 200)
    assert winner["version"] == 2 and await office.read(f"/v1/{path}/{record['id']}") == winner
    assert len((await office.read(f"/v1/{path}/{record['id']}/revisions"))["items"]) == 2


async def test_of_thirty_actions_from_one_version_exactly_one_is_carried_out(make: Maker, office: Api) -> None:
    clue = await make("clues")
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]])
    answers = await asyncio.gather(
        *(office.act(transfer, "clue-transfers", "send", on="2017-06-11") for _ in range(CLIENTS))
    )
    assert sorted(a.status_code for a in answers) == [200] + [412] * (CLIENTS - 1)
    answer = await office.get(f"/v1/clues/{clue['id']}/revisions", auth=office.acting(OFFICE_WORK))
    history = answer.json()["items"]
    assert [e["action"] for e in history] == ["transfer", "create"], "its effects happen once, too"


@pytest.mark.parametrize("path", ["units", "findings", "clues"])
async def test_records_created_at_once_get_distinct_and_dense_numbers(path: str, make: Maker, office: Api) -> None:
    first = await make(path)
    bodies = [await make.body(REGISTRY.by_path[path]) for _ in range(CLIENTS)]
    made = await asyncio.gather(*(office.write(f"/v1/{path}", body) for body in bodies))
    numbers = sorted(int(re.findall(r"\d+", m["number"])[-1]) for m in made)
    start = int(re.findall(r"\d+", first["number"])[-1])
    assert numbers == list(range(start + 1, start + 1 + CLIENTS))


async def test_the_same_number_given_at_once_is_taken_once(make: Maker, office: Api) -> None:
    body = {**await make.body(REGISTRY.by_path["units"]), "number": f"SAME-{id(make)}"}
    answers = await asyncio.gather(*(office.post("/v1/units", json=body) for _ in range(CLIENTS)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * (CLIENTS - 1)


async def a_pair(make: Maker, path: str, name: str) -> tuple[Any, Any, Reference]:
    """A record, another that it may refer to and does not yet, and the field."""
    t = REGISTRY.by_path[path]
    f = t.reference(name)
    return await make(path, **subject(path, name)), await make.fresh().fit_new(t, f), f


def subject(path: str, name: str) -> dict[str, str]:
    """What a record of this type must say to refer to a unit or a person as its subject."""
    told = name in ("unit", "person") and "subject_kind" in REGISTRY.by_path[path].columns
    return {"subject_kind": name} if told else {}


async def answered_while_voiding(database: EmbeddedPostgres, f: Reference, target: Any, call: Any) -> Any:
    """The answer to a call that meets the voiding of what it refers to, before the voiding is committed."""
    table = REGISTRY.by_path[f.to].table
    async with owning(database) as voiding, owning(database) as watch:
        transaction = voiding.transaction()
        await transaction.start()
        await named(voiding, OFFICE)
        await voiding.execute(f"select from {table} where id = $1 for update", target["id"])
        await voiding.execute(f"update {table} set state = 'voided', version = version + 1 where id = $1", target["id"])
        referring = asyncio.create_task(call)
        await waits_or_ends(watch, referring)
        await transaction.commit()
    return await referring


@share(3)
@pytest.mark.parametrize(("path", "name"), HELD)
async def test_a_record_that_is_being_voided_cannot_be_referred_to(
    path: str, name: str, make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    holder, target, f = await a_pair(make, path, name)
    value = [target["number"]] if f.many else target["number"]
    answer = await answered_while_voiding(database, f, target, office.change(holder, path, {f.number_column: value}))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["code"] == "reference_not_found"
    assert await office.read(f"/v1/{path}/{holder['id']}") == holder


@share(3)
@pytest.mark.parametrize(("path", "name"), HELD)
async def test_a_new_record_cannot_refer_to_one_that_is_being_voided(
    path: str, name: str, make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    _, target, f = await a_pair(make, path, name)
    body = await make.body(REGISTRY.by_path[path], **subject(path, name))
    body |= {f.number_column: [target["number"]] if f.many else target["number"]}
    answer = await answered_while_voiding(database, f, target, office.post(f"/v1/{path}", json=body))
    assert answer.status_code == 422, answer.text
    assert "reference_not_found" in {e["code"] for e in answer.json()["errors"]}


@share(3)
@pytest.mark.parametrize(("path", "name"), HELD)
async def test_a_record_that_is_being_referred_to_cannot_be_voided(
    path: str, name: str, make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    holder, target, f = await a_pair(make, path, name)
    table = REGISTRY.by_path[path].table
    async with owning(database) as writing, owning(database) as watch:
        transaction = writing.transaction()
        await transaction.start()
        await named(writing, OFFICE)
        values = ("array[$2::uuid]", "array[$3::text]") if f.many else ("$2::uuid", "$3::text")
        await writing.execute(
            f"update {table} set {f.id_column} = {values[0]}, {f.number_column} = {values[1]},"
            " version = version + 1 where id = $1",
            holder["id"], target["id"], target["number"],
        )  # fmt: skip
        voiding = asyncio.create_task(office.act(target, f.to, "void", reason="重复"))
        await waits_or_ends(watch, voiding)
        await transaction.commit()
    answer = await voiding
    shown = await office.keeper_sees(f"/v1/{f.to}/{target['id']}", f"/v1/{path}/{holder['id']}", f.number_column)
    code = "still_referred_to" if shown else "still_referred_to_unseen"
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    assert (await office.read(f"/v1/{f.to}/{target['id']}"))["state"] != "voided"


async def test_voidings_and_references_at_once_leave_nothing_dangling(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    pairs = [(await make("units"), await make("units")) for _ in range(CLIENTS)]
    calls = []
    for target, holder in pairs:
        calls.append(office.act(target, "units", "void", reason="重复"))
        calls.append(office.change(holder, "units", {"parent_number": target["number"]}))
    answers = await asyncio.gather(*calls)
    assert {a.status_code for a in answers} <= {200, 409, 422}
    for voided, referred in zip(answers[::2], answers[1::2], strict=True):
        assert [voided.status_code, referred.status_code].count(200) == 1
    async with owning(database) as owner:
        dangling = await owner.fetchval(
            "select count(*) from unit c join unit p on p.jurisdiction = c.jurisdiction and p.id = c.parent_id"
            " where p.state = 'voided' and c.state <> 'voided'"
        )
        assert dangling == 0
