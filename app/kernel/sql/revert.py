"""The statements that put the records of one type back to an earlier version, or void them, as `import_undo` says.

A row of it says of a record what it becomes: `becomes` is its state afterwards, `voided` for one that was new; the
values are those of the version before `first`. Rows with a `problem` are left alone. The record is locked before.
Each row is looked up by its keys, in sub-queries: the table was just filled, so that Postgres knows no counts of it.
"""

from functools import lru_cache

from app.db.context import GUARD
from app.kernel.declare.fields import Reference
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

# Why a record is left alone: codes of sentences.
NOT_AVAILABLE, REFERRED_TO, KEY_TAKEN = "undo_not_available", "undo_referred_to", "undo_key_taken"
REFERS_TO_VOIDED = "undo_refers_to_voided"

# Rows that are still to be put back, of a type; $2 is the import.
_OF_TYPE = "u.import_id = $2::uuid and u.type = '{path}' and u.problem is null and {guard}"
_BEFORE = """r.jurisdiction = u.jurisdiction and r.record_type = u.type and r.record_id = u.record_id
      and r.version = u.first - 1"""
# Whether a record `{0}` is one of those that are put back.
_REVERTED = (
    "select w.becomes from import_undo w where w.import_id = $2::uuid and w.record_id = {0}.id and w.problem is null"
)
_BY = """version = t.version + 1, updated_at = now(), updated_by = caller_context() ->> 'sub',
    updated_by_role = caller_context() ->> 'role'"""


def _rows(t: RecordType) -> str:
    return _OF_TYPE.format(path=t.path, guard=GUARD)


def lock_sql(t: RecordType) -> str:
    """Lock the records, against those who would refer to them, too. Returns one row."""
    return f"""select count(*) from (select from import_undo u join {t.table} x
    on x.jurisdiction = u.jurisdiction and x.id = u.record_id where {_rows(t)} order by x.id for update of x) x"""


def unseen_sql(t: RecordType) -> str:
    """Mark what does not exist for the caller, among the records that the import itself has written."""
    return f"""update import_undo u set problem = '{NOT_AVAILABLE}' where {_rows(t)} and u.direct and not exists (
    select from {t.table} x where x.jurisdiction = u.jurisdiction and x.id = u.record_id)"""


def referred_to_sql(t: RecordType, registry: Registry) -> str:
    """Mark what is to be voided while a live record refers to it that is not itself put back; '' if none could."""
    ways = [
        f"""exists (select from {other.table} y where y.jurisdiction = u.jurisdiction
      and y.{f.id_column} {"@> array[u.record_id]" if f.many else "= u.record_id"} and y.state <> '{VOIDED}'
      and y.id <> u.record_id and not exists ({_REVERTED.format("y")}))"""
        for other, f in registry.referrers(t.path)
    ]
    if not ways:
        return ""
    return f"""update import_undo u set problem = '{REFERRED_TO}'
    where {_rows(t)} and u.becomes = '{VOIDED}' and ({" or ".join(ways)})"""


def refers_to_voided_sql(t: RecordType, registry: Registry) -> str:
    """Mark what would refer to a voided record again; '' if the type refers to none.

    The earlier version is read once a record, and what it names is looked up once, however many records name it.
    """
    if not t.references:
        return ""
    named = " union all ".join(f"select '{f.name}', {_named(f)}" for f in t.references)
    cases = "\n      ".join(
        f"when '{f.name}' then (select coalesce(({_REVERTED.format('z')}), z.state) = '{VOIDED}'"
        f" from {registry.by_path[f.to].table} z where z.id = d.id)"
        for f in t.references
    )
    return f"""with named as materialized (
    select u.n, x.field, x.id from import_undo u,
      lateral (select r.snapshot from revision r where {_BEFORE} offset 0) r, lateral ({named}) x(field, id)
    where {_rows(t)} and u.becomes <> '{VOIDED}' and x.id is not null),
  gone as (select d.field, d.id from (select distinct field, id from named) d where case d.field
      {cases} end)
  update import_undo u set problem = '{REFERS_TO_VOIDED}' from named m join gone g using (field, id)
    where u.import_id = $2::uuid and u.n = m.n and u.problem is null"""


