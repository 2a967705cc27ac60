"""Obligations exist for whoever sees their record, by the matrix kept by hand, and for nobody else."""

from collections import Counter
from typing import Any

from app.db.embedded import EmbeddedPostgres
from app.kernel.schema.calls import PEOPLE
from tests.access.matrix import SEES
from tests.access.ways import ABSENT, seen
from tests.access.world import World
from tests.support.sql import owning


async def open_obligations(database: EmbeddedPostgres, world: World) -> list[Any]:
    async with owning(database) as owner:
        sql = "select id::text, record_type, record_id::text from obligation where jurisdiction = $1"
        return list(await owner.fetch(f"{sql} and closed_on is null", world.code))


async def test_a_role_is_told_of_the_obligations_of_records_that_it_sees(
    world: World, database: EmbeddedPostgres
) -> None:
    every = await open_obligations(database, world)
    assert {row["record_type"] for row in every} >= {"rectification-opinions", "immediate-rectifications"}
    told = Counter[str]()
    for role in SEES:
        answer = await world.callers[role].get("/v1/deadlines", params={"limit": "200"})
        people = world.callers[role]
        if answer.status_code == 403:
            me = (await people.read("/v1/me"))["role"]
            assert me not in PEOPLE, role
            continue
        wanted = {
            row["id"]
            for row in every
            if row["record_id"] in {world.id(label) for label in seen(role, row["record_type"])}
        }
        found = {item["id"] for item in answer.json()["items"]}
        assert found == wanted, (role, [dict(r) for r in every if r["id"] in found ^ wanted])
        told[role] = len(found)
        for row in every:
            one = await people.get(f"/v1/deadlines/{row['id']}")
            assert one.status_code == (200 if row["id"] in wanted else 404), (role, row)
            for action, body in (("pause", {"reason": "试"}), ("extend", {}), ("resume", {})):
                if row["id"] not in wanted:
                    none = await people.post(f"/v1/deadlines/{ABSENT}/actions/{action}", json=body)
                    hidden = await people.post(f"/v1/deadlines/{row['id']}/actions/{action}", json=body)
                    assert (none.status_code, hidden.status_code) == (404, 404), (role, row)
    assert len({*told.values()}) > 2, told
