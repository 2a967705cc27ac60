"""No live record refers to an absent, voided or foreign one, whoever writes it and by whatever way."""

import uuid
from typing import Any

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.support.callers import Api
from tests.support.proofs import share
from tests.support.records import Maker
from tests.support.sql import owning, undone

POINTING = [(t, f) for t in REGISTRY for f in t.references]
NAMES = [f"{t.path}.{f.name}" for t, f in POINTING]


async def copied(owner: Any, t: RecordType, record: dict[str, Any], **changed: Any) -> None:
    """Puts a copy in the place of a record, past the service, as the owner of the database, some columns changed."""
    await owner.execute(f"update {t.table} set version = version + 1, state = 'voided' where id = $1", record["id"])
    generated = "is_generated = 'NEVER' and table_schema = 'public'"
    found = await owner.fetch(
        f"select column_name from information_schema.columns where table_name = $1 and {generated}", t.table
    )
    columns = [r["column_name"] for r in found]
    given = {"id": uuid.uuid4(), "number": f"COPY-{uuid.uuid4().hex[:12]}-1", "version": 1}
    given |= {"state": record["state"], **changed}
    values = [f"${list(given).index(c) + 2}" if c in given else c for c in columns]
    await owner.execute(
        f"insert into {t.table} ({', '.join(columns)}) select {', '.join(values)} from {t.table} where id = $1",
        record["id"], *given.values(),
    )  # fmt: skip


@share(3)
@pytest.mark.parametrize(("t", "f"), POINTING, ids=NAMES)
async def test_a_row_that_refers_to_nothing_is_refused_also_to_the_owner_of_the_database(
    t: RecordType, f: Any, make: Maker, database: EmbeddedPostgres
) -> None:
    record, nobody = await make(t.path), uuid.uuid4()
    absent: Any = [nobody] if f.many else nobody
    async with owning(database) as owner:
        for change in (
            lambda: copied(owner, t, record, **{f.id_column: absent}),
            lambda: owner.execute(
                f"update {t.table} set version = version + 1, {f.id_column} = $2 where id = $1", record["id"], absent
            ),
        ):
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                async with undone(owner):
                    await change()


async def test_a_row_that_refers_across_jurisdictions_is_refused(
    make: Maker, neighbour: Api, database: EmbeddedPostgres
) -> None:
    finding, foreign = await make("findings"), await Maker(neighbour)("units")
    async with owning(database) as owner:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await copied(owner, REGISTRY.by_path["findings"], finding, unit_id=uuid.UUID(foreign["id"]))


async def test_a_copy_that_refers_to_what_is_there_is_taken(make: Maker, database: EmbeddedPostgres) -> None:
    """The refusals above are for their references."""
    finding = await make("findings")
    async with owning(database) as owner, undone(owner):
        await copied(owner, REGISTRY.by_path["findings"], finding)
