"""`python -m app prune` removes what is past its time, says what it was, and cannot be made to remove more."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.roles import ACTING, JOBS
from tests.cli.running import run
from tests.migrate.conftest import migrated  # noqa: F401  # the fixture
from tests.support.callers import CSV, HOME, NEIGHBOUR, Api
from tests.support.databases import environment
from tests.support.sql import waits_or_ends

AGED = "update import_job set finished_at = finished_at - $2::interval where id = $1"
ENTRY = """insert into access_log (jurisdiction, principal, role, kind, record_type, at)
    values ($1, 'prune-test', 'case_supervision', $2, 'persons', now() - $3::interval) returning seq"""


@pytest.fixture
async def owner(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """The superuser, whom no policy binds."""
    connection = await connect(database.superuser_url)
    yield connection
    await connection.close()


async def pruned(database: EmbeddedPostgres, folder: Path, *options: str, **more: str) -> Result:
    """The command. In this process, as one of its own takes two seconds of processor only to begin."""
    settings = {"LEDGER_DATA_DIR": str(folder / "data"), **environment(database.application_url), **more}
    return await asyncio.to_thread(CliRunner().invoke, cli, ["prune", *options], env=settings)


def aged(days: int) -> Any:
    """So many days, as Postgres' driver takes an interval."""
    return timedelta(days=days)


async def imported(api: Api, number: str, **query: str) -> Any:
    """An import of two units, whose rows hold what is to be written."""
    text = f"单位编码,单位名称,单位类型\n{number}1,{number}甲,其他\n{number}2,{number}乙,其他\n"
    return await api.import_file(text.encode(), CSV, type="units", **query)


async def rows_of(owner: Any, found: Any) -> int:
    return int(await owner.fetchval("select count(*) from import_row where import_id = $1", found["id"]))


async def test_rows_of_old_imports_go_and_their_counts_stay(
    office: Api, owner: Any, database: EmbeddedPostgres, folder: Path
) -> None:
    old = await imported(office, "431382-PRUNE-A")
    preview = await imported(office, "431382-PRUNE-B", mode="preview")
    young = await imported(office, "431382-PRUNE-C")
    for found, days in ((old, 31), (preview, 40), (young, 29)):
        await owner.execute(AGED, found["id"], aged(days))
    before = await office.read(f"/v1/imports/{old['id']}")
    assert before["rows_removed_at"] is None
    data, url = folder / "data", database.application_url
    told = await asyncio.to_thread(run, data, "prune", "--dry-run", **environment(url))  # as an operator does
    assert told.returncode == 0 and HOME in told.stdout and "units" in told.stdout, told
    assert "4 would be removed; nothing was" in told.stdout
    assert [await rows_of(owner, found) for found in (old, preview, young)] == [2, 2, 2]
    told = await pruned(database, folder)
    assert told.exit_code == 0 and "4 removed" in told.stdout, told
    assert [await rows_of(owner, found) for found in (old, preview, young)] == [0, 0, 2]
    after = await office.read(f"/v1/imports/{old['id']}")
    assert after.pop("rows_removed_at") and after == {k: v for k, v in before.items() if k != "rows_removed_at"}
    for found in (old, preview):
        answer = await office.get(f"/v1/imports/{found['id']}/rows", headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.json()["code"]) == (410, "import_rows_removed"), answer.text
        assert after["finished_at"] and "30 days" in answer.json()["detail"]
    assert len((await office.read(f"/v1/imports/{young['id']}/rows"))["items"]) == 2
    assert (await office.get("/v1/units/431382-PRUNE-A1")).status_code == 200, "what was imported stays"
    assert "none" in (await pruned(database, folder)).stdout.splitlines()[0]


async def test_a_preview_whose_rows_are_gone_is_not_committed(
    office: Api, owner: Any, database: EmbeddedPostgres, folder: Path
) -> None:
    preview = await imported(office, "431382-PRUNE-D", mode="preview")
    await owner.execute(AGED, preview["id"], aged(31))
    await pruned(database, folder)
    answer = await office.post(f"/v1/imports/{preview['id']}/actions/commit")
    assert (answer.status_code, answer.json()["code"]) == (410, "import_rows_removed")
    assert (await office.read(f"/v1/imports/{preview['id']}"))["state"] == "checked"
    assert (await office.get("/v1/units/431382-PRUNE-D1")).status_code == 404


async def test_a_commit_that_meets_the_removal_finds_the_rows_gone_and_writes_nothing(
    office: Api, owner: Any, database: EmbeddedPostgres
) -> None:
    preview = await imported(office, "431382-PRUNE-E", mode="preview")
    await owner.execute(AGED, preview["id"], aged(31))
    jobs = await connect(database.logins.jobs, JOBS)
    try:
        async with jobs.transaction():
            assert await jobs.fetch("select * from prune_imports(true)")
            commit = asyncio.create_task(office.post(f"/v1/imports/{preview['id']}/actions/commit"))
            await waits_or_ends(owner, commit)
            assert not commit.done()
        answer = await commit
    finally:
        await jobs.close()
    assert (answer.status_code, answer.json()["code"]) == (410, "import_rows_removed"), answer.text
    assert (await office.read(f"/v1/imports/{preview['id']}"))["state"] == "checked"
    assert (await office.get("/v1/units/431382-PRUNE-E1")).status_code == 404


