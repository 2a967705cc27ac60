"""The triggers of a record table: revisions, versions, references, the audience, whom it is about.

The functions of a table name its columns, so they are made from the declarations and installed after the migrations.
Those of `ledger_keeper` read and write what the caller may not; each is `security definer` with its own search path.
"""

from collections.abc import Iterator

from app.kernel.declare.audience import AudienceDependency
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.statements import listed
from app.kernel.schema.tables import ABOUT_AS_ENTERED, metadata

AS_KEEPER = "language plpgsql security definer\n  set search_path = public, pg_temp"

# One function for all tables would have to look for round and unit in the snapshot, and to take the members of a row
# as they come, which jsonb sorts by length and name: 3 of 46 µs of an imported row. The time zone is pinned because
# moments stand as text in the snapshot. A salt is made for each row out of one that nobody sees: gen_random_uuid() may
# open a device each time, 4 µs of a row.
REVISE = """create function revise_{table}() returns trigger {kept} set timezone = 'Asia/Shanghai' as $$
declare
  caller jsonb := nullif(current_setting('ledger.caller', true), '')::jsonb;
  doing text := coalesce(nullif(caller ->> 'action', ''), lower(tg_op));
  doer text := coalesce(caller ->> 'sub', session_user);
  doer_role text := caller ->> 'role';
  asked text := caller ->> 'request';
  asked_of jsonb := caller -> 'requests';
  why text := caller ->> 'reason';
  cause jsonb := caller -> 'cause';
  by_import boolean := caller ? 'import';
  origin jsonb := case when by_import then jsonb_build_object('kind', 'import', 'import_id', caller ->> 'import')
                       else '{{"kind": "api"}}' end || case when cause is null then '{{}}'
                       else jsonb_build_object('cause', cause) end;
  seed bytea := uuid_send(gen_random_uuid());
begin
  insert into revision (jurisdiction, record_type, record_id, version, action, snapshot, salt, actor, actor_role,
                        request_id, reason, source, round_id, unit_id, state, audience)
  select n.jurisdiction, '{path}', n.id, n.version, doing, to_jsonb(n),
         encode(substr(sha256(seed || uuid_send(n.id) || int4send(n.version)), 1, 16), 'hex')::uuid,
         doer, doer_role, coalesce(asked_of ->> n.id::text, asked), why,
         case when by_import and cause is null then origin || coalesce(n.ledger_line, '{{}}') else origin end,
         {round_id}, {unit_id}, n.state, n.audience
    from (select
  {columns}
      from changed c) n;
  return null;
end $$"""

# Locks and checks each referenced record once a statement, where a foreign key would do so once a row.
CHECK_REFERENCE = """  perform from (select distinct c.jurisdiction, x.id
      from {rows} c
      cross join lateral {named}
      where c.state <> 'voided' and x.id is not null) r
    left join lateral (select t.state from {target} t
      where t.jurisdiction = r.jurisdiction and t.id = r.id for key share) t on true
    where t.state is null or t.state = 'voided';
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = '{table}', constraint = 'held_reference';
  end if;"""

HELD = "(nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true'"

KEPT = {
    "audience": "Whom it concerns",
    "about": "Whom it is about: it does not exist for their kin",
    "recused": "Who stays away from it",
}
# What it was about when it was entered is set then and never again.
AS_ENTERED = """
  if tg_op = 'INSERT' then
    new.{column} := '{{}}';
    {made}
    new.{column} := new.about;
  else
    new.{column} := old.{column};
    {made}
  end if;
"""

# A revision that only follows says neither why nor from where: that is the other record's to tell.
REMAKE_KEPT_COLUMNS = """create function {name}() returns trigger {kept} as $$
declare
  asked text := current_setting('ledger.caller', true);
begin
  perform set_config('ledger.caller', (coalesce(caller_context(), '{{}}') - 'requests' - 'reason' || jsonb_build_object(
    'action', 'follow', 'cause', '{{}}'::jsonb,
    'request', coalesce(caller_context() -> 'requests' -> new.id::text, caller_context() -> 'request')))::text, true);
  update {table} set version = version + 1, updated_at = now()
    where {table}.jurisdiction = new.jurisdiction and {match}
      and ({changed});
  perform set_config('ledger.caller', coalesce(asked, ''), true);
  return null;
end $$"""


