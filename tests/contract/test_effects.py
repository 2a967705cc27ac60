"""The effects of a write on other records, in the same transaction and in their own history."""

from typing import Any

from tests.support.callers import Api
from tests.support.records import Maker
from tests.support.walk import Walker


async def opinions(make: Maker, office: Api, count: int) -> tuple[Any, list[Any]]:
    """A finding that was fed back, and opinions on it."""
    finding = await Walker(make).reach("findings", "fed_back")
    made = [await make("rectification-opinions", finding_number=finding["number"]) for _ in range(count)]
    return finding, made


async def state_of(office: Api, path: str, record: Any) -> str:
    """The present state of a record."""
    return str((await office.read(f"/v1/{path}/{record['id']}"))["state"])


async def act(office: Api, record: Any, path: str, action: str, **body: Any) -> Any:
    """The record after an action that must succeed."""
    answer = await office.act(record, path, action, **body)
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.status_code == 200 else await office.read(f"/v1/{path}/{record['id']}")


PROMISE = {"responsible_person": "责任人甲01", "due_on": "2017-08-08", "measures": ["补齐档案"]}


async def test_the_first_acceptance_begins_and_the_last_completion_ends_the_rectification_of_a_finding(
    make: Maker, office: Api
) -> None:
    finding, (first, second) = await opinions(make, office, 2)
    first = await act(office, first, "rectification-opinions", "accept", **PROMISE)
    assert first["progress"] == "in_progress" and await state_of(office, "findings", finding) == "rectifying"
    second = await act(office, second, "rectification-opinions", "accept", **PROMISE)
    done = {"on": "2017-07-19", "result": "已补齐"}
    first = await act(office, first, "rectification-opinions", "complete", **done)
    assert first["progress"] == "completed" and await state_of(office, "findings", finding) == "rectifying"
    second = await act(office, second, "rectification-opinions", "complete", **done)
    assert await state_of(office, "findings", finding) == "rectified"
    second = await act(office, second, "rectification-opinions", "send_back", reason="整改不实")
    assert second["result"] is None and await state_of(office, "findings", finding) == "rectifying"
    history = (await office.read(f"/v1/findings/{finding['id']}/revisions"))["items"]
    actions = ["resume_rectification", "finish_rectification", "begin_rectification", "feed_back", "create"]
    assert [e["action"] for e in history] == actions
    assert second["number"] in history[0]["reason"] and first["number"] in history[2]["reason"]
    assert {e["by"] for e in history} == {"office"}


async def test_a_voided_opinion_does_not_keep_a_finding_from_being_rectified(make: Maker, office: Api) -> None:
    finding, (first, second) = await opinions(make, office, 2)
    await act(office, second, "rectification-opinions", "void", reason="重复")
    first = await act(office, first, "rectification-opinions", "accept", **PROMISE)
    await act(office, first, "rectification-opinions", "complete", on="2017-07-19", result="已补齐")
    assert await state_of(office, "findings", finding) == "rectified"


async def sent(make: Maker, office: Api, count: int) -> tuple[Any, list[Any]]:
    """A transfer that was sent, and its clues."""
    clues = [await make("clues") for _ in range(count)]
    transfer = await make("clue-transfers", clue_numbers=[c["number"] for c in clues])
    assert [await state_of(office, "clues", c) for c in clues] == ["registered"] * count
    return await act(office, transfer, "clue-transfers", "send", on="2017-06-11"), clues


async def test_sending_a_transfer_hands_its_clues_to_the_receiver(make: Maker, office: Api) -> None:
    transfer, clues = await sent(make, office, 2)
    for clue in clues:
        now = await office.read(f"/v1/clues/{clue['id']}")
        assert (now["state"], now["holder_unit_id"]) == ("transferred", transfer["to_unit_id"])
        assert now["holder_unit_number"] == transfer["to_unit_number"] and now["version"] == 2
        entry = (await office.read(f"/v1/clues/{clue['id']}/revisions"))["items"][0]
        assert entry["action"] == "transfer" and transfer["number"] in entry["reason"]


async def test_a_transfer_given_back_gives_back_its_clues(make: Maker, office: Api) -> None:
    transfer, clues = await sent(make, office, 2)
    transfer = await act(office, transfer, "clue-transfers", "give_back", reason="不属管辖")
    assert transfer["state"] == "returned" and transfer["clue_ids"] == [c["id"] for c in clues]
    for clue in clues:
        now = await office.read(f"/v1/clues/{clue['id']}")
        assert (now["state"], now["holder_unit_id"], now["holder_unit_number"]) == ("registered", None, None)


