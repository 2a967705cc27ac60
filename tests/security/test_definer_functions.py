"""Functions that act as their owner: what a mistake in one of them could do, and to whom."""

from typing import Any

from app.db.embedded import EmbeddedPostgres
from app.db.roles import KEEPER
from tests.support.sql import owning

DEFINERS = """select p.oid::regprocedure::text as name, o.rolname as owner, o.rolsuper, o.rolbypassrls, o.rolcanlogin,
    o.rolcreaterole, p.proconfig, p.prosrc, pg_get_function_arguments(p.oid) as arguments,
    p.prorettype = 'trigger'::regtype as of_trigger,
    exists (select from pg_class c where c.relowner = o.oid) as owns_tables,
    exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0) as by_all
  from pg_proc p join pg_roles o on o.oid = p.proowner
  where p.prosecdef and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"""


async def definers(database: EmbeddedPostgres) -> list[Any]:
    async with owning(database) as owner:
        return list(await owner.fetch(DEFINERS))


async def test_each_belongs_to_the_keeper_who_is_nobody_and_owns_no_table(database: EmbeddedPostgres) -> None:
    found = await definers(database)
    assert len(found) > 20
    for f in found:
        assert f["owner"] == KEEPER, f["name"]
        powers = ("rolsuper", "rolbypassrls", "rolcanlogin", "rolcreaterole", "owns_tables")
        assert not any(f[power] for power in powers), f["name"]


async def test_each_has_a_search_path_of_its_own_that_ends_with_the_temporary_schema(
    database: EmbeddedPostgres,
) -> None:
    for f in await definers(database):
        assert "search_path=public, pg_temp" in (f["proconfig"] or ()), f["name"]


async def test_none_is_called_by_everybody_and_none_runs_a_text_that_it_is_given(database: EmbeddedPostgres) -> None:
    for f in await definers(database):
        assert not f["by_all"], f["name"]
        assert "execute " not in f["prosrc"].lower(), f["name"]
