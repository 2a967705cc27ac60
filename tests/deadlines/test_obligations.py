"""What a record obliges to: opened, moved and closed with the record, whoever writes it; seen by who reads the record."""

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
