"""Background tasks lose their connections: they come back, are counted, and no import is left behind."""

import asyncio
from collections.abc import Callable
from typing import Any

from app.db.embedded import EmbeddedPostgres
from tests.faults.conftest import Wired
from tests.faults.test_database_faults import eventually, ready
from tests.support.sql import owning

CSV = "text/csv"
COLUMNS = "单位编码,单位名称,单位类型,上级单位\n"


def units(*names: str) -> bytes:
    """A ledger of new units."""
    return (COLUMNS + "".join(f",{name},村组,\n" for name in names)).encode()


async def restarts(wired: Wired, task: str) -> float:
    """How often a task was started again, as `/metrics` has it."""
    text = (await wired.anonymous.get("/metrics")).text
    (line,) = [x for x in text.splitlines() if x.startswith(f'ledger_task_restarts_total{{task="{task}"}}')]
    return float(line.rpartition(" ")[2])


async def sent(wired: Wired, content: bytes) -> str:
    """Sends a ledger; the address of the import."""
    answer = await wired.loader.post(
        "/v1/imports", params={"type": "units", "mode": "commit", "jurisdiction": "431382"}, content=content,
        headers={"Content-Type": CSV},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


async def test_tasks_whose_sessions_were_terminated_come_back_and_imports_are_done(
    service_on_wires: Wired, database: EmbeddedPostgres
) -> None:
    before = {task: await restarts(service_on_wires, task) for task in ("imports", "principals")}
    async with owning(database) as owner:
        ended = await owner.fetchval(
            "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity where usename in"
            " ('ledger_app', 'ledger_app_auth', 'ledger_app_jobs')"
        )
    assert ended >= 3
    location = await eventually_sent(service_on_wires, units("断线之后"))
    assert (await service_on_wires.loader.ended(location))["state"] == "committed"
    assert await eventually(ready, service_on_wires, (200, ""))
    for task, count in before.items():
        assert await restarts(service_on_wires, task) > count


async def eventually_sent(wired: Wired, content: bytes) -> str:
    """Sends a ledger as a client would: again, as long as it is told that nothing was saved."""
    for _ in range(100):
        try:
            return await sent(wired, content)
        except AssertionError as refused:
            assert "没有保存" in str(refused), refused
            await asyncio.sleep(0.05)
    raise AssertionError("never taken")


async def test_an_import_that_comes_while_the_queue_is_unreachable_is_done_when_it_is_back(
    service_on_wires: Wired, database: EmbeddedPostgres
) -> None:
    async with owning(database) as owner:
        await owner.execute("alter role ledger_app_jobs connection limit 0")
        try:
            service_on_wires.jobs.break_all()
            assert await eventually(ready, service_on_wires, (503, "task_not_running"))
            location = await sent(service_on_wires, units("等着的"))
            assert (await service_on_wires.loader.read(location))["state"] == "received"
        finally:
            await owner.execute("alter role ledger_app_jobs connection limit -1")
    found = await service_on_wires.loader.ended(location)
    assert (found["state"], found["sheets"][0]["created"]) == ("committed", 1), found
    assert await eventually(ready, service_on_wires, (200, ""))


async def stopped_at(wired: Wired, database: EmbeddedPostgres, content: bytes, strike: Callable[[], Any]) -> Any:
    """Sends a ledger, lets its import wait for a lock on the table it writes, and strikes. The import at its end."""
    async with owning(database) as owner, owner.transaction():
        await owner.execute("lock table unit in share mode")
        location = await sent(wired, content)
        for _ in range(600):
            waits = "select count(*) from pg_locks where relation = 'unit'::regclass and not granted"
            if await owner.fetchval(waits):
                break
            await asyncio.sleep(0.02)
        strike()
    return await wired.loader.ended(location)


async def count(database: EmbeddedPostgres, name: str) -> int:
    """How many units have this name."""
    async with owning(database) as owner:
        found: int = await owner.fetchval("select count(*) from unit where name = $1", name)
    return found


async def test_an_import_at_work_that_loses_its_connection_is_told_as_interrupted_and_sent_again(
    service_on_wires: Wired, database: EmbeddedPostgres
) -> None:
    wires = service_on_wires

    def all_cut() -> None:
        for wire in (wires.requests, wires.auth, wires.jobs):
            wire.break_all()

    for n, strike in enumerate((wires.requests.break_all, all_cut)):
        name = f"中断的{n}"
        found = await stopped_at(wires, database, units(name), strike)
        assert (found["state"], found["problem"]["code"]) == ("failed", "import_interrupted"), found
        assert await count(database, name) == 0
        assert await eventually(ready, wires, (200, ""))
        again = await wires.loader.ended(await sent(wires, units(name)))
        assert (again["state"], await count(database, name)) == ("committed", 1)


async def test_an_import_at_work_goes_on_when_only_the_queue_loses_its_connections(
    service_on_wires: Wired, database: EmbeddedPostgres
) -> None:
    """Its lock is gone with them, so that the next look may take it for interrupted: then nothing is written."""
    found = await stopped_at(service_on_wires, database, units("队列断线"), service_on_wires.jobs.break_all)
    written = await count(database, "队列断线")
    assert (found["state"], written) in (("committed", 1), ("failed", 0)), (found, written)
    assert await eventually(ready, service_on_wires, (200, ""))


PICKED = """create function picked_by_nobody() returns trigger language plpgsql as $$ begin
  new.status := 'picked'; new.heartbeat := now() - interval '8 seconds'; new.queue_manager_id := gen_random_uuid();
  return new; end $$;
create trigger picked_by_nobody before insert on pgqueuer for each row execute function picked_by_nobody()"""


async def test_an_import_whose_picking_nobody_heard_of_is_picked_again(
    service_on_wires: Wired, database: EmbeddedPostgres
) -> None:
    """Postgres may have committed that a job was picked, and have been killed before it answered."""
    async with owning(database) as owner:
        await owner.execute(PICKED)
        try:
            location = await sent(service_on_wires, units("没人听见的"))
        finally:
            await owner.execute("drop function picked_by_nobody() cascade")
    found = await service_on_wires.loader.ended(location)
    assert (found["state"], found["sheets"][0]["created"]) == ("committed", 1), found
