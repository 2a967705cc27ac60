"""An attacker who holds the login of requests and writes SQL by hand.

It can name any caller that there is: that is not prevented (docs/security.md). All else is.
"""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.db.context import FIGURES_ROLE, SYSTEM_ROLE
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.roles import ACTING, BECOMES, KEEPER, OWNER
from app.records import REGISTRY
from app.roles import READERS, ROLES, WORK_LIST_READERS
from tests.support.bureaus import account
from tests.support.callers import HOME, NEIGHBOUR
from tests.support.records import Maker
from tests.support.sql import NEXT_DOOR, OFFICE, acting, as_system, named, owning, undone

REACHED = BECOMES["requests"]
OTHERS = (OWNER, KEEPER, *(role for role in ACTING if role not in REACHED))
SECRET = ("principal", "principal_secret", "service_key", "system_secret")
REFUSED = asyncpg.InsufficientPrivilegeError


@pytest.fixture
async def stolen(database: EmbeddedPostgres) -> AsyncIterator[Any]:
    """A connection of the login, as none of its roles yet."""
    connection = await asyncpg.connect(database.application_url)
    yield connection
    await connection.close()


async def tried(connection: Any, text: str, *arguments: Any) -> Any:
    """What a statement answers, in a transaction that is undone."""
    async with undone(connection):
        return await connection.fetch(text, *arguments)


async def test_it_becomes_the_roles_of_callers_and_no_other(stolen: Any, database: EmbeddedPostgres) -> None:
    names = [r["rolname"] for r in await stolen.fetch("select rolname from pg_roles where rolname <> current_user")]
    assert {*OTHERS, "postgres", "pg_read_all_data"} < {*names}
    for role in names:
        if role in REACHED:
            await tried(stolen, f'set local role "{role}"')
            continue
        for text in (f'set local role "{role}"', f'set session authorization "{role}"', f"grant {role} to ledger_app"):
            with pytest.raises((REFUSED, asyncpg.FeatureNotSupportedError)):
                await tried(stolen, text)
        with pytest.raises((asyncpg.InvalidParameterValueError, REFUSED)):
            await asyncpg.connect(database.application_url, server_settings={"role": role})


async def test_each_further_login_becomes_its_own_role_and_no_other(database: EmbeddedPostgres) -> None:
    for kind, url in database.logins.addresses().items():
        connection = await asyncpg.connect(url)
        able = await connection.fetch("select rolname from pg_roles where pg_has_role(oid, 'member')")
        assert {r["rolname"] for r in able} - {connection._params.user} == {*BECOMES[kind]}, kind
        await connection.close()


async def test_it_reads_no_hash_no_key_and_no_secret_as_any_role(stolen: Any) -> None:
    for role in REACHED:
        await stolen.execute(f"set role {role}")
        for table in SECRET:
            for text in (f"select * from {table}", f"select count(*) from {table}", f"update {table} set ctid = ctid"):
                with pytest.raises((REFUSED, asyncpg.FeatureNotSupportedError)):
                    await tried(stolen, text)
    catalogue = ("pg_authid", "pg_largeobject", "pg_statistic", "pg_user_mapping")
    for table in catalogue:
        with pytest.raises(REFUSED):
            await tried(stolen, f"select count(*) from {table}")


async def test_the_roles_without_a_caller_of_their_own_read_no_sealed_value(
    make: Maker, stolen: Any, database: EmbeddedPostgres
) -> None:
    await make("persons", id_number=REGISTRY.by_path["persons"].field("id_number").sample)
    for role in (SYSTEM_ROLE, "ledger_importing", "ledger_figures", "ledger_administrator", "ledger_auditor"):
        with pytest.raises(REFUSED):
            await stolen.execute(f"set role {role}")
            await tried(stolen, "select * from sealed_value")
    async with acting(database, role=SYSTEM_ROLE) as connection:
        for text in ("select * from sealed_value", "insert into sealed_value default values"):
            with pytest.raises(REFUSED):
                async with undone(connection):
                    await connection.execute(text)