def _given_to_keeper(function: str) -> str:
    """After its triggers are made, because whoever makes one must be able to call the function."""
    return f"alter function {function} owner to ledger_keeper"


def _trigger(name: str, when: str, table: str, function: str, level: str = "row", condition: str = "") -> str:
    met = f"  when ({condition})\n" if condition else ""
    return f"create trigger {name} {when} on {table} for each {level}\n{met}  execute function {function}()"


def revision_triggers(t: RecordType) -> Iterator[str]:
    """The function and the triggers that write the revisions of a table, whatever path a row takes.

    One statement, one row or a hundred thousand: they are written by one insert.
    """
    columns = [c.name for c in metadata.tables[t.table].c]
    yield "-- Its revisions"
    yield REVISE.format(
        kept=AS_KEEPER,
        table=t.table,
        path=t.path,
        columns=listed(f"c.{c}" for c in sorted(columns, key=lambda c: (len(c), c))),
        **{c: f"n.{c}" if c in columns else "null" for c in ("round_id", "unit_id")},
    )
    for event, name in (("insert", "revise_new"), ("update", "revise_change")):
        when = f"after {event}"
        yield _trigger(name, when, f"{t.table} referencing new table as changed", f"revise_{t.table}", "statement")
    yield _given_to_keeper(f"revise_{t.table}()")


def guards(t: RecordType) -> Iterator[str]:
    """A record changes by one version at a time, keeps its identity, and is never deleted."""
    yield "-- One version at a time, and never deleted"
    yield _trigger("guard_first", "before insert", t.table, "refuse_version", condition="new.version <> 1")
    changed = (
        "new.version is distinct from old.version + 1 or new.id is distinct from old.id\n"
        "    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number"
    )
    yield _trigger("guard_version", "before update", t.table, "refuse_version", condition=changed)
    yield _trigger("keep", "before delete", t.table, "refuse_erasure")
    yield _trigger("keep_all", "before truncate", t.table, "refuse_erasure", "statement")


def reference_triggers(t: RecordType, registry: Registry) -> Iterator[str]:
    """Triggers that refuse a live record which refers to an absent or voided one, even if both are written at once.

    A voiding locks its record, and a writer locks what it refers to. So one of the two waits, and then checks with a
    fresh snapshot (docs/decisions/0018-references-held-by-statement.md). An update is checked only if it touches a
    reference, by the condition of the trigger, without a call: no record that is referred to can be voided meanwhile
    (measured 70 of 390 µs of a patch). An insert is not checked if its statement says (`held`) that it has locked what
    it refers to (measured 50 of 510 µs of a create).
    """
    yield "-- What it refers to is there and not voided"
    row = "(select new.jurisdiction, new.state, new.{0})"
    for name, rows in ((f"hold_{t.table}", "changed"), (f"hold_changed_{t.table}", row)):
        checks = "\n".join(_reference_check(t, rows, f, registry) for f in t.references)
        yield f"create function {name}() returns trigger {AS_KEEPER} as $$\nbegin\n{checks}\n  return null;\nend $$"
    changed = f"{t.table} referencing new table as changed"
    yield _trigger("hold_insert", "after insert", changed, f"hold_{t.table}", "statement", HELD)
    touched = [f"new.{f.id_column} is distinct from old.{f.id_column}" for f in t.references]
    condition = "\n    or ".join((*touched, "old.state = 'voided'"))
    yield _trigger("hold_update", "after update", t.table, f"hold_changed_{t.table}", condition=condition)
    for name in (f"hold_{t.table}", f"hold_changed_{t.table}"):
        yield _given_to_keeper(f"{name}()")


def _reference_check(t: RecordType, rows: str, f: Reference, registry: Registry) -> str:
    named = f"unnest(c.{f.id_column}) x(id)" if f.many else f"(select c.{f.id_column} as id) x"
    rows = rows.format(f.id_column)
    return CHECK_REFERENCE.format(rows=rows, named=named, target=registry.by_path[f.to].table, table=t.table)


