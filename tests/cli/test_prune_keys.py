"""`python -m app prune` removes Idempotency-Keys after seven days, and nothing makes it remove younger ones."""

from pathlib import Path

import asyncpg
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.roles import ACTING, JOBS
from app.records import REGISTRY
from tests.cli.test_prune import pruned
from tests.support.callers import Api
from tests.support.records import Maker
from tests.support.retrying import created, fresh_key, replayed, same
from tests.support.sql import owning

PRUNE = "select * from prune_idempotency_keys(true)"


async def test_keys_go_after_seven_days_and_younger_ones_stay(
    make: Maker, office: Api, database: EmbeddedPostgres, folder: Path
) -> None:
    body, old, young = await make.body(REGISTRY.by_path["findings"]), fresh_key(), fresh_key()
    gone, kept = [await created(office, "findings", body, key) for key in (old, young)]
    async with owning(database) as owner:
        age = "update idempotency_key set at = at - $2::text::interval where name = $1"
        await owner.execute(age, gone.json()["id"], "7 days")
        await owner.execute(age, kept.json()["id"], "6 days 23 hours")
        told = (await pruned(database, folder, "--dry-run")).stdout
        assert "发现问题 findings" in told and "7 天" in told
        assert await owner.fetchval("select count(*) from idempotency_key where name = $1", gone.json()["id"]) == 1
        assert (await pruned(database, folder)).exit_code == 0
        assert await owner.fetchval("select count(*) from idempotency_key where name = $1", gone.json()["id"]) == 0
    assert same(kept, await created(office, "findings", body, young))
    assert not replayed(await created(office, "findings", body, old))


async def test_no_role_but_that_of_jobs_may_ask_for_it_and_none_reads_them(database: EmbeddedPostgres) -> None:
    for role in (r for r in ACTING if r != JOBS):
        connection = await connect(database.logins.of(role), role)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(PRUNE)
        await connection.close()
    jobs = await connect(database.logins.jobs, JOBS)
    for text in ("select * from idempotency_key", "delete from idempotency_key"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await jobs.fetch(text)
    await jobs.close()