@pytest.mark.parametrize("text", [
    "create temporary table forged (like unit)",
    "create table public.forged (id uuid)",
    "create schema forged",
    "create function public.forged() returns int language sql as 'select 1'",
    "create function pg_temp.forged() returns int language sql as 'select 1'",
    "create trigger revise_new after insert on unit for each row execute function revise_unit()",
    "alter table unit disable trigger all",
    "alter table unit disable row level security",
    "create policy open on unit using (true)",
    "set local session_replication_role = replica",
    "alter role ledger_auth login",
    "alter default privileges for role ledger_owner grant select on tables to public",
    "copy (select 1) to program 'true'",
    "select pg_read_file('PG_VERSION')",
    "create extension adminpack",
])  # fmt: skip
async def test_it_makes_and_changes_nothing_in_the_schema(text: str, stolen: Any) -> None:
    for role in ("none", *REACHED):
        await stolen.execute(f"set role {role}")
        with pytest.raises((REFUSED, asyncpg.InvalidSchemaNameError, asyncpg.FeatureNotSupportedError)):
            await tried(stolen, text)


async def test_a_temporary_table_with_our_trigger_forges_no_revision(stolen: Any, make: Maker) -> None:
    """The hole: the trigger's function runs as the keeper, and takes the rows of whatever table it stands on."""
    unit = await make("units")
    forged = f"""create temporary table unit (like public.unit);
      create trigger forge after insert on pg_temp.unit referencing new table as changed
        for each statement execute function public.revise_unit();
      insert into pg_temp.unit select * from public.unit where id = '{unit["id"]}'"""
    await stolen.execute("set role ledger_inspection_office")
    async with undone(stolen):
        await named(stolen, OFFICE)
        with pytest.raises(REFUSED):
            await stolen.execute(forged)


async def test_it_calls_the_functions_that_its_roles_need_and_no_other(stolen: Any) -> None:
    functions = await stolen.fetch(
        "select p.oid, p.proname, p.prorettype = 'trigger'::regtype as of_trigger,"
        " array_agg(r.rolname order by r.rolname) filter (where r.rolname is not null) as callers from pg_proc p"
        " left join pg_roles r on r.rolname = any($1::text[]) and has_function_privilege(r.oid, p.oid, 'execute')"
        " where p.pronamespace = 'public'::regnamespace group by 1, 2, 3",
        [*REACHED, "ledger_app"],
    )
    found = {f["proname"]: {*(f["callers"] or ())} for f in functions}
    callers, readers = {*REACHED} - {SYSTEM_ROLE}, {*REACHED}
    timing = {f"ledger_{role}" for role in (*READERS, "administrator") if role != "partner_system"}
    merging = frozenset(("ledger_inspection_office", "ledger_leading_group", SYSTEM_ROLE))
    known = {name: who for name, who in found.items() if "_known_to_" in name}
    assert known and all(who == {f"ledger_{name.partition('_known_to_')[2]}"} for name, who in known.items())
    assert {name: who for name, who in found.items() if who and name not in known} == {
        **dict.fromkeys(("set_caller", "caller_context", "caller_grants", "caller_rounds", "caller_teams"), readers),
        **dict.fromkeys(("business_number", "unit_kin_ids", "entering_team"), readers),
        **dict.fromkeys(("become_system", "system_pass"), callers),
        "system_range": {SYSTEM_ROLE},
        **dict.fromkeys(("caller_colleagues", "caller_ownership"), readers),
        **dict.fromkeys(("merge_takes_two", "merge_is_proposed"), merging),
        "receivers_with_account": {"ledger_inspection_office", SYSTEM_ROLE},
        **dict.fromkeys(("due_day", "policy_of", "deadline_for"), timing),
        "person_handed_over": {"ledger_inspection_team"},
        "clues_without_reader": {FIGURES_ROLE, SYSTEM_ROLE, *(f"ledger_{role}" for role in WORK_LIST_READERS)},
    }
    assert not [f["proname"] for f in functions if f["of_trigger"] and f["callers"]]


async def units_seen(connection: Any) -> set[str]:
    return {r[0] for r in await connection.fetch("select distinct jurisdiction from unit")}