async def test_part_of_a_transfer_given_back_leaves_the_rest_where_it_is(make: Maker, office: Api) -> None:
    transfer, clues = await sent(make, office, 3)
    numbers = [c["number"] for c in clues]
    stranger = await make("clues")
    refused = await office.act(transfer, "clue-transfers", "give_back", reason="x", clue_numbers=[stranger["number"]])
    assert refused.status_code == 422 and refused.json()["errors"][0]["code"] == "not_in_list"
    transfer = await act(office, transfer, "clue-transfers", "give_back", reason="重复", clue_numbers=numbers[1:2])
    assert (transfer["state"], transfer["clue_numbers"]) == ("sent", [numbers[0], numbers[2]])
    assert transfer["clue_ids"] == [clues[0]["id"], clues[2]["id"]]
    assert [await state_of(office, "clues", c) for c in clues] == ["transferred", "registered", "transferred"]
    transfer = await act(
        office, transfer, "clue-transfers", "give_back", reason="其余也退", clue_ids=[clues[0]["id"], clues[2]["id"]]
    )
    assert transfer["state"] == "returned" and len(transfer["clue_ids"]) == 2
    assert [await state_of(office, "clues", c) for c in clues] == ["registered"] * 3


async def test_a_clue_that_was_given_back_can_be_sent_again(make: Maker, office: Api) -> None:
    transfer, (clue,) = await sent(make, office, 1)
    await act(office, transfer, "clue-transfers", "give_back", reason="不属管辖")
    again = await make("clue-transfers", clue_numbers=[clue["number"]])
    await act(office, again, "clue-transfers", "send", on="2017-06-20")
    assert await state_of(office, "clues", clue) == "transferred"


async def test_a_clue_is_never_handed_to_the_unit_it_is_about_nor_to_one_below_it(make: Maker, office: Api) -> None:
    reported = await make("units")
    below = await make("units", parent_number=reported["number"])
    person = await make("persons", unit_number=reported["number"])
    for about in ({"reported_unit_number": reported["number"]}, {"person_number": person["number"]}):
        clue = await make("clues", **about)
        for receiver in (reported, below):
            given = {"clue_numbers": [clue["number"]], "to_unit_number": receiver["number"]}
            answer = await office.post("/v1/clue-transfers", json=await make.body(_type("clue-transfers"), **given))
            assert answer.status_code == 422, answer.text
            assert answer.json()["errors"][0]["code"] == "receiver_is_kin"
            transfer = await make("clue-transfers", clue_numbers=[clue["number"]])
            changed = await office.change(transfer, "clue-transfers", {"to_unit_number": receiver["number"]})
            assert changed.status_code == 422, "nor by a change"


def _type(path: str) -> Any:
    from app.records import REGISTRY

    return REGISTRY.by_path[path]


async def test_a_relapse_reopens_the_same_finding_and_only_a_finished_one(make: Maker, office: Api) -> None:
    walker = Walker(make)
    for before, conclusion, after in (
        ("rectified", "relapsed", "rectifying"),
        ("closed_off", "relapsed", "rectifying"),
        ("rectified", "rectified", "rectified"),
        ("fed_back", "relapsed", "fed_back"),
    ):
        finding = await walker.reach("findings", before)
        look_back = await make("look-backs", finding_number=finding["number"], conclusion=conclusion)
        now = await office.read(f"/v1/findings/{finding['id']}")
        assert now["state"] == after and now["number"] == finding["number"], (before, conclusion)
        newest = (await office.read(f"/v1/findings/{finding['id']}/revisions"))["items"][0]
        assert (newest["action"] == "reopen" and look_back["number"] in newest["reason"]) == (before != after)


async def test_a_merged_unit_leaves_its_name_with_the_one_that_takes_it_up(make: Maker, office: Api) -> None:
    small, large = await make("units", name="小村"), await make("units", name="大镇")
    await act(office, small, "units", "merge", merged_into_number=large["number"], on="2019-12-30", reason="撤并")
    large = await office.read(f"/v1/units/{large['id']}")
    assert (large["name"], large["former_names"]) == ("大镇", ["小村"])
    renamed = await act(office, large, "units", "rename", name="大街道", reason="改制")
    assert renamed["name"] == "大街道" and renamed["former_names"] == ["小村", "大镇"]


async def test_a_target_keeps_the_name_and_kind_its_unit_had_when_it_was_entered(make: Maker, office: Api) -> None:
    target = await make("targets")
    unit = await office.read(f"/v1/units/{target['unit_id']}")
    await act(office, unit, "units", "rename", name="进驻前的新名", reason="更名")
    target = await act(office, target, "targets", "enter", on="2017-04-22")
    assert target["unit_name"] == "进驻前的新名"
    unit = await office.read(f"/v1/units/{target['unit_id']}")
    await act(office, unit, "units", "rename", name="进驻后的新名", reason="更名")
    assert (await office.read(f"/v1/targets/{target['id']}"))["unit_name"] == "进驻前的新名"
