"""What follows from an undo for records of others: the last open opinion is gone, so its finding is rectified."""

from typing import Any

from app.db.embedded import EmbeddedPostgres
from tests.imports.conftest import Place
from tests.support.callers import NDJSON
from tests.support.ledgers import FINDING, finding, lines
from tests.support.sql import owning

PROMISED = {"responsible_person": "责任人甲", "due_on": "2017-12-31", "measures": ["整改措施"]}
DONE = {"on": "2017-07-19", "result": "已整改"}


async def acted(place: Place, record: Any, action: str, **body: Any) -> Any:
    """The opinion after an action."""
    answer = await place.api.act(record, "rectification-opinions", action, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def begun(place: Place) -> tuple[Any, Any]:
    """A finding with an opinion under way, and an import of another opinion on it."""
    r, unit = place.round, f"{place.code}-U045"
    await place.commit({"问题台账": [FINDING, finding(place.code, 1)]})
    found = await place.api.read(f"/v1/findings/{r}-F-0001")
    assert (await place.api.act(found, "findings", "feed_back", on="2017-06-09")).status_code == 200
    body = {"round_number": r, "finding_number": f"{r}-F-0001", "unit_number": unit, "text": "整改"}
    opinion = await acted(place, await place.api.write("/v1/rectification-opinions", body), "accept", **PROMISED)
    file = lines([{"number": f"{r}-R-0900", **body, **PROMISED}])
    imported = await place.api.import_file(file, NDJSON, type="rectification-opinions")
    assert imported["state"] == "committed", [x["errors"] for x in await place.api.rows(imported)]
    return opinion, imported


async def state(place: Place) -> str:
    """The state of the finding."""
    return str((await place.api.read(f"/v1/findings/{place.round}-F-0001"))["state"])


async def test_a_finding_whose_last_open_opinion_is_undone_is_rectified_and_reopened_by_the_redo(
    place: Place, database: EmbeddedPostgres
) -> None:
    opinion, imported = await begun(place)
    await acted(place, opinion, "complete", **DONE)
    assert await state(place) == "rectifying", "the imported opinion is open"
    assert (await place.api.undo(imported))["undo"]["left_alone"] == 0
    assert await state(place) == "rectified"
    restored = await place.api.undo(imported, "redo")
    assert (restored["state"], restored["undo"]["followed"], await state(place)) == ("committed", 1, "rectifying")
    await place.api.undo(imported)
    assert await state(place) == "rectified"
    async with owning(database) as owner:
        out = await owner.fetch("select * from records_out_of_step() where jurisdiction = $1", place.code)
    assert not out


async def test_a_finding_that_nobody_has_touched_since_is_as_it_was(place: Place) -> None:
    _, imported = await begun(place)
    before = await place.api.read(f"/v1/findings/{place.round}-F-0001")
    for action in ("undo", "redo", "undo"):
        assert (await place.api.undo(imported, action))["undo"]["followed"] == 0
        assert await place.api.read(f"/v1/findings/{place.round}-F-0001") == before


async def test_an_opinion_stays_undone_once_its_finding_was_closed_off_because_of_that(place: Place) -> None:
    opinion, imported = await begun(place)
    await acted(place, opinion, "complete", **DONE)
    await place.api.undo(imported)
    found = await place.api.read(f"/v1/findings/{place.round}-F-0001")
    closed = await place.api.act(found, "findings", "close_off", on="2017-08-06")
    assert closed.status_code == 200, closed.text
    restored = await place.api.undo(imported, "redo")
    assert (restored["state"], restored["problem"]["code"], await state(place)) == (
        "undone", "redo_nothing", "closed_off",
    )  # fmt: skip
    assert [x["code"] for x in await place.api.undone(restored)] == ["undo_effect_changed"]