async def test_the_system_role_sees_nothing_unless_it_was_entered_by_its_function(
    stolen: Any, make: Maker, make_next_door: Maker, database: EmbeddedPostgres
) -> None:
    await make("units")
    await make_next_door("units")
    async with undone(stolen):  # the role taken by hand, with a caller named and its grants found
        await stolen.execute(f"set local role {SYSTEM_ROLE}")
        await named(stolen, OFFICE)
        assert await units_seen(stolen) == set()
    await stolen.execute("set role ledger_inspection_office")
    async with undone(stolen):
        await as_system(stolen, OFFICE)
        assert await units_seen(stolen) == {HOME}
        passed = await stolen.fetchval("select current_setting('ledger.system')")
        await named(stolen, NEXT_DOOR)  # names another, and makes the grants of every division
        await stolen.execute("""select set_config('ledger.grants', '{"any": {"low": "", "high": ":"}}', true)""")
        assert await units_seen(stolen) == {HOME}
        for forged in (f";:;{passed.split(';')[2]}", passed.replace(HOME, NEIGHBOUR), ";:;", "", ";:;x"):
            await stolen.execute("select set_config('ledger.system', $1, true)", forged)
            assert await units_seen(stolen) == set(), forged
    other = await connect(database.application_url, SYSTEM_ROLE)
    for connection in (stolen, other):  # a pass of an ended transaction, and of another session
        async with undone(connection):
            await connection.execute(f"set local role {SYSTEM_ROLE}")
            await connection.execute("select set_config('ledger.system', $1, true)", passed)
            assert await units_seen(connection) == set()
    await other.close()


async def test_only_who_changes_records_can_be_named_to_the_system_role(
    stolen: Any, database: EmbeddedPostgres
) -> None:
    await stolen.execute("set role ledger_inspection_office")
    bound = {"administrator": "", "superior": HOME[:4]}
    for role in (r for r in ROLES.values() if not r.reads_records and r.name != "ledger_loader"):
        name = f"probe-system-{role.name[:5]}"
        await account(database.application_url, name, role.name, bound.get(role.name, HOME))
        with pytest.raises(REFUSED):
            await tried(stolen, "select become_system($1)", f'{{"sub": "{name}"}}')
    for nobody in ('{"sub": "nobody-at-all"}', "{}"):
        with pytest.raises(REFUSED):
            await tried(stolen, "select become_system($1)", nobody)


async def test_a_job_can_be_queued_in_ones_own_name_alone(stolen: Any, database: EmbeddedPostgres) -> None:
    """A worker runs a job with the rights of the account that the job names."""
    queued = "insert into pgqueuer (priority, entrypoint, payload, status) values (0, 'none', $1, 'queued')"
    await stolen.execute("set role ledger_inspection_office")
    async with undone(stolen):
        await named(stolen, OFFICE)
        await stolen.execute(queued, b'{"account": "office"}')
        assert await stolen.fetchval("select count(*) from pgqueuer where entrypoint = 'none'") == 1
        await named(stolen, NEXT_DOOR)
        assert await stolen.fetchval("select count(*) from pgqueuer where entrypoint = 'none'") == 0
        with pytest.raises(REFUSED):
            await stolen.execute(queued, b'{"account": "loader"}')
    for text in ("update pgqueuer set payload = null", "delete from pgqueuer", "select * from pgqueuer_log"):
        with pytest.raises(REFUSED):
            await tried(stolen, text)


async def test_a_revision_names_the_records_that_the_policies_let_it_write(database: EmbeddedPostgres) -> None:
    for role in REACHED:
        for text in (
            "insert into revision default values",
            "update revision set actor = 'x'",
            "delete from revision",
            "truncate revision",
        ):
            connection = await connect(database.application_url, role)
            with pytest.raises(REFUSED):
                await tried(connection, text)
            await connection.close()


async def test_everybody_may_nothing_here(database: EmbeddedPostgres) -> None:
    async with owning(database) as owner:
        assert await owner.fetch(
            "select p.oid::regprocedure from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
            " where p.pronamespace = 'public'::regnamespace and a.grantee = 0"
        ) == []  # fmt: skip
        assert await owner.fetch(
            "select a.privilege_type from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
            " where d.datname = current_database() and a.grantee = 0"
        ) == [("CONNECT",)]  # fmt: skip
        assert await owner.fetch(
            "select c.relname from pg_class c, aclexplode(c.relacl) a"
            " where c.relnamespace = 'public'::regnamespace and a.grantee = 0"
        ) == []  # fmt: skip
        for maker in (OWNER, KEEPER):
            async with undone(owner):
                await owner.execute(f"set local role {maker}")
                await owner.execute("create function made_later() returns int language sql as 'select 1'")
                await owner.execute("set local role ledger_inspection_office")
                with pytest.raises(REFUSED):
                    await owner.execute("select made_later()")
