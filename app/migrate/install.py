"""Installs the text of text.py over the tables, and drops it. Everything runs in the caller's transaction."""

from pathlib import Path

from sqlalchemy import Connection, text

from app.db.script import run_script
from app.deadlines.shipped import ship_sql
from app.kernel.schema.kept_columns import kept_columns
from app.logging import log
from app.migrate.text import digest, sections
from app.records import REGISTRY

DROP = Path(__file__).resolve().parents[2] / "alembic" / "drop.sql"

# A trigger writes revisions, but no trigger is there while migrations run.
MISSING_REVISIONS = """
insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, actor, source, round_id, unit_id,
                      state, audience)
select t.jurisdiction, '{path}', t.id, t.version, case when t.version = 1 then 'insert' else 'update' end, j.snapshot,
       session_user, '{{"kind": "api"}}', (j.snapshot ->> 'round_id')::uuid, (j.snapshot ->> 'unit_id')::uuid, t.state,
       t.audience
  from {table} t, lateral (select to_jsonb(t) as snapshot offset 0) j
  where not exists (select from revision r where r.record_id = t.id and r.record_type = '{path}'
    and r.jurisdiction = t.jurisdiction and r.version = t.version);"""
KEPT_COLUMNS = """
alter table {table} disable trigger user;
set local role ledger_keeper; -- who alone may call the function
update {table} set {column} = {column}_of_{table}({table}) where {column} is distinct from {column}_of_{table}({table});
set local role ledger_owner;
alter table {table} enable trigger user;"""
KIN = """
set local role ledger_keeper;
update principal p set kin_ids = k.ids
  from principal q, lateral (select principal_kin_ids(q.code, q.unit_id, q.home_unit_id) as ids) k
  where p.id = q.id and p.kin_ids <> k.ids;
set local role ledger_owner;"""


# All at once, so that requests on the way are waited for here and not between one table and the next.
LOCK_TABLES = """do $$ declare ours text;
begin
  select string_agg(format('%I', relname), ', ' order by relname) into ours from pg_class
    where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace and relowner = 'ledger_owner'::regrole;
  if ours is not null then execute 'lock table ' || ours || ' in access exclusive mode'; end if;
end $$;"""


def drop(connection: Connection) -> None:
    """Lock every table, then drop what is installed, whichever version of the code has installed it."""
    run_script(connection, LOCK_TABLES)
    run_script(connection, DROP.read_text(encoding="utf-8"))


def installed(connection: Connection) -> str | None:
    """The digest of the text that is installed; None if none is."""
    found: str | None = connection.execute(text("select max(digest) from schema_digest")).scalar()
    return found


def install(connection: Connection) -> None:
    """Install the text, unless it is there already. The tables must be those that the code declares.

    A log line names both digests. An older text replaces a newer one only where a person has asked for it (`migrate`).
    """
    before = installed(connection)
    if before == digest():
        return
    if before:
        log.info("schema text replaced", before=before, digest=digest())
    drop(connection)
    for section in sections():
        try:
            run_script(connection, section.sql)
        except Exception as problem:
            problem.add_note(f"in docs/schema.sql, section {section.title!r}")
            raise
    run_script(connection, _remade())
    connection.execute(text("insert into schema_digest (digest) values (:digest)"), {"digest": digest()})


def _remade() -> str:
    """SQL that makes kept columns anew, and a revision of each record whose version has none: migrations write none.

    And the calendar and the deadline rules that come with the service.

    Row security is off for the owner meanwhile. A kept column is no member of a record: its change is no new version.
    """
    tables = ["principal", "revision", "calendar_day", "calendar_year", "deadline_policy", *(t.table for t in REGISTRY)]
    return "".join(
        (
            "set local timezone = 'Asia/Shanghai';",  # moments stand as text in the snapshots
            *(f"\nalter table {table} no force row level security;" for table in tables),
            *(KEPT_COLUMNS.format(table=t.table, column=column) for t in REGISTRY for column, _ in kept_columns(t)),
            KIN,
            *(MISSING_REVISIONS.format(table=t.table, path=t.path) for t in REGISTRY),
            ship_sql(),
            *(f"\nalter table {table} force row level security;" for table in tables),
        )
    )
