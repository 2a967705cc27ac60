"""Whatever path a row takes, its revision is written by the database, and no version is left out."""

from typing import Any

import asyncpg
import pytest

from app.db.context import SYSTEM_ROLE
from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.support.bodies import TYPES
from tests.support.callers import HOME, Api
from tests.support.records import Maker
from tests.support.sql import acting, owning, undone

TABLES = [t.table for t in REGISTRY]


async def newest(office: Api, path: str, record: Any) -> Any:
    """The newest revision."""
    history = (await office.read(f"/v1/{path}/{record['id']}/revisions"))["items"]
    return await office.read(f"/v1/{path}/{record['id']}/revisions/{history[0]['version']}")


@pytest.mark.parametrize("path", TYPES)
async def test_an_update_by_hand_leaves_a_revision_with_the_caller_and_the_document(
    path: str, make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    record = await make(path)
    table = REGISTRY.by_path[path].table
    async with acting(database, role=SYSTEM_ROLE) as connection:
        await connection.execute(f"update {table} set note = '手改', version = version + 1 where id = $1", record["id"])
    now = await office.read(f"/v1/{path}/{record['id']}")
    assert (now["note"], now["version"]) == ("手改", 2)
    entry = await newest(office, path, record)
    by = "office" if office.writer(path) == "office" else None  # case supervision is told no name of the office
    assert (entry["version"], entry["action"], entry["by"], entry["changed"]) == (2, "raw", by, ["/note"])
    assert entry["record"] == now


async def test_one_statement_over_many_rows_leaves_a_revision_for_each(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    units = [await make("units") for _ in range(20)]
    async with acting(database) as connection:
        text = "update unit set note = '成批', version = version + 1 where id = any($1::uuid[])"
        assert await connection.execute(text, [u["id"] for u in units]) == "UPDATE 20"
    for unit in units:
        entry = await newest(office, "units", unit)
        assert (entry["version"], entry["record"]["note"]) == (2, "成批")


COPIED = """jurisdiction, id, number, version, state, name, kind, created_at, created_by, updated_at, updated_by"""


async def test_rows_that_are_selected_into_the_table_leave_a_first_revision(
    office: Api, database: EmbeddedPostgres
) -> None:
    async with acting(database) as connection:
        ids = await connection.fetch(
            f"""insert into unit ({COPIED}) select '{HOME}', gen_random_uuid(), 'SEL-' || n, 1, 'active', '选入' || n,
            'other', now(), 'office', now(), 'office' from generate_series(1, 50) n returning id::text"""
        )
    for row in ids[::10]:
        entry = await newest(office, "units", row)
        assert (entry["version"], entry["action"], entry["by"]) == (1, "raw", "office")
        assert entry["record"] == await office.read(f"/v1/units/{row['id']}")


async def test_rows_that_the_owner_copies_in_leave_a_first_revision_with_his_name(
    office: Api, database: EmbeddedPostgres
) -> None:
    async with owning(database) as connection:
        user = await connection.fetchval("select session_user")
        rows = await connection.fetch("select gen_random_uuid() as id, now() as at from generate_series(1, 5)")
        lines = [
            (HOME, r["id"], f"CPY-{n}", 1, "active", "抄入", "other", r["at"], "x", r["at"], "x")
            for n, r in enumerate(rows)
        ]
        await connection.copy_records_to_table("unit", records=lines, columns=[c.strip() for c in COPIED.split(",")])
    for row in rows:
        entry = await newest(office, "units", {"id": str(row["id"])})
        assert (entry["version"], entry["action"], entry["by"]) == (1, "insert", user)
        assert entry["record"]["name"] == "抄入"


FORBIDDEN = {
    "a version that is skipped": "update {table} set version = version + 2 where id = $1",
    "a version that stays": "update {table} set note = 'x' where id = $1",
    "a version that goes back": "update {table} set version = version - 1 where id = $1",
    "another number": "update {table} set number = number || '9', version = version + 1 where id = $1",
    "another identifier": "update {table} set id = gen_random_uuid(), version = version + 1 where id = $1",
    "another jurisdiction": "update {table} set jurisdiction = '431381', version = version + 1 where id = $1",
    "an erasure": "delete from {table} where id = $1",
}


@pytest.mark.parametrize("path", TYPES)
async def test_the_guard_binds_even_the_owner(path: str, make: Maker, office: Api, database: EmbeddedPostgres) -> None:
    record = await make(path)
    table = REGISTRY.by_path[path].table
    async with owning(database) as connection:
        for what, text in FORBIDDEN.items():
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(text.format(table=table), record["id"])
                raise AssertionError(what)
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(f"truncate {table} cascade")
        with pytest.raises(asyncpg.RestrictViolationError):
            kept = await connection.fetchval(
                "select string_agg(attname, ', ') from pg_attribute"
                " where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
                table,
            )
            await connection.execute(
                f"insert into {table} ({kept}) select {kept} from"
                f" (select (jsonb_populate_record(x, jsonb_build_object('id', gen_random_uuid(),"
                f" 'number', 'V2-' || x.number, 'version', 2))).* from {table} x where id = $1)",
                record["id"],
            )
    assert await office.read(f"/v1/{path}/{record['id']}") == record


async def test_a_revision_is_never_changed_nor_removed(make: Maker, database: EmbeddedPostgres) -> None:
    record = await make("units")
    async with owning(database) as connection:
        for text in (
            "update revision set actor = 'x' where record_id = $1",
            "delete from revision where record_id = $1",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(text, record["id"])
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute("truncate revision")


async def test_no_version_of_any_record_is_missing_or_differs_from_its_row(database: EmbeddedPostgres) -> None:
    """After whatever the other tests did: versions are dense from 1, and the last snapshot is the row."""
    async with owning(database) as connection, connection.transaction():
        await connection.execute("set local timezone = 'Asia/Shanghai'")
        for t in REGISTRY:
            wrong = await connection.fetch(
                f"""select t.number from {t.table} t left join lateral (
                  select count(*) as kept, max(version) as last,
                    (array_agg(snapshot order by version desc))[1] as snapshot
                  from revision r where r.jurisdiction = t.jurisdiction and r.record_type = '{t.path}'
                    and r.record_id = t.id) r on true
                where r.kept is distinct from t.version or r.last is distinct from t.version
                  or r.snapshot is distinct from to_jsonb(t)"""
            )
            assert not wrong, (t.path, wrong[:3])


async def test_a_write_that_is_rolled_back_leaves_no_revision(
    make: Maker, office: Api, database: EmbeddedPostgres
) -> None:
    record = await make("units")
    async with owning(database) as connection:
        async with undone(connection):
            await connection.execute("update unit set note = 'x', version = 2 where id = $1", record["id"])
        assert await connection.fetchval("select count(*) from revision where record_id = $1", record["id"]) == 1
    assert await office.read(f"/v1/units/{record['id']}") == record
