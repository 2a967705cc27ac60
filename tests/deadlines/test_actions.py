"""Extensions and pauses: who, within what, with what history. Lights, whatever zone the process is in."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.clock import SHANGHAI, now
from tests.deadlines.test_obligations import due, opinion
from tests.support.callers import Api
from tests.support.moments import at
from tests.support.records import Maker

GRANT = {"approver": "领导小组组长", "reason": "待法院裁定"}


def in_days(n: int) -> str:
    """The day so many days from today."""
    return (now().date() + timedelta(days=n)).isoformat()


async def act(api: Api, obligation: Any, action: str, **body: str) -> Any:
    return await api.post(f"/v1/deadlines/{obligation['id']}/actions/{action}", json=body)


async def running(make: Maker, office: Api, days: int = 10) -> Any:
    """An obligation that is due in so many days."""
    [found] = await due(office, await opinion(make, due_on=in_days(days)))
    assert (found["days_left"], found["light"]) == (days, "green" if days > 3 else "amber")
    return found


async def test_an_extension_moves_the_day_and_says_who_granted_it(make: Maker, office: Api) -> None:
    found = await running(make, office)
    extended = (await act(office, found, "extend", until=in_days(30), **GRANT)).json()
    assert (extended["due_on"], extended["extended"], extended["days_left"]) == (in_days(30), True, 30)
    [event] = extended["history"]
    assert {**event, **GRANT} == event
    assert (event["kind"], event["due_before"], event["due_after"]) == ("extended", in_days(10), in_days(30))
    assert extended["days"][-1]["why"] == "granted"
    for until in (in_days(30), in_days(29)):
        refused = await act(office, found, "extend", until=until, **GRANT)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_later")


async def test_an_extension_stays_within_what_the_rule_allows(make: Maker, office: Api, supervision: Api) -> None:
    clue = await make("clues")
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]], route="discipline")
    sent = await office.act(transfer, "clue-transfers", "send", on="2026-01-20")
    await office.act(sent.json(), "clue-transfers", "receive", on="2026-01-23", received_by="经办01")
    found = next(d for d in await due(supervision, clue) if d["rule"] == "clue_conclusion")
    assert found["due_on"] == "2026-07-23"  # half a year, and once half a year more
    far = await act(supervision, found, "extend", until="2027-01-26", **GRANT)
    assert (far.status_code, far.json()["errors"][0]["code"]) == (422, "extended_too_far")
    assert "2027-01-25" in far.json()["errors"][0]["message"]
    assert (await act(supervision, found, "extend", until="2027-01-25", **GRANT)).status_code == 200
    again = await act(supervision, found, "extend", until="2027-03-01", **GRANT)
    assert (again.status_code, again.json()["code"]) == (409, "extensions_used_up")
    assert (await act(office, found, "extend", until="2027-03-01", **GRANT)).status_code == 403
    [told] = (await office.read(f"/v1/deadlines/{found['id']}"))["history"]  # of the clue it sees metadata alone
    assert (told["kind"], told["due_after"], told["approver"], told["reason"]) == ("extended", "2027-01-25", None, None)


async def test_days_on_which_the_clock_stood_do_not_count(make: Maker, office: Api) -> None:
    found = await running(make, office)
    paused = (await act(office, found, "pause", reason="等待上级批复")).json()
    assert (paused["paused_on"], paused["days_left"]) == (in_days(0), 10)
    for action, body in (("pause", {"reason": "再停"}), ("extend", {"until": in_days(40), **GRANT})):
        refused = await act(office, found, action, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "clock_paused")
    with at(now() + timedelta(days=25)):
        [standing] = await due(office, {"id": found["record_id"]})
        assert (standing["days_left"], standing["light"]) == (10, "green")
        for status in ("overdue", "due_soon", "idle"):
            assert await due(office, {"id": found["record_id"]}, status=status) == []
        resumed = (await act(office, found, "resume")).json()
    assert (resumed["due_on"], resumed["paused_on"]) == (in_days(35), None)
    assert [d["day"] for d in resumed["days"] if d["why"] == "paused"][-1] == in_days(24)
    assert [event["kind"] for event in resumed["history"]] == ["resumed", "paused"]
    refused = await act(office, found, "resume")
    assert (refused.status_code, refused.json()["code"]) == (409, "clock_running")


async def test_what_is_late_stays_late_and_what_is_done_has_no_clock(make: Maker, office: Api) -> None:
    late = await opinion(make, due_on="2017-07-31")
    [found] = await due(office, late)
    assert (await act(office, found, "pause", reason="等")).json()["code"] == "obligation_overdue"
    await office.act(late, "rectification-opinions", "void", reason="重复")
    assert (await act(office, found, "extend", until=in_days(3), **GRANT)).json()["code"] == "obligation_closed"


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("extend", {"approver": "组长", "reason": "待裁定"}, "/until"),
        ("extend", {"until": "2099-02-30", **GRANT}, "/until"),
        ("extend", {"until": "2099-02-01", "reason": "待裁定"}, "/approver"),
        ("extend", {"until": "2099-02-01", **GRANT, "reason": " "}, "/reason"),
        ("extend", {"until": False, **GRANT}, "/until"),
        ("pause", {}, "/reason"),
        ("pause", {"reason": 0}, "/reason"),
        ("resume", {"reason": "好了"}, "/reason"),
    ],
)
async def test_a_body_that_lacks_something_is_refused_by_name(
    make: Maker, office: Api, action: str, body: Any, pointer: str
) -> None:
    found = await running(make, office)
    answer = await office.post(f"/v1/deadlines/{found['id']}/actions/{action}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


async def test_a_repeat_with_the_same_key_extends_once(make: Maker, office: Api) -> None:
    found = await running(make, office)
    url, body = f"/v1/deadlines/{found['id']}/actions/extend", {"until": in_days(20), **GRANT}
    answers = [await office.post(url, json=body, headers={"Idempotency-Key": found["id"]}) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200], answers[1].text
    assert len(answers[1].json()["history"]) == 1


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "Pacific/Kiritimati"])
async def test_a_day_ends_at_midnight_in_shanghai_wherever_the_process_is(make: Maker, office: Api, zone: str) -> None:
    """At 16:30 UTC of the last day it is already the next one there; in New York it is noon."""
    found = await running(make, office)
    last = datetime.fromisoformat(found["due_on"]).replace(tzinfo=SHANGHAI)
    record = {"id": found["record_id"]}
    with at(last + timedelta(hours=23, minutes=30), zone):  # 15:30 UTC
        assert [(d["days_left"], d["light"]) for d in await due(office, record)] == [(0, "amber")]
        assert await due(office, record, status="overdue") == []
        assert len(await due(office, record, status="due_soon")) == 1
    with at(last + timedelta(hours=24, minutes=30), zone):  # 16:30 UTC
        assert [(d["days_left"], d["light"]) for d in await due(office, record)] == [(-1, "red")]
        assert len(await due(office, record, status="overdue")) == 1
        assert await due(office, record, status="due_soon") == []
