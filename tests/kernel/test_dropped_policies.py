"""Nobody sees more or less than the declarations say, and no policy can be lost, opened or added unnoticed.

The policies of the database are compared with those that the declarations give. Then each is dropped, and opened to
everything, inside a transaction that is rolled back: what its role sees must change; there is no second filter in
Python that could hide the loss.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.context import AUTH_ROLE, FIGURES_ROLE, IMPORTING, SYSTEM_ROLE, Caller
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.roles import ACTING
from app.migrate.text import render
from app.records import REGISTRY
from tests.support.bureaus import account
from tests.support.callers import CSV, HOME, NEIGHBOUR, Api
from tests.support.records import Maker
from tests.support.retrying import fresh_key, keyed
from tests.support.sql import NEXT_DOOR, OFFICE, as_system, named, undone
from tests.support.walk import Walker

RECORD_TABLES = {t.table: t.path for t in REGISTRY}
# What `ledger_auth` or the keeper reads
SECRET = ("principal", "principal_secret", "service_key", "session", "system_secret")
QUEUE = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")  # rows come and go
OF_ALL = ("calendar_year",)  # whose rows belong to no place: everybody reads all
POLICY = re.compile(r"^create policy (\w+) on (\w+) [^;]*;", re.M)
LOADER = Caller("office_loader", "ledger_loader", HOME)


async def populated(make: Maker) -> dict[str, Any]:
    """Records of every type, told to the unit, the team and the departments that they concern."""
    walker = Walker(make)
    for path in RECORD_TABLES.values():
        if path != "targets":  # a unit is the target of a round once
            await make(path)
    await make("persons", id_number=REGISTRY.by_path["persons"].field("id_number").sample)
    department = await make("units")
    await walker.reach("findings", "fed_back")
    await walker.reach("targets", "entered", team_number=(await make("teams"))["number"])
    await walker.reach("accountability-decisions", "announced", subject_kind="unit", unit_number=department["number"])
    person = await make.shared("persons")
    clue = await make("clues", person_number=person["number"])
    given = {"clue_numbers": [clue["number"]], "to_unit_number": department["number"]}
    await walker.reach("clue-transfers", "sent", **given)
    return {"unit": await make.shared("units"), "team": await make.shared("teams"), "department": department}


@pytest.fixture(scope="session")  # a process may come to this file twice, and numbers are given once
async def owner(database: EmbeddedPostgres, office: Api, neighbour: Api, admin: Api) -> AsyncIterator[Any]:
    """A superuser's connection to a database in which every table holds rows of both jurisdictions."""
    for api, code in ((office, HOME), (neighbour, NEIGHBOUR)):
        ledger = f"单位编码,单位名称,单位类型\n{code}-W800,某镇,乡镇街道\n".encode()
        await api.import_file(ledger, CSV, type="units")
        await api.import_file(f"单位编码,单位名称,单位类型\n{code}-W802,某处,衙门\n".encode(), CSV, type="units")
        content = f"单位编码,单位叫法,单位类型\n{code}-W801,另一镇,乡镇街道\n".encode()
        said = {"mapping": '{"csv": {"单位叫法": "name"}}', "remember": "true"}
        await api.import_file(content, CSV, type="units", **said)
        undone_ = await api.import_file(ledger.replace(b"W800", b"W803"), CSV, type="units")
        await api.undo(undone_)
        # A loader sees the imports of its whole division, so one of the office shows who loses what is its own.
        await api.post(
            "/v1/imports", params={"type": "units"}, content=ledger, headers={"Content-Type": CSV},
            auth=api.acting("office"),
        )  # fmt: skip
    await populated(Maker(neighbour))
    held = await populated(Maker(office))
    url = database.application_url
    await account(url, "probe-leaders", "leading_group", HOME)
    await account(url, "probe-auditor", "auditor", HOME)
    for api in (office, neighbour):
        await api.read("/v1/persons")  # leaves a line in the access log
        unit = {"name": "某村", "kind": "other"}
        assert (await api.post("/v1/units", json=unit, headers=keyed(fresh_key()))).status_code == 201
    await account(url, "probe-team", "inspection_team", HOME, team_number=held["team"]["number"])
    await account(url, "probe-unit", "inspected_unit", HOME, unit_number=held["unit"]["number"])
    for role in ("organisation_department", "handling_department"):
        await account(url, f"probe-{role[:5]}", role, HOME, unit_number=held["department"]["number"])
    await local_clock(admin)
    connection = await connect(database.superuser_url)
    await connection.fetch("select escalate_obligations(current_date)")  # as each night
    await connection.execute(
        'insert into obligation_event (jurisdiction, obligation_id, kind, "by") '
        "select distinct on (jurisdiction) jurisdiction, id, 'extended', 'office' from obligation"
    )
    yield connection
    await connection.close()


