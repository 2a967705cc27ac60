"""The triggers of a record table: revisions, versions, references. Those of kept columns are in `kept_columns`.

The functions of a table name its columns, so they are made from the declarations and installed after the migrations.
Those of `ledger_keeper` read and write what the caller may not; each is `security definer` with its own search path.
"""

from collections.abc import Iterator

from app.kernel.declare.fields import Reference
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.statements import AS_KEEPER, given_to_keeper, listed, trigger
from app.kernel.schema.tables import metadata

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
    where t.state is null or {gone};
  if found then
    raise exception 'a live record refers to an absent or voided one' using errcode = 'foreign_key_violation',
      table = '{table}', constraint = 'held_reference';
  end if;"""

HELD = "(nullif(current_setting('ledger.caller', true), '')::jsonb ->> 'held') is distinct from 'true'"


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
        yield trigger(name, when, f"{t.table} referencing new table as changed", f"revise_{t.table}", "statement")
    yield given_to_keeper(f"revise_{t.table}()")


def guards(t: RecordType) -> Iterator[str]:
    """A record changes by one version at a time, keeps its identity, and is never deleted."""
    yield "-- One version at a time, and never deleted"
    yield trigger("guard_first", "before insert", t.table, "refuse_version", condition="new.version <> 1")
    changed = (
        "new.version is distinct from old.version + 1 or new.id is distinct from old.id\n"
        "    or new.jurisdiction is distinct from old.jurisdiction or new.number is distinct from old.number"
    )
    yield trigger("guard_version", "before update", t.table, "refuse_version", condition=changed)
    yield trigger("keep", "before delete", t.table, "refuse_erasure")
    yield trigger("keep_all", "before truncate", t.table, "refuse_erasure", "statement")


def reference_triggers(t: RecordType, registry: Registry) -> Iterator[str]:
    """Triggers that refuse a live record which refers to an absent or voided one, even if both are written at once.

    A voiding locks its record, and a writer locks what it refers to. So one of the two waits, and then checks with a
    fresh snapshot (docs/decisions/0018-references-held-by-statement.md). An update is checked only if it touches a
    reference, by the condition of the trigger, without a call: no record that is referred to can be voided meanwhile
    (measured 70 of 390 µs of a patch). An insert is not checked if its statement says (`held`) that it has locked what
    it refers to (measured 50 of 510 µs of a create).
    """
    yield "-- What it refers to is there and not voided"
    for name, update in ((f"hold_{t.table}", False), (f"hold_changed_{t.table}", True)):
        checks = "\n".join(_reference_check(t, f, registry, update) for f in t.references)
        yield f"create function {name}() returns trigger {AS_KEEPER} as $$\nbegin\n{checks}\n  return null;\nend $$"
    changed = f"{t.table} referencing new table as changed"
    yield trigger("hold_insert", "after insert", changed, f"hold_{t.table}", "statement", HELD)
    touched = [f"new.{f.id_column} is distinct from old.{f.id_column}" for f in t.references]
    condition = "\n    or ".join((*touched, "old.state = 'voided'"))
    yield trigger("hold_update", "after update", t.table, f"hold_changed_{t.table}", condition=condition)
    for name in (f"hold_{t.table}", f"hold_changed_{t.table}"):
        yield given_to_keeper(f"{name}()")


def _reference_check(t: RecordType, f: Reference, registry: Registry, update: bool) -> str:
    """The check of one reference, over the rows of an insert, or over the row of an update.

    A reference that was there before may name a record that has had a successor since. So may one that is copied: it
    says how things were.
    """
    column, target = f.id_column, registry.by_path[f.to]
    gone = f"t.state = '{VOIDED}'"
    if target.lifecycle.retired and not f.copied:
        new = f"r.id <> all (coalesce(old.{column}, '{{}}'))" if f.many else f"r.id is distinct from old.{column}"
        gone = f"{gone} or not ({target.referable('t')}){f' and {new}' if update else ''}"
    return CHECK_REFERENCE.format(
        rows=f"(select new.jurisdiction, new.state, new.{column})" if update else "changed",
        named=f"unnest(c.{column}) x(id)" if f.many else f"(select c.{column} as id) x",
        target=target.table,
        table=t.table,
        gone=gone,
    )


def declared_keys(t: RecordType) -> Iterator[str]:
    """The foreign keys stay declared and are not enforced; the triggers hold references, once a statement.

    Postgres knows such keys from 18 on. An older one enforces them, too.
    """
    keys = [f"fk_{t.table}_{f.id_column}" for f in t.references if not f.many]
    if keys:
        altered = "\n".join(f"    execute 'alter table {t.table} alter constraint {key} not enforced';" for key in keys)
        newer = "current_setting('server_version_num')::int >= 180000"
        yield f"do $$ begin\n  if {newer} then\n{altered}\n  end if;\nend $$"
