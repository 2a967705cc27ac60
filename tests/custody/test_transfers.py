"""Who holds a clue keeps it: nothing but its return makes it free to be transferred again."""

import asyncio
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.support.callers import LOADER, NDJSON, OFFICE, Api
from tests.support.ledgers import lines
from tests.support.records import Maker
from tests.support.sql import OFFICE as CLERK
from tests.support.sql import named, owning


def refused(answer: Any) -> tuple[int, str]:
    """How an answer refuses."""
    return answer.status_code, answer.json().get("code")


NOT_AVAILABLE = (409, "clue_not_available")


async def drafted(make: Maker, *clues: Any, to: Any = None) -> Any:
    """A draft of a transfer of these clues."""
    receiver = {"to_unit_number": to["number"]} if to else {}
    return await make("clue-transfers", clue_numbers=[c["number"] for c in clues], **receiver)


async def sent(office: Api, transfer: Any) -> Any:
    """A transfer after it was sent."""
    answer = await office.act(transfer, "clue-transfers", "send", on="2017-06-11")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def custody(office: Api, clue: Any) -> tuple[str, str | None]:
    """State and holder of a clue, as the office knows them of every clue."""
    answer = await office.get(f"/v1/clues/{clue['id']}", auth=office.acting(OFFICE))
    return answer.json()["state"], answer.json()["holder_unit_id"]


async def test_a_clue_that_is_held_is_in_no_new_draft_and_no_draft_of_before_is_sent(make: Maker, office: Api) -> None:
    clue, other, thief = await make("clues"), await make("clues"), await make("units")
    first, second = await drafted(make, clue), await drafted(make, other, clue, to=thief)
    await sent(office, first)
    held = await custody(office, clue)
    body = {**{k: second[k] for k in ("round_number", "route", "from_unit_number", "to_unit_number", "clue_numbers")}}
    assert refused(await office.post("/v1/clue-transfers", json=body)) == NOT_AVAILABLE
    assert refused(await office.act(second, "clue-transfers", "send", on="2017-06-12")) == NOT_AVAILABLE
    assert refused(await office.change(second, "clue-transfers", {"clue_numbers": [clue["number"]]})) == NOT_AVAILABLE
    assert await custody(office, clue) == held and (await custody(office, other))[0] == "registered"


async def test_of_drafts_sent_at_once_one_carries_the_clue(make: Maker, office: Api) -> None:
    clues = [await make("clues") for _ in range(3)]
    orders = (clues, clues[::-1], [clues[1], clues[0], clues[2]], clues[2:] + clues[:2])
    drafts = [await drafted(make, *order, to=await make("units")) for order in orders]
    answers = await asyncio.gather(*(office.act(d, "clue-transfers", "send", on="2017-06-11") for d in drafts))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409], [a.text for a in answers]
    [winner] = [a.json() for a in answers if a.status_code == 200]
    assert {await custody(office, c) for c in clues} == {("transferred", winner["to_unit_id"])}


async def test_given_back_it_is_free_again_and_nobody_handles_it(make: Maker, office: Api) -> None:
    clue, department, other = await make("clues"), await make("units"), await make("units")
    transfer = await sent(office, await drafted(make, clue))
    current = await office.read(f"/v1/clues/{clue['id']}")
    handling = {"handling": "talk_inquiry", "on": "2017-06-28", "handling_unit_number": department["number"]}
    assert (await office.act(current, "clues", "set_handling", **handling)).status_code == 200
    back = await office.act(transfer, "clue-transfers", "give_back", reason="不属管辖")
    assert back.status_code == 204, "it is the receiver's no more"
    now = await office.read(f"/v1/clues/{clue['id']}")
    assert now["state"] == "registered" and now["holder_unit_id"] is None
    assert (now["handling"], now["handling_unit_id"], now["handling_unit_number"]) == (None, None, None)
    await sent(office, await drafted(make, clue, to=other))
    assert await custody(office, clue) == ("transferred", other["id"])


