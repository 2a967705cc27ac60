"""An import is undone by revisions, and its undo is undone: everything is as it was, but for versions."""

from typing import Any

from tests.imports.conftest import Place
from tests.support.ledgers import FINDING, finding

MOVES = ("version", "updated_at", "updated_by", "updated_by_role", "available_actions")


def content(record: Any) -> Any:
    """A record without what every version has of its own."""
    return {k: v for k, v in record.items() if k not in MOVES}


async def findings(place: Place) -> dict[str, Any]:
    """The findings of the list, by number."""
    return {r["number"]: content(r) for r in await place.api.every("findings", round_number=place.round)}


async def test_what_was_new_is_voided_and_what_was_changed_is_as_before(place: Place) -> None:
    await place.commit({"问题台账": [FINDING, finding(place.code, 1)]})
    before = await findings(place)
    rows = [finding(place.code, 1, 问题标题="另一个标题"), finding(place.code, 2), finding(place.code, 3)]
    imported = await place.commit({"问题台账": [FINDING, *rows]})
    after = await findings(place)
    undone = await place.api.undo(imported)
    assert (undone["state"], undone["problem"]) == ("undone", None)
    assert {k: undone["undo"][k] for k in ("action", "records", "followed", "left_alone")} == {
        "action": "undo", "records": 3, "followed": 0, "left_alone": 0,
    }  # fmt: skip
    assert await findings(place) == before
    new = await place.api.read(f"/v1/findings/{place.round}-F-0002")
    assert new["state"] == "voided"
    history = (await place.api.read(f"/v1/findings/{new['id']}/revisions"))["items"]
    assert (history[0]["action"], history[0]["reason"]) == ("undo", f"撤销导入 {imported['id']}")
    assert history[0]["source"]["import_id"] == imported["id"]
    redone = await place.api.undo(imported, "redo")
    assert (redone["state"], redone["undo"]["action"], redone["undo"]["records"]) == ("committed", "redo", 3)
    assert await findings(place) == after
    assert (await place.api.undo(imported))["state"] == "undone"
    assert await findings(place) == before