def declared_keys(t: RecordType) -> Iterator[str]:
    """The foreign keys stay declared and are not enforced; the triggers hold references, once a statement.

    Postgres knows such keys from 18 on. An older one enforces them, too.
    """
    keys = [f"fk_{t.table}_{f.id_column}" for f in t.references if not f.many]
    if keys:
        altered = "\n".join(f"    execute 'alter table {t.table} alter constraint {key} not enforced';" for key in keys)
        newer = "current_setting('server_version_num')::int >= 180000"
        yield f"do $$ begin\n  if {newer} then\n{altered}\n  end if;\nend $$"


def kept_columns(t: RecordType) -> Iterator[tuple[str, str]]:
    """(column, SQL over the row `{0}`) of the unit and team lists that a trigger keeps, as they read other records.

    An audience that reads none is a generated column.
    """
    audience, about = t.access.audience, t.access.about
    if audience and audience.looks_at:
        yield "audience", f"coalesce(array_remove(\n    {audience.sql}, null), '{{{{}}}}')"
    if about:
        entered = f"{{0}}.{ABOUT_AS_ENTERED} || " if about.as_entered else ""
        units = f"unnest(\n    {entered}{about.sql}) x"
        yield "about", f"array(select distinct x from {units} where x is not null order by x)"
        yield "recused", f"coalesce({about.recused}, '{{{{}}}}')"


def kept_column_functions(t: RecordType) -> Iterator[str]:
    """The functions and triggers that keep the audience and whom a record is about, where these read other records."""
    for column, sql in kept_columns(t):
        yield f"-- {KEPT[column]}"
        kind = "text[]" if column == "recused" else "uuid[]"
        yield (
            f"create function {column}_of_{t.table}(r {t.table}) returns {kind}\n"
            f"  language sql stable security definer set search_path = public, pg_temp as\n"
            f"$$ select {sql.format('r')} $$"
        )
        yield _given_to_keeper(f"{column}_of_{t.table}({t.table})")
        made = f"new.{column} := {column}_of_{t.table}(new);"
        if column == "about" and t.access.about and t.access.about.as_entered:
            made = AS_ENTERED.format(column=ABOUT_AS_ENTERED, made=made)
        yield (
            f"create function keep_{column}_of_{t.table}() returns trigger {AS_KEEPER} as\n"
            f"$$ begin {made} return new; end $$"
        )
        yield _trigger(f"keep_{column}", "before insert or update", t.table, f"keep_{column}_of_{t.table}")
        yield _given_to_keeper(f"keep_{column}_of_{t.table}()")


def dependency_triggers(t: RecordType, other: RecordType, dependency: AudienceDependency) -> Iterator[str]:
    """The trigger on `other` that makes kept columns of this type anew when a record on which they depend changes."""
    name = f"{t.table}_follows_{other.table}"
    changed = " or ".join(f"{c} is distinct from {c}_of_{t.table}({t.table})" for c, _ in kept_columns(t))
    match = dependency.match.format(t.table)
    yield REMAKE_KEPT_COLUMNS.format(name=name, kept=AS_KEEPER, table=t.table, match=match, changed=changed)
    touched = " or ".join(f"old.{c} is distinct from new.{c}" for c in dependency.columns)
    yield _trigger(name, "after update", other.table, name, condition=touched)
    yield _given_to_keeper(f"{name}()")


def keeper_rights(t: RecordType, registry: Registry) -> Iterator[str]:
    """What the keeper's functions read and lock. A lock needs the right to UPDATE; they change no state."""
    followed = {c for o in registry for f in o.access.looks_at if f.type == t.name for c in f.columns}
    columns = dict.fromkeys(("jurisdiction", "id", "state", *(f.id_column for f in t.references), *sorted(followed)))
    yield "-- What the functions of the keeper read and lock"
    yield f"create policy keeper on {t.table} to ledger_keeper using (true)"
    yield f"grant select ({listed(columns)}), update (state)\n  on {t.table} to ledger_keeper"
    if kept := [column for column, _ in kept_columns(t)]:
        yield f"grant select, update ({listed(('version', 'updated_at', *kept))}) on {t.table} to ledger_keeper"