@pytest.mark.parametrize("members", ["to_unit_number", "clue_numbers"])
async def test_what_was_sent_names_no_other_receiver_and_no_other_clue(members: str, make: Maker, office: Api) -> None:
    clue, free = await make("clues"), await make("clues")
    transfer = await sent(office, await drafted(make, clue))
    wanted = {"to_unit_number": (await make("units"))["number"], "clue_numbers": [clue["number"], free["number"]]}
    answer = await office.change(transfer, "clue-transfers", {members: wanted[members]})
    assert refused(answer) == (409, "transfer_is_sent")
    noted = await office.change(transfer, "clue-transfers", {"document_number": "示移〔2017〕8号"})
    assert noted.status_code == 200, "what it does not hand over can still be written"


async def test_a_transfer_gives_back_only_what_its_receiver_holds(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    """A clue that has come to another unit since stays there."""
    clue, stays, other = await make("clues"), await make("clues"), await make("units")
    transfer = await sent(office, await drafted(make, clue, stays))
    async with owning(database) as owner, owner.transaction():
        await named(owner, CLERK)
        await owner.execute(
            "update clue set holder_unit_id = $2, holder_unit_number = $3, version = version + 1 where id = $1",
            stays["id"], other["id"], other["number"],
        )  # fmt: skip
    back = await office.act(transfer, "clue-transfers", "give_back", reason="不属管辖")
    assert back.status_code == 204, "it is the receiver's no more"
    assert (await office.read(f"/v1/clue-transfers/{transfer['id']}"))["state"] == "returned"
    assert [await custody(office, c) for c in (clue, stays)] == [("registered", None), ("transferred", other["id"])]


async def test_a_correction_changes_no_holder(make: Maker, office: Api) -> None:
    clue, free, other = await make("clues"), await make("clues"), await make("units")
    await sent(office, await drafted(make, clue))
    for one in (clue, free):
        held, current = await custody(office, one), await office.read(f"/v1/clues/{one['id']}")
        answer = await office.act(current, "clues", "correct", reason="核对", holder_unit_number=other["number"])
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "set_by_action"
        assert await custody(office, one) == held


# Imports


def row(make_of: Any, clue: Any, to: Any, **more: Any) -> dict[str, Any]:
    """A line that transfers a clue."""
    given = {"round_number": clue["round_number"], "route": "discipline", "from_unit_number": make_of["number"]}
    return {**given, "to_unit_number": to["number"], "clue_numbers": [clue["number"]], "sent_on": "2017-06-11", **more}


async def imported(office: Api, who: str, rows: list[Any], path: str = "clue-transfers", **query: Any) -> list[Any]:
    """The rows of an import by one colleague: what became of each, and the codes of what is wrong with it."""
    async with Api.signed_in(office.app, office.names[who]) as api:
        done = await api.import_file(lines(rows), NDJSON, type=path, on_error="skip_rows", **query)
        return [(r["result"], [e["code"] for e in r["errors"]]) for r in await api.rows(done)]


def said(transfer: Any) -> dict[str, Any]:
    """What a ledger must say of a transfer."""
    members = ("number", "round_number", "route", "from_unit_number", "to_unit_number", "clue_numbers")
    return {name: transfer[name] for name in members}


REJECTED = ("rejected", ["clue_not_available"])


@pytest.mark.parametrize("who", [OFFICE, LOADER])
async def test_an_import_of_transfers_takes_no_clue_from_its_holder(who: str, make: Maker, office: Api) -> None:
    clue, thief = await make("clues"), await make("units")
    await sent(office, await drafted(make, clue))
    held = await custody(office, clue)
    for more in ({}, {"sent_on": None}, {"received_on": "2017-06-12"}):
        assert await imported(office, who, [row(thief, clue, thief, **more)]) == [REJECTED]
    assert await custody(office, clue) == held


async def test_of_two_rows_of_a_file_the_first_takes_the_clue(make: Maker, office: Api) -> None:
    clue, one, other = await make("clues"), await make("units"), await make("units")
    rows = [row(one, clue, one), row(one, clue, other), row(one, clue, one)]
    assert await imported(office, OFFICE, rows) == [("created", []), REJECTED, REJECTED]
    assert await custody(office, clue) == ("transferred", one["id"])


async def test_a_plan_is_not_carried_out_once_its_clue_is_taken(make: Maker, office: Api) -> None:
    clue, thief = await make("clues"), await make("units")
    async with Api.signed_in(office.app, office.names[OFFICE]) as api:
        content = lines([row(thief, clue, thief)])
        preview = await api.import_file(content, NDJSON, type="clue-transfers", mode="preview")
        assert [r["result"] for r in await api.rows(preview)] == ["created"]
        await sent(office, await drafted(make, clue))
        held = await custody(office, clue)
        assert refused(await api.post(f"/v1/imports/{preview['id']}/actions/commit")) == (412, "plan_moved")
    assert await custody(office, clue) == held


async def test_a_ledger_fills_a_holder_that_nobody_knew_and_changes_none(make: Maker, office: Api) -> None:
    r, (one, other) = await make.shared("rounds"), [await make("units") for _ in range(2)]
    old = {"round_number": r["number"], "source": "petition", "summary": "问题", "registered_on": "2017-05-20"}
    numbers = [f"{r['number']}-C-{n}" for n in (7001, 7002, 7003)]
    ended = [{**old, "number": n, "concluded_on": "2017-07-29"} for n in numbers]
    ended[1]["holder_unit_number"] = one["number"]
    assert await imported(office, LOADER, ended, "clues") == [("created", [])] * 3
    clues = [(await office.get(f"/v1/clues/{n}", auth=office.acting(OFFICE))).json() for n in numbers]
    given = [row(one, clue, one) for clue in clues]
    assert await imported(office, LOADER, given[:2]) == [("created", [])] * 2
    assert {await custody(office, c) for c in clues[:2]} == {("concluded", one["id"])}
    assert await imported(office, LOADER, [row(one, c, other) for c in clues[:2]]) == [REJECTED] * 2
    moved = [{**ended[0], "holder_unit_number": other["number"]}]
    assert await imported(office, LOADER, moved, "clues") == [("rejected", ["holder_by_transfer"])]
    known = [{**ended[2], "holder_unit_number": other["number"]}]
    assert await imported(office, LOADER, known, "clues") == [("updated", [])]
    assert [await custody(office, c) for c in clues] == [("concluded", u["id"]) for u in (one, one, other)]


async def test_a_ledger_moves_a_transfer_on_without_asking_for_its_clues_again(make: Maker, office: Api) -> None:
    clue = await make("clues")
    transfer = await sent(office, await drafted(make, clue))
    step = {**said(transfer), "received_on": "2017-06-12", "received_by": "经办01"}
    assert await imported(office, OFFICE, [step]) == [("updated", [])]
    assert await imported(office, OFFICE, [step]) == [("unchanged", [])]
    assert await custody(office, clue) == ("transferred", transfer["to_unit_id"])


async def test_a_ledger_sends_a_draft_whose_clue_is_free_and_no_other(make: Maker, office: Api) -> None:
    clue = await make("clues")
    first, second = await drafted(make, clue), await drafted(make, clue, to=await make("units"))
    steps = [{**said(t), "sent_on": "2017-06-12"} for t in (first, second)]
    assert await imported(office, OFFICE, steps) == [("updated", []), REJECTED]
    assert await custody(office, clue) == ("transferred", first["to_unit_id"])


async def test_the_clues_of_a_holder_are_listed(make: Maker, office: Api) -> None:
    clues, other = [await make("clues") for _ in range(3)], await make("units")
    await sent(office, await drafted(make, clues[0], clues[1]))
    await sent(office, await drafted(make, clues[2], to=other))
    mine = {c["id"] for c in clues}
    for unit, wanted in ((office.unit, clues[:2]), (other, clues[2:])):
        for query in ({"holder_unit_id": unit["id"]}, {"holder_unit_number": unit["number"]}):
            found = {c["id"] for c in await office.every("clues", **query)}
            assert found & mine == {c["id"] for c in wanted}, query
