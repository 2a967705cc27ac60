"""A file: received once and whole, handed out to whoever reads its record in full at that moment."""

import hashlib
from typing import Any

import pytest

from tests.support.callers import OFFICE, SUPERVISION, UNIT, Api
from tests.support.client import Answer
from tests.support.records import Maker

PDF, PDF_TYPE = b"%PDF-1.7 " + "佐证".encode() * 50_000, "application/pdf"


def of(office: Api, who: str) -> Api:
    """One colleague of the bureau."""
    return Api(office.app, auth=office.acting(who))


async def put(api: Api, record: Any, content: bytes = PDF, media: str = PDF_TYPE, **headers: str) -> Answer:
    """Sends the content of a registered file."""
    place = f"/v1/attachments/{record['id']}/content"
    return await api.request("PUT", place, content=content, headers={"Content-Type": media, **headers})


async def attached(api: Api, path: str, record: Any, content: bytes = PDF) -> Any:
    """A file of a record, with its content."""
    body = {"record_type": path, "record_number": record["number"], "file_name": "责任书 1.pdf"}
    made = await api.write("/v1/attachments", body)
    answer = await put(api, made, content)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(api: Api, file: Any) -> tuple[int, int]:
    """How the record of a file and its content are answered."""
    place = f"/v1/attachments/{file['id']}"
    return (await api.get(place)).status_code, (await api.get(f"{place}/content")).status_code


async def test_a_file_is_kept_as_it_was_sent(make: Maker, office: Api) -> None:
    finding = await make("findings")
    file = await attached(office, "findings", finding)
    assert (file["state"], file["size"], file["media_type"]) == ("active", len(PDF), PDF_TYPE)
    assert file["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert file["number"] == f"{finding['round_number']}-I-001"
    answer = await office.get(f"/v1/attachments/{file['number']}/content")
    assert answer.status_code == 200 and answer.content == PDF
    assert (
        answer.headers["cache-control"] == "private, no-store" and answer.headers["x-content-type-options"] == "nosniff"
    )
    assert "attachment" in answer.headers["content-disposition"] and "%20" in answer.headers["content-disposition"]
    found = await office.read("/v1/attachments", record_type="findings", record_id=finding["id"])
    assert [f["id"] for f in found["items"]] == [file["id"]]
    again = await put(office, file)
    assert (again.status_code, again.json()["code"]) == (409, "content_is_there")


async def test_a_file_of_a_record_without_a_round_is_numbered_by_the_division(make: Maker, office: Api) -> None:
    file = await attached(office, "units", await make.fresh()("units"))
    assert file["number"].startswith("431382-I-")


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (b"", PDF_TYPE, 422, "content_empty"),
        (b"MZ\x90\x00", PDF_TYPE, 422, "content_of_another_type"),
        (b"a\x00b", "text/plain", 422, "content_of_another_type"),
        (b"MZ", "application/x-msdownload", 415, "wrong_media_type"),
        (b"<script>", "text/html", 415, "wrong_media_type"),
    ],
)
async def test_what_is_no_evidence_is_refused_and_may_be_sent_again(
    content: bytes, media: str, status: int, code: str, make: Maker, office: Api
) -> None:
    body = {"record_type": "findings", "record_number": (await make("findings"))["number"], "file_name": "甲.pdf"}
    made = await office.write("/v1/attachments", body)
    answer = await put(office, made, content, media)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    waiting = await office.get(f"/v1/attachments/{made['id']}/content")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "content_awaited")
    assert (await put(office, made)).status_code == 200


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(make: Maker, office: Api) -> None:
    body = {"record_type": "findings", "record_number": (await make("findings"))["number"], "file_name": "甲.pdf"}
    made = await office.write("/v1/attachments", body)
    answer = await put(office, made, **{"Content-Length": str(51 * 2**20)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_what_a_file_belongs_to_is_looked_up_with_the_caller_s_own_eyes(make: Maker, office: Api) -> None:
    unit, finding = of(office, UNIT), await make("findings", unit_number=office.reporting["number"])
    for kind, key, pointer, code in (
        ("findings", {"record_number": finding["number"]}, "/record_type", "not_a_choice"),
        ("rectification-opinions", {"record_number": "431382-X9"}, "/record_number", "reference_not_found"),
        ("rectification-opinions", {"record_id": finding["id"]}, "/record_id", "reference_not_found"),
        ("rectification-opinions", {}, "/record_number", "required"),
        ("attachments", {"record_number": finding["number"]}, "/record_type", "not_a_choice"),
    ):
        answer = await unit.post("/v1/attachments", json={"record_type": kind, "file_name": "甲.pdf", **key})
        assert answer.status_code == 422, answer.text
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)], answer.text