@pytest.mark.parametrize("state", ["received", "checking", "committing"])
async def test_an_import_that_is_under_way_keeps_its_rows(
    state: str, office: Api, owner: Any, database: EmbeddedPostgres, folder: Path
) -> None:
    preview = await imported(office, f"431382-PRUNE-{state}", mode="preview")
    await owner.execute(AGED, preview["id"], aged(31))
    await owner.execute("update import_job set state = $2 where id = $1", preview["id"], state)
    assert (await pruned(database, folder)).exit_code == 0
    assert await rows_of(owner, preview) == 2
    await owner.execute("update import_job set state = 'checked' where id = $1", preview["id"])
    assert (await office.post(f"/v1/imports/{preview['id']}/actions/commit")).json()["state"] == "committed"


async def test_entries_of_the_access_log_go_when_they_are_older_than_the_setting(
    owner: Any, database: EmbeddedPostgres, folder: Path
) -> None:
    ages = {1: "young", 200: "half", 800: "two", 1200: "three", 2000: "old"}
    seq = {}
    for days, name in ages.items():
        for code in (HOME, NEIGHBOUR):
            seq[name, code] = await owner.fetchval(ENTRY, code, "find" if name == "old" else "read", aged(days))

    async def left() -> set[str]:
        rows = await owner.fetch("select seq from access_log where principal = 'prune-test'")
        return {name for name, _ in seq if {seq[name, HOME], seq[name, NEIGHBOUR]} <= {r[0] for r in rows}}

    told = (await pruned(database, folder, "--dry-run")).stdout
    assert "36 个月" in told and "按身份证号查找 find" in told and await left() == set(ages.values())
    told = (await pruned(database, folder)).stdout
    assert await left() == {"young", "half", "two"} and told.count("查看 read") == 2
    assert all(code in told for code in (HOME, NEIGHBOUR))
    assert (await pruned(database, folder, LEDGER_ACCESS_LOG_MONTHS="24")).exit_code == 0
    assert await left() == {"young", "half"}
    assert (await pruned(database, folder, LEDGER_ACCESS_LOG_MONTHS="6")).exit_code == 0
    assert await left() == {"young"}


@pytest.mark.parametrize("months", ["5", "0", "-1", "soon"])
async def test_less_than_six_months_is_refused_with_a_sentence(
    months: str, database: EmbeddedPostgres, folder: Path
) -> None:
    refused = await pruned(database, folder, LEDGER_ACCESS_LOG_MONTHS=months)
    assert refused.exit_code == 2 and refused.stdout == ""
    assert "LEDGER_ACCESS_LOG_MONTHS" in refused.stderr and "Traceback" not in refused.stderr


async def test_whatever_is_asked_the_database_keeps_the_log_for_six_months(
    owner: Any, database: EmbeddedPostgres
) -> None:
    young, half = [await owner.fetchval(ENTRY, HOME, "read", aged(days)) for days in (1, 178)]
    jobs = await connect(database.logins.jobs, JOBS)
    try:
        for months in (0, -100, 1, None, 6):
            await jobs.fetch("select * from prune_access_log($1, true)", months)
        for text in ("delete from access_log", "delete from import_row", "select * from access_log"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await jobs.execute(text)
    finally:
        await jobs.close()
    assert await owner.fetchval("select count(*) from access_log where seq = any($1)", [young, half]) == 2
    old = await owner.fetchval(ENTRY, HOME, "read", aged(900))
    for role in (None, "ledger_owner", "ledger_keeper"):
        for text in (f"delete from access_log where seq = {young}", f"delete from access_log where seq = {old}"):
            transaction = owner.transaction()
            await transaction.start()
            try:
                await owner.execute(f"set local role {role}" if role else "select 1")
                gone = await owner.execute(text)
                assert gone == "DELETE 0", (role, text)
            except (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError):
                pass
            finally:
                await transaction.rollback()
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("update access_log set kind = 'list' where seq = $1", old)


@pytest.mark.parametrize("role", [r for r in ACTING if r != JOBS])
async def test_no_role_but_that_of_jobs_may_ask_for_it(role: str, database: EmbeddedPostgres) -> None:
    connection = await connect(database.logins.of(role), role)
    try:
        for text in ("select * from prune_imports(true)", "select * from prune_access_log(36, true)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(text)
    finally:
        await connection.close()


SIGNED_IN = """insert into sign_in (principal, low, method, outcome, address, at)
    values ('prune-test', $1, 'password', 'accepted', 'prune', now() - $2::interval)"""


async def test_old_sign_ins_and_sessions_go_and_half_a_year_of_them_stays(
    owner: Any, database: EmbeddedPostgres, folder: Path
) -> None:
    session = """insert into session (id, principal, address, expires_at)
      values (gen_random_uuid(), 'admin', 'prune', now() - $1::interval)"""
    for days in (1, 178, 800, 1200):
        await owner.execute(SIGNED_IN, HOME, aged(days))
        await owner.execute(session, aged(days))

    async def left() -> tuple[int, int]:
        entries = await owner.fetchval("select count(*) from sign_in where address = 'prune'")
        return entries, await owner.fetchval("select count(*) from session where address = 'prune'")

    assert "已登录 accepted" in (await pruned(database, folder, "--dry-run")).stdout and await left() == (4, 4)
    assert (await pruned(database, folder)).exit_code == 0
    assert await left() == (3, 3)
    jobs = await connect(database.logins.jobs, JOBS)
    try:
        for months in (0, -100, None, 6):
            await jobs.fetch("select * from prune_sign_ins($1, true)", months)
        assert await left() == (2, 2)
        for text in ("delete from sign_in", "delete from session", "select * from sign_in"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await jobs.execute(text)
    finally:
        await jobs.close()
