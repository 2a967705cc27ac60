"""What takes two persons is proposed and decided once, too."""

from typing import Any

import pytest

from tests.races.test_merges import Units, units  # noqa: F401  # a fixture
from tests.support.callers import LEADERS, OFFICE, Api
from tests.support.client import Answer
from tests.support.retrying import acted, fresh_key, refused, same

MERGED: dict[str, Any] = {"on": "2019-12-30", "reason": "撤并"}


async def once(by: Api, record: Any, path: str, action: str, body: Any) -> Answer:
    """The first answer to an action that is sent twice under one key, and then under another one."""
    key = fresh_key()
    first = await acted(by, path, record, action, body, key)
    assert first.status_code == 200, first.text
    assert same(first, await acted(by, path, record, action, body, key)), action
    entries = (await by.read(f"/v1/{path}/{record['id']}/revisions"))["items"]
    assert [e["action"] for e in entries].count(action) == 1 and entries[0]["version"] == first.json()["version"]
    assert refused(await acted(by, path, record, action, body, fresh_key()))[0] == 412, "it was another version"
    return first


@pytest.mark.parametrize("decision", ["confirm_rehold", "decline_rehold"])
async def test_a_clue_that_nobody_reads_is_handed_on_once(decision: str, units: Units, office: Api) -> None:  # noqa: F811
    desk, leaders = (Api(office.app, auth=office.acting(who)) for who in (OFFICE, LEADERS))
    [receiver] = await units.several(1)
    clue, holder, _ = await units.unread()
    clue = await desk.read(f"/v1/clues/{clue['id']}")
    given = {"to_unit_number": receiver["number"], "reason": "无人可阅", "document": "示批〔2017〕3号"}
    await once(desk, clue, "clues", "rehold", given)
    clue = await leaders.read(f"/v1/clues/{clue['id']}")
    body = {"reason": "须另行提出"} if decision == "decline_rehold" else {}
    decided = await once(leaders, clue, "clues", decision, body)
    into = receiver if decision == "confirm_rehold" else holder
    assert decided.json()["holder_unit_number"] == into["number"]


@pytest.mark.parametrize("decision", ["confirm_merge", "decline_merge"])
async def test_a_merge_is_proposed_and_decided_once(decision: str, units: Units, office: Api) -> None:  # noqa: F811
    desk, leaders = (Api(office.app, auth=office.acting(who)) for who in (OFFICE, LEADERS))
    unit, heir = await units.several(2)
    proposed = await once(desk, unit, "units", "propose_merge", {"merged_into_number": heir["number"], **MERGED})
    body = {"reason": "不同意"} if decision == "decline_merge" else {}
    decided = await once(leaders, proposed.json(), "units", decision, body)
    assert decided.json()["state"] == ("merged" if decision == "confirm_merge" else "active")
    [heir] = await units.now(heir)
    assert (heir["former_names"] or []) == ([unit["name"]] if decision == "confirm_merge" else [])