async def test_a_file_of_a_finding_is_there_for_its_unit_from_the_feedback_on_and_no_longer_than_the_finding(
    make: Maker, office: Api
) -> None:
    unit, finding = of(office, UNIT), await make("findings", unit_number=office.reporting["number"])
    file = await attached(office, "findings", finding)
    assert await told(unit, file) == (404, 404)
    fed_back = (await office.act(finding, "findings", "feed_back", on="2017-06-09")).json()
    assert await told(unit, file) == (200, 200)
    void = await unit.act(file, "attachments", "void", reason="不应有")
    assert (void.status_code, void.json()["code"]) == (403, "forbidden"), "it is the office's"
    other = await make.fresh()("units")
    moved = await office.change(fed_back, "findings", {"unit_number": other["number"]})
    assert moved.status_code == 200, moved.text
    assert await told(unit, file) == (404, 404)
    assert (await unit.get(f"/v1/attachments/{file['id']}/revisions/1")).status_code == 404
    assert (await unit.read("/v1/attachments", record_id=finding["id"]))["items"] == []


async def test_a_unit_adds_evidence_to_its_opinion_and_voids_its_own(make: Maker, office: Api) -> None:
    one = await make.fresh()._of_unit(_opinion())
    unit, by_office = of(office, UNIT), of(office, OFFICE)
    file = await attached(unit, "rectification-opinions", one)
    assert await told(by_office, file) == (200, 200)
    assert (await unit.act(file, "attachments", "void", reason="传错")).status_code == 200
    assert await told(by_office, file) == (200, 410)


async def test_a_file_of_a_clue_is_there_for_who_reads_the_clue_in_full(make: Maker, office: Api) -> None:
    clue = await make("clues")
    by_office, by_body = of(office, OFFICE), of(office, SUPERVISION)
    file = await attached(by_office, "clues", clue)
    assert await told(by_office, file) == (200, 200) and await told(by_body, file) == (404, 404)
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]], to_unit_number=office.unit["number"])
    sent = await by_office.act(transfer, "clue-transfers", "send", on="2017-06-11")
    assert sent.status_code == 200, sent.text
    assert await told(by_office, file) == (404, 404), "of a transferred clue the office sees metadata"
    assert await told(by_body, file) == (200, 200)
    now = await by_body.read(f"/v1/clues/{clue['id']}")
    recusal = [{"account": office.names[SUPERVISION], "reason": "亲属"}]
    gone = await by_body.change(now, "clues", {"recusals": recusal})
    assert gone.status_code in (200, 204), gone.text
    assert await told(by_body, file) == (404, 404)


async def test_a_file_of_a_voided_record_stays_readable_and_no_other_is_added(make: Maker, office: Api) -> None:
    finding = await make("findings")
    file = await attached(office, "findings", finding)
    assert (await office.act(finding, "findings", "void", reason="重复")).status_code == 200
    assert await told(office, file) == (200, 200)
    body = {"record_type": "findings", "record_number": finding["number"], "file_name": "乙.pdf"}
    answer = await office.post("/v1/attachments", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "reference_not_found")


def _opinion() -> Any:
    from app.records import REGISTRY

    return REGISTRY.by_path["rectification-reports"].field("items").names  # type: ignore[attr-defined]
