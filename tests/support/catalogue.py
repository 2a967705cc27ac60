"""What a database is made of, as Postgres itself tells it: two of the same catalogue are the same schema."""

from typing import Any

import asyncpg

OURS = "'public'::regnamespace"
CATALOGUE = {
    "columns": f"""select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attcollation::regcollation::text, a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text,
        a.attidentity::text
      from pg_attribute a join pg_class c on c.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = {OURS} and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped""",
    "tables": f"""select relname, relkind::text, relowner::regrole::text, relrowsecurity, relforcerowsecurity,
        reloptions::text from pg_class where relnamespace = {OURS} and relkind in ('r', 'v', 'S', 'i')""",
    "indexes": f"""select pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indexrelid
      where c.relnamespace = {OURS}""",
    "constraints": f"""select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
      where connamespace = {OURS} and contype <> 'n'""",
    "comments": f"""select relname, objsubid, description from pg_description join pg_class c on c.oid = objoid
      where classoid = 'pg_class'::regclass and relnamespace = {OURS}""",
    "types": f"select typname from pg_type where typnamespace = {OURS} and typtype = 'e'",
    "policies": "select * from pg_policies where schemaname = 'public'",
    "triggers": f"""select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = tgrelid
      where not tgisinternal and relnamespace = {OURS}""",
    "functions": f"""select pg_get_functiondef(oid), proowner::regrole::text, proacl::text, obj_description(oid)
      from pg_proc where pronamespace = {OURS}""",
    "grants": f"""select relname, null as attname, g.grantee::regrole::text, g.privilege_type
        from pg_class, aclexplode(relacl) g where relnamespace = {OURS}
      union all select relname, attname, g.grantee::regrole::text, g.privilege_type
        from pg_class c join pg_attribute a on a.attrelid = c.oid, aclexplode(attacl) g where relnamespace = {OURS}""",
}
TABLES = ("columns", "indexes", "constraints")
MADE_AGAIN = ("policies", "triggers", "functions", "grants")  # what is installed over the tables


async def catalogue(url: str, *parts: str) -> dict[str, set[str]]:
    """The parts of the catalogue that are asked for; all of it, where none is named."""
    connection = await asyncpg.connect(url)
    try:
        return {part: await _part(connection, part) for part in parts or CATALOGUE}
    finally:
        await connection.close()


async def _part(connection: Any, part: str) -> set[str]:
    return {str(tuple(row)) for row in await connection.fetch(CATALOGUE[part])}
