"""An export that nobody has touched changes nothing when it is sent back, whatever the system has changed since."""

from typing import Any

import pytest

from app.exports.routes import MEDIA
from app.kernel.declare.lifecycle import Transition
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.exports.test_round_trip import SUPERVISED
from tests.support.bodies import TYPES, full, other
from tests.support.callers import LEADERS, OFFICE, SUPERVISION, Api
from tests.support.records import Maker
from tests.support.sent_back import exported_file, sent_back
from tests.support.walk import Walker, open_to


async def exports(api: Api, path: str, records: list[Any], who: str) -> list[tuple[str, str, bytes]]:
    """Each record, exported in every format."""
    return [
        (form, record["number"], await exported_file(api, path, form, who, q=record["number"]))
        for record in records
        for form in MEDIA
    ]


def actions(t: RecordType, state: str) -> list[Transition]:
    """The actions that a record in this state offers to its keepers."""
    offered = open_to(t, state)
    return [arrow for arrow in t.lifecycle.public if arrow.action in offered]


async def moved_on(make: Maker, path: str, record: Any) -> int:
    """Takes every action that a record offers, each once, as far as its rules allow; the number of those taken."""
    walker, taken = Walker(make), 0
    for arrow in actions(REGISTRY.by_path[path], record["state"]):
        answer = await make.api.act(record, path, arrow.action, **await walker.body(arrow))
        if answer.status_code == 200:
            record, taken = answer.json(), taken + 1
        elif answer.status_code == 204:
            return taken + 1
    return taken


@pytest.mark.parametrize("path", TYPES)
async def test_an_untouched_export_changes_nothing(path: str, make: Maker, office: Api) -> None:
    t, who = REGISTRY.by_path[path], SUPERVISION if path in SUPERVISED and path != "clues" else OFFICE
    patched = await office.write(f"/v1/{path}", await full(make, t))
    moved = await office.write(f"/v1/{path}", await full(make.fresh(), t))
    files = await exports(office, path, [patched, moved], who)
    patch = await other(make, t, patched)
    assert (await office.change(patched, path, patch)).status_code == 200
    taken = await moved_on(make, path, moved)
    assert taken or not actions(t, moved["state"])
    for form, number, content in files:
        done, rows = await sent_back(office, content, path, media=MEDIA[form])
        assert done["state"] == "checked", (form, done)
        row = rows[number]
        assert row["result"] == "unchanged", (form, row)
        assert not row["warnings"] or {w["code"] for w in row["warnings"]} <= {"day_outside_round"}, (form, row)
        if number == patched["number"]:
            kept = {k["field"] for k in row["merged"]["kept"]}
            assert kept and row["merged"]["base_version"] == 1, (form, row, patch)


@pytest.mark.parametrize("form", MEDIA)
@pytest.mark.parametrize("path", ["clues", "case-filings", "judicial-referrals"])
async def test_an_export_of_metadata_changes_nothing(path: str, form: str, lianyuan: Api) -> None:
    for who in (OFFICE, LEADERS) if path == "clues" else (LEADERS,):
        content = await exported_file(lianyuan, path, form, who)
        done, rows = await sent_back(lianyuan, content, path, media=MEDIA[form])
        assert done["state"] == "checked", done
        found = {(r["result"], *(e["code"] for e in (*r["errors"], *r["warnings"]))) for r in rows.values()}
        assert found == {("unchanged",)}, (who, found)
