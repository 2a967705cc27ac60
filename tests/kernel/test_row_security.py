"""What the application may not do in the database, whatever its code says."""

import asyncpg
import pytest

from app.db.context import FIGURES_ROLE, IMPORTING, SYSTEM_ROLE
from app.db.embedded import EmbeddedPostgres
from app.db.opening import connect
from app.db.roles import ACTING, KEEPER, OWNER
from app.records import REGISTRY
from app.roles import READERS
from tests.support.callers import HOME, Api
from tests.support.records import Maker
from tests.support.sql import NEXT_DOOR, OFFICE, acting, owning, undone

TABLES = [t.table for t in REGISTRY]
# The marks of the migrations, which every service reads before it starts.
OPEN = {"alembic_version", "schema_digest"}


async def test_the_roles_of_the_application_own_nothing_and_pass_no_policy(database: EmbeddedPostgres) -> None:
    async with owning(database) as connection:
        roles = await connection.fetch(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit, rolcanlogin from pg_roles"
            " where rolname like 'ledger%'"
        )
        names = {r["rolname"] for r in roles}
        application = names - {OWNER, KEEPER, *ACTING}
        assert len(application) == 4 and {*ACTING, OWNER, KEEPER} < names
        for role in roles:
            assert not (role["rolsuper"] or role["rolbypassrls"] or role["rolcreaterole"] or role["rolcreatedb"]), role
            assert not role["rolinherit"] and role["rolcanlogin"] == (role["rolname"] in application), role
        owned = await connection.fetch(
            "select c.oid::regclass::text, o.rolname from pg_class c join pg_roles o on o.oid = c.relowner"
            " union all select p.oid::regprocedure::text, o.rolname from pg_proc p"
            " join pg_roles o on o.oid = p.proowner"
            " union all select n.nspname, o.rolname from pg_namespace n join pg_roles o on o.oid = n.nspowner"
        )
        assert not [tuple(r) for r in owned if r["rolname"] in {*ACTING, *application}]
        for powerful in (OWNER, KEEPER):
            for role in (*ACTING, *application):
                assert not await connection.fetchval("select pg_has_role($1, $2, 'MEMBER')", role, powerful), role


async def test_every_table_is_under_row_security_that_binds_its_owner_too(database: EmbeddedPostgres) -> None:
    async with owning(database) as connection:
        rows = await connection.fetch(
            "select relname, relrowsecurity, relforcerowsecurity from pg_class"
            " where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        )
        unprotected = {r["relname"] for r in rows if not (r["relrowsecurity"] and r["relforcerowsecurity"])}
        assert unprotected == OPEN
        assert set(TABLES) < {r["relname"] for r in rows}
        policies = await connection.fetch("select * from pg_policies")
        for table in TABLES:
            found = [p for p in policies if p["tablename"] == table]
            assert {"system", "importing", "figures", "keeper"} < {p["policyname"] for p in found}, table
            for p in found:
                # Each policy is for one role and adds to what that role sees; a role that no type names has none.
                owner = p["policyname"].removesuffix("_creates").removesuffix("_changes")
                assert (p["roles"], p["permissive"]) == ([f"ledger_{owner}"], "PERMISSIVE"), (table, p)
        definer = await connection.fetch(
            "select proname, proowner::regrole::text as owner, proconfig from pg_proc"
            " where prosecdef and pronamespace = 'public'::regnamespace"
        )
        assert definer and all(f["owner"] == KEEPER for f in definer), "only the keeper's functions act as their owner"
        assert all(any(c.startswith("search_path=") for c in f["proconfig"] or ()) for f in definer)
        views = await connection.fetchval("select count(*) from pg_views where schemaname = 'public'")
        assert views == 0, "a view would read with the rights of its owner"


@pytest.mark.parametrize("role", [*(f"ledger_{r}" for r in READERS), SYSTEM_ROLE, IMPORTING, FIGURES_ROLE])
async def test_a_connection_that_names_no_caller_sees_nothing(
    role: str, make: Maker, database: EmbeddedPostgres
) -> None:
    await make("findings")
    connection = await connect(database.application_url, role)
    try:
        for table in (*TABLES, "revision", "number_series", "import_job", "import_row", "import_mapping"):
            if await connection.fetchval("select has_any_column_privilege($1, 'select')", table):
                assert await connection.fetchval(f"select count(*) from {table}") == 0, table
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetchval(f"select count(*) from {table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"insert into number_series values ('{HOME}', 'x', 1)")
    finally:
        await connection.close()


async def test_the_login_itself_may_touch_no_table(database: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(database.application_url)
    try:
        for table in (*TABLES, "revision", "principal", "principal_secret", "service_key", "import_job"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetchval(f"select count(*) from {table}")
        for role in (OWNER, KEEPER):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"set role {role}")
    finally:
        await connection.close()


@pytest.mark.parametrize("role", [OFFICE.database_role, SYSTEM_ROLE, IMPORTING])
async def test_the_application_writes_no_history_of_its_own(role: str, make: Maker, database: EmbeddedPostgres) -> None:
    record = await make("units")
    texts = (
        "insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, actor, source,"
        " audience)"
        f" values ('{HOME}', 'units', $1, 2, 'forged', '{{}}', 'x', '{{}}', '{{}}')",
        "update revision set actor = 'x' where record_id = $1",
        "delete from revision where record_id = $1",
        "delete from unit where id = $1",
    )
    async with acting(database, role=role) as connection:
        for text in texts:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with undone(connection):
                    await connection.execute(text, record["id"])
        for table in ("revision", "unit"):
            for text in (
                f"truncate {table}",
                f"alter table {table} disable trigger all",
                f"drop table {table}",
                f"alter table {table} disable row level security",
            ):
                with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)):
                    async with undone(connection):
                        await connection.execute(text)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with undone(connection):
                await connection.execute("set session_replication_role = replica")


async def test_a_row_of_another_jurisdiction_can_be_neither_changed_nor_planted(
    make: Maker, neighbour: Api, database: EmbeddedPostgres
) -> None:
    """The neighbour's account is there, or nothing could be tried in its name."""
    for t in REGISTRY:
        record = await make(t.path)
        async with acting(database, NEXT_DOOR, SYSTEM_ROLE) as connection:
            touched = await connection.execute(
                f"update {t.table} set version = version + 1 where id = $1", record["id"]
            )
            assert touched == "UPDATE 0", t.path
    for role in (NEXT_DOOR.database_role, SYSTEM_ROLE):
        async with acting(database, NEXT_DOOR, role) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(
                    "insert into unit (jurisdiction, id, number, version, state, name, kind, created_at, created_by,"
                    f" updated_at, updated_by) values ('{HOME}', gen_random_uuid(), 'P-1', 1, 'active', 'x', 'other',"
                    " now(), 'x', now(), 'x')"
                )


async def test_a_reference_across_jurisdictions_is_refused_by_the_database_itself(
    make: Maker, make_next_door: Maker, database: EmbeddedPostgres
) -> None:
    foreign = await make_next_door("units")
    mine = await make("units")
    async with owning(database) as connection:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute(
                "update unit set parent_id = $2, parent_number = 'x', version = version + 1 where id = $1",
                mine["id"],
                foreign["id"],
            )
        opinion = await make("rectification-opinions")
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute(
                "update rectification_opinion set cooperating_unit_ids = array[$2::uuid], version = version + 1"
                " where id = $1",
                opinion["id"], foreign["id"],
            )  # fmt: skip
