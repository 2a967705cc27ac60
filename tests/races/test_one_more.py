"""A finding that was rectified is not, once it has one more opinion to carry out: entered, or brought by a ledger."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.records import REGISTRY
from tests.races.pairs import tries
from tests.races.test_followed_states import BEGUN, DONE, OPINIONS, OUT_OF_STEP, PROMISE, RESUME, act
from tests.races.test_moved import Findings
from tests.support.bureaus import OFFICE
from tests.support.callers import NDJSON, Api
from tests.support.ledgers import lines
from tests.support.meeting import Meeting
from tests.support.proofs import prove
from tests.support.records import Maker


@pytest.fixture
def findings(office: Api, make: Maker) -> Findings:
    return Findings(office, make)


@pytest.fixture
async def clerk(office: Api) -> AsyncIterator[Api]:
    """The office itself, which imports opinions."""
    async with Api.signed_in(office.app, office.names[OFFICE]) as api:
        yield api


async def brought(make: Maker, office: Api, clerk: Api, finding: Any) -> Any:
    """An opinion of this finding that a ledger holds as issued: an import moves no other record."""
    body = await make.body(REGISTRY.by_path[OPINIONS], finding_number=finding["number"])
    done = await clerk.import_file(lines([body]), NDJSON, type=OPINIONS)
    assert done["state"] == "committed", done
    [row] = (await clerk.read(f"/v1/imports/{done['id']}/rows"))["items"]
    return await office.read(f"/v1/{OPINIONS}/{row['record_id']}")


@pytest.mark.parametrize("state", ["rectified", "closed_off"])
async def test_one_more_opinion_resumes_the_rectification(
    state: str, findings: Findings, make: Maker, office: Api, meet: Meeting
) -> None:
    finding, _ = await findings.one(DONE)
    if state == "closed_off":
        now = await office.read(f"/v1/findings/{finding['id']}")
        assert (await office.act(now, "findings", "close_off", on="2017-08-06")).status_code == 200
    opinion = await make(OPINIONS, finding_number=finding["number"])
    assert await findings.state(finding) == "rectifying"
    entry = (await office.read(f"/v1/findings/{finding['id']}/revisions"))["items"][0]
    assert (entry["action"], entry["reason"]) == (RESUME, f"整改意见 {opinion['number']}")
    assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"])
    for action in DONE:
        opinion = await act(office, opinion, action)
    assert await findings.state(finding) == "rectified"


async def test_one_that_a_ledger_brings_resumes_it_when_it_is_accepted(
    findings: Findings, make: Maker, office: Api, clerk: Api, meet: Meeting
) -> None:
    finding, _ = await findings.one(DONE)
    opinion = await brought(make, office, clerk, finding)
    assert (opinion["state"], await findings.state(finding)) == ("issued", "rectified")
    assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"])
    await act(office, opinion, "accept")
    assert await findings.state(finding) == "rectifying"
    assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"])


@tries(("effect", OPINIONS, "create", RESUME))
@pytest.mark.proof
@pytest.mark.parametrize("other", ["complete", "close_off"])
async def test_one_more_is_entered_while_the_last_is_done_or_the_finding_closed_off(
    other: str, findings: Findings, make: Maker, office: Api, colleague: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        finding, (last,) = await findings.one(BEGUN if other == "complete" else DONE)
        body = await make.body(REGISTRY.by_path[OPINIONS], finding_number=finding["number"])
        if other == "complete":
            against = office.act(last, OPINIONS, "complete", on="2017-07-19", result="已补齐")
        else:
            now = await office.read(f"/v1/findings/{finding['id']}")
            against = office.act(now, "findings", "close_off", on="2017-08-06")
        turns = [against, colleague.post(f"/v1/{OPINIONS}", json=body)]
        beside, entered = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        assert entered.status_code == 201 and beside.status_code in {200, 412}, (beside.text, entered.text)
        assert await findings.state(finding) == "rectifying", (other, seed)
        assert not await meet.owner.fetch(OUT_OF_STEP, finding["id"])
        return 2

    await prove(f"races-one-more-{other}", 1000, 20, case)


@tries(("effect", OPINIONS, "accept", RESUME))
@pytest.mark.proof
async def test_one_that_a_ledger_brought_is_accepted_while_the_finding_is_closed_off(
    findings: Findings, make: Maker, office: Api, clerk: Api, colleague: Api, meet: Meeting
) -> None:
    async def case(seed: int) -> int:
        finding, _ = await findings.one(DONE)
        opinion = await brought(make, office, clerk, finding)
        now = await office.read(f"/v1/findings/{finding['id']}")
        closing = office.act(now, "findings", "close_off", on="2017-08-06")
        turns = [closing, colleague.act(opinion, OPINIONS, "accept", **PROMISE)]
        closed, accepted = (await meet(*turns[:: 1 if seed % 2 else -1]))[:: 1 if seed % 2 else -1]
        assert accepted.status_code == 200 and closed.status_code in {200, 412}, (closed.text, accepted.text)
        assert await findings.state(finding) == "rectifying", seed
        return 2

    await prove("races-brought-and-accepted", 1000, 20, case)
