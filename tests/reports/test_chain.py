"""The chain of a record: from wherever one asks, with what was voided, entered in the access log, bounded."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from app.reports import chain as chains
from tests.access.test_chain import told
from tests.support.callers import SUPERVISION, Api
from tests.support.records import Maker
from tests.support.sql import owning


@pytest.fixture
async def supervision(office: Api) -> AsyncIterator[Api]:
    """Case supervision, to which the office hands its clues."""
    async with Api.signed_in(office.app, office.names[SUPERVISION]) as api:
        yield api


@pytest.fixture
async def whole(make: Maker, office: Api) -> dict[str, Any]:
    """A finding with all that can follow from it; one document hands over a clue of it and one of another finding."""

    async def act(record: Any, path: str, action: str, **body: Any) -> Any:
        answer = await office.act(record, path, action, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    made: dict[str, Any] = {}
    for name in ("finding", "other"):
        finding = await make("findings")
        made[name] = await act(finding, "findings", "feed_back", on="2017-06-09")
    made["opinion"] = await make("rectification-opinions", finding_number=made["finding"]["number"])
    made["voided"] = await make("rectification-opinions", finding_number=made["finding"]["number"])
    made["clue"] = await make("clues", finding_number=made["finding"]["number"])
    made["beside"] = await make("clues", finding_number=made["other"]["number"])
    numbers = [made["clue"]["number"], made["beside"]["number"]]
    made["transfer"] = await make("clue-transfers", clue_numbers=numbers)
    await act(made["transfer"], "clue-transfers", "send", on="2017-06-11")
    made["filing"] = await make("case-filings", clue_number=made["clue"]["number"])
    made["referral"] = await make("judicial-referrals", case_filing_number=made["filing"]["number"])
    made["decision"] = await make("accountability-decisions", finding_number=made["finding"]["number"])
    made["look-back"] = await make("look-backs", finding_number=made["finding"]["number"])
    await act(made["voided"], "rectification-opinions", "void", reason="重复")
    return made


PLACES = {
    "finding": "findings", "opinion": "rectification-opinions", "voided": "rectification-opinions", "clue": "clues",
    "filing": "case-filings", "referral": "judicial-referrals", "decision": "accountability-decisions",
    "look-back": "look-backs",
}  # fmt: skip


async def test_the_chain_is_the_same_from_wherever_one_asks(whole: dict[str, Any], supervision: Api) -> None:
    expected = {(path, whole[name]["id"]) for name, path in PLACES.items()}
    expected.add(("clue-transfers", whole["transfer"]["id"]))
    for name, path in PLACES.items():
        by_id = await supervision.read(f"/v1/chains/{path}/{whole[name]['id']}")
        assert set(told(by_id)) == expected, name
        assert by_id == await supervision.read(f"/v1/chains/{path}/{whole[name]['number']}")
    states = {key[1]: record["state"] for key, record in told(by_id).items()}
    assert states[whole["voided"]["id"]] == "voided"
    of_transfer = set(told(await supervision.read(f"/v1/chains/clue-transfers/{whole['transfer']['id']}")))
    assert of_transfer == expected | {("clues", whole["beside"]["id"]), ("findings", whole["other"]["id"])}


async def test_what_is_in_no_chain_and_what_is_too_long_is_refused(
    whole: dict[str, Any], office: Api, supervision: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await office.get(f"/v1/chains/units/{whole['finding']['unit_id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_chain")
    assert answer.json()["errors"][0]["allowed"] == [*chains.LINKED]
    address = f"/v1/chains/findings/{whole['finding']['id']}"
    answer = await office.get(address, params={"as_of": "2017-08-01T00:00:00+08:00"})
    assert (answer.status_code, answer.json()["code"]) == (400, "not_available_yet")
    monkeypatch.setattr(chains, "MOST", 8)
    answer = await supervision.get(address)
    assert (answer.status_code, answer.json()["code"]) == (400, "chain_too_long")
    monkeypatch.setattr(chains, "MOST", 9)
    assert (await supervision.get(address)).status_code == 200


async def test_the_clues_of_a_chain_are_entered_in_the_access_log(
    whole: dict[str, Any], supervision: Api, database: EmbeddedPostgres
) -> None:
    async with owning(database) as owner:
        before = await owner.fetchval("select coalesce(max(seq), 0) from access_log")
        await supervision.read(f"/v1/chains/findings/{whole['finding']['id']}")
        rows = await owner.fetch("select record_type, record_ids from access_log where seq > $1", before)
    entered = {(row["record_type"], str(i)) for row in rows for i in row["record_ids"]}
    logged = {("clues", whole["clue"]["id"]), ("clue-transfers", whole["transfer"]["id"])}
    assert entered == logged | {
        ("case-filings", whole["filing"]["id"]), ("judicial-referrals", whole["referral"]["id"])
    }  # fmt: skip