async def local_clock(admin: Api) -> None:
    """A rule and a holiday of NEIGHBOUR alone, of long ago: what holds in the whole country tells nobody apart."""
    of = {"jurisdiction": NEIGHBOUR, "source": "示府发〔1999〕1号", "reason": "本地规定"}
    days = {"days": [{"day": "1999-05-04", "kind": "holiday", "name": "县庆日"}]}
    rule = {
        "rule": "rectification", "amount": 2, "unit": "month", "roll": True, "citation": "本地规定",
        "valid_from": "1999-01-01", "valid_to": "1999-12-31", "jurisdiction": NEIGHBOUR, "reason": "本地规定",
    }  # fmt: skip
    for path, body in (("calendar-days", of | days), ("deadline-policies", rule)):
        answer = await admin.post(f"/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text


CALLERS = {
    SYSTEM_ROLE: OFFICE, IMPORTING: LOADER, FIGURES_ROLE: OFFICE, "ledger_inspection_office": OFFICE,
    "ledger_case_supervision": Caller("office_supervision", "case_supervision", HOME),
    "ledger_ledger_loader": LOADER,
    "ledger_leading_group": Caller("probe-leaders", "leading_group", HOME),
    "ledger_auditor": Caller("probe-auditor", "auditor", HOME),
    "ledger_inspection_team": Caller("probe-team", "inspection_team", HOME),
    "ledger_inspected_unit": Caller("probe-unit", "inspected_unit", HOME),
    "ledger_organisation_department": Caller("probe-organ", "organisation_department", HOME),
    "ledger_handling_department": Caller("probe-handl", "handling_department", HOME),
}  # fmt: skip


async def entering(owner: Any, role: str, caller: Caller) -> None:
    """Acts as this database role for a caller: as the system role the way the service does."""
    if role == SYSTEM_ROLE:
        await owner.execute(f"set local role {caller.database_role}")
        await as_system(owner, caller)
        return
    await owner.execute(f"set local role {role}")
    await named(owner, caller)


async def seen(owner: Any, table: str, role: str) -> int | None:
    """How many rows of a table a role sees for its caller; nothing if it may not ask."""
    async with undone(owner):
        await owner.execute(f"set local role {role}")
        if not await owner.fetchval("select has_any_column_privilege($1, 'select')", table):
            return None
        if role in CALLERS:
            await entering(owner, role, CALLERS[role])
        return int(await owner.fetchval(f"select count(*) from {table}"))


async def policies(owner: Any) -> list[Any]:
    """Every policy of the database, as Postgres holds it."""
    return [dict(p) for p in await owner.fetch("select * from pg_policies where schemaname = 'public' order by 3, 4")]


async def test_the_policies_of_the_records_are_exactly_those_that_the_declarations_give(owner: Any) -> None:
    made = list(POLICY.finditer(render()))
    found = await policies(owner)
    assert {(p["tablename"], p["policyname"]) for p in found} == {m.group(2, 1) for m in made}
    async with undone(owner):
        for m in made:
            await owner.execute(f"drop policy {m[1]} on {m[2]}")
        for m in made:
            await owner.execute(m[0])
        assert sorted(await policies(owner), key=str) == sorted(found, key=str)


async def test_each_role_sees_of_every_table_rows_of_its_own_jurisdiction_alone(owner: Any) -> None:
    for table in (*RECORD_TABLES, "revision"):
        there = await owner.fetch(f"select jurisdiction, count(*) from {table} group by 1")
        assert {HOME, NEIGHBOUR} <= {r[0] for r in there}
        for role, caller in CALLERS.items():
            async with undone(owner):
                await owner.execute(f"set local role {role}")
                if not await owner.fetchval("select has_any_column_privilege($1, 'select')", table):
                    continue
                await entering(owner, role, caller)
                rows = await owner.fetch(f"select distinct jurisdiction from {table}")
                assert {r[0] for r in rows} <= {HOME}, (table, role)
    for role, account_name in (
        ("ledger_inspection_office", NEXT_DOOR),
        (SYSTEM_ROLE, NEXT_DOOR),
        (FIGURES_ROLE, NEXT_DOOR),
    ):
        async with undone(owner):
            await entering(owner, role, account_name)
            assert [r[0] for r in await owner.fetch("select distinct jurisdiction from finding")] == [NEIGHBOUR]


async def test_a_role_without_a_caller_of_that_role_sees_nothing(owner: Any) -> None:
    """A connection that acts as another role than its caller's is told nothing, whoever the caller is."""
    for role in (r for r in CALLERS if r not in (SYSTEM_ROLE, FIGURES_ROLE)):
        for other in {c.account: c for c in CALLERS.values()}.values():
            if other == CALLERS[role]:
                continue
            async with undone(owner):
                await owner.execute(f"set local role {role}")
                await named(owner, other)
                for table in RECORD_TABLES:
                    if await owner.fetchval("select has_any_column_privilege($1, 'select')", table):
                        assert await owner.fetchval(f"select count(*) from {table}") == 0, (table, role, other.role)


async def silent(owner: Any, change: str) -> tuple[list[Any], int]:
    """The policies whose role sees some rows, and as many after the change; and how many policies were looked at."""
    unnoticed, looked = [], 0
    for p in await policies(owner):
        table = p["tablename"]
        if p["cmd"] not in ("SELECT", "ALL") or (change.startswith("alter") and p["qual"] == "true"):
            continue
        before = {role: await seen(owner, table, role) for role in p["roles"] if role != "public"}
        if not any(before.values()):
            continue
        looked += 1
        async with undone(owner):
            await owner.execute(change.format(p["policyname"], table))
            after = {role: await seen(owner, table, role) for role in before}
        if before == after:
            unnoticed.append((table, p["policyname"]))
    return unnoticed, looked


async def test_dropping_any_policy_is_noticed(owner: Any) -> None:
    unnoticed, looked = await silent(owner, "drop policy {} on {}")
    assert not unnoticed and looked > 6 * len(RECORD_TABLES)


async def test_opening_any_policy_to_everything_is_noticed(owner: Any) -> None:
    unnoticed, looked = await silent(owner, "alter policy {} on {} using (true)")
    assert not unnoticed and looked > 5 * len(RECORD_TABLES)


async def test_a_permissive_policy_that_is_added_is_noticed(owner: Any) -> None:
    for table in RECORD_TABLES:
        for role in (r for r in CALLERS if r != SYSTEM_ROLE):
            before = await seen(owner, table, role)
            async with undone(owner):
                await owner.execute(f"create policy added on {table} for select to {role} using (true)")
                assert await seen(owner, table, role) != before or before is None, (table, role)


async def test_lifting_the_security_of_a_table_is_noticed(owner: Any) -> None:
    for table in {p["tablename"] for p in await policies(owner)} - {*SECRET, *QUEUE, *OF_ALL}:
        roles = [r for r in CALLERS if r in ACTING and r != AUTH_ROLE and await seen(owner, table, r) is not None]
        before = {r: await seen(owner, table, r) for r in roles}
        async with undone(owner):
            await owner.execute(f"alter table {table} disable row level security")
            assert any([await seen(owner, table, r) != before[r] for r in roles]), table
