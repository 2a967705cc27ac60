"""What a record obliges to: opened, moved and closed with the record, and seen by who reads the record."""

from typing import Any

from tests.support.callers import Api
from tests.support.records import Maker


async def due(api: Api, record: Any, **more: str) -> list[Any]:
    """The open obligations of a record, as this caller sees them."""
    found: list[Any] = (await api.read("/v1/deadlines", record_id=record["id"], **more))["items"]
    return found


async def opinion(make: Maker, fed_back: str = "2017-06-09", **given: Any) -> Any:
    """An opinion on a finding of its own, which was fed back."""
    finding = await make("findings", found_on="2017-05-02")
    answer = await make.api.act(finding, "findings", "feed_back", on=fed_back)
    assert answer.status_code == 200, answer.text
    return await make("rectification-opinions", finding_number=finding["number"], **given)


async def test_an_opinion_is_due_two_months_after_the_feedback_and_no_more_when_it_is_done(
    make: Maker, office: Api
) -> None:
    made = await opinion(make)
    [found] = await due(office, made)
    assert found["rule"] == "rectification" and found["record_number"] == made["number"]
    assert (found["since"], found["due_on"], found["light"]) == ("2017-06-09", "2017-08-09", "red")
    assert found["citation"] and not found["provisional"]
    accepted = await office.act(
        made, "rectification-opinions", "accept", responsible_person="王某", due_on="2017-07-20", measures=["清退"]
    )
    [moved] = await due(office, made)
    assert (moved["id"], moved["due_on"]) == (found["id"], "2017-07-20")
    done = await office.act(accepted.json(), "rectification-opinions", "complete", on="2017-07-19", result="已清退")
    assert await due(office, made) == []
    whole = await office.read(f"/v1/deadlines/{found['id']}")
    assert whole["closed_on"] == "2017-07-19"
    assert [event["kind"] for event in whole["history"]] == ["closed", "moved"]
    back = await office.act(done.json(), "rectification-opinions", "send_back", reason="不实")
    assert back.status_code == 200, back.text
    [again] = await due(office, made)
    assert (again["id"], again["closed_on"]) == (found["id"], None)


async def test_a_finding_that_is_fed_back_later_opens_what_its_opinions_oblige_to(make: Maker, office: Api) -> None:
    finding = await make("findings", found_on="2017-05-02")
    made = await make("rectification-opinions", finding_number=finding["number"], due_on="2017-07-31")
    assert await due(office, made) == []
    fed_back = await office.act(finding, "findings", "feed_back", on="2017-06-09")
    [found] = await due(office, made)
    assert (found["since"], found["due_on"]) == ("2017-06-09", "2017-07-31")
    corrected = await office.act(fed_back.json(), "findings", "correct", reason="笔误", fed_back_on="2017-06-19")
    assert corrected.status_code == 200, corrected.text
    [moved] = await due(office, made)
    assert (moved["id"], moved["since"], moved["due_on"]) == (found["id"], "2017-06-19", "2017-07-31")


async def test_what_is_put_right_at_once_is_due_while_the_round_lasts(make: Maker, office: Api) -> None:
    around = await make("rounds", starts_on="2017-04-10")
    made = await make("immediate-rectifications", round_number=around["number"], notified_on="2017-05-05")
    headers = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    for day, expected in (("2017-07-02", "2017-07-02"), ("2017-05-01", "2017-05-05"), (None, "2017-06-05")):
        answer = await office.patch(f"/v1/rounds/{around['id']}", json={"ends_on": day}, headers=headers)
        assert answer.status_code == 200, answer.text
        headers["If-Match"] = answer.headers["ETag"]
        assert [item["due_on"] for item in await due(office, made)] == [expected], day
    answer = await office.act(made, "immediate-rectifications", "void", reason="重复")
    assert answer.status_code == 200, answer.text
    assert await due(office, made) == []


async def test_a_clue_and_its_transfer_are_due_from_the_day_of_receipt(make: Maker, office: Api) -> None:
    clue = await make("clues")
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]], route="discipline")
    sent = await office.act(transfer, "clue-transfers", "send", on="2026-11-20")
    assert await due(office, clue) == [] and await due(office, transfer) == []
    received = await office.act(sent.json(), "clue-transfers", "receive", on="2026-11-23", received_by="经办01")
    assert received.status_code == 200, received.text
    assert {d["rule"]: d["due_on"] for d in await due(office, clue)} == {
        "clue_opinion": "2026-12-23", "clue_conclusion": "2027-05-24",
    }  # fmt: skip
    assert [d["due_on"] for d in await due(office, transfer)] == ["2027-02-23"]
    held = await office.read(f"/v1/clues/{clue['id']}")
    handled = await office.act(held, "clues", "set_handling", handling="shelved_pending", on="2026-11-24")
    assert handled.status_code == 200, handled.text
    assert await due(office, clue) == []
    again = await office.act(handled.json(), "clues", "set_handling", handling="talk_inquiry", on="2026-11-25")
    assert [d["rule"] for d in await due(office, clue)] == ["clue_conclusion"], again.text
    fed_back = await office.act(received.json(), "clue-transfers", "feed_back", on="2026-11-30", result="已办结")
    assert fed_back.status_code == 200, fed_back.text
    assert await due(office, transfer) == []


async def test_a_case_is_counted_by_the_rule_of_its_lane_and_of_its_day(
    make: Maker, office: Api, supervision: Api
) -> None:
    for lane, filed_on, day in (
        ("party", "2017-07-10", "2017-10-10"),
        ("supervisory", "2017-07-10", "2018-01-10"),
        ("supervisory", "2018-07-10", "2019-07-10"),
    ):
        filing = await make("case-filings", lane=lane, filed_on=filed_on)
        assert [d["due_on"] for d in await due(supervision, filing)] == [day]
        assert await due(office, filing) == [], "the office knows of a filing by a figure alone"
        answer = await office.act(filing, "case-filings", "withdraw", reason="没有证据")
        assert answer.status_code == 200, answer.text
        assert await due(supervision, filing) == []
