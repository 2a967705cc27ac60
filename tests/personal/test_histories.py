"""A history names nothing that does not exist for its reader: no other record, no clerk of others, no masked reason."""

import json
from typing import Any

import pytest

from tests.personal.conftest import CanSignIn, entries
from tests.support.callers import CSV, PATCH, Api
from tests.support.records import Maker
from tests.support.walk import Walker

PROMISE = {"responsible_person": "责任人甲01", "due_on": "2017-08-08", "measures": ["补齐档案"]}
DONE = {"on": "2017-07-19", "result": "已补齐"}


async def done(api: Api, path: str, record: Any, action: str, **body: Any) -> Any:
    """The record, as this caller sees it, after an action that must succeed."""
    now = await api.read(f"/v1/{path}/{record['id']}")
    answer = await api.act(now, path, action, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def history(api: Api, path: str, record: Any) -> tuple[dict[str, Any], str]:
    """The entries of a history by action, and everything that its reader is told by it, in one text."""
    place = f"/v1/{path}/{record['id']}"
    items = (await api.read(f"{place}/revisions"))["items"]
    told = [json.dumps(items, ensure_ascii=False), json.dumps(await api.read(place), ensure_ascii=False)]
    for entry in items:
        one = await api.read(f"{place}/revisions/{entry['version']}")
        assert {k: one[k] for k in entry} == entry
        told.append(json.dumps(one, ensure_ascii=False))
        if entry["version"] > items[-1]["version"]:
            told.append((await api.get(f"{place}/revisions/{entry['version']}/diff")).text)
    return {e["action"]: e for e in items}, "\n".join(told)


async def test_a_findings_history_tells_its_unit_nothing_of_what_other_records_did_to_it(
    make: Maker, office: Api, sign_in: CanSignIn
) -> None:
    unit, other = await make("units"), await make("units")
    own, stranger = [await sign_in("inspected_unit", unit_number=u["number"]) for u in (unit, other)]
    finding = await Walker(make).reach("findings", "fed_back", unit_number=unit["number"])
    opinion = await make("rectification-opinions", finding_number=finding["number"], unit_number=other["number"])
    await done(stranger, "rectification-opinions", opinion, "accept", **PROMISE)
    await done(stranger, "rectification-opinions", opinion, "complete", **DONE)
    person = await make("persons")
    about = {"subject_kind": "person", "person_number": person["number"], "conclusion": "relapsed"}
    look_back = await make("look-backs", finding_number=finding["number"], **about)

    for reader in (own, office):
        found, told = await history(reader, "findings", finding)
        caused = [found[a] for a in ("begin_rectification", "finish_rectification", "reopen")]
        assert [e["by_role"] for e in caused] == ["inspected_unit", "inspected_unit", "inspection_office"]
        if reader is office:
            assert [e["reason"].split()[-1] for e in caused] == [opinion["number"]] * 2 + [look_back["number"]]
            assert [e["by"] for e in caused] == [stranger.username] * 2 + [office.writer("look-backs")]
            continue
        assert [(e["reason"], e["by"], e["source"]) for e in caused] == [(None, None, {"kind": "api"})] * 3
        names = (opinion["number"], opinion["id"], look_back["number"], look_back["id"], stranger.username)
        assert not [name for name in names if name in told]
        assert not [name for name in office.names.values() if f'"{name}"' in told]


async def test_who_sees_the_record_that_caused_a_change_is_told_of_it(
    make: Maker, office: Api, sign_in: CanSignIn
) -> None:
    unit = await make("units")
    own = await sign_in("inspected_unit", unit_number=unit["number"])
    finding = await Walker(make).reach("findings", "fed_back", unit_number=unit["number"])
    opinion = await make("rectification-opinions", finding_number=finding["number"], unit_number=unit["number"])
    await done(own, "rectification-opinions", opinion, "accept", **PROMISE)
    found, _ = await history(own, "findings", finding)
    assert found["begin_rectification"]["reason"] == f"整改意见 {opinion['number']}"
    assert found["begin_rectification"]["by"] == own.username


async def test_the_names_of_makers_are_told_to_colleagues_and_to_those_who_direct(
    make: Maker, office: Api, sign_in: CanSignIn, leaders: Api, auditor: Api
) -> None:
    unit = await make("units")
    own, colleague = [await sign_in("inspected_unit", unit_number=unit["number"]) for _ in range(2)]
    other_unit = await make("units")
    finding = await Walker(make).reach("findings", "fed_back", unit_number=unit["number"])
    given = {"unit_number": unit["number"], "cooperating_unit_numbers": [other_unit["number"]]}
    opinion = await make("rectification-opinions", finding_number=finding["number"], **given)
    await done(own, "rectification-opinions", opinion, "accept", **PROMISE)
    helping = await sign_in("inspected_unit", unit_number=other_unit["number"])
    clerk = office.writer("rectification-opinions")
    for reader, by_office, by_unit in (
        (own, None, own.username), (colleague, None, own.username), (helping, None, None),
        (office, clerk, own.username), (leaders, clerk, own.username),
    ):  # fmt: skip
        found, _ = await history(reader, "rectification-opinions", opinion)
        assert [(e["by"], e["by_role"]) for e in (found["create"], found["accept"])] == [
            (by_office, "inspection_office"), (by_unit, "inspected_unit"),
        ]  # fmt: skip
        for document in (
            await reader.read(f"/v1/rectification-opinions/{opinion['id']}"),
            (await reader.read("/v1/rectification-opinions", finding_id=finding["id"]))["items"][0]
            if reader is office
            else (await reader.read("/v1/rectification-opinions"))["items"][0],
        ):
            assert (document["created_by"], document["created_by_role"]) == (by_office, "inspection_office")
            assert (document["updated_by"], document["updated_by_role"]) == (by_unit, "inspected_unit")
    marks = (await auditor.read("/v1/revisions", record_id=opinion["id"]))["items"]
    assert [m["by"] for m in marks] == [own.username, clerk]


async def test_a_stale_write_is_told_who_was_first_only_by_the_role_of_a_stranger(
    make: Maker, office: Api, sign_in: CanSignIn
) -> None:
    unit = await make("units")
    own = await sign_in("inspected_unit", unit_number=unit["number"])
    finding = await Walker(make).reach("findings", "fed_back", unit_number=unit["number"])
    opinion = await make("rectification-opinions", finding_number=finding["number"], unit_number=unit["number"])
    assert (await office.change(opinion, "rectification-opinions", {"note": "已催办"})).status_code == 200
    answer = await own.act(opinion, "rectification-opinions", "accept", **PROMISE)
    assert answer.status_code == 412
    (change,) = answer.json()["changes"]
    assert (change["by"], change["by_role"]) == (None, "inspection_office")
    assert "巡察办" in answer.json()["detail"] and not [n for n in office.names.values() if f'"{n}"' in answer.text]


async def test_a_reason_and_the_place_in_a_file_are_masked_where_the_note_is(
    make: Maker, office: Api, leaders: Api, sign_in: CanSignIn
) -> None:
    clue = await make("clues")
    head = "线索编号,轮次编号,线索来源,主要问题,登记日期,备注"
    row = f"{clue['number']},{clue['round_number']},信访举报,新的问题,{clue['registered_on']},新的备注"
    imported = await office.import_file(f"{head}\n{row}\n".encode(), CSV, type="clues")
    assert imported["state"] == "committed", (imported, await office.rows(imported))
    holder = Api(office.app, auth=office.acting("supervision"))
    metadata = Api(office.app, auth=office.acting("office"))
    place = {"kind": "import", "import_id": imported["id"], "sheet": None, "row": 2}
    assert (await history(metadata, "clues", clue))[0]["import"]["source"] == place
    transfer = await make("clue-transfers", clue_numbers=[clue["number"]])
    transfer = await done(office, "clue-transfers", transfer, "send", on="2017-06-11")
    await done(office, "clues", clue, "set_handling", handling="shelved_pending", on="2017-06-28")
    await done(office, "clues", clue, "correct", reason="被反映人原为处长", handling_decided_on="2017-06-29")
    for reader in (holder, metadata, leaders):
        found, told = await history(reader, "clues", clue)
        masked = reader is not holder
        assert ("note" in (await reader.read(f"/v1/clues/{clue['id']}"))["masked"]) is masked
        assert found["correct"]["reason"] == (None if masked else "被反映人原为处长")
        if masked:  # who holds it now sees no version of before
            assert found["import"]["source"] == {"kind": "import"}
        assert masked is not ("被反映人原为处长" in told)
        assert (found["transfer"]["reason"] is None) is masked


async def test_the_import_of_a_transfer_lends_its_clues_no_place_in_a_file(make: Maker, office: Api) -> None:
    """Their own last import is not where the transfer came from."""
    of = (await make.shared("rounds"))["number"]
    text = f"线索编号,轮次编号,线索来源,主要问题,登记日期\n{of}-C-0900,{of},信访举报,旧的问题,2017-05-20\n"
    assert (await office.import_file(text.encode(), CSV, type="clues"))["state"] == "committed"
    clue = await office.read(f"/v1/clues/{of}-C-0900")
    head = "移交编号,轮次编号,移交渠道,移交单位,接收单位,线索编号,移交日期"
    unit = (await make.shared("units"))["number"]
    row = f"{of}-T-900,{of},纪检机关,{unit},{office.unit['number']},{clue['number']},2017-06-11"
    imported = await office.import_file(f"{head}\n{row}\n".encode(), CSV, type="clue-transfers")
    assert imported["state"] == "committed", (imported, await office.rows(imported))
    found, _ = await history(office, "clues", clue)
    assert found["transfer"]["source"] == {"kind": "import", "import_id": imported["id"]}
    assert found["transfer"]["reason"] == f"线索移交 {clue['round_number']}-T-900"


@pytest.mark.parametrize("path", ["clue-transfers", "case-filings", "judicial-referrals"])
async def test_reads_of_what_came_of_a_clue_are_entered_in_the_access_log(
    path: str, make: Maker, office: Api, leaders: Api, owner: Any
) -> None:
    record = await make(path)
    before = len(await entries(owner, "leaders"))
    place = f"/v1/{path}/{record['id']}"
    for request in (place, f"/v1/{path}/{record['number']}", f"{place}/revisions", f"{place}/revisions/1"):
        await leaders.read(request)
    listed = await leaders.read(f"/v1/{path}", round_id=record["round_id"])
    assert [r["id"] for r in listed["items"]] == [record["id"]]
    one = [record["id"]]
    assert (await entries(owner, "leaders"))[before:] == [
        ("read", path, one), ("read", path, one), ("history", path, one), ("history", path, one), ("list", path, one),
    ]  # fmt: skip


async def test_a_patch_from_an_old_version_names_the_differing_role_and_nothing_more(make: Maker, office: Api) -> None:
    """Whoever directs is told by name, as before."""
    finding = await make("findings")
    assert (await office.change(finding, "findings", {"basis": "一"})).status_code == 200
    headers = {"If-Match": '"1"', "Content-Type": PATCH}
    answer = await office.patch(f"/v1/findings/{finding['id']}", content='{"basis": "二"}', headers=headers)
    assert answer.json()["changes"][0]["by"] == office.writer("findings") and office.writer("findings") in answer.text


async def test_what_only_follows_from_another_record_says_neither_why_nor_from_where(
    make: Maker, office: Api, supervision: Api
) -> None:
    """A filing is about the units of its person: when the person moves, it follows."""
    person, unit = await make("persons"), await make("units")
    filing = await make("case-filings", person_number=person["number"])
    moved = await office.change(person, "persons", {"unit_number": unit["number"], "note": "调任"})
    assert moved.status_code == 200, moved.text
    found, told = await history(supervision, "case-filings", filing)
    follows = found["follow"]
    assert (follows["version"], follows["reason"], follows["source"]) == (2, None, {"kind": "api"})
    assert not [said for said in (unit["number"], unit["id"], "调任") if said in told]