def _named(f: Reference) -> str:
    """The select list of the identifiers that an earlier version names by a reference."""
    if not f.many:
        return f"(r.snapshot ->> '{f.id_column}')::uuid"
    return f"jsonb_array_elements_text(coalesce(nullif(r.snapshot -> '{f.id_column}', 'null'), '[]'))::uuid"


def key_taken_sql(t: RecordType) -> str:
    """Mark what would have the natural key that another live record has by now; '' if the type has none."""
    ways = [
        f"""exists (select from revision r, lateral jsonb_populate_record(null::{t.table}, r.snapshot) o, {t.table} y
      where {_BEFORE} and y.jurisdiction = u.jurisdiction and {" and ".join(f"y.{c} = o.{c}" for c in columns)}
      and y.id <> u.record_id and y.state <> '{VOIDED}' and not exists ({_REVERTED.format("y")}))"""
        for columns in t.unique.values()
    ]
    if not ways:
        return ""
    return f"""update import_undo u set problem = '{KEY_TAKEN}'
    where {_rows(t)} and u.becomes <> '{VOIDED}' and ({" or ".join(ways)})"""


@lru_cache(maxsize=256)
def void_sql(t: RecordType) -> str:
    """Void the new records among the places $3 (excluded) to $4."""
    return f"""update {t.table} t set state = '{VOIDED}', {_BY}
  from import_undo u where {_rows(t)} and u.becomes = '{VOIDED}' and u.n > $3 and u.n <= $4
    and t.id = u.record_id and t.jurisdiction = u.jurisdiction and t.state <> '{VOIDED}'"""


@lru_cache(maxsize=256)
def restore_sql(t: RecordType) -> str:
    """Give the records among the places $3 (excluded) to $4 the fields, the state and the note of the earlier version.

    What triggers keep (whom a record concerns) they make anew. The sealed value of an earlier digest is still there.
    """
    columns = (*t.columns, "note", "state", "imported", "ledger_line")
    sets = ", ".join(f"{c} = o.{c}" for c in columns)
    old, new = (", ".join(f"{row}.{c}" for c in columns) for row in ("t", "o"))
    return f"""update {t.table} t set {sets}, {_BY}
  from import_undo u, revision r, lateral jsonb_populate_record(null::{t.table}, r.snapshot) o
  where {_rows(t)} and u.becomes <> '{VOIDED}' and u.n > $3 and u.n <= $4 and {_BEFORE}
    and t.id = u.record_id and t.jurisdiction = u.jurisdiction and row({old}) is distinct from row({new})"""


def followed_sql(t: RecordType, f: Reference) -> str:
    """The records that were put back and that refer, or have referred, to one to which others refer that changed since.

    Of each its row, and the row as it was before; $3 is the transaction that was undone. Only there does what was put
    back mean anything new for the record referred to: otherwise that, too, is as it was.
    """
    column = f.id_column
    either = f"(y.{column} = t.{column} or y.{column} = (o.snapshot ->> '{column}')::uuid)"
    if f.many:
        either = f"y.{column} && t.{column}"
    return f"""select to_jsonb(t)::text as row, o.snapshot::text as before from import_undo u
    join {t.table} t on t.id = u.record_id and t.jurisdiction = u.jurisdiction
    join revision o on o.jurisdiction = u.jurisdiction and o.record_type = u.type and o.record_id = u.record_id
      and o.version = u.last
  where {_rows(t)} and exists (select from {t.table} y join revision r on r.jurisdiction = y.jurisdiction
      and r.record_type = u.type and r.record_id = y.id and r.xid > $3::text::xid8 and r.action <> 'follow'
      and r.source ->> 'import_id' is distinct from $2::text
    where y.jurisdiction = u.jurisdiction and y.id <> u.record_id and {either}) order by u.n"""
